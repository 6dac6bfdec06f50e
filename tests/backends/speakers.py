"""Every backend, and how its server says the usual things. No test stands here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.assets import wire_body
from tests.backends.loopback import Answer, Kept, Loopback, serving
from tests.backends.streams import ASKED, CLAUDE, LMSTUDIO, OLLAMA, delta, ndjson, ollama_line, sse
from tui_delegate.backends.address import Endpoint
from tui_delegate.backends.anthropic import AnthropicChat
from tui_delegate.backends.line import Way
from tui_delegate.backends.ollama import OllamaChat
from tui_delegate.backends.openai import OpenAIChat
from tui_delegate.backends.way import way_to
from tui_delegate.core.errors import (
    BackendError,
)
from tui_delegate.core.ports import Backend

if TYPE_CHECKING:
    from tui_delegate.core.chunks import ChatRequest, Reply


@dataclass(frozen=True)
class Speaker:
    """A backend, and how its server says the usual things."""

    make: Callable[[Way], Backend]
    path: str
    text: bytes
    calls: bytes
    thinking: bytes
    open_text: bytes
    """The beginning of an answer, with its first words."""


def llamacpp(wire: Way) -> Backend:
    return OpenAIChat(wire, extras={"return_progress": True, "timings_per_token": True})


def lmstudio(wire: Way) -> Backend:
    return OpenAIChat(wire, extras=lambda request: {"ttl": 300})


PROGRESS = sse({"choices": [], "prompt_progress": {"total": 24, "cache": 3, "processed": 12, "time_ms": 1}})
SPEAKERS = {
    "openai-compat": Speaker(
        OpenAIChat,
        "/v1/chat/completions",
        wire_body("delegate_hello_5_0.txt"),
        wire_body("trained_tools_stream.txt"),
        sse(delta(reasoning="Hm"), delta(content="Hi"), delta("stop"), "[DONE]"),
        sse(delta(content="Hel")),
    ),
    "llamacpp": Speaker(
        llamacpp,
        "/v1/chat/completions",
        PROGRESS + wire_body("delegate_hello_5_0.txt"),
        wire_body("delegate_delegate_40_0.txt"),
        sse(delta(reasoning_content="Hm"), delta(content="Hi"), delta("stop"), "[DONE]"),
        sse(delta(content="Hel")),
    ),
    "lmstudio": Speaker(
        lmstudio,
        "/v1/chat/completions",
        sse(delta(content="Hello"), delta("stop"), "[DONE]"),
        sse(
            delta(tool_calls=[{"index": 0, "id": "1", "function": {"name": "subagent", "arguments": "{}"}}]),
            delta(tool_calls=[{"index": 1, "id": "2", "function": {"name": "subagent", "arguments": ""}}]),
            delta(tool_calls=[{"index": 1, "function": {"arguments": "{}"}}]),
            delta("tool_calls"),
            {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 4}},
            "[DONE]",
        ),
        LMSTUDIO,
        sse(delta(content="Hel")),
    ),
    "ollama": Speaker(
        OllamaChat,
        "/api/chat",
        ndjson(
            ollama_line(content="Hello"),
            ollama_line(
                done=True, done_reason="stop", prompt_eval_count=3, eval_count=1, eval_duration=10**9
            ),
        ),
        OLLAMA,
        ndjson(
            ollama_line(thinking="Hm"), ollama_line(content="Hi"), ollama_line(done=True, done_reason="stop")
        ),
        ndjson(ollama_line(content="Hel")),
    ),
    "anthropic": Speaker(
        AnthropicChat,
        "/v1/messages",
        sse(
            {"type": "message_start", "message": {"model": "c", "usage": {"input_tokens": 5}}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}},
            {"type": "message_stop"},
            named=True,
        ),
        wire_body("trained_anthropic_tools_stream.txt"),
        CLAUDE,
        sse(
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "Hel"}},
            named=True,
        ),
    ),
}

every = pytest.mark.parametrize("speaker", SPEAKERS.values(), ids=SPEAKERS)


def converse(
    speaker: Speaker, *answers: Answer, request: ChatRequest = ASKED, key: str = "k"
) -> tuple[Reply | BackendError, Kept, Loopback]:
    """Make one call against these answers."""

    async def main() -> tuple[Reply | BackendError, Kept, Loopback]:
        sink = Kept()
        async with serving(*answers) as server:
            wire = way_to(Endpoint(server.url, key))
            try:
                outcome: Reply | BackendError = await speaker.make(wire).chat(request, sink)
            except BackendError as error:
                outcome = error
            finally:
                await wire.aclose()
        return outcome, sink, server

    return asyncio.run(main())


def replied(outcome: Reply | BackendError) -> Reply:
    assert not isinstance(outcome, BackendError), outcome.message
    return outcome
