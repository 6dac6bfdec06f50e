"""Two small questions that any screen may ask: yes or no, and one line of text.

What follows from an answer is for whoever asked; nothing is decided or changed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui_delegate.core.clean import clean, clean_line
from tui_delegate.tui.commands import Command, bindings

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.screen import Screen

_BOX = """
    align: center middle;
    & > Vertical {
        width: 72; max-width: 90%; height: auto; max-height: 90%;
        background: $panel; padding: 1 2; border-left: outer $accent;
    }
    & Static { width: 1fr; height: auto; }
    & .keys { color: $dim; margin-top: 1; }
    & .hint { color: $dim; margin-top: 1; }
"""


class Confirm(ModalScreen[bool]):
    """Asks yes or no. Enter is no answer to it: what it asks about can't be undone."""

    DEFAULT_CSS = f"Confirm {{ {_BOX} }}"
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
            yield Static(key_line(self, self.commands, self._words), markup=False, classes="keys")

    def action_confirm_yes(self) -> None:
        """Answer yes."""
        self.dismiss(True)

    def action_confirm_no(self) -> None:
        """Answer no."""
        self.dismiss(False)


class AskLine(ModalScreen[str | None]):
    """Asks for one line of text; None: the person went back."""

    DEFAULT_CSS = f"""AskLine {{ {_BOX}
        & Input {{ height: 1; padding: 0 1; margin-top: 1; background: $surface; }}
    }}"""
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
            yield Input(self._value, select_on_focus=False, compact=True)
            if self._hint:
                yield Static(Content(self._hint), markup=False, classes="hint")
            yield Static(key_line(self, self.commands), markup=False, classes="keys")

    def action_line_take(self) -> None:
        """Give what is typed."""
        self.dismiss(self.query_one(Input).value.strip())

    def action_line_back(self) -> None:
        """Give nothing."""
        self.dismiss(None)


def key_line(
    screen: Screen[Any], commands: tuple[Command, ...], words: dict[str, str] | None = None
) -> Content:
    """Write the keys of the commands that have a label, as they are mapped now."""
    keys: dict[str, str] = {}
    for _, binding in screen._bindings:
        if binding.id:
            keys.setdefault(binding.id, screen.app.get_key_display(binding))
    # Spaces that don't break keep a key beside its word.
    parts = [
        Content.assemble(
            (keys[one.id].replace(" ", "\xa0"), "$foreground"),
            "\xa0",
            (words or {}).get(one.id, one.label).replace(" ", "\xa0"),
        )
        for one in commands
        if one.label and one.id in keys
    ]
    return Content("   ").join(parts)
