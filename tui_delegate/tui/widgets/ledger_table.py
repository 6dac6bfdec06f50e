"""A table that shows any number of rows at the cost of those in sight. What a row means is its sheet's.

It never asks a journal: where its sheet lacks a row it says which it `Wants`, and draws a dot until told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui_delegate.tui.figures import fit

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from textual import events

    from tui_delegate.tui.widgets.ledger_columns import Cell, Head

GAP = 2
AHEAD = 100
"""Rows that are asked for before and after those in sight."""


class Sheet(Protocol):
    """The rows of a table, some of which may not be read yet."""

    @property
    def heads(self) -> Sequence[Head]:
        """The columns."""

    def __len__(self) -> int: ...

    def cells(self, index: int) -> Sequence[Cell] | None:
        """Give a row, one clean cell for each head; None: not read yet."""

    def key(self, index: int) -> Hashable:
        """Name a row for as long as it lives, wherever it stands."""

    def place(self, key: Hashable) -> int | None:
        """Say where a row stands now; None: it is gone."""


class NoSheet:
    """A table before it has rows."""

    heads: Sequence[Head] = ()

    def __len__(self) -> int:
        return 0

    def cells(self, index: int) -> Sequence[Cell] | None:
        """There is none."""
        return None

    def key(self, index: int) -> Hashable:
        """There is none."""
        return None

    def place(self, key: Hashable) -> int | None:
        """There is none."""
        return None


class LedgerTable(ScrollView, can_focus=True):
    """Rows under a head that stays; one row has the cursor."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *("ledger-table--head", "ledger-table--sorted", "ledger-table--cursor", "ledger-table--dim"),
        *("ledger-table--ok", "ledger-table--warn", "ledger-table--bad", "ledger-table--live"),
    }
    DEFAULT_CSS = """
    LedgerTable {
        background: $background;
        color: $foreground;
        scrollbar-size-horizontal: 1;
        scrollbar-size-vertical: 1;
    }
    LedgerTable > .ledger-table--head { color: $dim; }
    LedgerTable > .ledger-table--sorted { color: $foreground; text-style: bold; }
    LedgerTable > .ledger-table--cursor { background: $panel; }
    LedgerTable:focus > .ledger-table--cursor { background: $accent 30%; text-style: bold; }
    LedgerTable > .ledger-table--dim { color: $dim; }
    LedgerTable > .ledger-table--ok { color: $ok; }
    LedgerTable > .ledger-table--warn { color: $warn; }
    LedgerTable > .ledger-table--bad { color: $bad; }
    LedgerTable > .ledger-table--live { color: $live; }
    """

    class Wants(Message):
        """Rows in sight are not read yet: from `first`, before `last`."""

        def __init__(self, first: int, last: int) -> None:
            super().__init__()
            self.first, self.last = first, last

    class SortPicked(Message):
        """Somebody clicked a head."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class Picked(Message):
        """Somebody wants a row's details."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._sheet: Sheet = NoSheet()
        self._sort = ("", False)
        self._cursor = 0
        self._widths: list[int] = []
        self._lines: dict[int, Strip] = {}
        self._looks: dict[str, Style] = {}

    @property
    def cursor(self) -> int:
        """The row that has the cursor."""
        return self._cursor

    def show(self, sheet: Sheet, sort: str = "", *, descending: bool = False, keep: bool = True) -> None:
        """Show a sheet. `keep` leaves the cursor on its row and that row where it is on the screen."""
        key = self._sheet.key(self._cursor) if keep and len(self._sheet) else None
        before, top = self._cursor, round(self.scroll_y)
        self._sheet, self._sort = sheet, (sort, descending)
        place = sheet.place(key) if key is not None else None
        self._cursor = min(before if place is None and keep else place or 0, max(len(sheet) - 1, 0))
        self._measure()
        # Somebody at the top wants to see what is new there; anywhere else nothing may jump.
        shift = self._cursor - before if place is not None and top > 0 else 0
        self._go(top + shift if keep else 0)
        self._want()

    def fill(self) -> None:
        """Draw again: rows that were wanted have been read."""
        self._lines.clear()
        self.refresh()

    def put_cursor(self, index: int) -> None:
        """Put the cursor on a row and bring that row into sight."""
        index = min(max(index, 0), max(len(self._sheet) - 1, 0))
        before, self._cursor = self._cursor, index
        for changed in (before, index):
            self._lines.pop(changed, None)
        top, rows = round(self.scroll_y), self._page
        if index < top:
            self._go(index)
        elif index >= top + rows:
            self._go(index - rows + 1)
        self.refresh()

    def pick(self) -> None:
        """Ask for the details of the cursor's row."""
        if self._cursor < len(self._sheet):
            self.post_message(self.Picked(self._cursor))

    def render_line(self, y: int) -> Strip:
        """Draw a line: the head, or a row."""
        width, base = self.size.width, self.rich_style
        left = round(self.scroll_x)
        if y == 0:
            return self._head().crop_extend(left, left + width, base)
        index = round(self.scroll_y) + y - 1
        if index >= len(self._sheet):
            return Strip.blank(width, base)
        style = base + self._look("cursor") if index == self._cursor else base
        return self._row(index, style).crop_extend(left, left + width, style)

    def action_scroll_up(self) -> None:
        """Go a row up."""
        self.put_cursor(self._cursor - 1)

    def action_scroll_down(self) -> None:
        """Go a row down."""
        self.put_cursor(self._cursor + 1)

    def action_page_up(self) -> None:
        """Go a page up."""
        self.put_cursor(self._cursor - self._page)

    def action_page_down(self) -> None:
        """Go a page down."""
        self.put_cursor(self._cursor + self._page)

    def action_scroll_home(self) -> None:
        """Go to the first row."""
        self.put_cursor(0)

    def action_scroll_end(self) -> None:
        """Go to the last row."""
        self.put_cursor(len(self._sheet) - 1)

    def notify_style_update(self) -> None:
        """Look colours up again."""
        self._looks.clear()
        self._lines.clear()
        super().notify_style_update()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """See to it that what comes into sight is read."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._want()

    def on_resize(self) -> None:
        """Share the room out anew; the cursor stays in sight."""
        self._measure()
        self.put_cursor(self._cursor)
        self._want()

    def on_click(self, event: events.Click) -> None:
        """A head sorts, a row takes the cursor, and gives its details at the second click."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        event.stop()
        if offset.y == 0:
            key = self._head_at(offset.x + round(self.scroll_x))
            if key:
                self.post_message(self.SortPicked(key))
            return
        index = round(self.scroll_y) + offset.y - 1
        if index < len(self._sheet):
            self.put_cursor(index)
            if event.chain == 2:
                self.pick()

    @property
    def _page(self) -> int:
        return max(self.scrollable_content_region.height - 1, 1)

    def _go(self, top: int) -> None:
        self.scroll_to(y=max(top, 0), animate=False, force=True)
        self.refresh()

    def _want(self) -> None:
        first = round(self.scroll_y)
        last = min(first + self.size.height, len(self._sheet))
        if any(self._sheet.cells(index) is None for index in range(first, last)):
            self.post_message(self.Wants(max(first - AHEAD, 0), min(last + AHEAD, len(self._sheet))))

    def _measure(self) -> None:
        """Give each column its width, and room to spare to those that may grow."""
        self._lines.clear()
        heads = self._sheet.heads
        self._widths = [head.width for head in heads]
        spare = self.size.width - sum(width + GAP for width in self._widths) - 2
        growing = [place for place, head in enumerate(heads) if head.most > head.width]
        while spare > 0 and growing:
            for place in growing:
                if spare > 0:
                    self._widths[place] += 1
                    spare -= 1
            growing = [place for place in growing if self._widths[place] < heads[place].most]
        self.virtual_size = Size(sum(width + GAP for width in self._widths), len(self._sheet) + 1)

    def _head(self) -> Strip:
        segments = []
        key, descending = self._sort
        for head, width in zip(self._sheet.heads, self._widths, strict=True):
            here = head.key == key
            look = self._look("sorted" if here else "head")
            mark = ("↓" if descending else "↑") if here else " "
            if head.right:
                text = fit(head.title, width, right=True) + mark
            else:
                text = fit(head.title + mark, width + 1)
            segments.append(Segment(f" {text}", look))
        return Strip(segments)

    def _head_at(self, x: int) -> str:
        for head, width in zip(self._sheet.heads, self._widths, strict=True):
            if x < width + GAP:
                return head.key
            x -= width + GAP
        return ""

    def _row(self, index: int, style: Style) -> Strip:
        line = self._lines.get(index)
        if line is not None:
            return line
        cells = self._sheet.cells(index)
        if cells is None:
            return Strip([Segment(" ·", style)])
        if len(self._lines) > 1000:
            self._lines.clear()
        made = Strip(
            [
                Segment(
                    " " + fit(cell.text, width, right=head.right) + " ",
                    style + Style(color=self._look(cell.tone).color) if cell.tone else style,
                )
                for cell, head, width in zip(cells, self._sheet.heads, self._widths, strict=True)
            ]
        )
        self._lines[index] = made
        return made

    def _look(self, name: str) -> Style:
        look = self._looks.get(name)
        if look is None:
            look = self._looks[name] = self.get_component_rich_style(f"ledger-table--{name}")
        return look
