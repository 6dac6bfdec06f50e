from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.loopback import Answer, Asked, Loopback, no_pause, serving, table
from tui_delegate.backends.address import Endpoint
from tui_delegate.backends.lmstudio import LmStudio, native_info, older_info
from tui_delegate.backends.way import way_to
from tui_delegate.core.errors import AuthRefused, BackendError, BadReply, ModelMissing, ResolveError
from tui_delegate.core.servers import ModelInfo, Progress

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

QWEN: dict[str, object] = {
    "type": "llm",
    "publisher": "qwen",
    "key": "qwen/qwen3-4b-2507",
    "display_name": "Qwen3 4B",
    "architecture": "qwen3",
    "quantization": {"name": "Q4_K_M", "bits_per_weight": 4},
    "size_bytes": 2497281120,
    "params_string": "4B",
    "loaded_instances": [
        {
            "id": "qwen/qwen3-4b-2507",
            "config": {
                "context_length": 4096,
                "eval_batch_size": 512,
                "parallel": 4,
                "flash_attention": True,
            },
        },
        {"id": "qwen/qwen3-4b-2507:2", "config": {"context_length": 8192, "parallel": 1}},
    ],
    "max_context_length": 262144,
    "format": "gguf",
    "capabilities": {
        "vision": False,
        "trained_for_tool_use": True,
        "reasoning": {"allowed_options": ["off", "on"], "default": "on"},
    },
    "description": None,
    "variants": ["qwen/qwen3-4b-2507@q4_k_m"],
    "selected_variant": "qwen/qwen3-4b-2507@q4_k_m",
}
COLD: dict[str, object] = {
    "type": "llm",
    "key": "cold/model",
    "loaded_instances": [],
    "max_context_length": 8192,
    "capabilities": {"vision": True, "trained_for_tool_use": False},
}
EMBED: dict[str, object] = {
    "type": "embedding",
    "key": "nomic",
    "loaded_instances": [],
    "max_context_length": 2048,
}
LIST = "GET /api/v1/models"
NO_SUCH_PATH = {"error": "Unexpected endpoint or method. (GET /api/v1/models)"}


def test_a_listing_says_state_window_parallelism_and_capabilities() -> None:
    qwen, cold, embed = native_info("u", {"models": [QWEN, COLD, EMBED]}).models
    assert qwen == ModelInfo(
        "qwen/qwen3-4b-2507",
        "loaded",
        4096,
        2497281120,
        "Q4_K_M",
        "4B",
        ("completion", "tools", "thinking"),
        4,
    )
    assert (cold.state, cold.window, cold.parallel) == ("unloaded", 8192, None)
    assert cold.capabilities == ("completion", "vision")
    assert embed.capabilities == ("embedding",)


@pytest.mark.parametrize("odd", [None, [], {}, {"models": "x"}, {"models": [None, 3, "x", {}]}])
def test_a_listing_of_any_shape_is_read_without_a_fall(odd: object) -> None:
    assert all(isinstance(model, ModelInfo) for model in native_info("u", odd).models)


def test_the_older_listing_says_state_and_window() -> None:
    loaded = {
        "id": "a",
        "object": "model",
        "type": "vlm",
        "quantization": "Q4_K_M",
        "state": "loaded",
        "max_context_length": 131072,
        "loaded_context_length": 4096,
        "capabilities": ["tool_use"],
    }
    cold = {"id": "b", "type": "llm", "state": "not-loaded", "max_context_length": 131072}
    first, second = older_info("u", {"data": [loaded, cold]}).models
    assert first == ModelInfo(
        "a", "loaded", 4096, None, "Q4_K_M", capabilities=("completion", "tools", "vision")
    )
    assert (second.state, second.window) == ("unloaded", 131072)


def test_an_app_that_does_not_know_the_newest_listing_is_asked_for_the_older_ones() -> None:
    async def ask(host: LmStudio) -> None:
        info = await host.info()
        assert [(model.id, model.state) for model in info.models] == [("a", "loaded")]

    older = {"data": [{"id": "a", "state": "loaded"}]}
    _with_host(ask, {LIST: NO_SUCH_PATH, "GET /api/v0/models": older})
    _with_host(ask, {"GET /api/v0/models": older})


def test_an_app_that_knows_only_the_plain_listing_names_its_models() -> None:
    async def ask(host: LmStudio) -> None:
        assert (await host.info()).models == (ModelInfo("a"),)

    _with_host(ask, {"GET /v1/models": {"data": [{"id": "a"}, {"id": ""}]}})


def test_a_refused_key_is_not_taken_for_an_older_app() -> None:
    async def ask(host: LmStudio) -> None:
        with pytest.raises(AuthRefused):
            await host.info()

    server = _with_host(ask, {LIST: Answer({"error": {"message": "token", "type": "invalid_request"}}, 401)})
    assert server.lines == [LIST]


def test_a_model_is_loaded_with_the_window_that_the_profile_wants() -> None:
    async def ask(host: LmStudio) -> None:
        seen: list[Progress] = []
        await host.load("cold/model", seen.append)
        assert [step.status for step in seen] == ["loading", "loaded"]

    loaded = {"type": "llm", "instance_id": "cold/model", "load_time_seconds": 9.0, "status": "loaded"}
    server = _with_host(ask, {LIST: {"models": [COLD]}, "POST /api/v1/models/load": loaded}, num_ctx=16384)
    assert server.asked[-1].json() == {"model": "cold/model", "context_length": 16384}


def test_a_loaded_model_is_not_loaded_a_second_time() -> None:
    async def ask(host: LmStudio) -> None:
        seen: list[Progress] = []
        await host.load("qwen/qwen3-4b-2507@q4_k_m", seen.append)
        assert [step.status for step in seen] == ["loaded"]

    assert _with_host(ask, {LIST: {"models": [QWEN]}}).lines == [LIST]


def test_a_load_is_seen_as_one_while_it_lasts() -> None:
    async def main() -> None:
        at_load, go = asyncio.Event(), asyncio.Event()
        host: LmStudio

        async def pause_at_load(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            if b"/load" in head:
                at_load.set()
                await go.wait()
                writer.write(Answer({"status": "loaded"}).wire())
            else:
                writer.write(Answer({"models": [COLD], "data": []}).wire())
            await writer.drain()
            writer.close()

        listener = await asyncio.start_server(pause_at_load, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        wire = way_to(Endpoint(url))
        host = LmStudio(wire)
        load = asyncio.create_task(host.load("cold/model", lambda step: None))
        await at_load.wait()
        assert await host.load_progress("cold/model") == 0.0
        go.set()
        await load
        assert await host.load_progress("cold/model") is None
        await wire.aclose()
        listener.close()

    asyncio.run(main())


def test_unloading_a_model_unloads_its_instances_and_naming_one_only_that() -> None:
    async def all_of_it(host: LmStudio) -> None:
        await host.unload("qwen/qwen3-4b-2507")

    async def one(host: LmStudio) -> None:
        await host.unload("qwen/qwen3-4b-2507:2")

    def answers() -> dict[str, object]:
        return {LIST: {"models": [QWEN]}, "POST /api/v1/models/unload": {"instance_id": "x"}}

    both = [asked.json() for asked in _with_host(all_of_it, answers()).asked[1:]]
    assert both == [{"instance_id": "qwen/qwen3-4b-2507"}, {"instance_id": "qwen/qwen3-4b-2507:2"}]
    single = [asked.json() for asked in _with_host(one, answers()).asked[1:]]
    assert single == [{"instance_id": "qwen/qwen3-4b-2507:2"}]


def test_a_model_that_is_not_there_is_missed_by_name() -> None:
    async def ask(host: LmStudio) -> None:
        with pytest.raises(ModelMissing, match="nope"):
            await host.load("nope", lambda step: None)
        with pytest.raises(ModelMissing, match="nope"):
            await host.window("nope")

    _with_host(ask, {LIST: {"models": [QWEN]}})


def test_a_load_that_the_app_refuses_is_told_in_its_words() -> None:
    async def ask(host: LmStudio) -> None:
        with pytest.raises(BackendError, match="not enough memory"):
            await host.load("cold/model", lambda step: None)

    refused = {"error": {"type": "internal_error", "message": "not enough memory"}}
    _with_host(ask, {LIST: {"models": [COLD]}, "POST /api/v1/models/load": Answer(refused, 500)})
    _with_host(ask, {LIST: {"models": [COLD]}, "POST /api/v1/models/load": refused})


def test_an_older_app_is_not_told_to_load() -> None:
    async def ask(host: LmStudio) -> None:
        with pytest.raises(ResolveError) as caught:
            await host.load("a", lambda step: None)
        assert "0.4" in caught.value.hint

    _with_host(ask, {LIST: NO_SUCH_PATH})


def test_a_download_is_followed_to_its_end() -> None:
    pauses: list[float] = []

    async def count(seconds: float) -> None:
        pauses.append(seconds)

    async def ask(host: LmStudio) -> None:
        seen: list[Progress] = []
        await host.pull("ibm/granite", seen.append)
        assert seen == [
            Progress("downloading", 0, 100),
            Progress("downloading", 40, 100),
            Progress("paused", 40, 100),
            Progress("success", 100, 100),
        ]

    def step(status: str, done: int) -> dict[str, object]:
        return {"job_id": "j 1", "status": status, "downloaded_bytes": done, "total_size_bytes": 100}

    answers: dict[str, object] = {
        "POST /api/v1/models/download": {"job_id": "j 1", "status": "downloading", "total_size_bytes": 100},
        "GET /api/v1/models/download/status/j%201": [
            step("downloading", 40),
            step("paused", 40),
            step("completed", 100),
        ],
    }
    _with_host(ask, answers, pause=count)
    assert pauses == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("status", ["failed", "", "cancelled"])
def test_a_download_that_fails_is_a_failure(status: str) -> None:
    async def ask(host: LmStudio) -> None:
        with pytest.raises(BackendError, match="download m"):
            await host.pull("m", lambda step: None)

    _with_host(
        ask,
        {
            "POST /api/v1/models/download": {"job_id": "j", "status": "downloading"},
            "GET /api/v1/models/download/status/j": {"job_id": "j", "status": status},
        },
    )


def test_what_is_there_already_is_not_downloaded() -> None:
    async def ask(host: LmStudio) -> None:
        await host.pull("m", lambda step: None)

    start = "POST /api/v1/models/download"
    assert _with_host(ask, {start: {"status": "already_downloaded"}}).lines == [start]


def test_a_download_without_a_name_can_not_be_followed() -> None:
    async def ask(host: LmStudio) -> None:
        with pytest.raises(BadReply, match="no name"):
            await host.pull("m", lambda step: None)

    _with_host(ask, {"POST /api/v1/models/download": {"status": "downloading"}})


def test_window_and_parallelism_are_those_of_the_instance_that_is_named() -> None:
    async def ask(host: LmStudio) -> None:
        assert (await host.window("qwen/qwen3-4b-2507"), await host.parallel("qwen/qwen3-4b-2507")) == (
            4096,
            4,
        )
        assert await host.window("qwen/qwen3-4b-2507:2") == 8192
        assert (await host.window("cold/model"), await host.parallel("cold/model")) == (8192, None)

    _with_host(ask, {LIST: {"models": [QWEN, COLD]}})


def test_without_a_native_listing_the_window_comes_from_the_older_one() -> None:
    async def ask(host: LmStudio) -> None:
        assert await host.window("a") == 4096
        assert await host.load_progress("a") is None
        assert await host.load_progress("b") == 0.0

    older = [
        {"id": "a", "state": "loaded", "loaded_context_length": 4096},
        {"id": "b", "state": "loading"},
    ]
    _with_host(ask, {"GET /api/v0/models": {"data": older}})


def _with_host(
    ask: Callable[[LmStudio], Coroutine[object, object, None]],
    answers: dict[str, object],
    *,
    num_ctx: int | None = None,
    pause: Callable[[float], Awaitable[object]] = no_pause,
) -> Loopback:
    async def main() -> Loopback:
        say: Callable[[Asked], Answer] = table(answers)
        async with serving(say) as server:
            wire = way_to(Endpoint(server.url))
            try:
                await ask(LmStudio(wire, num_ctx=num_ctx, pause=pause))
            finally:
                await wire.aclose()
        return server

    return asyncio.run(main())
