"""Where the rows of a line of text begin, by the cells that each character takes. Pure: it draws nothing.

A row's beginning, once found, never changes by what comes after: so a line that grows at its end is
wrapped from its last row on, and text that comes letter by letter stands as if it had come at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import get_character_cell_size

if TYPE_CHECKING:
    from collections.abc import Mapping

_JOINER: Final = "\u200d"
_AS_PICTURE: Final = "\ufe0f"
_CLOSING: Final = frozenset("。、，．：；！？）」』】〉》〕・ー…”’")
"""What does not begin a row."""
_OPENING: Final = frozenset("（「『【〈《〔“‘")
"""What does not end one."""


class _Widths(dict[str, int]):
    """Cells by character, looked up once each."""

    def __missing__(self, char: str) -> int:
        if len(self) > 20_000:
            self.clear()
        self[char] = width = get_character_cell_size(char)
        return width


_WIDTHS: Final[Mapping[str, int]] = _Widths()


def _widened() -> frozenset[str]:
    from rich._unicode_data import load  # rich has no public name for it

    return load("auto").narrow_to_wide


def most(width: int) -> int:
    """Say how many characters a row has at most: marks without a width, or blanks, could go on for ever."""
    return 4 * width + 64


def end_of_row(text: str, start: int, width: int, *, plain: bool) -> int:
    """Find where the row that begins at `start` ends; -1 while the text ends before the row does.

    `plain` says that the text is all ASCII. Blanks hang over the right edge and break nothing.
    """
    return _end_plain(text, start, width) if plain else _end_wide(text, start, width)


def _end_plain(text: str, start: int, width: int) -> int:
    over = start + width
    length = len(text)
    if length <= over:
        return -1
    limit = start + most(width)
    while over < length and text[over] == " ":
        over += 1
        if over >= limit:
            break
    if over >= length:
        return -1
    if over >= limit:
        return limit
    blank = text.rfind(" ", start, over)
    if blank > start and text[start:blank].strip(" "):
        return blank + 1
    return over


class _Row:
    """What is known of a row while its characters are measured."""

    __slots__ = ("base", "break_at", "last", "solid", "start", "used", "wide")

    def __init__(self, start: int) -> None:
        self.start = self.base = start
        self.used = 0
        self.break_at = 0
        self.last = ""
        """The last character that has a width, for what makes it wider."""
        self.solid = False
        """Whether anything but blanks stands in it: an indent alone makes no row."""
        self.wide = False

    def end(self, at: int) -> int:
        return self.break_at if self.break_at > self.start else at

    def blank(self, at: int) -> None:
        self.used += 1
        if self.solid:
            self.break_at = at + 1
        self.last, self.base, self.wide = " ", at, False

    def letter(self, at: int, char: str, cells: int, width: int) -> bool:
        """Put a character in; gives whether there was room."""
        between = (cells == 2 or self.wide) and self.solid
        if between and char not in _CLOSING and self.last not in _OPENING:
            self.break_at = at
        if self.used + cells > width and at > self.start:
            return False
        self.used += cells
        self.solid, self.wide = True, cells == 2
        self.last, self.base = char, at
        return True


def _end_wide(text: str, start: int, width: int) -> int:
    row = _Row(start)
    limit = start + most(width)
    length = len(text)
    widths = _WIDTHS
    at = start
    while at < length:
        if at >= limit:
            return at
        char = text[at]
        if char == " ":
            row.blank(at)
        elif char == _JOINER:
            # It takes what follows into the picture before it.
            step = 2 if at + 1 < length else 1
            if row.break_at == at:
                row.break_at = at + step
            at += step
            continue
        elif char == _AS_PICTURE:
            if row.last and row.last in _widened():
                if row.used + 1 > width and row.base > row.start:
                    return row.end(row.base)
                row.used += 1
            row.last = ""
        else:
            cells = widths[char]
            if cells:
                if not row.letter(at, char, cells, width):
                    return row.end(at)
            elif row.break_at == at:
                row.break_at = at + 1
        at += 1
    return -1
