from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from tests.loopback import Answer, Asked, Loopback, serving, table
from tui_delegate.backends.address import Endpoint
from tui_delegate.backends.ollama_host import OllamaHost, host_url
from tui_delegate.backends.ollama_models import full_name, shown_window
from tui_delegate.core.errors import (
    AuthRefused,
    BackendError,
    BadReply,
    CutOff,
    ModelMissing,
    Overloaded,
    Unreachable,
)
from tui_delegate.core.servers import ModelInfo, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

DETAILS = {"format": "gguf", "family": "qwen3", "parameter_size": "4.0B", "quantization_level": "Q4_K_M"}
TAGS = {
    "models": [
        {
            "name": "qwen3:4b",
            "model": "qwen3:4b",
            "modified_at": "2026-10-01T10:00:00.123456789+02:00",
            "size": 2620788019,
            "digest": "2bfd38a7daaf",
            "details": DETAILS,
            "capabilities": ["completion", "tools"],
        },
        {"name": "gemma:latest", "model": "gemma:latest", "size": 100, "digest": "d", "details": {}},
    ]
}
RUNNING = {
    "models": [
        {
            "name": "qwen3:4b",
            "model": "qwen3:4b",
            "size": 3500000000,
            "digest": "2bfd38a7daaf",
            "details": DETAILS,
            "expires_at": "2026-11-20T21:00:00Z",
            "size_vram": 0,
            "context_length": 8192,
        }
    ]
}
SHOWN = {
    "modelfile": "",
    "parameters": 'stop                           "<|im_end|>"\ntemperature                    0.6',
    "template": "",
    "details": DETAILS,
    "model_info": {"general.architecture": "qwen3", "qwen3.context_length": 262144},
    "capabilities": ["completion", "tools", "insert", "thinking"],
}
LOADED = {
    "model": "m",
    "created_at": "2026-11-20T20:00:00Z",
    "response": "",
    "done": True,
    "done_reason": "load",
}
GENERATE, PULL, SHOW = "POST /api/generate", "POST /api/pull", "POST /api/show"
SERVER: dict[str, object] = {
    "GET /api/version": {"version": "0.15.2"},
    "GET /api/tags": TAGS,
    "GET /api/ps": RUNNING,
    SHOW: SHOWN,
}


@pytest.mark.parametrize(
    ("said", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8000", "http://127.0.0.1:8000"),
        ("http://0.0.0.0:8000/", "http://127.0.0.1:8000"),
        (":8000", "http://127.0.0.1:8000"),
        ("::", "http://127.0.0.1:11434"),
        ("[::]:8000", "http://127.0.0.1:8000"),
        ("::1", "http://[::1]:11434"),
        ("[::1]:8000", "http://[::1]:8000"),
        ("box", "http://box:11434"),
        ("box:8000", "http://box:8000"),
        (" 'box:8000' ", "http://box:8000"),
        ("box:8000/ollama/", "http://box:8000/ollama"),
        ("box:port", "http://box:11434"),
        ("box:99999", "http://box:11434"),
        ("http://box", "http://box:80"),
        ("https://box", "https://box:443"),
        ("https://box:8000", "https://box:8000"),
    ],
)
def test_ollama_host_means_an_address_to_connect_to(said: str, url: str) -> None:
    assert host_url(said) == url


def test_a_model_without_a_tag_is_the_latest() -> None:
    assert full_name("qwen3") == "qwen3:latest"
    assert full_name("qwen3:4b") == "qwen3:4b"
    assert full_name("box:5000/me/qwen3") == "box:5000/me/qwen3:latest"


def test_the_modelfiles_window_goes_before_the_longest_one() -> None:
    longest = {"a.context_length": 9}
    own = {"parameters": "num_ctx                        16384\nstop x", "model_info": longest}
    assert shown_window(own) == 16384
    assert shown_window({"model_info": longest}) == 9
    assert shown_window({"parameters": None, "model_info": {"a.context_length": "9"}}) is None


def test_a_server_says_what_is_installed_loaded_and_able_to_do_what() -> None:
    async def ask(host: OllamaHost) -> None:
        info = await host.info()
        assert (info.backend, info.version, info.parallel) == ("ollama", "0.15.2", 1)
        qwen, gemma = info.models
        assert qwen == ModelInfo(
            "qwen3:4b",
            "loaded",
            8192,
            2620788019,
            "Q4_K_M",
            "4.0B",
            ("completion", "tools", "thinking"),
            1,
        )
        assert (gemma.state, gemma.window) == ("unloaded", 262144)

    _with_host(ask, SERVER)


def test_a_model_that_can_not_be_shown_is_listed_all_the_same() -> None:
    async def ask(host: OllamaHost) -> None:
        assert [model.capabilities for model in (await host.info()).models] == [(), ()]

    _with_host(ask, SERVER | {SHOW: Answer({"error": "out of memory"}, 500)})
    _with_host(ask, SERVER | {SHOW: Answer(silent=True)}, show_within=0.01)


def test_the_window_is_the_allocated_one_then_the_wanted_one_then_the_models_own() -> None:
    async def loaded(host: OllamaHost) -> None:
        assert await host.window("qwen3:4b") == 8192

    async def wanted(host: OllamaHost) -> None:
        assert await host.window("gemma") == 4096

    async def own(host: OllamaHost) -> None:
        assert await host.window("gemma") == 262144

    _with_host(loaded, SERVER, num_ctx=4096)
    _with_host(wanted, SERVER, num_ctx=4096)
    _with_host(own, SERVER)


def test_a_load_asks_for_the_window_that_chats_will_ask_for() -> None:
    async def ask(host: OllamaHost) -> None:
        seen: list[Progress] = []
        await host.load("m", seen.append)
        assert [step.status for step in seen] == ["loading", "loaded"]
        assert await host.load_progress("m") is None

    server = _with_host(ask, {GENERATE: LOADED}, num_ctx=4096, keep_alive="10m")
    body = {"model": "m", "stream": False, "options": {"num_ctx": 4096}, "keep_alive": "10m"}
    assert server.asked[0].json() == body


def test_a_load_is_seen_as_one_while_it_lasts() -> None:
    async def main() -> None:
        async with serving(lambda asked: Answer(silent=True)) as server:
            host = OllamaHost(Endpoint(server.url))
            seen = asyncio.Event()
            load = asyncio.create_task(host.load("m", lambda step: seen.set()))
            await seen.wait()
            assert await host.load_progress("m") == 0.0
            load.cancel()
            await asyncio.gather(load, return_exceptions=True)
            assert await host.load_progress("m") is None
            await host.aclose()

    asyncio.run(main())


def test_an_unload_keeps_the_model_alive_for_no_time() -> None:
    async def ask(host: OllamaHost) -> None:
        await host.unload("m")

    body = _with_host(ask, {GENERATE: LOADED | {"done_reason": "unload"}}).asked[0].json()
    assert body == {"model": "m", "stream": False, "keep_alive": 0}


def test_a_pull_tells_every_step() -> None:
    async def ask(host: OllamaHost) -> None:
        seen: list[Progress] = []
        await host.pull("m", seen.append)
        assert seen == [
            Progress("pulling manifest"),
            Progress("pulling 6a07", 0, 100),
            Progress("pulling 6a07", 60, 100),
            Progress("success"),
        ]

    steps = [
        {"status": "pulling manifest"},
        {"status": "pulling 6a07", "digest": "sha256:6a07", "total": 100},
        {"status": "pulling 6a07", "digest": "sha256:6a07", "total": 100, "completed": 60},
        {"status": "success"},
    ]
    _with_host(ask, {PULL: _lines(*steps)})


def test_a_pull_that_breaks_off_is_no_success() -> None:
    async def ended(host: OllamaHost) -> None:
        with pytest.raises(CutOff, match="pulling 6a07"):
            await host.pull("m", lambda step: None)

    some = _lines({"status": "pulling 6a07", "total": 100})
    _with_host(ended, {PULL: some})
    _with_host(ended, {PULL: Answer(some.body, cut=True)})


def test_a_model_that_the_library_does_not_have_is_missed_by_name() -> None:
    async def ask(host: OllamaHost) -> None:
        with pytest.raises(ModelMissing, match="library has no model nope"):
            await host.pull("nope", lambda step: None)

    late = _lines({"status": "pulling manifest"}, {"error": "pull model manifest: file does not exist"})
    _with_host(ask, {PULL: late})
    _with_host(ask, {PULL: Answer({"error": "pull model manifest: file does not exist"}, 500)})


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (404, {"error": "model 'm' not found"}, ModelMissing),
        (401, {"error": "unauthorized", "signin_url": "x"}, AuthRefused),
        (403, b"", AuthRefused),
        (503, {"error": "server busy, please try again.  maximum pending requests exceeded"}, Overloaded),
        (500, {"error": "llama runner process has terminated"}, BackendError),
        (500, b"<html><title>Bad gateway</title></html>", BackendError),
        (400, b'["x"]', BackendError),
        (400, b'{"error": {"message": "x"}}', BackendError),
        (200, b"", BadReply),
        (200, b"[]", BadReply),
        (200, b"null", BadReply),
        (200, b'{"model": 3}', BadReply),
        (200, b"\xff\xfe{", BadReply),
        (302, b"", BadReply),
    ],
)
def test_every_refusal_is_an_error_of_ours(status: int, body: object, kind: type[BackendError]) -> None:
    async def ask(host: OllamaHost) -> None:
        with pytest.raises(kind) as caught:
            await host.load("m", lambda step: None)
        assert isinstance(caught.value, kind)

    _with_host(ask, {GENERATE: Answer(body, status)})


@pytest.mark.parametrize(
    "line", [b"[]", b"3", b'"x"', b"{", b"\n\n", b'{"error": {"a": 1}}', b'{"status": {}}']
)
def test_a_pull_of_odd_lines_is_an_error_of_ours(line: bytes) -> None:
    async def ask(host: OllamaHost) -> None:
        with pytest.raises(BackendError):
            await host.pull("m", lambda step: None)

    _with_host(ask, {PULL: Answer(line + b"\n")})


@pytest.mark.parametrize(
    "odd", [b"", b"[]", b'{"models": null}', b'{"models": [3]}', b'{"models": [{"size": "x"}]}']
)
def test_an_odd_listing_is_an_error_of_ours(odd: bytes) -> None:
    async def ask(host: OllamaHost) -> None:
        with pytest.raises(BadReply, match="not answer as an Ollama"):
            await host.info()

    _with_host(ask, SERVER | {"GET /api/tags": Answer(odd)})


def test_an_address_where_nothing_listens_is_unreachable() -> None:
    async def main() -> None:
        async with serving(table({})) as server:
            pass
        host = OllamaHost(Endpoint(server.url))
        for question in (host.load("m", lambda step: None), host.pull("m", lambda step: None), host.info()):
            with pytest.raises(Unreachable, match="Nothing is listening"):
                await question
        await host.aclose()

    asyncio.run(main())


def test_a_key_goes_along_and_one_from_the_environment_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask(host: OllamaHost) -> None:
        await host.load("m", lambda step: None)

    monkeypatch.setenv("OLLAMA_API_KEY", "someone-elses")
    assert "authorization" not in _with_host(ask, {GENERATE: LOADED}).asked[0].headers
    assert _with_host(ask, {GENERATE: LOADED}, key="ours").asked[0].headers["authorization"] == "Bearer ours"


def test_a_key_is_not_sent_to_where_the_server_points() -> None:
    async def main() -> None:
        async with serving(table({GENERATE: LOADED})) as other:
            moved = Answer(b"", 307, {"location": f"{other.url}/api/generate"})
            async with serving(lambda asked: moved) as server:
                host = OllamaHost(Endpoint(server.url, "ours"))
                with pytest.raises(BadReply):
                    await host.load("m", lambda step: None)
                await host.aclose()
        assert other.asked == []

    asyncio.run(main())


def test_a_key_that_the_server_repeats_is_not_told() -> None:
    async def ask(host: OllamaHost) -> None:
        with pytest.raises(AuthRefused) as caught:
            await host.load("m", lambda step: None)
        assert "s3cret" not in f"{caught.value} {caught.value.message} {caught.value.body}"

    _with_host(ask, {GENERATE: Answer({"error": "bad key s3cret"}, 401)}, key="s3cret")


def _lines(*steps: object) -> Answer:
    return Answer("".join(json.dumps(step) + "\n" for step in steps).encode())


def _with_host(
    ask: Callable[[OllamaHost], Coroutine[object, object, None]],
    answers: dict[str, object],
    *,
    num_ctx: int | None = None,
    keep_alive: str | None = None,
    key: str = "",
    show_within: float = 5.0,
) -> Loopback:
    async def main() -> Loopback:
        say: Callable[[Asked], Answer] = table(answers)
        async with serving(say) as server:
            at = Endpoint(server.url, key)
            host = OllamaHost(at, num_ctx=num_ctx, keep_alive=keep_alive, show_within=show_within)
            try:
                await ask(host)
            finally:
                await host.aclose()
        return server

    return asyncio.run(main())
