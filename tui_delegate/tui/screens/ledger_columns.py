"""Chooses the ledger's columns and their order. What comes of it is a spec: keys with commas between."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static

from tui_delegate.tui.commands import Command, bindings
from tui_delegate.tui.screens.box import Box
from tui_delegate.tui.widgets.foot import Foot
from tui_delegate.tui.widgets.ledger_columns import call_columns

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

COMMANDS = (
    Command(
        "ledger-columns.toggle", "Show or hide a column", "Show or hide it.", "space", label="show or hide"
    ),
    Command(
        "ledger-columns.up",
        "Move a column to the left",
        "It changes places.",
        "alt+up,K",
        label="to the left",
    ),
    Command(
        "ledger-columns.down",
        "Move a column to the right",
        "It changes places.",
        "alt+down,J",
        label="to the right",
    ),
    Command(
        "ledger-columns.default",
        "The usual columns",
        "As at the beginning.",
        "d",
        label="as at the beginning",
    ),
    Command(
        "ledger-columns.take", "Take these columns", "And go back.", "enter", first=True, label="take them"
    ),
    Command(
        "ledger-columns.close", "Leave the columns as they were", "And go back.", "escape", label="leave"
    ),
)


class ColumnsScreen(Box[str | None]):
    """Gives the spec, empty for the usual columns, or None."""

    commands: ClassVar[tuple[Command, ...]] = COMMANDS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(COMMANDS, "ledger-columns")]
    DEFAULT_CSS = """
    ColumnsScreen > Vertical { width: 64; height: 94%; max-height: 42; }
    ColumnsScreen OptionList, ColumnsScreen OptionList:focus { height: 1fr; }
    """

    def __init__(self, spec: str, usual: str) -> None:
        super().__init__()
        self._usual = usual
        self._put(spec)

    def compose(self) -> ComposeResult:
        """Lay the list out."""
        with Vertical():
            yield Static("columns", classes="title", markup=False)
            yield OptionList(markup=False)
            yield Foot(COMMANDS)

    def on_mount(self) -> None:
        """Fill the list."""
        self._fill(0)

    def action_ledger_columns_toggle(self) -> None:
        """Show or hide the column under the cursor."""
        place = self._place
        key = self._keys[place]
        self._shown ^= {key}
        self._fill(place)

    def action_ledger_columns_up(self) -> None:
        """Move the column before the one that is before it."""
        self._move(-1)

    def action_ledger_columns_down(self) -> None:
        """Move the column behind the one that is behind it."""
        self._move(1)

    def action_ledger_columns_default(self) -> None:
        """Go back to the usual ones."""
        self._put("")
        self._fill(0)

    def action_ledger_columns_take(self) -> None:
        """Give the spec, empty for the usual columns; without a column nothing changes."""
        spec = ",".join(key for key in self._keys if key in self._shown)
        self.dismiss("" if spec == self._usual else spec or None)

    def action_ledger_columns_close(self) -> None:
        """Leave all as it was."""
        self.dismiss(None)

    @property
    def _list(self) -> OptionList:
        return self.query_one(OptionList)

    @property
    def _place(self) -> int:
        return self._list.highlighted or 0

    def _put(self, spec: str) -> None:
        self._heads = {column.head.key: column.head for column in call_columns()}
        named = [key for key in dict.fromkeys(spec.split(",")) if key in self._heads]
        shown = named or self._usual.split(",")
        self._shown = set(shown)
        self._keys = [*shown, *(key for key in self._heads if key not in self._shown)]

    def _move(self, step: int) -> None:
        place = self._place
        other = place + step
        if 0 <= other < len(self._keys):
            self._keys[place], self._keys[other] = self._keys[other], self._keys[place]
            self._fill(other)

    def _fill(self, place: int) -> None:
        options = self._list
        options.clear_options()
        options.add_options([self._line(key) for key in self._keys])
        options.highlighted = place

    def _line(self, key: str) -> Content:
        head = self._heads[key]
        mark = "[x]" if key in self._shown else "[ ]"
        return Content.assemble(f"{mark} {head.title:<16}", (head.help, "$dim"))
