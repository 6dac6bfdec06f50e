"""What each backend sends: history, tools, thinking, and the shapes that templates want."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.assets import wire_body
from tests.backends.loopback import Answer, Kept, Loopback, serving
from tests.backends.speakers import SPEAKERS, Speaker, converse, every, replied
from tests.backends.streams import ASKED, TOOL
from tui_delegate.backends.address import Endpoint
from tui_delegate.backends.ollama import OllamaChat
from tui_delegate.backends.table import Options, connect
from tui_delegate.backends.way import way_to
from tui_delegate.core.chunks import ProgressChunk
from tui_delegate.core.errors import (
    BackendError,
)
from tui_delegate.core.messages import Message, Thinking, ToolCall, system, tool_result, user

if TYPE_CHECKING:
    pass


@every
def test_a_conversation_with_calls_goes_back_in_the_protocols_words(speaker: Speaker) -> None:
    call = ToolCall("c1", "subagent", '{"task_name":"a"}')
    broken = ToolCall("c2", "", "{broken")
    thinking = (Thinking("t", "sig"), Thinking("unsigned"), Thinking(redacted="zz"))
    history = (
        system("Be brief."),
        user("do"),
        Message("assistant", "", (call, broken), thinking),
        tool_result(call, "done"),
        tool_result(broken, "refused", failed=True),
    )
    request = replace(ASKED, messages=history, may_call=False)
    _, _, server = converse(speaker, Answer(speaker.text), request=request)
    body = server.requests[0][2]
    assert isinstance(body, dict)
    words = str(body["messages"])
    assert "invalid_arguments" in words
    assert "unsigned" not in words
    if speaker.path == "/v1/messages":
        assert body["system"] == "Be brief."
        assert body["tool_choice"] == {"type": "none"}
        assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
        kinds = [block["type"] for block in body["messages"][1]["content"]]
        assert kinds == ["thinking", "redacted_thinking", "tool_use", "tool_use"]
        assert [block["type"] for block in body["messages"][2]["content"]] == ["tool_result", "tool_result"]
        assert body["max_tokens"] == 32_000
    else:
        assert "tools" not in body
        assert body["messages"][-1]["tool_call_id"] == "c2"
        arguments = body["messages"][2]["tool_calls"][0]["function"]["arguments"]
        assert arguments == ({"task_name": "a"} if speaker.path == "/api/chat" else '{"task_name": "a"}')


def test_extras_go_into_the_body_and_prompt_progress_comes_out() -> None:
    _, sink, server = converse(SPEAKERS["llamacpp"], Answer(SPEAKERS["llamacpp"].text))
    assert sink.chunks[0] == ProgressChunk("prompt", 0.5)
    body = server.requests[0][2]
    assert isinstance(body, dict)
    assert body["return_progress"] is True
    assert body["stream_options"] == {"include_usage": True}
    _, _, server = converse(SPEAKERS["lmstudio"], Answer(SPEAKERS["lmstudio"].text))
    body = server.requests[0][2]
    assert isinstance(body, dict)
    assert body["ttl"] == 300


def test_ollama_is_never_allowed_to_cut_the_prompt_silently() -> None:
    speaker = replace(SPEAKERS["ollama"], make=lambda wire: OllamaChat(wire, num_ctx=8192, keep_alive="5m"))
    request = replace(ASKED, think=False, temperature=0.0, max_tokens=99)
    _, _, server = converse(speaker, Answer(speaker.text), request=request)
    body = server.requests[0][2]
    assert isinstance(body, dict)
    assert body["truncate"] is False
    assert body["shift"] is False
    assert body["think"] is False
    assert body["keep_alive"] == "5m"
    assert body["options"] == {"num_ctx": 8192, "temperature": 0.0, "num_predict": 99}


@pytest.mark.parametrize(
    ("think", "limit", "want", "tokens"),
    [
        (None, None, None, 32_000),
        (True, None, {"type": "enabled", "budget_tokens": 4096}, 32_000),
        ("low", 9000, {"type": "enabled", "budget_tokens": 1024}, 9000),
        ("high", 4096, {"type": "enabled", "budget_tokens": 2048}, 4096),
        (True, 500, {"type": "disabled"}, 500),
        (False, None, {"type": "disabled"}, 32_000),
    ],
)
def test_thinking_at_anthropic_has_a_budget_below_the_answers_cap(
    think: bool | str | None, limit: int | None, want: object, tokens: int
) -> None:
    speaker = SPEAKERS["anthropic"]
    request = replace(ASKED, think=think, max_tokens=limit, temperature=0.3)
    _, _, server = converse(speaker, Answer(speaker.text), request=request)
    body = server.requests[0][2]
    assert isinstance(body, dict)
    assert body.get("thinking") == want
    assert body["max_tokens"] == tokens
    assert ("temperature" in body) == (not want or "budget_tokens" not in str(want))
    assert server.requests[0][1]["anthropic-version"] == "2023-06-01"


@pytest.mark.parametrize("theirs", [(), (("Anthropic-Version", "2099-01-01"),)])
def test_anthropics_version_is_said_once_and_a_persons_own_word_for_it_wins(
    theirs: tuple[tuple[str, str], ...],
) -> None:
    async def main() -> list[str]:
        async with serving(Answer(SPEAKERS["anthropic"].text)) as server:
            connection = connect("anthropic", Endpoint(server.url, headers=theirs), Options())
            await connection.backend.chat(ASKED, Kept())
            await connection.aclose()
        return [server.requests[0][1]["anthropic-version"]]

    assert asyncio.run(main()) == [theirs[0][1] if theirs else "2023-06-01"]


@pytest.mark.parametrize("think", [True, False, None])
def test_llamacpp_leaves_it_to_the_models_template_whether_it_thinks(think: bool | None) -> None:
    async def main() -> object:
        async with serving(Answer(SPEAKERS["llamacpp"].text)) as server:
            connection = connect("llamacpp", Endpoint(server.url), Options())
            await connection.backend.chat(replace(ASKED, think=think), Kept())
            await connection.aclose()
        return server.requests[0][2]

    body = asyncio.run(main())
    assert isinstance(body, dict)
    assert body.get("chat_template_kwargs") == (None if think is None else {"enable_thinking": think})


@pytest.mark.parametrize("name", ["openai-compat", "ollama"])
def test_a_template_that_wants_turns_gets_them_joined_and_that_is_remembered(name: str) -> None:
    refusal = (
        b'{"error":"{\\"error\\":{\\"code\\":500,\\"message\\":\\"Conversation roles must alternate '
        b'user/assistant/user\\"}}"}'
    )
    speaker = SPEAKERS[name]
    request = replace(ASKED, messages=(system("S"), user("files"), user("the task")))

    async def main() -> Loopback:
        answers = (Answer(refusal, 500), Answer(speaker.text), Answer(speaker.text))
        async with serving(*answers) as server:
            wire = way_to(Endpoint(server.url))
            backend = speaker.make(wire)
            await backend.chat(request, Kept())
            await backend.chat(request, Kept())
            await wire.aclose()
        return server

    server = asyncio.run(main())
    sent = [_contents(body) for _, _, body in server.requests]
    assert sent == [["S", "files", "the task"], ["S", "files\n\nthe task"], ["S", "files\n\nthe task"]]


def test_a_template_without_a_system_role_gets_it_in_the_first_message() -> None:
    speaker = SPEAKERS["openai-compat"]
    refusals = (
        Answer(b'{"error":{"message":"System role not supported"}}', 500),
        Answer(b'{"error":{"message":"Conversation roles must alternate user/assistant"}}', 400),
    )
    request = replace(ASKED, messages=(system("S"), user("a"), user("b")))
    outcome, _, server = converse(speaker, *refusals, Answer(speaker.text), request=request)
    assert replied(outcome).message.text
    assert _contents(server.requests[-1][2]) == ["S\n\na\n\nb"]


def test_a_refusal_that_stays_is_not_asked_for_ever() -> None:
    refusal = Answer(b'{"error":{"message":"roles must alternate"}}', 400)
    outcome, _, server = converse(SPEAKERS["openai-compat"], refusal, refusal)
    assert isinstance(outcome, BackendError)
    assert len(server.requests) == 2


def _contents(body: object) -> list[object]:
    assert isinstance(body, dict)
    return [message["content"] for message in body["messages"]]


def test_the_tool_is_named_to_the_server() -> None:
    def body_of(speaker: Speaker) -> dict[str, object]:
        body = converse(speaker, Answer(speaker.text))[2].requests[0][2]
        assert isinstance(body, dict)
        return body

    for name, speaker in SPEAKERS.items():
        assert TOOL.name in str(body_of(speaker)["tools"]), name


def test_models_are_listed() -> None:
    async def main(backend: str, body: bytes) -> list[str]:
        async with serving(Answer(body)) as server:
            connection = connect(backend, Endpoint(server.url), Options())
            info = await connection.host.info()
            await connection.aclose()
        return [model.id for model in info.models]

    assert asyncio.run(main("openai-compat", wire_body("models.txt"))) == ["tiny-random"]
    assert asyncio.run(main("anthropic", b'{"data":[{"id":"c1"},{"x":1}]}')) == ["c1"]
