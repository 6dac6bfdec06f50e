"""What every app of ours stands on: names of colours for style sheets, and what the terminal asks of any app.

The app itself and each test's own small app are made from it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from textual.app import App

from tui_delegate.tui.keys import shown
from tui_delegate.tui.plain import PlainSigns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.await_complete import AwaitComplete
    from textual.binding import Binding
    from textual.driver import Driver
    from textual.filter import LineFilter

TONES: Final = {
    "dim": "#9aa3ad",
    "line": "#3a4048",
    "ok": "#7fc98f",
    "warn": "#e0b05c",
    "bad": "#ee7f7f",
    "live": "#74b6f2",
    "think": "#c39bea",
}
"""The names that a theme gives beside Textual's own, with what they are where a theme is silent."""


class Stage(App[int]):
    """An app whose style sheets know our names of colours."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, *, ansi_color: bool | None = None, driver: type[Driver] | None = None) -> None:
        # Told now: only an app that begins with the terminal's own colours leaves all colour out later.
        super().__init__(driver_class=driver, ansi_color=True if os.environ.get("NO_COLOR") else ansi_color)
        self._plain_signs = PlainSigns(enabled=False)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Have every line drawn in plain signs, where a person wants that."""
        found = super().get_line_filters()
        return [*found, self._plain_signs] if self._plain_signs.enabled else found

    def sign_plainly(self, wanted: bool) -> None:
        """Draw in plain signs from now on, or no more."""
        if wanted != self._plain_signs.enabled:
            self._plain_signs.enabled = wanted
            for screen in self.screen_stack if self.is_running else ():
                for widget in screen.walk_children(with_self=True):
                    widget.refresh()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave every key to a screen that waits for one."""
        return not any(getattr(screen, "TAKES_ALL_KEYS", False) for screen in self.screen_stack[-1:])

    def get_key_display(self, binding: Binding) -> str:
        """Write a key as help does."""
        return shown(binding.key)

    def pop_screen(self) -> AwaitComplete:
        """Close the screen on top, after ending what it waits for: that would find no widgets."""
        self.workers.cancel_node(self.screen)
        return super().pop_screen()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give every name that a style sheet of ours may use."""
        return dict(TONES)
