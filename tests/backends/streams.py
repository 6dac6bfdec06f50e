"""The bytes that the readers are tested on, and one way to read them. No test stands here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.assets import WIRE, wire_body
from tui_delegate.backends.anthropic import AnthropicReader
from tui_delegate.backends.ollama import OllamaReader
from tui_delegate.backends.openai import OpenAIReader
from tui_delegate.core.chunks import ChatRequest, Chunk, Reply, TextChunk, ThoughtChunk
from tui_delegate.core.errors import BackendError
from tui_delegate.core.messages import ToolSpec, user

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui_delegate.backends.exchange import Reader

SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"task_name": {"type": "string"}, "task_description": {"type": "string"}},
        "required": ["task_name", "task_description"],
    }
)
TOOL = ToolSpec("subagent", "Delegate a bounded task.", SCHEMA)
ASKED = ChatRequest("m", (user("hello"),), (TOOL,))
PLAIN = ChatRequest("m", (user("hello"),))

ANTHROPIC = sorted(
    path.name for path in WIRE.glob("*anthropic*.txt") if not {"count", "err"} & set(path.stem.split("_"))
)
OPENAI = sorted(
    path.name
    for pattern in ("chat*.txt", "trained_*.txt", "delegate_*.txt")
    for path in WIRE.glob(pattern)
    if "anthropic" not in path.name and "responses" not in path.name
)


def ndjson(*lines: dict[str, object]) -> bytes:
    """Lines as Ollama sends them."""
    return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)


def sse(*events: dict[str, object] | str, named: bool = False) -> bytes:
    """Events as OpenAI-like servers send them, or named ones as Anthropic does."""
    out: list[str] = []
    for event in events:
        data = event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)
        if named and isinstance(event, dict):
            out.append(f"event: {event['type']}\n")
        out.append(f"data: {data}\n\n")
    return "".join(out).encode()


def delta(finish: str | None = None, /, **delta: object) -> dict[str, object]:
    """One chat completion chunk."""
    return {"model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def ollama_line(done: bool = False, **fields: object) -> dict[str, object]:
    """One line of an Ollama chat."""
    message = {"role": "assistant", "content": fields.pop("content", "")}
    for name in ("thinking", "tool_calls"):
        if name in fields:
            message[name] = fields.pop(name)
    return {
        "model": "qwen3:4b",
        "created_at": "2026-11-20T20:00:00.1Z",
        "message": message,
        "done": done,
    } | fields


OLLAMA_CALLS: list[dict[str, object]] = [
    {"id": "call_ab", "function": {"index": 0, "name": "subagent", "arguments": {"task_name": "é", "n": 1}}},
    {"id": "call_cd", "function": {"index": 0, "name": "subagent", "arguments": {"task_name": "b"}}},
]
OLLAMA = ndjson(
    ollama_line(thinking="I should"),
    ollama_line(content="Let mé "),
    ollama_line(content="see 👍"),
    ollama_line(tool_calls=OLLAMA_CALLS[:1]),
    ollama_line(
        done=True,
        tool_calls=OLLAMA_CALLS[1:],
        done_reason="stop",
        prompt_eval_count=11,
        eval_count=18,
        eval_duration=9_000_000_000,
    ),
)
LMSTUDIO = sse(
    {"id": "chatcmpl-1", "model": "qwen/qwen3-4b", "choices": [{"index": 0, "delta": {"role": "assistant"}}]},
    delta(reasoning_content="Think"),
    delta(content="<think>mehr "),
    delta(content="gedacht</thi"),
    delta(content="nk>\n\nÜber"),
    delta(
        tool_calls=[
            {"index": 0, "id": "7", "type": "function", "function": {"name": "subagent", "arguments": ""}}
        ]
    ),
    delta(tool_calls=[{"index": 0, "function": {"arguments": '{"task_name":'}}]),
    delta(tool_calls=[{"index": 0, "function": {"arguments": '"a"}'}}]),
    delta("tool_calls"),
    {"model": "m", "choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}},
    "[DONE]",
)
CLAUDE = sse(
    {
        "type": "message_start",
        "message": {
            "model": "claude-x",
            "content": [],
            "usage": {"input_tokens": 12, "cache_creation_input_tokens": 3, "cache_read_input_tokens": 380},
        },
    },
    {"type": "ping"},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm é"}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "sig=="}},
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "redacted_thinking", "data": "xx"}},
    {"type": "content_block_stop", "index": 1},
    {"type": "content_block_start", "index": 2, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 2, "delta": {"type": "text_delta", "text": "Gut 👍"}},
    {
        "type": "content_block_start",
        "index": 3,
        "content_block": {"type": "tool_use", "id": "toolu_1", "name": "subagent", "input": {}},
    },
    {
        "type": "content_block_delta",
        "index": 3,
        "delta": {"type": "input_json_delta", "partial_json": '{"a":'},
    },
    {"type": "content_block_delta", "index": 3, "delta": {"type": "input_json_delta", "partial_json": "1}"}},
    {"type": "content_block_stop", "index": 2},
    {"type": "content_block_stop", "index": 3},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 57}},
    {"type": "message_stop"},
    named=True,
)

STREAMS: dict[str, tuple[type[Reader], bytes]] = {
    **{name: (OpenAIReader, wire_body(name)) for name in OPENAI},
    **{name: (AnthropicReader, wire_body(name)) for name in ANTHROPIC},
    "ollama": (OllamaReader, OLLAMA),
    "lmstudio": (OpenAIReader, LMSTUDIO),
    "claude": (AnthropicReader, CLAUDE),
}


@dataclass(frozen=True)
class Outcome:
    """What came of a stream: a reply or an error, never both, and what the eye saw."""

    reply: Reply | None
    code: str
    text: str
    thoughts: str

    @property
    def word(self) -> str:
        """One word: `complete`, `flagged: …`, or an error's code."""
        if self.reply is None:
            return self.code
        return f"flagged: {', '.join(self.reply.flags)}" if self.reply.flags else "complete"


def read(kind: type[Reader], pieces: Iterable[bytes], request: ChatRequest = ASKED) -> Outcome:
    """Read a body that comes in these pieces."""
    chunks: list[Chunk] = []
    reader = kind(request, chunks.append)
    reply: Reply | None = None
    code = ""
    try:
        for piece in pieces:
            reader.feed(piece)
        reader.end()
        reply = reader.reply()
    except BackendError as error:
        code = error.code
    text = "".join(chunk.text for chunk in chunks if isinstance(chunk, TextChunk))
    thoughts = "".join(chunk.text for chunk in chunks if isinstance(chunk, ThoughtChunk))
    return Outcome(reply, code, text, thoughts)


def bytewise(body: bytes) -> list[bytes]:
    """A body, byte by byte."""
    return [body[i : i + 1] for i in range(len(body))]


def shortened(body: bytes, size: int) -> bytes:
    """A long stream without its middle: whole events only."""
    if len(body) <= size:
        return body
    events = body.replace(b"\r\n", b"\n").split(b"\n\n")
    return b"\n\n".join(events[:4] + events[-6:])
