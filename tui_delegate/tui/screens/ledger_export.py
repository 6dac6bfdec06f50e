"""Asks where an export of the ledger goes. It writes nothing: what it gives is a place and a form."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.containers import Vertical
from textual.widgets import Input, Static

from tui_delegate.core.clean import clean_line
from tui_delegate.journal.export import FORMS
from tui_delegate.tui.commands import Command, bindings
from tui_delegate.tui.screens.box import Box
from tui_delegate.tui.widgets.foot import Foot
from tui_delegate.tui.widgets.obeying import TypedLine

if TYPE_CHECKING:
    from pathlib import Path

    from textual.app import ComposeResult
    from textual.binding import BindingType

COMMANDS = (
    Command("ledger-export.write", "Write the export", "To this file.", "enter", first=True, label="write"),
    Command(
        "ledger-export.form", "CSV or JSONL", "Change the form.", "tab", first=True, label="csv or jsonl"
    ),
    Command("ledger-export.close", "Write nothing", "And go back.", "escape", label="leave"),
)


class Target(NamedTuple):
    """Where an export goes."""

    path: Path
    form: str
    replace: bool


class ExportScreen(Box[Target | None]):
    """Gives a target, or None."""

    commands: ClassVar[tuple[Command, ...]] = COMMANDS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(COMMANDS, "ledger-export")]
    DEFAULT_CSS = "ExportScreen .said { color: $warn; }"

    def __init__(self, title: str, folder: Path, stem: str) -> None:
        super().__init__()
        self._heading = title
        self._folder = folder
        self._stem = stem
        self._asked: Path | None = None

    def compose(self) -> ComposeResult:
        """Lay the question out."""
        with Vertical():
            yield Static(clean_line(self._heading), classes="title", markup=False)
            yield TypedLine(f"{self._stem}.csv", select_on_focus=False)
            yield Static("", classes="said", markup=False)
            yield Foot(COMMANDS)

    def on_input_changed(self) -> None:
        """Forget what was said of another name."""
        self._say("")
        self._asked = None

    def action_ledger_export_form(self) -> None:
        """Change the name's ending."""
        field = self.query_one(Input)
        stem, dot, ending = field.value.rpartition(".")
        form = FORMS[(FORMS.index(ending) + 1) % len(FORMS)] if ending in FORMS else FORMS[0]
        field.value = f"{stem if dot else field.value}.{form}"
        field.cursor_position = len(field.value)

    def action_ledger_export_write(self) -> None:
        """Give the target once all of its name stands there."""
        self.query_one(Input).call_later(self._give)

    def _give(self) -> None:
        """Give the target, if it can be one; ask again before writing over a file."""
        path = self._folder / os.path.expanduser(self.query_one(Input).value.strip())
        form = path.suffix.removeprefix(".").lower()
        if form not in FORMS:
            self._say("The name ends in .csv or .jsonl: that says the form.")
        elif path.is_dir() or not path.parent.is_dir():
            self._say(f"There is no folder {path.parent}." if not path.is_dir() else f"{path} is a folder.")
        elif path.exists() and self._asked != path:
            self._asked = path
            self._say(f"{path} is there already. Enter again writes over it.")
        else:
            self.dismiss(Target(path, form, self._asked == path))

    def action_ledger_export_close(self) -> None:
        """Write nothing."""
        self.dismiss(None)

    def _say(self, text: str) -> None:
        self.query_one(".said", Static).update(clean_line(text, 400))
