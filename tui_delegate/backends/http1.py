"""HTTP/1.1 as far as a client of model servers needs it: a request's bytes, an answer's head and body.

Pure: bytes come from whoever is asked for `more`. The standard library's client does all this too, but it
brings `email` and `ssl` along, a fifth of what a short call costs. What is not understood is refused, never
guessed at.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LONGEST_HEAD = 64 * 1024
_LONGEST_LINE = 8 * 1024
_MOST_TRAILERS = 100
_MOST_HINTS = 20
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: .*)?")
_SAFE_TARGET = re.compile(r"[A-Za-z0-9!#$%&'()*+,/:;=?@\[\]~._-]*")
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile("[\t\x20-\x7e\x80-\xff]*")


class Garbled(Exception):
    """The other side does not speak HTTP."""


class CutShort(Exception):
    """The bytes ended before the answer did; `begun` tells whether there were any."""

    def __init__(self, *, begun: bool) -> None:
        super().__init__(begun)
        self.begun = begun


def request_bytes(method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """Write a request. Raises a ValueError over a header that can't be sent."""
    lines = [f"{method} {_quoted(target)} HTTP/1.1"]
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise ValueError(f"the header {name!r} can't be sent")
        lines.append(f"{name}: {value}")
    if body is not None:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


def _quoted(target: str) -> str:
    if _SAFE_TARGET.fullmatch(target):
        return target
    from urllib.parse import quote

    return quote(target, safe="!#$%&'()*+,/:;=?@[]~")


class Incoming:
    """One answer. First its `read_head`, then `piece` for as long as there is one."""

    def __init__(self, more: Callable[[], bytes]) -> None:
        self._more = more
        self._data = b""
        self._at = 0
        self._left: int | None = None
        """Bytes that the body, or its part, still has; None: it ends where the connection does."""
        self._chunked = False
        self._after_part = False
        self._trailers = 0
        self.status = 0
        self.headers: dict[str, str] = {}
        self.ended = False
        self.reusable = False
        """Whether the connection may carry another request once this answer ended."""

    def read_head(self) -> None:
        """Read status and headers, past what a server says while it makes up its mind."""
        for _ in range(_MOST_HINTS):
            version = self._one_head()
            if self.status >= 200 or self.status == 101:
                self._frame(version)
                return
        raise Garbled

    def piece(self) -> bytes:
        """Give the next bytes of the body as they come; none at its end."""
        if self.ended:
            return b""
        if self._chunked:
            return self._parts()
        if self._left == 0:
            self.ended = True
            return b""
        piece = self._take(self._left)
        if not piece and self._fill():
            piece = self._take(self._left)
        if piece:
            self._left = None if self._left is None else self._left - len(piece)
        elif self._left:
            raise CutShort(begun=True)
        self.ended = not piece
        return piece

    def _one_head(self) -> int:
        lines = self._head_lines()
        found = _STATUS.fullmatch(lines[0])
        if not found:
            raise Garbled
        self.status, self.headers, name = int(found[2]), {}, ""
        for line in lines[1:]:
            text = line.decode("latin-1")
            if text[0] in " \t" and name:
                self.headers[name] += f" {text.strip()}"
                continue
            name, colon, value = text.partition(":")
            name = name.strip().lower()
            if not colon or not _NAME.fullmatch(name):
                raise Garbled
            value = value.strip()
            self.headers[name] = f"{self.headers[name]}, {value}" if name in self.headers else value
        return int(found[1])

    def _head_lines(self) -> list[bytes]:
        lines: list[bytes] = []
        begun, size = bool(self._data), 0
        while True:
            line = self._line(_LONGEST_HEAD)
            if line is None:
                if not lines and self._at < len(self._data) and not self._may_be_http():
                    raise Garbled
                if not self._fill():
                    raise CutShort(begun=begun or bool(lines) or self._at < len(self._data))
                continue
            size += len(line)
            if size > _LONGEST_HEAD:
                raise Garbled
            if line:
                lines.append(line)
            elif lines:
                return lines

    def _may_be_http(self) -> bool:
        start = self._data[self._at : self._at + 5]
        return b"HTTP/".startswith(start) or start.isspace()

    def _frame(self, version: int) -> None:
        """Find out where the body ends."""
        headers = self.headers
        coding = headers.get("transfer-encoding", "").lower()
        stays = version == 1 and "close" not in headers.get("connection", "").lower()
        if self.status in (204, 304) or self.status == 101:
            self._left = 0
        elif coding.rpartition(",")[2].strip() == "chunked":
            self._chunked, self._left = True, 0
        elif not coding and "content-length" in headers:
            lengths = {part.strip() for part in headers["content-length"].split(",")}
            length = lengths.pop()
            if lengths or not re.fullmatch("[0-9]{1,18}", length):
                raise Garbled
            self._left = int(length)
        self.reusable = stays and self._left is not None

    def _parts(self) -> bytes:
        """Give all that has come of a body in parts; wait only where nothing has."""
        parts: list[bytes] = []
        while not self.ended:
            if self._left:
                if part := self._take(self._left):
                    parts.append(part)
                    self._left -= len(part)
                    self._after_part = not self._left
                    continue
            elif (line := self._line(_LONGEST_LINE)) is not None:
                self._on_line(line)
                continue
            if parts:
                break
            if not self._fill():
                raise CutShort(begun=True)
        return b"".join(parts)

    def _on_line(self, line: bytes) -> None:
        if self._trailers:
            self._trailers += 1
            self.ended = not line
            if self._trailers > _MOST_TRAILERS:
                raise Garbled
        elif self._after_part:
            if line:
                raise Garbled
            self._after_part = False
        else:
            size = line.partition(b";")[0].strip()
            if not re.fullmatch(b"[0-9A-Fa-f]{1,15}", size):
                raise Garbled
            self._left = int(size, 16)
            self._trailers = 0 if self._left else 1

    def _line(self, longest: int) -> bytes | None:
        end = self._data.find(b"\n", self._at)
        if end < 0:
            if len(self._data) - self._at > longest:
                raise Garbled
            return None
        line = self._data[self._at : end]
        self._at = end + 1
        return line.removesuffix(b"\r")

    def _take(self, most: int | None) -> bytes:
        end = len(self._data) if most is None else self._at + most
        piece = self._data[self._at : end]
        self._at += len(piece)
        return piece

    def _fill(self) -> bool:
        more = self._more()
        self._data = self._data[self._at :] + more
        self._at = 0
        return bool(more)
