"""Asks for one line of text. What it is for is its caller's."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui_delegate.core.clean import clean
from tui_delegate.tui.commands import Command, bindings

if TYPE_CHECKING:
    from textual.app import ComposeResult

COMMANDS: Final = (
    Command("ask.cancel", "Leave it", "Closes without an answer.", "escape"),
)


class Ask(ModalScreen[str | None]):
    """One question, one line. None: the person left it."""

    commands: ClassVar[tuple[Command, ...]] = COMMANDS
    BINDINGS = bindings(COMMANDS, "ask")
    DEFAULT_CSS = """
    Ask { align: center middle; }
    Ask > Vertical { width: 72; max-width: 96%; height: auto; background: $surface; padding: 1 2; }
    Ask .more { color: $dim; margin: 1 0 0 0; }
    Ask Input { margin: 1 0 0 0; }
    """

    def __init__(self, question: str, value: str = "", *, more: str = "enter takes it · esc leaves it") -> None:
        super().__init__()
        self._question, self._value, self._more = question, value, more

    def compose(self) -> ComposeResult:
        """The question, the line, the keys."""
        with Vertical():
            yield Static(clean(self._question), markup=False)
            yield Input(self._value, compact=True)
            yield Static(self._more, markup=False, classes="more")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the answer."""
        self.dismiss(event.value)

    def action_ask_cancel(self) -> None:
        """Close without one."""
        self.dismiss(None)
