"""Ollama's own chat protocol: what to send, and what its lines mean. Chat only.

Its window is asked for on every call and never cut silently: a prompt too long is an error, not a loss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.backends.assemble import count_of
from tui_delegate.backends.exchange import LineReader, exchange, in_some_shape
from tui_delegate.backends.openai import tool_entry
from tui_delegate.backends.shapes import Shapes, arguments_object, call_name
from tui_delegate.backends.slots import openai_entry
from tui_delegate.core.errors import BadReply

if TYPE_CHECKING:
    from tui_delegate.backends.line import Way
    from tui_delegate.core.chunks import ChatRequest, Reply
    from tui_delegate.core.messages import Message
    from tui_delegate.core.ports import Sink


class OllamaChat:
    """Chat on one Ollama server. `num_ctx` and `keep_alive` are the same on every call: a change reloads."""

    def __init__(
        self, wire: Way, *, num_ctx: int | None = None, keep_alive: str | float | None = None
    ) -> None:
        self.wire = wire
        self.num_ctx = num_ctx
        self.keep_alive = keep_alive
        self._shapes = Shapes()

    async def chat(self, request: ChatRequest, sink: Sink) -> Reply:
        """Make one model call; a refusal of the conversation's shape is answered with another shape."""
        return await in_some_shape(self._shapes, request, lambda: self._chat(request, sink))

    async def _chat(self, request: ChatRequest, sink: Sink) -> Reply:
        reader = OllamaReader(request, sink.put)
        return await exchange(self.wire, "/api/chat", self._body(request), reader, sink)

    def _body(self, request: ChatRequest) -> dict[str, object]:
        body: dict[str, object] = {
            "model": request.model,
            "messages": [_message(m) for m in self._shapes.shape(request.model, request.messages)],
            "stream": True,
            "truncate": False,
            "shift": False,
        }
        if request.tools and request.may_call:
            body["tools"] = [tool_entry(tool) for tool in request.tools]
        if (schema := self._shapes.schema(request)) is not None:
            body["format"] = schema
        if request.think is not None:
            body["think"] = request.think
        if self.keep_alive is not None:
            body["keep_alive"] = self.keep_alive
        options = {
            "num_ctx": self.num_ctx,
            "num_predict": request.max_tokens,
            "temperature": request.temperature,
        }
        if given := {key: value for key, value in options.items() if value is not None}:
            body["options"] = given
        return body


def _message(message: Message) -> dict[str, object]:
    entry: dict[str, object] = {"role": message.role, "content": message.text}
    if message.role == "tool":
        return entry | {"tool_name": message.name, "tool_call_id": message.call_id}
    if message.calls:
        entry["tool_calls"] = [
            {
                "id": call.id,
                "function": {"index": index, "name": call_name(call), "arguments": arguments_object(call)},
            }
            for index, call in enumerate(message.calls)
        ]
    return entry


class OllamaReader(LineReader):
    """Reads the lines of an answer, or its one object. Calls are always whole, whatever their index."""

    def on_object(self, value: dict[str, object], name: str) -> None:
        """Take one line."""
        assembly = self.assembly
        if isinstance(model := value.get("model"), str) and model:
            assembly.model = model
        message = value.get("message")
        if isinstance(message, dict):
            self._on_message(message)
        if value.get("done") is True:
            self._on_done(value)

    def _on_message(self, message: dict[str, object]) -> None:
        if isinstance(thought := message.get("thinking"), str):
            self.assembly.think(thought)
        content = message.get("content")
        if isinstance(content, str):
            self.assembly.say(content)
        elif content is not None:
            self.assembly.flag("odd_content")
        entries = message.get("tool_calls")
        for entry in entries if isinstance(entries, list) else [entries]:
            parts = openai_entry(entry)
            if parts is not None:
                self.assembly.call(*parts, whole=True)

    def _on_done(self, value: dict[str, object]) -> None:
        reason, assembly = value.get("done_reason"), self.assembly
        if reason in ("load", "unload"):
            raise BadReply(f"The server answered with the model's {reason} instead of text.", "Try again.")
        if not reason:
            assembly.flag("no_finish_reason")
        elif reason not in ("stop", "length"):
            assembly.flag("odd_finish")
        # Counts of nothing are left out of the line.
        assembly.counts.prompt = count_of(value.get("prompt_eval_count"))
        assembly.counts.completion = count_of(value.get("eval_count"))
        spent = value.get("eval_duration")
        if assembly.counts.completion and isinstance(spent, int) and spent > 0:
            assembly.speed = assembly.counts.completion * 1e9 / spent
        assembly.finish("length" if reason == "length" else "stop")
        self.done = True
