"""One model call over the wire: bytes into a reader, chunks into the sink, a reply at the end.

The readers' base lives here too; what a protocol's events mean may not.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from json.scanner import make_scanner
from typing import TYPE_CHECKING

from tui_delegate.backends.assemble import Assembly
from tui_delegate.backends.decode import NdjsonDecoder, SseDecoder, check_size
from tui_delegate.backends.faults import error_in
from tui_delegate.core.errors import BackendError, BadReply, CutOff
from tui_delegate.core.flags import CUT_AT_END

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from tui_delegate.backends.line import Way
    from tui_delegate.backends.shapes import Shapes
    from tui_delegate.core.chunks import ChatRequest, Chunk, Reply
    from tui_delegate.core.ports import Sink


_decode = json.JSONDecoder().decode
"""`json.loads` without the questions that it asks first on every call."""
_scan = make_scanner(json.JSONDecoder())  # type: ignore[arg-type]  # any such decoder will do
"""The same without looking for blanks around the value, of which there are hardly ever any."""


class Reader(ABC):
    """Reads one answer. Pure: `feed` it bytes as they come, then `end`, then take the `reply`."""

    tags = True
    """Whether this protocol's models may write their thinking into the text, between tags."""

    def __init__(self, request: ChatRequest, put: Callable[[Chunk], None]) -> None:
        self.request = request
        self.put = put
        self.assembly = Assembly(request, put, tags=self.tags)
        self.done = False
        """The last event came: whatever follows is not read."""

    @abstractmethod
    def feed(self, data: bytes) -> None:
        """Take what arrived. Raises a BackendError that came inside the stream."""

    @abstractmethod
    def end(self) -> None:
        """The body ended."""

    def reply(self) -> Reply:
        """Give the reply, or raise the CutOff or BadReply that there is instead."""
        if not self.done:
            self.assembly.flag(CUT_AT_END)
        return self.assembly.reply()

    @abstractmethod
    def on_object(self, value: dict[str, object], name: str) -> None:
        """Take one decoded event; `name` is the event's, where the protocol has names."""

    def on_whole(self, value: dict[str, object]) -> None:
        """Take an answer that came as one object although a stream was asked for."""
        self.on_object(value, "")

    def _event(self, data: bytes, name: str, *, last: bool = False) -> None:
        if self.done:
            return
        try:
            value = _value(data.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            # Half a line at the end is only a cut; in the middle something is lost.
            if not last:
                self.assembly.flag("bad_line")
            return
        self._take(value, name)

    def _take(self, value: object, name: str) -> None:
        if not isinstance(value, dict):
            self.assembly.flag("odd_event")
            return
        if name == "error" or value.get("type") == "error" or value.get("error"):
            raise error_in(value)
        self.on_object(value, name)


class LineReader(Reader):
    """Reads lines of JSON."""

    def __init__(self, request: ChatRequest, put: Callable[[Chunk], None]) -> None:
        super().__init__(request, put)
        self._decoder = NdjsonDecoder()

    def feed(self, data: bytes) -> None:
        """Take what arrived."""
        for line in self._decoder.feed(data):
            self._event(line, "")

    def end(self) -> None:
        """The body ended, perhaps in the middle of a line."""
        for line in self._decoder.end():
            self._event(line, "", last=True)
        self.assembly.flush()


class SseReader(Reader):
    """Reads server-sent events, and an answer that is one JSON object instead."""

    def __init__(self, request: ChatRequest, put: Callable[[Chunk], None]) -> None:
        super().__init__(request, put)
        self._decoder = SseDecoder()
        self._plain: list[bytes] | None = None
        self._size = 0
        self._begun = False

    def feed(self, data: bytes) -> None:
        """Take what arrived."""
        if not self._begun and (start := data.lstrip()):
            self._begun = True
            if start[:1] in b"{[<":
                self._plain = []
        if self._plain is not None:
            self._plain.append(data)
            self._size += len(data)
            check_size(self._size)
            return
        for name, value in self._decoder.feed(data):
            self.on_data(value, name)

    def end(self) -> None:
        """The body ended, perhaps in the middle of an event."""
        if self._plain is not None:
            self._end_plain(b"".join(self._plain))
        else:
            for name, value in self._decoder.end():
                self.on_data(value, name, last=True)
        self.assembly.flush()

    def on_data(self, data: bytes, name: str, *, last: bool = False) -> None:
        """Take the data of one event."""
        self._event(data, name, last=last)

    def _end_plain(self, body: bytes) -> None:
        try:
            value = json.loads(body.decode("utf-8", "replace"))
        except (ValueError, RecursionError) as error:
            if body.lstrip().startswith(b"{"):
                return
            raise BadReply(
                "The server answered with something that is no stream of events.",
                "Check the profile's base_url.",
            ) from error
        if isinstance(value, dict) and not value.get("error") and value.get("type") != "error":
            self.on_whole(value)
            self.done = True
        else:
            self._take(value, "error" if isinstance(value, list) else "")


def _value(text: str) -> object:
    """Read a JSON value. Raises ValueError, or RecursionError."""
    try:
        value, end = _scan(text, 0)
    except StopIteration:
        return _decode(text)
    return value if end == len(text) else _decode(text)


async def exchange(
    wire: Way,
    path: str,
    body: Mapping[str, object],
    reader: Reader,
    sink: Sink,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Make one call. The reader puts into the sink as it reads; the sink is waited for once per read."""
    try:
        async with wire.stream(path, body, headers) as chunks:
            async for data in chunks:
                reader.feed(data)
                await sink.drain()
                if reader.done:
                    break
    except CutOff:
        reader.end()
        await sink.drain()
        return reader.reply()
    reader.end()
    await sink.drain()
    return reader.reply()


async def in_some_shape(shapes: Shapes, request: ChatRequest, ask: Callable[[], Awaitable[Reply]]) -> Reply:
    """Make a call, and again for as long as its refusal teaches another shape for the conversation."""
    while True:
        try:
            return await ask()
        except BackendError as error:
            if not shapes.learn(request, error):
                raise
