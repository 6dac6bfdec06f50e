"""The Anthropic messages protocol: what to send, and what its events mean. Other servers speak it too.

Thinking goes back as it came, signed or sealed, or not at all; whose thinking it was is the engine's to know.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tui_delegate.backends.assemble import count_of
from tui_delegate.backends.caps import Caps
from tui_delegate.backends.exchange import SseReader, exchange
from tui_delegate.backends.shapes import arguments_object, call_name
from tui_delegate.core.errors import BackendError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_delegate.backends.line import Way
    from tui_delegate.core.chunks import ChatRequest, Chunk, Finish, Reply
    from tui_delegate.core.messages import Message
    from tui_delegate.core.ports import Sink

VERSION = {"anthropic-version": "2023-06-01"}
_BUDGETS = {"low": 1024, "medium": 4096, "high": 16384, "max": 32768}
_LEAST_BUDGET = 1024
_PROMPT_PARTS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
_NO_ID = re.compile(r"[^a-zA-Z0-9_-]")
_FINISH: dict[object, Finish] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "calls",
    "pause_turn": "stop",
    "refusal": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
}
_FLAGGED = {"pause_turn": "pause_turn", "refusal": "refusal", "model_context_window_exceeded": "window_full"}


class AnthropicChat:
    """Messages on one server."""

    def __init__(self, wire: Way) -> None:
        self.wire = wire
        self._caps = Caps()

    async def chat(self, request: ChatRequest, sink: Sink) -> Reply:
        """Make one model call; where our own cap is too high, again with the one that the server names."""
        cap = request.max_tokens or self._caps.usual(request.model)
        while True:
            reader = AnthropicReader(request, sink.put)
            try:
                return await exchange(
                    self.wire, "messages", messages_body(request, cap), reader, sink, VERSION
                )
            except BackendError as error:
                lower = None if request.max_tokens else self._caps.lower(request.model, cap, error)
                if lower is None:
                    raise
                cap = lower


def messages_body(request: ChatRequest, cap: int) -> dict[str, object]:
    """Make the body of a request. The protocol wants a cap on every answer."""
    body: dict[str, object] = {
        "model": request.model,
        "messages": _turns(request.messages),
        "max_tokens": cap,
        "stream": True,
    }
    system = "\n\n".join(message.text for message in request.messages if message.role == "system")
    if system:
        body["system"] = system
    if request.tools and (request.may_call or any(message.calls for message in request.messages)):
        body["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": json.loads(tool.schema)}
            for tool in request.tools
        ]
        if not request.may_call:
            body["tool_choice"] = {"type": "none"}
    if request.temperature is not None:
        body["temperature"] = request.temperature
    _add_thinking(body, request, cap)
    return body


def _add_thinking(body: dict[str, object], request: ChatRequest, cap: int) -> None:
    if request.think is None:
        return
    budget = _BUDGETS.get(str(request.think), _BUDGETS["medium"])
    if cap <= budget:
        budget = cap // 2
    if request.think is False or request.think == "off" or budget < _LEAST_BUDGET:
        body["thinking"] = {"type": "disabled"}
        return
    body["thinking"] = {"type": "enabled", "budget_tokens": budget}
    body.pop("temperature", None)  # the two are refused together


def _turns(messages: tuple[Message, ...]) -> list[dict[str, object]]:
    """Merge what one side says in a row: all results of a batch must come in one message."""
    turns: list[tuple[str, list[dict[str, object]]]] = []
    for message in messages:
        if message.role == "system":
            continue
        role = "assistant" if message.role == "assistant" else "user"
        blocks = _blocks(message)
        if turns and turns[-1][0] == role:
            turns[-1][1].extend(blocks)
        elif blocks:
            turns.append((role, blocks))
    return [{"role": role, "content": blocks} for role, blocks in turns]


def _blocks(message: Message) -> list[dict[str, object]]:
    if message.role == "tool":
        result: dict[str, object] = {
            "type": "tool_result",
            "tool_use_id": _call_id(message.call_id),
            "content": message.text,
        }
        return [result | {"is_error": True} if message.failed else result]
    blocks = [] if message.role == "user" else _thinking_blocks(message)
    if message.text.strip():
        blocks.append({"type": "text", "text": message.text})
    for call in message.calls:
        blocks.append(
            {
                "type": "tool_use",
                "id": _call_id(call.id),
                "name": call_name(call),
                "input": arguments_object(call),
            }
        )
    return blocks


def _thinking_blocks(message: Message) -> list[dict[str, object]]:
    blocks: list[dict[str, object]] = []
    for thought in message.thinking:
        if thought.redacted:
            blocks.append({"type": "redacted_thinking", "data": thought.redacted})
        elif thought.signature:
            blocks.append({"type": "thinking", "thinking": thought.text, "signature": thought.signature})
    return blocks


def _call_id(call_id: str) -> str:
    return _NO_ID.sub("_", call_id) or "call"


class AnthropicReader(SseReader):
    """Reads message events, or one whole message. Blocks are told apart by their index alone."""

    tags = False
    _signature = ""

    def __init__(self, request: ChatRequest, put: Callable[[Chunk], None]) -> None:
        super().__init__(request, put)
        self._prompt: dict[str, int] = {}

    def on_object(self, value: dict[str, object], name: str) -> None:
        """Take one event."""
        kind = value.get("type") or name
        if kind == "content_block_delta":
            self._on_delta(value.get("index"), _object(value.get("delta")))
        elif kind == "content_block_start":
            self._on_block(value.get("index"), _object(value.get("content_block")))
        elif kind == "message_start":
            self._on_message(_object(value.get("message")))
        elif kind == "message_delta":
            self._on_usage(_object(value.get("usage")))
            self._on_stop(_object(value.get("delta")).get("stop_reason"))
        elif kind == "content_block_stop":
            self._close_thought()
        elif kind == "message_stop":
            self._on_end()

    def on_whole(self, value: dict[str, object]) -> None:
        """Take one whole message."""
        self._on_message(value)
        content = value.get("content")
        for index, block in enumerate(content if isinstance(content, list) else []):
            block = _object(block)
            self._on_block(index, block, whole=True)
            self._on_delta(index, {"type": "signature_delta", "signature": block.get("signature")})
            self._close_thought()
        self._on_stop(value.get("stop_reason"))

    def end(self) -> None:
        """The body ended: a block of thinking may be open still."""
        super().end()
        self._close_thought()

    def _on_message(self, message: dict[str, object]) -> None:
        if isinstance(model := message.get("model"), str):
            self.assembly.model = model
        self._on_usage(_object(message.get("usage")))

    def _on_block(self, index: object, block: dict[str, object], *, whole: bool = False) -> None:
        kind = block.get("type")
        if kind == "text":
            self.assembly.say(_text(block.get("text")))
        elif kind == "thinking":
            self._close_thought()
            self.assembly.think(_text(block.get("thinking")))
        elif kind == "redacted_thinking":
            self.assembly.seal(_text(block.get("data")))
        elif kind == "tool_use":
            # A stream begins every block with an empty input, or with none; the pieces follow.
            given = block.get("input")
            arguments = given if given or whole else None
            self.assembly.call(index, block.get("id"), block.get("name"), arguments)

    def _on_delta(self, index: object, delta: dict[str, object]) -> None:
        kind = delta.get("type")
        if kind == "text_delta":
            self.assembly.say(_text(delta.get("text")))
        elif kind == "input_json_delta":
            self.assembly.call(index, None, None, _text(delta.get("partial_json")))
        elif kind == "thinking_delta":
            self.assembly.think(_text(delta.get("thinking")))
        elif kind == "signature_delta":
            self._signature += _text(delta.get("signature"))

    def _close_thought(self) -> None:
        signature, self._signature = self._signature, ""
        self.assembly.close_thought(signature)

    def _on_stop(self, reason: object) -> None:
        if not isinstance(reason, str):
            return
        if reason not in _FINISH:
            self.assembly.flag("odd_finish")
        if flag := _FLAGGED.get(reason):
            self.assembly.flag(flag)
        self.assembly.finish(_FINISH.get(reason, "stop"))

    def _on_end(self) -> None:
        if not self.assembly.terminal:
            self.assembly.finish("stop")
            self.assembly.flag("no_finish_reason")
        self.done = True

    def _on_usage(self, usage: dict[str, object]) -> None:
        """Counts are cumulative: the last of each wins. The prompt's three parts make the whole of it."""
        counts = self.assembly.counts
        for name in _PROMPT_PARTS:
            if (count := count_of(usage.get(name))) is not None:
                self._prompt[name] = count
        if "input_tokens" in self._prompt:
            counts.prompt = sum(self._prompt.values())
            counts.cached = self._prompt.get("cache_read_input_tokens")
        if (output := count_of(usage.get("output_tokens"))) is not None:
            counts.completion = output


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
