"""Cuts a stream of bytes into events: server-sent events and lines of JSON.

Pure, and no protocol's words may live here: bytes go in as they arrive, whole events come out.
"""

from __future__ import annotations

from tui_delegate.core.errors import BadReply

LONGEST_EVENT = 8 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


SseEvent = tuple[str, bytes]
"""One event: its name, where it has one, and its data lines joined."""


class _Lines:
    """Whole lines out of pieces; only what has no end yet is held."""

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self.size = 0

    def feed(self, data: bytes) -> list[bytes]:
        if b"\n" not in data:
            if data:
                self._held.append(data)
                self.size += len(data)
                check_size(self.size)
            return []
        self._held.append(data)
        lines = b"".join(self._held).split(b"\n")
        rest = lines.pop()
        self._held = [rest] if rest else []
        self.size = len(rest)
        return lines

    def end(self) -> bytes:
        rest = b"".join(self._held)
        self._held, self.size = [], 0
        return rest


def check_size(size: int) -> None:
    """Refuse an event that no server means."""
    if size > LONGEST_EVENT:
        raise BadReply(f"The server sent one event of more than {LONGEST_EVENT} bytes.")


class SseDecoder:
    """Server-sent events. A line ends at CR LF, at CR or at LF, and nowhere else."""

    def __init__(self) -> None:
        self._lines = _Lines()
        self._after_cr = False
        self._start = b""
        self._started = False
        self._name = ""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[SseEvent]:
        """Take what arrived and give the events that it completes."""
        if not self._started:
            data = self._without_bom(data)
        if not data:
            return []
        if self._after_cr and data.startswith(b"\n"):
            data = data[1:]
            self._after_cr = False
        if b"\r" in data:
            self._after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        elif data:
            self._after_cr = False
        return self._take(self._lines.feed(data))

    def end(self) -> list[SseEvent]:
        """Give what the body's end left: some servers leave out the last blank line."""
        start, self._start, self._started = self._start, b"", True
        rest = self._lines.feed(start + b"\n") if start else []
        tail = self._lines.end()
        return self._take([*rest, tail, b""])

    def _without_bom(self, data: bytes) -> bytes:
        self._start += data
        if len(self._start) < len(_BOM) and _BOM.startswith(self._start):
            return b""
        self._started, data, self._start = True, self._start, b""
        return data.removeprefix(_BOM)

    def _take(self, lines: list[bytes]) -> list[SseEvent]:
        events: list[SseEvent] = []
        name, data, size = self._name, self._data, self._size
        for line in lines:
            if line.startswith(b"data:"):
                value = line[6:] if line.startswith(b" ", 5) else line[5:]
                data.append(value)
                size += len(value)
                if size > LONGEST_EVENT:
                    check_size(size)
            elif not line:
                if data:
                    events.append((name, b"\n".join(data)))
                    data = []
                name, size = "", 0
            elif line.startswith(b"event:"):
                name = line[6:].strip().decode("utf-8", "replace")
            elif line == b"data":
                data.append(b"")
        self._name, self._data, self._size = name, data, size
        check_size(self._size + self._lines.size)
        return events


class NdjsonDecoder:
    """Lines of JSON; blank lines are left out."""

    def __init__(self) -> None:
        self._lines = _Lines()

    def feed(self, data: bytes) -> list[bytes]:
        """Take what arrived and give the lines that it completes."""
        return [line for line in self._lines.feed(data) if line and not line.isspace()]

    def end(self) -> list[bytes]:
        """Give the last line, where it has no end of line."""
        rest = self._lines.end()
        return [] if not rest or rest.isspace() else [rest]
