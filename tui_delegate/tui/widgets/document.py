"""Markdown that grows at its end: what can't change any more is read once, only its last block is read anew.

Pure: it knows lines and rows, never a widget. Text given to it is clean.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from rich.cells import cell_len

from tui_delegate.tui.widgets.prose import Item, Reader, painted, parser
from tui_delegate.tui.widgets.prose_line import Line
from tui_delegate.tui.widgets.wrap import end_of_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from markdown_it.token import Token

    from tui_delegate.tui.widgets.prose_line import Span

CHUNK: Final = 40
"""Lines of a block of code that become solid at once while it is being written."""
RECOLOURED: Final = 60_000
"""Characters of code that are coloured once more, as a whole, when its last line is there."""
_UNSURE: Final = re.compile(r"[\s>#*+\-_=~`|:.\d)<\[\]]*")
_FENCE: Final = re.compile(r"[\s>*+\-\d.)]*(?:```|~~~)")
_DEFINES: Final = "]:"
"""What stands in every text that says where a link leads."""


def sure(tail: str) -> str:
    """Give as much of a text as can't turn out to be another kind of block when its last line goes on."""
    start = tail.rfind("\n") + 1
    last = tail[start:]
    return tail[:start] if _UNSURE.fullmatch(last) or _FENCE.match(last) else tail


class Document:
    """Lines by number, and their rows from top to bottom."""

    def __init__(self, paint: Callable[[str, str], list[Span]], width: int = 80) -> None:
        self.width = max(width, 8)
        self.lines: list[Line] = []
        self.rows: list[tuple[int, int]] = []
        """For each row the number of its line, and which of its rows it is."""
        self._paint = paint
        self._source: list[str] = []
        self._begin()

    def _begin(self) -> None:
        self._reader = Reader(self._paint)
        self._links: dict[str, Any] = {}
        self._items: list[Item] = []
        self._solid = self._solid_lines = self._solid_rows = 0
        """How many items, lines and rows nothing that comes can change."""
        self._tail = ""
        """The text of what is not solid."""
        self._code_from: int | None = None
        """The first item of a block of code of which a part is solid."""

    @property
    def source(self) -> str:
        """All that it was given."""
        if len(self._source) > 1:
            self._source[:] = ["".join(self._source)]
        return self._source[0] if self._source else ""

    def feed(self, text: str) -> int:
        """Add text at the end; gives the first row that is new or other than before."""
        self._source.append(text)
        self._tail += text
        shown = sure(self._tail)
        return self._take(shown, self._tail[len(shown) :])

    def finish(self) -> int:
        """Show what was held back, and what only the end can tell: where a link leads that is told below."""
        if _DEFINES in self.source:
            self._begin()
            parser().parse(self.source, {"references": self._links})
            self._tail = self.source
        return self._take(self._tail, "")

    # What is read.

    def _take(self, shown: str, held: str) -> int:
        solid, before = self._solid, self.lines[self._solid_lines :]
        del self._items[solid:]
        tokens = parser().parse(shown, {"references": dict(self._links)})
        at = max((at for at, one in enumerate(tokens) if one.level == 0 and one.nesting >= 0), default=0)
        lines = shown.split("\n")
        cut = 0
        if at:
            cut = _begin_of(tokens[at])
            self._freeze(tokens[:at], "\n".join(lines[:cut]) + "\n")
        if len(tokens) > at:
            cut, opener = self._read_last(tokens[at:], lines, cut)
            lines = [*opener, *lines[cut:]]
        self._tail = "\n".join(lines) + held
        return self._lay(solid, before)

    def _freeze(self, tokens: Sequence[Token], source: str) -> None:
        """Take whole blocks for solid."""
        code_from, self._code_from = self._code_from, None
        if code_from is not None and not tokens[0].content:
            # A block of code that ended where its last part became solid.
            tokens, self._reader.goes_on = tokens[1:], False
        self._items += self._reader.read(tokens)
        self._solid = len(self._items)
        if code_from is not None:
            self._recolour(code_from)
        if _DEFINES in source:
            parser().parse(source, {"references": self._links})

    def _read_last(self, live: list[Token], lines: list[str], cut: int) -> tuple[int, list[str]]:
        """Read the last block, and take for solid what is so of it.

        Gives how many lines of the text are solid, and what is to stand above the rest of it.
        """
        opener: list[str] = []
        if live[0].type.endswith("_list_open"):
            items = [at for at, one in enumerate(live) if one.type == "list_item_open" and one.level == 1]
            if len(items) > 1:
                cut = _begin_of(live[items[-1]])
                self._items += self._reader.read([*live[: items[-1]], live[-1]])
                self._solid, self._reader.goes_on = len(self._items), True
                live = [live[0], *live[items[-1] :]]
        elif live[0].type == "fence" and _is_open(live[0], lines):
            begin = _begin_of(live[0])
            done = (len(lines) - begin - 2) // CHUNK * CHUNK
            if done > 0:
                cut, opener = begin + 1 + done, [lines[begin]]
                self._freeze_code(live[0], done)
            elif self._code_from is not None:
                cut, opener = begin + 1, [lines[begin]]
        if live[0].type != "fence" or live[0].content or self._code_from is None:
            reader = self._reader
            state = reader.first, reader.goes_on, reader.number
            self._items += reader.read(live)
            reader.first, reader.goes_on, reader.number = state
        return cut, opener

    def _freeze_code(self, fence: Token, done: int) -> None:
        """Take so many lines of a block of code for solid; the token keeps the rest."""
        code = fence.content.split("\n")
        if self._code_from is None:
            self._code_from = len(self._items) + (not (self._reader.first or self._reader.goes_on))
        fence.content = "\n".join(code[:done]) + "\n"
        self._items += self._reader.read([fence])
        self._solid, self._reader.goes_on = len(self._items), True
        fence.content = "\n".join(code[done:])

    def _recolour(self, first: int) -> None:
        """Colour code as a whole that was coloured in parts."""
        block: list[Line] = []
        for item in self._items[first:]:
            if not isinstance(item, Line) or item.kind != "code":
                break
            block.append(item)
        code = "\n".join(line.text for line in block)
        if len(code) <= RECOLOURED:
            spans = painted(code, self._paint(code, block[0].language))
            for line, (_, own) in zip(block, spans, strict=True):
                line.spans = own

    # How it stands.

    def wrap(self, width: int) -> None:
        """Lay all lines out at another width."""
        self.width = max(width, 8)
        self._solid_lines = self._solid_rows = 0
        self._lay(0, [])

    def _lay(self, first: int, before: list[Line]) -> int:
        """Lay out items from one on, where some lines stood; gives the first row that is another."""
        line_at, row_at = self._solid_lines, self._solid_rows
        del self.lines[line_at:]
        del self.rows[row_at:]
        for number, item in enumerate(self._items[first:], first):
            if number == self._solid:
                self._solid_lines, self._solid_rows = len(self.lines), len(self.rows)
            for line in item.lines(self.width):
                line.starts = list(self._starts(line))
                self.rows.extend((len(self.lines), row) for row in range(len(line.starts)))
                self.lines.append(line)
        if self._solid == len(self._items):
            self._solid_lines, self._solid_rows = len(self.lines), len(self.rows)
        for old, new in zip(before, self.lines[line_at:], strict=False):
            if old != new:
                break
            row_at += len(new.starts)
        return row_at

    def _starts(self, line: Line) -> Iterator[int]:
        yield 0
        if line.kind in ("text", "code"):
            room = self.width - sum(cell_len(text) for text, _ in line.hang) - 2 * (line.kind == "code")
            at, plain = 0, line.text.isascii()
            while (at := end_of_row(line.text, at, max(room, 4), plain=plain)) >= 0:
                yield at

    def span(self, row: int) -> tuple[Line, int, int]:
        """Give a row's line, and where in it the row begins and ends."""
        number, part = self.rows[row]
        line = self.lines[number]
        starts = line.starts
        return line, starts[part], starts[part + 1] if part + 1 < len(starts) else len(line.text)

    def row_of(self, number: int, offset: int) -> int:
        """Find the row in which a place stands."""
        rows = (row for row, (line, part) in enumerate(self.rows) if line == number)
        return max((row for row in rows if self.span(row)[1] <= offset), default=0)

    # What is taken out of it.

    def between(self, start: tuple[int, int], end: tuple[int, int]) -> str:
        """Give the text from one place to another, each a line's number and an offset."""
        parts: list[str] = []
        for number, line in enumerate(self.lines[start[0] : end[0] + 1], start[0]):
            first = start[1] if number == start[0] else 0
            last = end[1] if number == end[0] else len(line.text)
            text = "---" if line.kind == "rule" else line.text[first:last]
            parts.append(text if first else line.mark + text)
        return "\n".join(parts)

    def find(self, words: str) -> list[tuple[int, int, int]]:
        """Find words, whatever their case: the line's number, from and to."""
        pattern = re.compile(re.escape(words), re.IGNORECASE)
        return [
            (number, match.start(), match.end())
            for number, line in enumerate(self.lines)
            for match in pattern.finditer(line.text)
        ]


def _begin_of(token: Token) -> int:
    assert token.map is not None
    return token.map[0]


def _is_open(fence: Token, lines: list[str]) -> bool:
    """Say whether a block of code has no end yet."""
    last = next((line for line in reversed(lines[_begin_of(fence) + 1 :]) if line.strip()), "")
    sign, count = fence.markup[0], len(fence.markup)
    return not re.fullmatch(rf" {{0,3}}{re.escape(sign)}{{{count},}}[ \t]*", last)
