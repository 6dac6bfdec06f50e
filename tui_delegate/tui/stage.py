"""What every app of ours stands on: the names of colours that style sheets may use, and nothing else.

The app itself and each test's own small app are made from it.
"""

from __future__ import annotations

from typing import Final

from textual.app import App

from tui_delegate.tui.commands import read_alt_digits

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

    def on_load(self) -> None:
        """Read keys as they are meant."""
        read_alt_digits()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give every name that a style sheet of ours may use."""
        return dict(TONES)
