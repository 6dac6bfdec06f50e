"""What the tests of screens stand on: a small app that remembers what came of the screen upon it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.app import ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Static

from tui_delegate.tui.stage import Stage
from tui_delegate.tui.themes import DEFAULT, Themes

SIZES = ((80, 24), (120, 40), (220, 60))


class Standing(Stage):
    """An app with one screen upon it."""

    def __init__(self, upon: Callable[[], Screen[Any]], themes: Themes | None = None) -> None:
        super().__init__()
        self.themes = themes or Themes()
        self.upon = upon
        self.results: list[object] = []
        self.heard: list[Message] = []

    def compose(self) -> ComposeResult:
        yield Static("what stands behind")

    def on_mount(self) -> None:
        self.themes.put_on(self, DEFAULT)
        self.push_screen(self.upon(), self.results.append)


def seen(pilot: Pilot[Any]) -> str:
    """All that is on the screen, as text."""
    return "\n".join(lines(pilot))


def lines(pilot: Pilot[Any]) -> list[str]:
    """The rows of the screen, as text."""
    strips = pilot.app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip) for strip in strips]
