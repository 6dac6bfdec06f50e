"""Our block in somebody's text: find it, put it in, replace it, take it out. Bytes in, bytes out.

No disk here, and no decoding: whatever encoding, line ends and blank lines the rest has, it keeps. What is
put in says by its shape how it was put in, so that taking it out gives the very bytes back:

- a text that ends with a line end gets an empty line, the block and a line end;
- a text without a last line end gets a line end, an empty line and the block, again without a last line end;
- an empty text gets the block without a last line end; where there was no file, the block ends with one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from tui_delegate.core.errors import FileRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS: Final = "tui-delegate"
THEIRS: Final = "agent-delegate"
END: Final = b"<!-- tui-delegate:end -->"
BOM: Final = b"\xef\xbb\xbf"
_LONGEST: Final = 200
"""Bytes of a marker of agent-delegate's; its pattern would take too long over a line without end."""

# Patterns are compiled when they are first needed (`re` remembers them): `status` mostly never needs them.
_OURS: Final = rb"<!-- tui-delegate:(?:begin (v[0-9][0-9A-Za-z.+-]*)|(end)) -->"
_NEARLY_OURS: Final = rb" {0,3}<!--\s*tui-delegate:(?:begin|end)\b"
_THEIRS: Final = rb"<!--\s*agent-delegate:(?:begin\b\s*((?:(?!-->).)*?)|(end))\s*-->\s*"
_FENCE: Final = rb"(?s)[\s>]*(?:(?:[-*+]|[0-9]{1,9}[.)])\s+)*(`{3,}|~{3,})(.*)"


class Block(NamedTuple):
    """A block as it stands: whose, of which version, from the begin marker to the end marker."""

    owner: str
    version: str
    start: int
    stop: int
    first: int
    last: int

    def text(self, data: bytes) -> bytes:
        """Give what stands there, with plain line ends."""
        return data[self.start : self.stop].replace(b"\r\n", b"\n")


class _Marker(NamedTuple):
    owner: str
    version: str
    start: int
    stop: int
    line: int

    @property
    def begins(self) -> bool:
        return bool(self.version)


def begin(version: int) -> bytes:
    """Write the begin marker."""
    return b"<!-- tui-delegate:begin v%d -->" % version


def find(data: bytes) -> Block | None:
    """Find our block, else agent-delegate's. Damaged markers are refused, with their line numbers."""
    found = find_all(data)
    return next((block for block in found if block.owner == OURS), found[0] if found else None)


def find_all(data: bytes) -> list[Block]:
    """Find the blocks: at most one of each owner, none within the other."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data:
        raise FileRefused("it isn't text in UTF-8 or in another encoding with one-byte line ends")
    markers, _ = _scan(data)
    blocks: list[Block] = []
    opened: _Marker | None = None
    for marker in markers:
        if marker.begins and opened is None:
            opened = marker
        elif opened is None:
            raise _damaged(f"line {marker.line} ends a block that no line began")
        elif marker.begins or marker.owner != opened.owner:
            raise _damaged(
                f"the block that line {opened.line} began holds another marker, in line {marker.line}"
            )
        else:
            span = (opened.start, marker.stop, opened.line, marker.line)
            blocks.append(Block(opened.owner, opened.version, *span))
            opened = None
    if opened is not None:
        raise _damaged(f"line {opened.line} begins a block that no line ends")
    _one_of_each(blocks)
    return blocks


def _one_of_each(blocks: list[Block]) -> None:
    for owner in (OURS, THEIRS):
        lines = [f"{block.first}-{block.last}" for block in blocks if block.owner == owner]
        if len(lines) > 1:
            raise _damaged(f"there are {len(lines)} {owner} blocks, in lines {' and '.join(lines)}")


def put_in(data: bytes | None, text: bytes, instead: Block | None = None) -> bytes:
    """Put our block at the end, or in the place of another; None: there is no file yet."""
    if data is None:
        return text + b"\n"
    if instead is not None:
        end = b"\r\n" if b"\r\n" in data[instead.start : instead.stop] else b"\n"
        return data[: instead.start] + text.replace(b"\n", end) + data[instead.stop :]
    _, fence = _scan(data)
    if fence:
        raise FileRefused(
            f"line {fence} opens a code fence that no line closes: what is put after it would read as code",
            "Close the fence, then install again.",
        )
    end = b"\r\n" if 2 * data.count(b"\r\n") > data.count(b"\n") else b"\n"
    text = text.replace(b"\n", end)
    if data in (b"", BOM):
        return data + text
    return data + end + text + end if data.endswith(b"\n") else data + end + end + text


def take_out(data: bytes, block: Block) -> bytes | None:
    """Take a block out, with the line ends that came with it. None: the file is no more than the block."""
    before, after = data[: block.start], data[block.stop :]
    end = b"\r\n" if b"\r\n" in data[block.start : block.stop] else b"\n"
    if not after:
        return before.removesuffix(end + end) if before.endswith(end + end) else before
    after = after[1:] if after.startswith(b"\n") else after.removeprefix(b"\r\n")
    if not before and not after:
        return None
    if before.endswith(b"\n" + end) or before == end:
        before = before.removesuffix(end)
    return before + after


def _scan(data: bytes) -> tuple[list[_Marker], int]:
    """Read line by line: the markers outside code fences, and the line of a fence that stays open."""
    markers: list[_Marker] = []
    fence, opened = b"", 0
    inside: list[int] = []
    for number, start, line in _lines(data):
        marker = _marker(line, start, number)
        if fence:
            if marker is not None:
                inside.append(number)
            if _closes(line, fence):
                fence, inside = b"", []
        elif marker is not None:
            markers.append(marker)
        elif opening := _opens(line):
            fence, opened = opening, number
    if fence and inside:
        raise _damaged(
            f"line {inside[0]} stands in the code fence that line {opened} opens and no line closes"
        )
    return markers, opened if fence else 0


def _lines(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Give each line's number, place and bytes, without its line end and without a mark at the start."""
    start = len(BOM) if data.startswith(BOM) else 0
    number = 1
    while start < len(data):
        stop = data.find(b"\n", start)
        stop = len(data) if stop < 0 else stop
        yield number, start, data[start:stop].rstrip(b"\r")
        start, number = stop + 1, number + 1


def _marker(line: bytes, start: int, number: int) -> _Marker | None:
    if b"-delegate:" not in line:
        return None
    if found := re.fullmatch(_OURS, line):
        version = found[1].decode() if found[1] else ""
        return _Marker(OURS, version, start, start + len(line), number)
    if re.match(_NEARLY_OURS, line):
        raise _damaged(f"line {number} is nearly a marker of ours, but not to the letter")
    if len(line) <= _LONGEST and (found := re.fullmatch(_THEIRS, line)):
        version = "" if found[2] else found[1].decode("utf-8", "replace") or "?"
        return _Marker(THEIRS, version, start, start + len(line), number)
    return None


def _opens(line: bytes) -> bytes:
    found = re.match(_FENCE, line) if b"```" in line or b"~~~" in line else None
    if not found or (found[1][:1] == b"`" and b"`" in found[2]):
        return b""
    return found[1]


def _closes(line: bytes, fence: bytes) -> bool:
    bare = line.strip(b" \t>")
    return len(bare) >= len(fence) and not bare.strip(fence[:1])


def _damaged(what: str) -> FileRefused:
    return FileRefused(what, "Put those lines right by hand, then try again: nothing was changed.")
