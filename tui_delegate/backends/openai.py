"""OpenAI chat completions: what to send, and what its events mean.

What one server adds to the protocol comes in as extras; loading and unloading models is not done here.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tui_delegate.backends.assemble import count_of
from tui_delegate.backends.exchange import SseReader, exchange, in_some_shape
from tui_delegate.backends.shapes import Shapes, arguments_object, call_name
from tui_delegate.backends.slots import openai_entry
from tui_delegate.core.chunks import ProgressChunk
from tui_delegate.core.errors import BadReply, CutOff

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tui_delegate.backends.line import Way
    from tui_delegate.core.chunks import ChatRequest, Finish, Reply
    from tui_delegate.core.messages import Message, ToolSpec
    from tui_delegate.core.ports import Sink

    Extras = Mapping[str, object] | Callable[[ChatRequest], Mapping[str, object]]

_LENGTH = ("length", "max_tokens", "model_length")
_STOP = ("stop", "tool_calls", "function_call", "end_turn", "eos", "stop_sequence")
_RARE = frozenset(("usage", "timings", "stats", "prompt_progress"))


class OpenAIChat:
    """Chat completions on one server. `extras` are added to every body, or made for each request."""

    def __init__(self, wire: Way, *, extras: Extras | None = None) -> None:
        self.wire = wire
        self._extras = extras or {}
        self._shapes = Shapes()

    async def chat(self, request: ChatRequest, sink: Sink) -> Reply:
        """Make one model call; a refusal of the conversation's shape is answered with another shape."""
        return await in_some_shape(self._shapes, request, lambda: self._chat(request, sink))

    async def _chat(self, request: ChatRequest, sink: Sink) -> Reply:
        reader = OpenAIReader(request, sink.put)
        return await exchange(self.wire, "chat/completions", self._body(request), reader, sink)

    def _body(self, request: ChatRequest) -> dict[str, object]:
        body = chat_body(request, self._shapes.shape(request.model, request.messages))
        if "max_tokens" in body and self._shapes.has(request.model, "completion_tokens"):
            body["max_completion_tokens"] = body.pop("max_tokens")
        if (schema := self._shapes.schema(request)) is not None:
            form = {"name": "answer", "strict": True, "schema": schema}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        return body | dict(self._extras(request) if callable(self._extras) else self._extras)


def chat_body(request: ChatRequest, messages: tuple[Message, ...]) -> dict[str, object]:
    """Make the body of a request."""
    body: dict[str, object] = {
        "model": request.model,
        "messages": [_message(message) for message in messages],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.tools and request.may_call:
        body["tools"] = [tool_entry(tool) for tool in request.tools]
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.max_tokens is not None:
        body["max_tokens"] = request.max_tokens
    if isinstance(request.think, str):
        body["reasoning_effort"] = request.think
    return body


def tool_entry(tool: ToolSpec) -> dict[str, object]:
    """Say what a tool is."""
    return {
        "type": "function",
        "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": json.loads(tool.schema),
        },
    }


def _message(message: Message) -> dict[str, object]:
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.call_id, "content": message.text}
    entry: dict[str, object] = {"role": message.role, "content": message.text}
    if message.calls:
        entry["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {
                    "name": call_name(call),
                    "arguments": json.dumps(arguments_object(call), ensure_ascii=False),
                },
            }
            for call in message.calls
        ]
    return entry


class OpenAIReader(SseReader):
    """Reads chat completion chunks, or one whole chat completion."""

    _choice: int | None = None
    _counted = False

    def on_data(self, data: bytes, name: str, *, last: bool = False) -> None:
        """Take the data of one event: a chunk, or the mark that all is said."""
        if not data.startswith(b"{") and data.strip() == b"[DONE]":
            if not self.done and not self.assembly.terminal:
                self.assembly.finish("stop")
                self.assembly.flag("no_finish_reason")
            self.done = True
            return
        self._event(data, name, last=last)

    def on_object(self, value: dict[str, object], name: str) -> None:
        """Take one chunk."""
        assembly = self.assembly
        if type(model := value.get("model")) is str and model:
            assembly.model = model
        choices = value.get("choices")
        if isinstance(choices, list):
            for choice in choices:
                self._on_choice(choice)
        if not _RARE.isdisjoint(value):
            self._on_figures(value, choices)

    def _on_figures(self, value: dict[str, object], choices: object) -> None:
        if isinstance(usage := value.get("usage"), dict):
            self._on_usage(usage, alone=not choices)
        if isinstance(timings := value.get("timings"), dict):
            self._on_timings(timings)
        if isinstance(stats := value.get("stats"), dict):
            self._on_speed(stats.get("tokens_per_second"), 1)
        if isinstance(progress := value.get("prompt_progress"), dict):
            self._on_progress(progress)

    def _on_choice(self, choice: object) -> None:
        if not isinstance(choice, dict):
            self.assembly.flag("odd_event")
            return
        index = choice.get("index", 0)
        if type(index) is int:
            self._choice = index if self._choice is None else self._choice
            if index != self._choice:
                return
        delta = choice.get("delta")
        if isinstance(delta, dict):
            self._on_delta(delta, whole=False)
        elif isinstance(message := choice.get("message"), dict):
            self._on_delta(message, whole=True)
        if (reason := choice.get("finish_reason")) is not None:
            self._on_finish(reason)

    def _on_delta(self, delta: dict[str, object], *, whole: bool) -> None:
        assembly = self.assembly
        if len(delta) == 1 and type(content := delta.get("content")) is str:
            assembly.say(content)  # nearly every chunk of a stream
            return
        if thought := _text(delta.get("reasoning_content")) or _text(delta.get("reasoning")):
            assembly.think(thought)
        if (content := delta.get("content")) is not None:
            self._on_content(content)
        if refusal := _text(delta.get("refusal")):
            assembly.flag("refusal")
            assembly.say(refusal)
        if (entries := delta.get("tool_calls")) is not None:
            for entry in entries if isinstance(entries, list) else [entries]:
                self._on_call(entry, whole=whole)
        if (entry := delta.get("function_call")) is not None:
            self._on_call(entry, whole=whole)

    def _on_content(self, content: object) -> None:
        if isinstance(content, str):
            self.assembly.say(content)
            return
        for part in content if isinstance(content, list) else [content]:
            words = _text(part.get("text")) if isinstance(part, dict) else ""
            self.assembly.say(words) if words else self.assembly.flag("odd_content")

    def _on_call(self, entry: object, *, whole: bool) -> None:
        parts = openai_entry(entry)
        if parts is not None:
            index, call_id, name, arguments = parts
            alone = whole or not isinstance(entry, dict) or not isinstance(arguments, str | None)
            self.assembly.call(index, call_id, name, arguments, whole=alone)

    def _on_finish(self, reason: object) -> None:
        if reason == "error":
            raise BadReply("The server stopped with an error that it does not name.")
        if reason == "abort":
            raise CutOff("The server broke the answer off.")
        finish: Finish = "length" if reason in _LENGTH else "stop"
        if reason == "content_filter":
            self.assembly.flag("content_filter")
        elif reason == "":
            self.assembly.flag("no_finish_reason")
        elif finish == "stop" and reason not in _STOP:
            self.assembly.flag("odd_finish")
        self.assembly.finish(finish)

    def _on_usage(self, usage: dict[str, object], *, alone: bool) -> None:
        assembly, counts = self.assembly, self.assembly.counts
        self._counted = True
        counts.prompt = count_of(usage.get("prompt_tokens"))
        counts.completion = count_of(usage.get("completion_tokens"))
        counts.cached = count_of(_inner(usage, "prompt_tokens_details", "cached_tokens"))
        counts.reasoning = count_of(_inner(usage, "completion_tokens_details", "reasoning_tokens"))
        if alone and not assembly.terminal:
            assembly.finish("stop")
            assembly.flag("no_finish_reason")

    def _on_timings(self, timings: dict[str, object]) -> None:
        """llama.cpp counts here too, also where it sends no usage; the usage stands where there is one."""
        self._on_speed(timings.get("predicted_per_second"), timings.get("predicted_n"))
        read, cached = count_of(timings.get("prompt_n")), count_of(timings.get("cache_n"))
        if self._counted or read is None:
            return
        counts = self.assembly.counts
        counts.prompt, counts.cached = read + (cached or 0), cached
        counts.completion = count_of(timings.get("predicted_n"))

    def _on_speed(self, speed: object, tokens: object) -> None:
        if isinstance(speed, int | float) and speed > 0 and tokens:
            self.assembly.speed = float(speed)

    def _on_progress(self, progress: dict[str, object]) -> None:
        total, done = count_of(progress.get("total")), count_of(progress.get("processed"))
        if total:
            self.put(ProgressChunk("prompt", min((done or 0) / total, 1.0)))


def _inner(value: dict[str, object], key: str, inner: str) -> object:
    details = value.get(key)
    return details.get(inner) if isinstance(details, dict) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
