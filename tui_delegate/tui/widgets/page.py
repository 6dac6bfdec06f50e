"""A growing text and its rows: what is kept, how it stands at a width, what is found and copied of it.

Pure: it draws nothing. Text given to it is clean. Work for what is added does not grow with what is there.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from tui_delegate.core.records import dataclass, field
from tui_delegate.tui.widgets.wrap import end_of_row

Kind = Literal["text", "thought", "call", "note", "error", "divider", "gap"]
"""`divider` and `gap` are ours: a line between two attempts, and what tells of lines that are gone."""

TAB: Final = 4
LONGEST: Final = 16_384
"""Characters from which a line goes on as another one, so that no line costs more than any other."""
_HANG: Final = re.compile(r" *(?:(?:[-*+•>]|\d{1,3}[.)]) +)?")
_SIGNS: Final = re.compile("[`*_]")
_FENCE: Final = re.compile(r" {0,3}(?:```|~~~)")


@dataclass(slots=True)
class Line:
    """One line as it was written, and where its rows begin."""

    kind: Kind
    text: str = ""
    starts: list[int] = field(default_factory=lambda: [0])
    hang: int = 0
    """Columns by which rows after the first are indented, so that a list reads as one."""
    code: bool = False
    """Whether it stands in a fence."""
    goes_on: bool = False
    """Whether it continues the line above: there was no line end between them."""

    @property
    def is_fence(self) -> bool:
        """Whether it opens or closes a block of code."""
        return self.kind == "text" and _FENCE.match(self.text) is not None


@dataclass(frozen=True, slots=True)
class Hit:
    """A place where what is searched for stands."""

    line: int
    start: int
    end: int


class Page:
    """Lines by number, counted from the first that was ever written, and their rows from top to bottom."""

    def __init__(self, width: int = 80, *, most: int = 20_000) -> None:
        self.width = max(width, 2)
        self._most = most
        self.lines: list[Line] = []
        self.first = 0
        """The number of the first line that is kept."""
        self._parted = False
        self.rows: list[tuple[int, int]] = []
        """For each row the number of its line, and which of its rows it is."""

    def line(self, number: int) -> Line:
        """Give a line by its number."""
        return self.lines[number - self.first]

    @property
    def end(self) -> int:
        """The number that the next line will have."""
        return self.first + len(self.lines)

    def write(self, text: str, kind: Kind) -> int:
        """Add text at the end; gives the first row that is new or other than before."""
        changed = len(self.rows)
        if not self.lines or self.lines[-1].kind != kind or self._parted:
            self._parted = False
            self._open(kind)
        else:
            # A sign that comes now may close what was opened rows above; a word changes its own row only.
            changed -= len(self.lines[-1].starts) if _SIGNS.search(text) else 1
        for number, piece in enumerate(text.split("\n")):
            if number:
                self._open(kind)
            if piece:
                self._extend(piece)
        if len(self.lines) > self._most:
            self._forget()
            return 0
        return max(changed, 0)

    def divide(self, label: str) -> int:
        """Add a line that parts what is above from what comes."""
        changed = len(self.rows)
        self._open("divider")
        self.lines[-1].text = label
        return changed

    def part(self) -> None:
        """Let what is written next begin a line, unless it does so anyhow."""
        self._parted = bool(self.lines) and self.lines[-1].text != ""

    def clear(self) -> None:
        """Begin anew."""
        self._parted = False
        self.lines, self.rows, self.first = [], [], 0

    def _open(self, kind: Kind, *, goes_on: bool = False) -> None:
        line = Line(kind, goes_on=goes_on)
        above = self.lines[-1] if self.lines else None
        if above is not None and above.kind == kind == "text":
            line.code = above.code if goes_on else above.code != above.is_fence
        self.rows.append((self.end, 0))
        self.lines.append(line)

    def _extend(self, piece: str) -> None:
        line = self.lines[-1]
        if "\t" in piece:
            done = len(line.text) % TAB
            piece = (" " * done + piece).expandtabs(TAB)[done:]
        line.text += piece
        if len(line.text) <= self.width and line.text.isascii():
            return
        self._break_last()

    def _break_last(self) -> None:
        """Find the rows that the last line has got, from its last one on; long ones go on as new lines."""
        while True:
            line = self.lines[-1]
            too_long = self._break(line)
            number = self.end - 1
            known = self.rows[-1][1] + 1
            self.rows.extend((number, row) for row in range(known, len(line.starts)))
            if not too_long:
                return
            at = line.starts.pop()
            self.rows.pop()
            self._open(line.kind, goes_on=True)
            self.lines[-1].text, line.text = line.text[at:], line.text[:at]

    def _break(self, line: Line) -> bool:
        """Find the rows of a line from its last one on. Stops where the line gets too long: gives that."""
        text, starts = line.text, line.starts
        plain = text.isascii()
        while True:
            width = self.width - line.hang if len(starts) > 1 else self.width
            at = end_of_row(text, starts[-1], width, plain=plain)
            if at < 0:
                return False
            if len(starts) == 1 and not line.goes_on:
                line.hang = _hang(text[:at], self.width)
            starts.append(at)
            if at >= LONGEST:
                return True

    def _forget(self) -> None:
        """Let the oldest lines go, a good part at once, and say so in their place."""
        gone = len(self.lines) - self._most + self._most // 10
        del self.lines[:gone]
        self.first += gone
        self.lines[0] = Line("gap", f"… {self.first + 1:,} earlier lines left out")
        self._list_rows()

    def _list_rows(self) -> None:
        self.rows = [
            (number, row)
            for number, line in enumerate(self.lines, self.first)
            for row in range(len(line.starts))
        ]

    def wrap(self, width: int) -> None:
        """Lay all lines out at another width."""
        self.width = max(width, 2)
        for line in self.lines:
            line.starts = [0]
            line.hang = 0
            if line.kind not in ("divider", "gap"):
                while self._break(line):
                    pass
        self._list_rows()

    def row_of(self, number: int, offset: int) -> int:
        """Find the row in which a place stands."""
        low, high = 0, len(self.rows)
        while low < high:
            middle = (low + high) // 2
            line, row = self.rows[middle]
            if (line, self.line(line).starts[row]) <= (number, offset):
                low = middle + 1
            else:
                high = middle
        return max(low - 1, 0)

    def span(self, row: int) -> tuple[Line, int, int]:
        """Give a row's line, and where in it the row begins and ends."""
        number, part = self.rows[row]
        line = self.line(number)
        starts = line.starts
        return line, starts[part], starts[part + 1] if part + 1 < len(starts) else len(line.text)

    def between(self, start: tuple[int, int], end: tuple[int, int]) -> str:
        """Give the text from one place to another, each a line's number and an offset, as it was written."""
        first = max(start[0], self.first)
        parts: list[str] = []
        for number in range(first, min(end[0], self.end - 1) + 1):
            line = self.line(number)
            if parts and not line.goes_on:
                parts.append("\n")
            stop = end[1] if number == end[0] else len(line.text)
            parts.append(line.text[start[1] if number == start[0] else 0 : stop])
        return "".join(parts)


def _hang(first_row: str, width: int) -> int:
    match = _HANG.match(first_row)
    columns = match.end() if match else 0
    return columns if columns <= width // 3 and columns < len(first_row) else 0
