"""HTTP/1.1 as far as a client of model servers needs it: a request's bytes, an answer's head and body.

Pure: bytes are fed in as they arrive, by a read that blocks or by an event loop. The standard library's
client does all this too, but it brings `email` and `ssl` along, a fifth of what a short call costs. What is
not understood is refused, never guessed at.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_HEAD = 64 * 1024
_LONGEST_LINE = 8 * 1024
_MOST_TRAILERS = 100
_MOST_HINTS = 20
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\r\0]*)?")
_SAFE_TARGET = re.compile(r"[A-Za-z0-9!#$%&'()*+,/:;=?@\[\]~._-]*")
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile("[\t\x20-\x7e\x80-\xff]*")
_HEADER = re.compile(f"({_NAME.pattern})[ \t]*:[ \t]*({_VALUE.pattern})")
_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\n]*)?\r?\n")


class Garbled(Exception):
    """The other side does not speak HTTP."""


class CutShort(Exception):
    """The bytes ended before the answer did; `begun` tells whether there were any."""

    def __init__(self, *, begun: bool) -> None:
        super().__init__(begun)
        self.begun = begun


def request_head(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    """Write a request's head as far as its body doesn't matter. Raises a ValueError over a bad header."""
    lines = [f"{method} {_quoted(target)} HTTP/1.1"]
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise ValueError(f"the header {name!r} can't be sent")
        lines.append(f"{name}: {value}")
    return "\r\n".join([*lines, ""]).encode("latin-1")


def request(head: bytes, body: bytes | None) -> bytes:
    """Write a whole request."""
    return head + b"\r\n" if body is None else b"%bcontent-length: %d\r\n\r\n%b" % (head, len(body), body)


def _quoted(target: str) -> str:
    if _SAFE_TARGET.fullmatch(target):
        return target
    from urllib.parse import quote

    return quote(target, safe="!#$%&'()*+,/:;=?@[]~")


class Incoming:
    """One answer, out of what is fed: first its head, then piece by piece its body.

    What gives None wants to be fed first; no bytes at all are the connection's end.
    """

    def __init__(self) -> None:
        self._data = b""
        self._at = 0
        self._over = False
        self._version = 0
        self._name = ""
        """The header that was read last."""
        self._head_size = 0
        self._hints = 0
        self._left: int | None = None
        """Bytes that the body, or its part, still has; None: it ends where the connection does."""
        self._chunked = False
        self._after_part = False
        self._trailers = 0
        self.status = 0
        self.headers: dict[str, str] = {}
        self.ended = False
        self._stays = False

    @property
    def reusable(self) -> bool:
        """Whether the connection may carry another request: this answer ended, and nothing came after it."""
        return self.ended and self._stays and self._at == len(self._data)

    def feed(self, data: bytes) -> None:
        """Take what arrived; nothing: the other side closed."""
        if not data:
            self._over = True
        elif self._at == len(self._data):
            self._data, self._at = data, 0
        else:
            self._data, self._at = self._data[self._at :] + data, 0

    def head(self) -> bool | None:
        """Read status and headers, past what a server says while it makes up its mind."""
        while (line := self._line(_LONGEST_HEAD)) is not None:
            self._head_size += len(line)
            if self._head_size > _LONGEST_HEAD:
                raise Garbled
            if line and self.status:
                self._on_header(line.decode("latin-1"))
            elif line:
                self._on_status(line)
            elif self.status >= 200 or self.status == 101:
                self._frame()
                return True
            elif self.status:
                self._on_hint()
        unread = self._at < len(self._data)
        if not self.status and unread and not self._may_be_http():
            raise Garbled
        if self._over:
            raise CutShort(begun=unread or self.status > 0 or self._hints > 0)
        return None

    def piece(self) -> bytes | None:
        """Give the next bytes of the body as they come; none at its end."""
        if self.ended:
            return b""
        if self._chunked:
            return self._parts()
        if self._left == 0:
            self.ended = True
            return b""
        piece = self._take(self._left)
        if piece:
            self._left = None if self._left is None else self._left - len(piece)
            return piece
        if not self._over:
            return None
        if self._left:
            raise CutShort(begun=True)
        self.ended = True
        return b""

    def _on_status(self, line: bytes) -> None:
        """Read a head's first line as soon as it is there: who speaks something else may say no more."""
        found = _STATUS.fullmatch(line)
        if not found:
            raise Garbled
        self._version, self.status = int(found[1]), int(found[2])
        self.headers, self._name = {}, ""

    def _on_header(self, text: str) -> None:
        between = ", "
        if found := _HEADER.fullmatch(text):
            self._name = name = found[1].lower()
            value = found[2].rstrip(" \t")
        elif self._name and text[0] in " \t" and _VALUE.fullmatch(text):
            name, value, between = self._name, text.strip(" \t"), " "
        else:
            raise Garbled
        if name in self.headers:
            value = f"{self.headers[name]}{between}{value}"
        self.headers[name] = value

    def _on_hint(self) -> None:
        """Pass by what a server says while it makes up its mind."""
        self.status, self._head_size = 0, 0
        self._hints += 1
        if self._hints >= _MOST_HINTS:
            raise Garbled

    def _may_be_http(self) -> bool:
        start = self._data[self._at : self._at + 5]
        return b"HTTP/".startswith(start) or start.isspace()

    def _frame(self) -> None:
        """Find out where the body ends."""
        headers = self.headers
        coding = headers.get("transfer-encoding", "").lower()
        if coding and (coding != "chunked" or "content-length" in headers):
            raise Garbled
        stays = self._version == 1 and "close" not in headers.get("connection", "").lower()
        if self.status in (204, 304) or self.status == 101:
            self._left = 0
            stays = stays and self.status != 101
        elif coding:
            self._chunked, self._left = True, 0
        elif "content-length" in headers:
            lengths = {part.strip(" \t") for part in headers["content-length"].split(",")}
            length = lengths.pop()
            if lengths or not re.fullmatch("[0-9]{1,18}", length):
                raise Garbled
            self._left = int(length)
        self._stays = stays and self._left is not None

    def _parts(self) -> bytes | None:
        """Give all that has come of a body in parts."""
        if self._at == len(self._data) and not self._over:
            return None
        parts: list[bytes] = []
        while not self.ended:
            if self._left:
                if not (part := self._take(self._left)):
                    break
                parts.append(part)
                self._left -= len(part)
                self._after_part = not self._left
            elif self._whole_parts(parts):
                continue
            elif (line := self._line(_LONGEST_LINE)) is not None:
                self._on_line(line)
            else:
                break
        if not parts and not self.ended:
            if self._over:
                raise CutShort(begun=True)
            return None
        return b"".join(parts)

    def _whole_parts(self, parts: list[bytes]) -> bool:
        """Take the parts that are there with all that belongs to them: nearly every one is."""
        if self._trailers:
            return False
        data, at, found = self._data, self._at, len(parts)
        if self._after_part:
            if not data.startswith(b"\r\n", at):
                return False
            at += 2
            self._after_part, self._at = False, at
        while size := _SIZE.match(data, at):
            begin = size.end()
            end = begin + int(size[1], 16)
            if begin == end or not data.startswith(b"\r\n", end):
                break
            parts.append(data[begin:end])
            at = end + 2
        self._at = at
        return len(parts) > found

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
            size = line.partition(b";")[0].strip(b" \t")
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
