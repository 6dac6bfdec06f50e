"""A list in columns, one line each, that shows as many columns as there is room for.

What the lines mean is not known here. Cells are texts or content of ours; texts are cleaned, never markup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui_delegate.core.clean import clean_line
from tui_delegate.core.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

Cell = str | Content

_GAP = "  "


class Column(NamedTuple):
    """One column. The first of width 0 takes the room that is left."""

    title: str
    width: int = 0
    since: int = 0
    """The width of the list from which on it is shown."""
    right: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the list."""

    key: str
    """What its reader knows it by."""
    cells: tuple[Cell, ...]
    dim: bool = False
    fixed: bool = False
    """Whether it only says something and can't be picked."""


class Picking(OptionList):
    """The lines themselves. It takes no focus: the field above it has it, and hands its keys down."""

    can_focus = False
    ALLOW_SELECT = False


class Catalog(Vertical):
    """A head and lines below it."""

    DEFAULT_CSS = """
    Catalog { height: 1fr; }
    Catalog > .head { height: 1; color: $dim; padding: 0 1; text-wrap: nowrap; }
    Catalog > Picking {
        height: 1fr; max-height: 100%; border: none; padding: 0; background: transparent;
        scrollbar-size-vertical: 1; text-wrap: nowrap;
        & > .option-list--option { padding: 0 1; }
        & > .option-list--option-highlighted {
            background: $accent 25%; color: $foreground; text-style: bold;
        }
        & > .option-list--option-hover { background: $panel; }
        & > .option-list--option-disabled { color: $dim; }
    }
    """

    class Chosen(Message):
        """A line was clicked."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class Moved(Message):
        """Another line has the bar."""

    def __init__(self, columns: Sequence[Column], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._lines: tuple[Line, ...] = ()
        self._was_at = ""
        """The key that the bar was on when that was last told."""
        self._drawn_for = 0

    def compose(self) -> ComposeResult:
        """Put the head above the lines."""
        yield Static(classes="head", markup=False)
        yield Picking()

    def on_resize(self) -> None:
        """Lay the columns out again."""
        if self.size.width != self._drawn_for:
            self._draw()

    @property
    def key(self) -> str:
        """The key of the line that has the bar; empty: there is none."""
        at = self.query_one(Picking).highlighted
        return self._lines[at].key if at is not None and at < len(self._lines) else ""

    @property
    def keys(self) -> list[str]:
        """The keys of all lines, as they stand."""
        return [one.key for one in self._lines]

    def show(self, lines: Sequence[Line], bar: str = "") -> None:
        """Show these lines, the bar on the one with this key, else on the first that can be picked."""
        told = tuple(lines)
        if told != self._lines:
            self._lines = told
            self._draw()
        picking = self.query_one(Picking)
        free = [number for number, one in enumerate(told) if not one.fixed]
        wanted = [number for number in free if told[number].key == bar]
        picking.highlighted = next(iter((*wanted, *free)), None)

    def move(self, how: str) -> None:
        """Move the bar: `up`, `down`, `page_up`, `page_down`."""
        picking = self.query_one(Picking)
        if how == "up":
            picking.action_cursor_up()
        elif how == "down":
            picking.action_cursor_down()
        else:
            self.call_next(picking.run_action, how)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Say that a line was clicked."""
        event.stop()
        self.post_message(self.Chosen(self._lines[event.option_index].key))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Say that the bar has moved."""
        event.stop()
        if self.key != self._was_at:
            self._was_at = self.key
            self.post_message(self.Moved())

    def _draw(self) -> None:
        picking = self.query_one(Picking)
        self._drawn_for = self.size.width
        room = self.size.width - 3  # two of padding, one for the scrollbar
        shown = [n for n, one in enumerate(self._columns) if room >= one.since]
        fixed = sum(self._columns[n].width for n in shown) + len(_GAP) * (len(shown) - 1)
        widths = {n: self._columns[n].width or max(room - fixed, 8) for n in shown}
        titles = tuple(one.title for one in self._columns)
        self.query_one(".head", Static).update(self._line(Line("", titles), widths))
        at = picking.highlighted
        picking.set_options(Option(self._line(one, widths), disabled=one.fixed) for one in self._lines)
        if at is not None and at < len(self._lines):
            picking.highlighted = at

    def _line(self, line: Line, widths: dict[int, int]) -> Content:
        cells = [
            _fit(line.cells[n] if n < len(line.cells) else "", width, right=self._columns[n].right)
            for n, width in widths.items()
        ]
        whole = Content(_GAP).join(cells)
        return whole.stylize_before("$dim") if line.dim else whole


def _fit(cell: Cell, width: int, *, right: bool) -> Content:
    content = cell if isinstance(cell, Content) else Content(clean_line(cell))
    content = content.truncate(width, ellipsis=True)
    gap = max(width - content.cell_length, 0)
    return content.pad_left(gap) if right else content.pad_right(gap)
