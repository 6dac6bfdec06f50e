"""Two small questions that any screen may ask: yes or no, and one line of text.

What follows from an answer is for whoever asked; nothing is decided or changed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from tui_delegate.core.clean import clean, clean_line
from tui_delegate.tui.commands import Command, bindings
from tui_delegate.tui.screens.box import Box
from tui_delegate.tui.widgets.foot import Foot
from tui_delegate.tui.widgets.obeying import TypedLine

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType


class Confirm(Box[bool]):
    """Asks yes or no. Enter is no answer to it: what it asks about can't be undone."""

    commands: ClassVar[tuple[Command, ...]] = (
        Command("confirm.yes", "Yes", "Do it.", "y", label="yes"),
        Command("confirm.no", "No", "Leave it as it is.", "n,escape", label="no"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(commands, "confirm")]

    def __init__(self, question: str, yes: str = "yes", no: str = "no") -> None:
        super().__init__()
        self._question = clean(question)
        self._words = {"confirm.yes": clean_line(yes, 30), "confirm.no": clean_line(no, 30)}

    def compose(self) -> ComposeResult:
        """Lay out the question and its two keys."""
        with Vertical():
            yield Static(Content(self._question), markup=False)
            yield Foot(self.commands, words=self._words)

    def action_confirm_yes(self) -> None:
        """Answer yes."""
        self.dismiss(True)

    def action_confirm_no(self) -> None:
        """Answer no."""
        self.dismiss(False)


class AskLine(Box[str | None]):
    """Asks for one line of text; None: the person went back."""

    commands: ClassVar[tuple[Command, ...]] = (
        Command("line.take", "Take this line", "Use what is typed.", "enter", first=True, label="ok"),
        Command("line.back", "Go back", "Leave it as it is.", "escape", label="back"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(commands, "line")]

    def __init__(self, question: str, value: str = "", hint: str = "") -> None:
        super().__init__()
        self._question = clean(question)
        self._value = clean_line(value, 1000)
        self._hint = clean(hint)

    def compose(self) -> ComposeResult:
        """Lay out the question, the line and its keys."""
        with Vertical():
            yield Static(Content(self._question), markup=False)
            yield TypedLine(self._value, select_on_focus=False, compact=True)
            if self._hint:
                yield Static(Content(self._hint), markup=False, classes="hint")
            yield Foot(self.commands)

    def action_line_take(self) -> None:
        """Give what is typed, once all of it stands there."""
        self.query_one(Input).call_later(self._take)

    def _take(self) -> None:
        self.dismiss(self.query_one(Input).value.strip())

    def action_line_back(self) -> None:
        """Give nothing."""
        self.dismiss(None)
