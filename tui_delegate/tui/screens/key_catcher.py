"""Waits for one key, which becomes a command's. Whether the command can have it is not known here."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui_delegate.tui.commands import Command, bindings
from tui_delegate.tui.screens.box import Box
from tui_delegate.tui.widgets.foot import Foot

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType


class KeyCatcher(Box[str | None]):
    """Gives the key that was pressed, or None."""

    TAKES_ALL_KEYS: ClassVar[bool] = True
    """The app's own keys can be pressed here too, and do nothing else."""
    commands: ClassVar[tuple[Command, ...]] = (
        Command("catch.leave", "Leave the key", "Close without a new key.", "escape", label="leave it"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(commands, "catch")]

    def __init__(self, title: str) -> None:
        super().__init__()
        self._told = title

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with Vertical():
            yield Static(Content.assemble("Press the new key for: ", (self._told, "bold")))
            yield Foot((), ("esc", "leave it as it is"))

    def on_key(self, event: events.Key) -> None:
        """Take the key."""
        event.stop()
        event.prevent_default()
        self.dismiss(event.key)

    def action_catch_leave(self) -> None:
        """Leave it."""
        self.dismiss(None)
