"""The screen's driver where its terminal is a browser: Textual's own, for a process that a server started.

Named in `TEXTUAL_DRIVER` by `visitor`. What is drawn is not known here.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from textual import messages
from textual.drivers.web_driver import WebDriver

if TYPE_CHECKING:
    from textual.app import App


class Driver(WebDriver):
    """Ends the app when the server is gone, and keeps packets whole."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._write = self._write_whole  # type: ignore[assignment]  # it takes bytes as `os.write` does

    def start_application_mode(self) -> None:
        """Begin; the mouse is taken only where it is wanted."""
        super().start_application_mode()
        if not self._mouse:
            self._disable_mouse_support()

    def run_input_thread(self) -> None:
        """Read until stdin ends: nobody is there then, and the app has nothing to go on for."""
        super().run_input_thread()
        if not self.exit_event.is_set():
            self.send_message(messages.ExitApp())

    def _write_whole(self, raw: bytes) -> int:
        """Write all of it, also where a signal comes in between; with nobody there it goes nowhere."""
        left = memoryview(raw)
        try:
            while left:
                left = left[os.write(self.fileno, left) :]
        except OSError:
            pass
        return len(raw)
