"""The main screen put together. What it shows and what each command does is in the files beside this one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tui_delegate.tui.commands import bindings
from tui_delegate.tui.screens.main.commands import COMMANDS
from tui_delegate.tui.screens.main.keeping import KeepingActions
from tui_delegate.tui.screens.main.view import NARROW
from tui_delegate.tui.widgets.chat import WALK
from tui_delegate.tui.widgets.keys import ANYWHERE

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.dom import DOMNode

    from tui_delegate.tui.commands import Command


class MainScreen(KeepingActions):
    """The chat, the workers, the ledger's strip, the prompt."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(COMMANDS, "main"),
        *bindings(ANYWHERE, "workers"),
        *bindings(ANYWHERE, "pane"),
        *bindings(WALK, "chat"),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-normal"), (180, "-wide")]  # noqa: RUF012 - so in Textual

    def on_mount(self) -> None:
        """Paint first, then open the rest."""
        self.lay_out()
        self.bar.focus()
        self.bar.hints = (
            self.key_hint("app.palette", "commands"),
            self.key_hint("app.help", "help"),
        )
        self.bar.busy_hints = (
            self.key_hint("main.stop", "stops"),
            self.key_hint("prompt.steer", "steers now"),
            "enter queues",
        )
        self.call_after_refresh(self.run_worker, self.open_house, group="house")

    def who_does(self, command: Command) -> DOMNode:
        """Give what carries a command out: the prompt has its own, all others are this screen's."""
        return self.bar if command.part == "prompt" else self

    def on_screen_resume(self) -> None:
        """Show what came while another screen was in front."""
        self.side.wake()
        self.clock.seen(self.chat)
        self.clock.touch(self)

    def on_resize(self) -> None:
        """Give every part the room that there is now."""
        self.lay_out()
