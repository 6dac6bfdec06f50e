"""The floor of the screen: a bare Textual app with three panes of text in the same layout, nothing behind it.

Nothing of the product may be imported here.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static


class Bare(App[None]):
    """Chat, workers and prompt, as texts."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar = [("ctrl+q", "quit", "Quit")]
    CSS = """
    #body { height: 1fr; }
    #chat { width: 1fr; padding: 1 2; }
    #workers { width: 1fr; padding: 1 2; border-left: solid $panel; }
    #prompt { height: 3; padding: 0 2; border-top: solid $panel; }
    """

    def compose(self) -> ComposeResult:
        with Horizontal(id="body"):
            yield Static("Nothing has been said yet.", id="chat", markup=False)
            yield Static("Workers appear here.", id="workers", markup=False)
        yield Static("Ask the manager", id="prompt", markup=False)


if __name__ == "__main__":
    Bare().run()
