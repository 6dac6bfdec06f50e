"""A table of an answer: how wide its columns are where there is this much room, and its lines then.

Pure: cells in, lines out.
"""

from __future__ import annotations

from typing import Final

from rich.cells import cell_len

from tui_delegate.core.records import dataclass, field
from tui_delegate.tui.widgets.prose_line import Line, Pieces, Span
from tui_delegate.tui.widgets.wrap import end_of_row

_GAP: Final = 3
"""Columns between two cells: a line with a blank on either side."""
_LEAST: Final = 4
"""What a column keeps where there is too little room."""
_RULE: Final = "$foreground 20%"


@dataclass(slots=True)
class Cell:
    """What stands in a row and a column."""

    text: str
    spans: list[Span] = field(default_factory=list)


@dataclass(slots=True)
class Table:
    """Rows of cells, the first of which names the columns."""

    rows: list[list[Cell]]
    aligns: list[str]
    lead: Pieces = ()
    hang: Pieces = ()

    def lines(self, width: int) -> list[Line]:
        """Lay it out."""
        room = width - sum(len(text) for text, _ in self.hang)
        widths = self._widths(room)
        made: list[Line] = []
        for number, row in enumerate(self.rows):
            made += [Line(text, spans, "table") for text, spans in self._row(row, widths)]
            if not number:
                rule = "─┼─".join("─" * one for one in widths)
                made.append(Line(rule, [(0, len(rule), _RULE)], "table"))
        for number, line in enumerate(made):
            line.lead = line.hang = self.hang if number else self.lead
        return made

    def _widths(self, room: int) -> list[int]:
        """As wide as what stands in them; where that is too much, the widest give way."""
        count = len(self.aligns)
        widths = [
            max((cell_len(row[at].text) for row in self.rows if at < len(row)), default=0)
            for at in range(count)
        ]
        room -= _GAP * (count - 1)
        while sum(widths) > room and max(widths) > _LEAST:
            at = widths.index(max(widths))
            second = max((one for one in widths if one < widths[at]), default=0)
            over = -(-(sum(widths) - room) // widths.count(widths[at]))
            widths[at] = max(widths[at] - over, second, _LEAST)
            if widths[at] == second:
                widths[at] = max(second - 1, _LEAST)
        return [max(one, 1) for one in widths]

    def _row(self, row: list[Cell], widths: list[int]) -> list[tuple[str, list[Span]]]:
        columns = [_wrapped(cell, width) for cell, width in zip(row, widths, strict=False)]
        lines: list[tuple[str, list[Span]]] = []
        for level in range(max(map(len, columns), default=0)):
            text, spans = "", list[Span]()
            for at, column in enumerate(columns):
                part, own = column[level] if level < len(column) else ("", [])
                if at:
                    spans.append((len(text) + 1, len(text) + 2, _RULE))
                    text += " │ "
                spare = max(widths[at] - cell_len(part), 0)
                align = self.aligns[at]
                before = spare if align == "right" else spare // 2 if align == "center" else 0
                start = len(text) + before
                spans += [(start + first, start + last, style) for first, last, style in own]
                text += " " * before + part + " " * (spare - before)
            lines.append((text.rstrip(), spans))
        return lines


def _wrapped(cell: Cell, width: int) -> list[tuple[str, list[Span]]]:
    """Part what stands in a cell into the lines that it takes."""
    starts = [0]
    plain = cell.text.isascii()
    while (at := end_of_row(cell.text, starts[-1], width, plain=plain)) >= 0:
        starts.append(at)
    lines: list[tuple[str, list[Span]]] = []
    for start, end in zip(starts, [*starts[1:], len(cell.text)], strict=True):
        text = cell.text[start:end].rstrip()
        own = [
            (max(first, start) - start, min(last, start + len(text)) - start, style)
            for first, last, style in cell.spans
            if first < start + len(text) and last > start
        ]
        lines.append((text, own))
    return lines
