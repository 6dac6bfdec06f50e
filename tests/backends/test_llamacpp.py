from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from tests import realserver
from tests.assets import wire_body
from tests.loopback import Answer, Loopback, no_pause, serving, table
from tui_delegate.backends.address import Endpoint
from tui_delegate.backends.decode import SseDecoder
from tui_delegate.backends.llamacpp import LlamaCpp, _extras, load_step, loaded_part, router_info, single_info
from tui_delegate.backends.way import way_to
from tui_delegate.core.chunks import ChatRequest, ProgressChunk
from tui_delegate.core.errors import (
    AuthRefused,
    BackendError,
    ModelMissing,
    Overloaded,
    ResolveError,
    TimedOut,
    Unreachable,
)
from tui_delegate.core.messages import user
from tui_delegate.core.servers import ModelInfo, Progress
from tui_delegate.core.specs import Think

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path
    from typing import Protocol

    from tui_delegate.core.chunks import Chunk

    class Ask(Protocol):
        def __call__(self, host: LlamaCpp, /) -> Coroutine[object, object, None]: ...


LIST, PROPS, LOAD, UNLOAD = "GET /v1/models", "GET /props", "POST /models/load", "POST /models/unload"
PROPS_OF_B = "GET /props?model=tiny-b&autoload=false"


def recorded(name: str) -> object:
    value: object = json.loads(wire_body(name))
    return value


def test_a_single_server_says_its_slots_and_the_window_of_each() -> None:
    info = single_info("u", recorded("models.txt"), recorded("props.txt"))
    assert (info.backend, info.version, info.parallel) == ("llamacpp", "b1-0c1e570", 2)
    assert info.models == (
        ModelInfo("tiny-random", "loaded", 1024, 281856, "F16", "141K", ("completion", "tools"), 2),
    )


def test_a_router_says_which_of_its_models_is_loaded() -> None:
    props = {"total_slots": 1, "chat_template_caps": {"supports_tools": True}, "chat_template": "<think>"}
    listing = recorded("router_models_after_load.txt")
    info = router_info("u", listing, recorded("router_props.txt"), {"tiny-b": props})
    a, b, preset = info.models
    assert (info.version, info.parallel) == ("b1-0c1e570", None)
    assert b == ModelInfo(
        "tiny-b", "loaded", 2048, 281856, "F16", "141K", ("completion", "tools", "thinking"), 1
    )
    assert (a.id, a.state, a.window, a.parallel, a.capabilities) == ("tiny-a", "unloaded", 2048, 1, ())
    assert (preset.id, preset.state) == ("tiny-preset", "unloaded")


def test_a_model_that_is_being_loaded_is_seen_as_one() -> None:
    models = router_info("u", recorded("router_models_during_load.txt"), {}, {}).models
    assert [model.state for model in models] == ["unloaded", "loading", "unloaded"]


@pytest.mark.parametrize(
    ("args", "window"),
    [
        (["--ctx-size", "2048", "--parallel", "2"], 1024),
        (["--ctx-size", "2048", "--parallel", "2", "--kv-unified"], 2048),
        (["--ctx-size", "2048"], None),
        (["--ctx-size", "0", "--parallel", "4"], None),
        (["--ctx-size"], None),
    ],
)
def test_the_window_of_an_unloaded_model_is_what_it_would_be_started_with(
    args: list[str], window: int | None
) -> None:
    listing = {"data": [{"id": "m", "status": {"value": "unloaded", "args": args}}]}
    assert router_info("u", listing, {}, {}).models[0].window == window


@pytest.mark.parametrize("odd", [None, 3, [], {"data": [None, {"id": 3, "status": "x"}]}])
def test_a_listing_of_any_shape_is_read_without_a_fall(odd: object) -> None:
    for model in (*single_info("u", odd, odd).models, *router_info("u", odd, odd, {}).models):
        assert model.id == ""


def test_a_load_says_how_far_it_is_where_the_server_does() -> None:
    def step(**more: object) -> Progress:
        return load_step({"status": {"value": "loading", **more}})

    assert step() == Progress("loading")
    assert step(progress={"value": 0.5}) == Progress("loading", 50, 100)
    assert step(progress={"value": 7}) == Progress("loading", 100, 100)
    assert load_step({"status": {"value": "loading"}}, 0.25) == Progress("loading", 25, 100)


def test_the_routers_stream_says_how_far_each_load_is() -> None:
    decoder = SseDecoder()
    events = decoder.feed(wire_body("router_models_sse.txt")) + decoder.end()
    heard = [part for _, data in events if (part := loaded_part(data, "tiny-b")) is not None]
    assert heard[:2] == [0.0, 1.0]
    assert set(heard) == {0.0, 1.0}
    assert not any(loaded_part(data, "tiny-c") is not None for _, data in events)


def test_a_load_in_stages_is_one_number() -> None:
    def event(**progress: object) -> bytes:
        return json.dumps({"model": "m", "data": {"status": "loading", "progress": progress}}).encode()

    stages = ["text_model", "mmproj"]
    assert loaded_part(event(stages=stages, current="text_model", value=0.5), "m") == 0.25
    assert loaded_part(event(stages=stages, current="mmproj", value=0.5), "m") == 0.75
    assert loaded_part(event(stages=[], current="x", value=9), "m") == 1.0
    assert loaded_part(event(value="x"), "m") is None
    assert loaded_part(b"{", "m") is None


def test_a_load_is_told_as_far_as_the_stream_says() -> None:
    async def ask(host: LlamaCpp) -> None:
        seen: list[Progress] = []
        await host.load("tiny-b", seen.append)
        assert Progress("loading", 40, 100) in seen

    said = {"stages": ["text_model"], "current": "text_model", "value": 0.4}
    event = {"model": "tiny-b", "event": "status_change", "data": {"status": "loading", "progress": said}}
    stream = Answer(
        b"data: " + json.dumps(event).encode() + b"\n\n", headers={"content-type": "text/event-stream"}
    )
    shown = ["router_models_during_load.txt"] * 50 + ["router_models_after_load.txt"]
    _with_host(ask, _router(*shown) | {LOAD: {"success": True}, "GET /models/sse": stream})


def test_a_router_is_asked_about_its_loaded_models_and_never_loads_one_by_that() -> None:
    async def ask(host: LlamaCpp) -> None:
        info = await host.info()
        assert [model.state for model in info.models] == ["unloaded", "loaded", "unloaded"]
        assert await host.parallel("tiny-b") == 3
        assert await host.window("tiny-b") == 2048

    server = _with_host(ask, _router("router_models_after_load.txt") | {PROPS_OF_B: {"total_slots": 3}})
    assert [line for line in server.lines if "tiny" in line] == [PROPS_OF_B] * 3


def test_a_loaded_model_that_goes_while_it_is_asked_leaves_the_list_whole() -> None:
    async def ask(host: LlamaCpp) -> None:
        assert len((await host.info()).models) == 3

    gone = Answer(recorded("router_props_model_unloaded.txt"), 400)
    _with_host(ask, _router("router_models_after_load.txt") | {PROPS_OF_B: gone})


def test_a_load_is_followed_until_the_model_is_there() -> None:
    async def ask(host: LlamaCpp) -> None:
        seen: list[Progress] = []
        await host.load("tiny-b", seen.append)
        assert [step.status for step in seen] == ["unloaded", "loading", "loaded"]

    server = _with_host(
        ask,
        _router("router_models.txt", "router_models_during_load.txt", "router_models_after_load.txt")
        | {LOAD: recorded("router_load.txt")},
    )
    assert server.asked[1].json() == {"model": "tiny-b"}


def test_a_model_that_runs_already_counts_as_loaded() -> None:
    async def ask(host: LlamaCpp) -> None:
        await host.load("tiny-b", lambda step: None)

    again = Answer(recorded("router_load_again.txt"), 400)
    _with_host(ask, _router("router_models_after_load.txt") | {LOAD: again})


def test_a_model_that_the_router_does_not_have_is_missed_by_name() -> None:
    async def ask(host: LlamaCpp) -> None:
        for question in (host.load("nope", lambda step: None), host.unload("nope"), host.window("nope")):
            with pytest.raises(ModelMissing, match="nope"):
                await question
        assert await host.load_progress("nope") is None

    bad = Answer(recorded("router_load_bad.txt"), 404)
    unload = Answer({"error": {"code": 400, "message": "model is not found"}}, 400)
    again = {"GET /v1/models?reload=1": recorded("router_models.txt")}
    server = _with_host(ask, _router("router_models.txt") | again | {LOAD: bad, UNLOAD: unload})
    assert server.lines.count(LOAD) == 2


def test_a_load_that_fails_says_so_with_the_exit_code() -> None:
    async def ask(host: LlamaCpp) -> None:
        with pytest.raises(BackendError, match=r"tiny-b could not be loaded \(exit code 1\)"):
            await host.load("tiny-b", lambda step: None)

    def listing(**status: object) -> object:
        return {"data": [{"id": "tiny-b", "status": status}]}

    answers = _router() | {LOAD: {"success": True}}
    answers[LIST] = [listing(value="loading"), listing(value="unloaded", failed=True, exit_code=1)]
    _with_host(ask, answers)


def test_a_load_that_another_load_pushes_out_is_not_waited_for_without_end() -> None:
    async def ask(host: LlamaCpp) -> None:
        with pytest.raises(BackendError, match="unloaded before it was ready"):
            await host.load("tiny-b", lambda step: None)

    _with_host(ask, _router("router_models.txt") | {LOAD: {"success": True}})
    shown = ("router_models_during_load.txt", "router_models.txt")
    _with_host(ask, _router(*shown) | {LOAD: {"success": True}})


def test_a_router_that_is_busy_loading_another_model_is_asked_again() -> None:
    async def ask(host: LlamaCpp) -> None:
        seen: list[Progress] = []
        await host.load("tiny-b", seen.append)
        assert [step.status for step in seen] == ["waiting", "loaded"]

    full = Answer({"error": {"code": 500, "message": "model limit reached, try again later"}}, 500)
    _with_host(ask, _router("router_models_after_load.txt") | {LOAD: [full, {"success": True}]})


def test_a_router_that_stays_full_is_not_asked_without_end() -> None:
    async def ask(host: LlamaCpp) -> None:
        with pytest.raises(Overloaded, match="no room"):
            await host.load("tiny-b", lambda step: None)

    full = Answer({"error": {"code": 500, "message": "model limit reached, try again later"}}, 500)
    _with_host(ask, _router("router_models_loaded.txt") | {LOAD: full})


def test_an_unload_waits_until_the_model_is_gone() -> None:
    async def ask(host: LlamaCpp) -> None:
        await host.unload("tiny-b")

    shown = ("router_models_after_load.txt", "router_models_after_load.txt", "router_models.txt")
    server = _with_host(ask, _router(*shown) | {UNLOAD: recorded("router_unload.txt")})
    assert server.lines.count(LIST) == 3


def test_a_model_that_never_goes_is_not_waited_for_without_end() -> None:
    async def ask(host: LlamaCpp) -> None:
        with pytest.raises(TimedOut, match="still loaded"):
            await host.unload("tiny-b")

    _with_host(ask, _router("router_models_after_load.txt") | {UNLOAD: {"success": True}})


def test_a_server_with_one_model_says_that_it_holds_one() -> None:
    async def ask(host: LlamaCpp) -> None:
        for question in (host.load("m", lambda step: None), host.unload("m")):
            with pytest.raises(ResolveError, match="holds one model"):
                await question
        with pytest.raises(ResolveError) as caught:
            await host.pull("m", lambda step: None)
        assert "-hf" in caught.value.hint

    _with_host(ask, {PROPS: recorded("props.txt")})


def test_a_server_with_one_model_answers_for_every_name() -> None:
    async def ask(host: LlamaCpp) -> None:
        assert (await host.window("whatever"), await host.parallel("whatever")) == (1024, 2)

    _with_host(ask, {PROPS: recorded("props.txt"), LIST: recorded("models.txt")})


def test_a_model_of_a_router_is_found_by_its_other_name_too() -> None:
    async def ask(host: LlamaCpp) -> None:
        assert await host.window("short") == 512

    status = {"value": "unloaded", "args": ["--ctx-size", "1024", "--parallel", "2"]}
    listing = {"data": [{"id": "long", "aliases": ["short"], "status": status}]}
    _with_host(ask, {PROPS: recorded("router_props.txt"), LIST: listing})


def test_a_server_that_still_loads_its_model_says_so() -> None:
    loading = Answer({"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}}, 503)

    async def ask(host: LlamaCpp) -> None:
        assert await host.load_progress("m") == 0.0
        with pytest.raises(Overloaded, match="Loading model"):
            await host.info()

    _with_host(ask, dict.fromkeys(("GET /health", LIST, PROPS), loading))


def test_a_router_says_for_each_model_whether_it_is_being_loaded() -> None:
    async def ask(host: LlamaCpp) -> None:
        assert await host.load_progress("tiny-b") == 0.0
        assert await host.load_progress("tiny-a") is None

    _with_host(ask, _router("router_models_during_load.txt") | {"GET /health": {"status": "ok"}})


def test_a_refused_key_is_told_as_that() -> None:
    async def ask(host: LlamaCpp) -> None:
        with pytest.raises(AuthRefused):
            await host.info()

    refused = Answer(recorded("auth_missing.txt"), 401)
    _with_host(ask, {LIST: refused, PROPS: refused})


@pytest.mark.real
def test_a_real_server_tells_its_slots_window_and_capabilities() -> None:
    async def ask(host: LlamaCpp) -> None:
        info = await host.info()
        (model,) = info.models
        assert (model.id, model.state, model.window, model.parallel) == ("tiny-delegate", "loaded", 2048, 2)
        assert (model.capabilities, info.parallel) == (("completion", "tools"), 2)
        assert model.quantization == "F16"
        assert info.version
        assert await host.load_progress("tiny-delegate") is None
        with pytest.raises(ResolveError, match="holds one model"):
            await host.load("tiny-delegate", lambda step: None)

    with realserver.running() as server:
        _on(server.url, ask)


@pytest.mark.real
def test_a_real_chat_shows_how_far_the_prompt_is_read() -> None:
    sink = Kept()

    async def ask(host: LlamaCpp) -> None:
        reply = await host.chat(ChatRequest("tiny-delegate", (user("fix the typo"),), temperature=0.0), sink)
        assert reply.message.text == "result of fix the typo"
        assert reply.tokens_per_second

    with realserver.running() as server:
        _on(server.url, ask)
    read = [chunk for chunk in sink.chunks if isinstance(chunk, ProgressChunk)]
    assert read
    assert all(chunk.stage == "prompt" and 0 <= (chunk.done or 0) <= 1 for chunk in read)


@pytest.mark.real
def test_a_real_router_loads_one_model_for_another_and_unloads(tmp_path: Path) -> None:
    async def ask(host: LlamaCpp) -> None:
        assert await _states(host) == {"tiny-a": "unloaded", "tiny-b": "unloaded"}
        seen: list[Progress] = []
        await host.load("tiny-a", seen.append)
        assert seen[-1] == Progress("loaded", 100, 100)
        assert await _states(host) == {"tiny-a": "loaded", "tiny-b": "unloaded"}
        assert (await host.window("tiny-a"), await host.parallel("tiny-a")) == (1024, 2)
        await host.load("tiny-a", seen.append)
        await host.load("tiny-b", seen.append)
        assert await _states(host) == {"tiny-a": "unloaded", "tiny-b": "loaded"}
        await host.unload("tiny-b")
        assert await _states(host) == {"tiny-a": "unloaded", "tiny-b": "unloaded"}
        assert await host.load_progress("tiny-b") is None
        for question in (host.load("nope", seen.append), host.unload("nope")):
            with pytest.raises(ModelMissing, match="nope"):
                await question

    with realserver.running_router(tmp_path, "tiny-a", "tiny-b") as server:
        _on(server.url, ask)


@pytest.mark.real
def test_a_real_router_shows_a_load_while_it_lasts_and_a_new_file_that_fails(tmp_path: Path) -> None:
    async def ask(host: LlamaCpp) -> None:
        (tmp_path / "broken.gguf").write_bytes(b"")
        await host.wire.post("/models/load", {"model": "tiny-a"})
        assert await host.load_progress("tiny-a") in (0.0, None)
        await host.load("tiny-a", lambda step: None)
        with pytest.raises(BackendError, match="broken could not be loaded"):
            await host.load("broken", lambda step: None)

    with realserver.running_router(tmp_path, "tiny-a") as server:
        _on(server.url, ask)


@pytest.mark.real
def test_a_real_server_that_has_gone_is_unreachable() -> None:
    async def ask(host: LlamaCpp) -> None:
        with pytest.raises(Unreachable):
            await host.info()

    with realserver.running() as server:
        pass
    _on(server.url, ask)


class Kept:
    """A sink that keeps everything."""

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []

    def put(self, chunk: Chunk, /) -> None:
        self.chunks.append(chunk)

    async def drain(self) -> None:
        return


async def _states(host: LlamaCpp) -> dict[str, str]:
    return {model.id: model.state for model in (await host.info()).models}


def _router(*listings: str) -> dict[str, object]:
    return {PROPS: recorded("router_props.txt"), LIST: [recorded(name) for name in listings]}


def _on(url: str, ask: Ask) -> None:
    async def main() -> None:
        wire = way_to(Endpoint(url))
        try:
            await ask(LlamaCpp(wire))
        finally:
            await wire.aclose()

    asyncio.run(main())


def _with_host(ask: Ask, answers: dict[str, object]) -> Loopback:
    async def main() -> Loopback:
        async with serving(table(answers)) as server:
            wire = way_to(Endpoint(server.url))
            try:
                await ask(LlamaCpp(wire, pause=no_pause))
            finally:
                await wire.aclose()
        return server

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("think", "sent"),
    [
        (None, None),
        (False, {"enable_thinking": False}),
        (True, {"enable_thinking": True}),
        ("high", {"reasoning_effort": "high"}),
    ],
)
def test_thinking_is_switched_by_the_template(think: Think, sent: object) -> None:
    assert _extras(ChatRequest("m", (), think=think)).get("chat_template_kwargs") == sent
