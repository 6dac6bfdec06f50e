from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests import realserver
from tests.assets import wire_body
from tests.loopback import Answer, Asked, serving, table
from tui_delegate.backends.address import Endpoint
from tui_delegate.backends.discover import Candidate, Found, discover, identify, usual_candidates
from tui_delegate.core.errors import AuthRefused, BackendError, BadReply, Overloaded, TimedOut, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PLENTY = 20.0
"""Seconds that no server here takes; one that never answers is timed with a `within` of its own."""

LLAMA: dict[str, object] = {
    "GET /v1/models": json.loads(wire_body("models.txt")),
    "GET /props": json.loads(wire_body("props.txt")),
    # Older builds answer some of Ollama's questions too.
    "GET /api/tags": {"models": []},
    "GET /api/version": {"version": "0.0.0"},
}
OLLAMA: dict[str, object] = {
    "GET /": Answer(b"Ollama is running"),
    "GET /v1/models": {"object": "list", "data": [{"id": "qwen3:4b", "owned_by": "library"}]},
    "GET /api/version": {"version": "0.15.2"},
    "GET /api/tags": {"models": [{"name": "qwen3:4b", "model": "qwen3:4b", "size": 1}]},
    "GET /api/ps": {"models": []},
    "POST /api/show": {"model_info": {}, "capabilities": ["completion", "tools"]},
}
STUDIO: dict[str, object] = {
    "GET /v1/models": {"data": [{"id": "qwen", "object": "model", "owned_by": "organization_owner"}]},
    "GET /api/v1/models": {"models": [{"type": "llm", "key": "qwen", "loaded_instances": []}]},
}
OLD_STUDIO: dict[str, object] = {
    "GET /v1/models": {"data": [{"id": "qwen"}]},
    "GET /api/v0/models": {"data": [{"id": "qwen", "state": "loaded", "max_context_length": 4096}]},
}
PLAIN: dict[str, object] = {
    "GET /v1/models": {"data": [{"id": "big", "owned_by": "vllm", "max_model_len": 32768}]}
}


def unknown_paths_are_fine(answers: dict[str, object]) -> Callable[[Asked], Answer]:
    """LM Studio answers a path that it does not know with 200."""
    known = table(answers)

    def say(asked: Asked) -> Answer:
        if asked.line in answers:
            return known(asked)
        return Answer({"error": f"Unexpected endpoint or method. ({asked.line})"})

    return say


def with_header(answers: dict[str, object], **headers: str) -> Callable[[Asked], Answer]:
    known = table(answers)
    return lambda asked: replace(known(asked), headers=headers)


@pytest.mark.parametrize(
    ("say", "backend"),
    [
        (table(LLAMA), "llamacpp"),
        (with_header({"GET /v1/models": Answer({"error": "key"}, 401)}, Server="llama.cpp"), "llamacpp"),
        (table(OLLAMA), "ollama"),
        (unknown_paths_are_fine(STUDIO), "lmstudio"),
        (table(STUDIO), "lmstudio"),
        (unknown_paths_are_fine(OLD_STUDIO), "lmstudio"),
        (table(PLAIN), "openai-compat"),
        (with_header(PLAIN, Server="uvicorn"), "openai-compat"),
    ],
)
def test_a_server_is_known_by_what_only_it_says(say: Callable[[Asked], Answer], backend: str) -> None:
    async def main() -> None:
        async with serving(say) as server:
            for url in (server.url, f"{server.url}/v1", f"{server.url}/v1/"):
                assert await identify(Endpoint(url)) == backend

    asyncio.run(main())


@pytest.mark.parametrize(
    ("say", "kind"),
    [
        (table({}), BadReply),
        (table({"GET /": Answer(b"<html>hello</html>")}), BadReply),
        (lambda asked: Answer(b"hello"), BadReply),
        (table({"GET /v1/models": Answer({"error": "no"}, 401)}), AuthRefused),
        (table({"GET /v1/models": Answer({"error": "busy"}, 503)}), Overloaded),
    ],
)
def test_what_is_no_model_server_is_told_as_that(
    say: Callable[[Asked], Answer], kind: type[BackendError]
) -> None:
    async def main() -> None:
        async with serving(say) as server:
            with pytest.raises(kind):
                await identify(Endpoint(server.url))

    asyncio.run(main())


def test_all_servers_are_found_at_once_with_what_they_hold() -> None:
    async def main() -> None:
        async with AsyncExitStack() as open_servers:
            urls = {
                name: (await open_servers.enter_async_context(serving(say))).url
                for name, say in (
                    ("ollama", table(OLLAMA)),
                    ("lmstudio", unknown_paths_are_fine(STUDIO)),
                    ("llamacpp", table(LLAMA)),
                    ("openai-compat", table(PLAIN)),
                )
            }
            found = await discover([Candidate(Endpoint(url)) for url in urls.values()], within=PLENTY)
        servers = [one.server for one in found if one.server]
        assert [(server.backend, server.url) for server in servers] == list(urls.items())
        held = [[model.id for model in server.models] for server in servers]
        assert held == [["qwen3:4b"], ["qwen"], ["tiny-random"], ["big"]]
        assert servers[0].version == "0.15.2"
        assert servers[3].models[0].window == 32768

    asyncio.run(main())


def test_a_server_that_never_answers_holds_nobody_up() -> None:
    async def main() -> None:
        silent = Answer(silent=True)
        async with serving(table(PLAIN)) as quick, serving(lambda asked: silent) as dead:
            late = await discover([Candidate(Endpoint(dead.url), name="dead")], within=0.05)
            assert isinstance(late[0].error, TimedOut)
            assert (late[0].names, late[0].server) == (("dead",), None)
            both = asyncio.create_task(
                discover([Candidate(Endpoint(dead.url)), Candidate(Endpoint(quick.url))], within=1.0)
            )
            first, second = await both
            assert isinstance(first.error, TimedOut)
            assert second.server is not None

    asyncio.run(main())


def test_a_server_that_answers_only_at_first_is_late_too() -> None:
    async def main() -> None:
        answers = LLAMA | {"GET /props": Answer(silent=True)}
        async with serving(table(answers)) as server:
            (found,) = await discover([Candidate(Endpoint(server.url))], within=0.2)
            assert isinstance(found.error, TimedOut)

    asyncio.run(main())


def test_an_address_where_nothing_listens_says_so() -> None:
    async def main() -> None:
        async with serving(table({})) as server:
            pass
        (found,) = await discover([Candidate(Endpoint(server.url), "llamacpp", "mine")], within=PLENTY)
        assert isinstance(found.error, Unreachable)
        assert found.names == ("mine",)

    asyncio.run(main())


@pytest.mark.parametrize(
    "url", ["http://box:abc", "http://[::", "", "http://x:99999", "http://\x00x", "☃", "ftp://x"]
)
@pytest.mark.parametrize("backend", ["", "ollama", "openai-compat", "anthropic"])
def test_what_is_no_address_is_told_and_stops_no_other(url: str, backend: str) -> None:
    async def main() -> None:
        async with serving(table(PLAIN)) as server:
            asked = [Candidate(Endpoint(url), backend), Candidate(Endpoint(server.url))]
            bad, good = await discover(asked, within=PLENTY)
        assert isinstance(bad.error, Unreachable)
        assert good.server

    asyncio.run(main())


def test_two_profiles_for_one_server_ask_it_once() -> None:
    async def main() -> None:
        async with serving(table(LLAMA)) as server:
            same = [
                Candidate(Endpoint(server.url), "llamacpp"),
                Candidate(Endpoint(f"{server.url}/v1"), "openai-compat", "fast"),
                Candidate(Endpoint(f"{server.url}/v1/".replace("127.0.0.1", "localhost")), "", "slow"),
                Candidate(Endpoint(server.url, "other-key"), "", "keyed"),
            ]
            found = await discover(same, within=PLENTY)
        assert [one.names for one in found] == [("fast", "slow"), ("keyed",)]
        assert [one.server.backend for one in found if one.server] == ["llamacpp", "llamacpp"]

    asyncio.run(main())


def test_what_a_profile_calls_ollama_but_is_llama_cpp_is_named_rightly() -> None:
    async def main() -> None:
        async with serving(table(LLAMA)) as server:
            (found,) = await discover([Candidate(Endpoint(server.url), "ollama")], within=PLENTY)
            assert found.server
            assert found.server.backend == "llamacpp"

    asyncio.run(main())


def test_anthropics_list_is_asked_for_in_its_way() -> None:
    async def main() -> None:
        listing = {"data": [{"type": "model", "id": "claude", "max_input_tokens": 200000}]}
        async with serving(table({"GET /v1/models": listing})) as server:
            (found,) = await discover([Candidate(Endpoint(server.url, "k"), "anthropic")], within=PLENTY)
        assert found.server
        assert [(model.id, model.window) for model in found.server.models] == [("claude", 200000)]
        asked = server.asked[0].headers
        assert (asked["x-api-key"], asked["anthropic-version"]) == ("k", "2023-06-01")
        assert "authorization" not in asked

    asyncio.run(main())


def test_usual_places_are_asked_and_ollama_where_its_variable_says() -> None:
    usual = usual_candidates({})
    assert [(one.backend, one.endpoint.url) for one in usual] == [
        ("ollama", "http://127.0.0.1:11434"),
        ("lmstudio", "http://127.0.0.1:1234"),
        ("llamacpp", "http://127.0.0.1:8080"),
    ]
    moved = usual_candidates({"OLLAMA_HOST": "0.0.0.0:9999", "LM_API_TOKEN": "t"})
    assert moved[0].endpoint.url == "http://127.0.0.1:9999"
    assert [one.endpoint.key for one in moved] == ["", "t", ""]


def test_a_key_for_ollama_goes_only_where_the_environment_names_a_server() -> None:
    key = {"OLLAMA_API_KEY": "k"}
    assert usual_candidates(key)[0].endpoint.key == ""
    assert usual_candidates(key | {"OLLAMA_HOST": "https://box"})[0].endpoint.key == "k"


def test_nothing_to_ask_finds_nothing() -> None:
    assert asyncio.run(discover([])) == []


@pytest.mark.real
def test_a_real_server_and_a_real_router_are_found_and_named(tmp_path: Path) -> None:
    async def look(*urls: str) -> list[Found]:
        return await discover([Candidate(Endpoint(url)) for url in urls], within=PLENTY)

    with realserver.running() as single, realserver.running_router(tmp_path, "tiny-a", "tiny-b") as router:
        one, many = asyncio.run(look(single.url, f"{router.url}/v1"))
    assert one.server
    assert many.server
    assert (one.server.backend, many.server.backend) == ("llamacpp", "llamacpp")
    assert one.server.parallel == 2
    assert [(model.id, model.state) for model in many.server.models] == [
        ("tiny-a", "unloaded"),
        ("tiny-b", "unloaded"),
    ]


@pytest.mark.real
def test_a_real_server_behind_a_key_is_known_and_its_refusal_told() -> None:
    with realserver.running(*realserver.USUAL, "--api-key", "right") as server:
        candidates = [Candidate(Endpoint(server.url, key)) for key in ("", "wrong", "right")]
        found = asyncio.run(discover(candidates, within=PLENTY))
        assert asyncio.run(identify(Endpoint(server.url))) == "llamacpp"
    assert [type(one.error) for one in found] == [AuthRefused, AuthRefused, type(None)]
    assert "wrong" not in str(found[1])
