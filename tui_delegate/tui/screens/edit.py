"""A text, opened for other words: a worker's result, a task, a prompt.

What is done with it is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static, TextArea

from tui_delegate.core.clean import clean_line, show_controls
from tui_delegate.tui.commands import Command, bindings
from tui_delegate.tui.screens.box import Box
from tui_delegate.tui.widgets.foot import Foot

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType


class EditScreen(Box[str | None]):
    """Gives the text as it was saved, or None where the person went back.

    Control characters are shown as signs. A text that was not changed comes back as it was given; in one that
    was changed the signs stay: what was seen is what is saved.
    """

    commands: ClassVar[tuple[Command, ...]] = (
        Command("edit.save", "Save", "Take the text as it stands.", "ctrl+s", first=True, label="save"),
        Command("edit.back", "Go back", "Leave the text as it was.", "escape", first=True, label="back"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(commands, "edit")]
    DEFAULT_CSS = """
    EditScreen {
        & > Vertical { width: 120; height: 36; }
        & .hint { margin-top: 0; }
        & TextArea, & TextArea:focus { height: 1fr; }
        & #warning { display: none; color: $warn; margin-top: 1; }
        &.-leaving #warning { display: block; }
    }
    """

    def __init__(self, title: str, text: str, *, hint: str = "") -> None:
        """`title` and `hint` are lines of ours or names from outside; both are cleaned."""
        super().__init__()
        self._heading = clean_line(title, 120)
        self._hint = clean_line(hint, 200)
        self._text = text
        self._shown = show_controls(text)
        self._left = False

    def compose(self) -> ComposeResult:
        """Lay out the title, the text and the keys."""
        with Vertical():
            yield Static(Content.styled(self._heading, "bold"), markup=False)
            if self._hint:
                yield Static(Content(self._hint), classes="hint", markup=False)
            yield TextArea(self._shown, compact=True, highlight_cursor_line=False)
            yield Static("It is not saved: the same key again drops it.", id="warning", markup=False)
            yield Foot(self.commands)

    def on_mount(self) -> None:
        """Begin at the text's start."""
        words = self.query_one(TextArea)
        self._shown = words.text  # its own line ends, so that only a person's change is one
        words.focus()

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Whoever goes on typing does not leave."""
        event.stop()
        self.remove_class("-leaving")

    def action_edit_save(self) -> None:
        """Give the text."""
        self._leave(self.query_one(TextArea).text if self._changed else self._text)

    def action_edit_back(self) -> None:
        """Give nothing; a text that was changed is dropped by the second key only."""
        if self._changed and not self.has_class("-leaving"):
            self.add_class("-leaving")
        else:
            self._leave(None)

    def _leave(self, text: str | None) -> None:
        """Give the text once: keys may be in line behind the one that gave it."""
        if not self._left:
            self._left = True
            self.dismiss(text)

    @property
    def _changed(self) -> bool:
        return self.query_one(TextArea).text != self._shown
