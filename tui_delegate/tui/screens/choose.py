"""Puts a few ways to go on before a person. What each of them does is its caller's."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui_delegate.core.clean import clean, clean_line
from tui_delegate.tui.commands import Command, bindings
from tui_delegate.tui.screens.box import Box
from tui_delegate.tui.widgets.foot import Foot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

COMMANDS: Final = (
    Command("choose.cancel", "Leave it", "Close without a choice.", "escape", label="leave it"),
)


class Choose(Box[str]):
    """A question and its answers, each a name, a title and a line of help. Empty: the person left it."""

    commands: ClassVar[tuple[Command, ...]] = COMMANDS
    BINDINGS = bindings(COMMANDS, "choose")
    DEFAULT_CSS = "Choose OptionList { max-height: 16; }"

    def __init__(self, question: str, answers: Sequence[tuple[str, str, str]]) -> None:
        super().__init__()
        self._question, self._answers = question, answers

    def compose(self) -> ComposeResult:
        """The question, the answers, the keys."""
        with Vertical():
            yield Static(clean(self._question), markup=False)
            yield OptionList(
                *(
                    Option(
                        Content.assemble(
                            clean_line(title), (f"  {clean_line(more)}" if more else "", "$dim")
                        ),
                        id=name,
                    )
                    for name, title, more in self._answers
                )
            )
            yield Foot(self.commands, ("enter", "take it"))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the answer."""
        self.dismiss(event.option.id or "")

    def action_choose_cancel(self) -> None:
        """Close without one."""
        self.dismiss("")
