"""One call of the ledger, all that is known of it, and the tokens of its place in the run."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui_delegate.core.clean import clean_line
from tui_delegate.journal.export import entry
from tui_delegate.tui.commands import Command, bindings
from tui_delegate.tui.figures import UNKNOWN
from tui_delegate.tui.screens.box import Box
from tui_delegate.tui.widgets.foot import Foot
from tui_delegate.tui.widgets.ledger_columns import TONES, call_columns, delegation_columns

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from tui_delegate.journal.browse import Delegation
    from tui_delegate.journal.ledger import Call

COMMANDS = (
    Command("ledger-call.copy", "Copy this call", "As one JSON object.", "y", label="copy"),
    Command("ledger-call.close", "Close the call", "Back to the table.", "escape,q,enter", label="back"),
)


class CallScreen(Box[None]):
    """Shows one call."""

    commands: ClassVar[tuple[Command, ...]] = COMMANDS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(COMMANDS, "ledger-call")]
    DEFAULT_CSS = """
    CallScreen > Vertical { width: 78; height: 94%; max-height: 42; }
    CallScreen VerticalScroll { height: 1fr; margin-top: 1; scrollbar-size-vertical: 1; }
    """

    def __init__(self, call: Call, delegation: Delegation | None) -> None:
        super().__init__()
        self._shown = call
        self._delegation = delegation

    def compose(self) -> ComposeResult:
        """Lay the figures out."""
        call = self._shown
        with Vertical():
            yield Static(
                f"{clean_line(call.agent) or UNKNOWN} · {clean_line(call.model)}",
                classes="title",
                markup=False,
            )
            with VerticalScroll():
                yield Static(figures_of(call, self._delegation), markup=False)
            yield Foot(COMMANDS)

    def action_ledger_call_copy(self) -> None:
        """Copy the call as other tools read it."""
        self.app.copy_to_clipboard(json.dumps(entry(self._shown)))
        self.notify("The call is copied.", markup=False)

    def action_ledger_call_close(self) -> None:
        """Go back."""
        self.dismiss(None)


def figures_of(call: Call, delegation: Delegation | None) -> Content:
    """Write every figure of a call under its name, and those of its place."""
    lines: list[tuple[str, str, str]] = []
    if delegation is not None:
        written = {column.head.key: column.write(delegation) for column in delegation_columns()}
        own, below, both = (written[key] for key in ("own", "delegated", "total"))
        lines.append(("this place", f"own {own}   delegated {below}   total {both} tokens", ""))
    for column in call_columns():
        head = column.head
        if head.key == "time":
            text, tone = time.strftime("%H:%M:%S", time.localtime(call.at)), ""
        else:
            text, tone = column.cell(call)
        lines.append((head.help or head.title, text, tone))
    lines.append(("prices a million", _prices(call), ""))
    parts: list[str | tuple[str, str]] = []
    for name, text, tone in lines:
        parts += [(f"{name:<24}", "$dim"), (text, f"${tone}") if tone in TONES.values() else text, "\n"]
    return Content.assemble(*parts[:-1])


def _prices(call: Call) -> str:
    if call.price_source is None:
        return UNKNOWN
    named = (("in", call.price_input), ("cached", call.price_cached), ("out", call.price_output))
    return "   ".join(f"{name} {UNKNOWN if price is None else f'${price:g}'}" for name, price in named)
