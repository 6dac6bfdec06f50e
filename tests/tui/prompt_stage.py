"""A small screen with nothing but a prompt at its foot, which writes down what the prompt says.

`python -m tests.tui.prompt_stage` shows it in a terminal.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Static

from tui_delegate.corpus.names import NameShelf
from tui_delegate.tui.commands import Command
from tui_delegate.tui.history import PromptHistory
from tui_delegate.tui.stage import Stage
from tui_delegate.tui.widgets.completion import NameSource
from tui_delegate.tui.widgets.prompt import PromptBar

SLASHES = (
    Command("app.ledger", "Open the ledger", "All calls of today.", slash="ledger"),
    Command("app.model", "Pick a model", "For the manager or the workers.", slash="model"),
    Command("app.models", "List the models", "Of all servers.", slash="models"),
    Command("app.theme", "Change the theme", "Light, dark or your own.", slash="theme"),
)
HINTS = ("esc stop", "^p commands", "f1 help")
BUSY = ("esc stops", "enter queues", "alt+enter steers now")


class PromptStage(Stage):
    """Its log is what was posted, in order."""

    CSS = "#talk { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop"),
        Binding("alt+up", "pane_up"),
        Binding("ctrl+q", "quit"),
    ]

    def __init__(
        self,
        history: PromptHistory | None = None,
        files: NameSource | None = None,
        suspends: bool = False,
        slashes: Sequence[Command] = SLASHES,
    ) -> None:
        super().__init__()
        self.bar = PromptBar(
            history=history, files=files, commands=slashes, placeholder="Ask the manager; @ names a file"
        )
        self.bar.hints, self.bar.busy_hints = HINTS, BUSY
        self.posted: list[Message] = []
        self.stopped = 0
        self.suspends = suspends

    def compose(self) -> ComposeResult:
        yield Static("\n".join(f"line {n} of the talk" for n in range(60)), id="talk", markup=False)
        yield self.bar

    def on_mount(self) -> None:
        self.bar.focus()

    @property
    def text(self) -> str:
        return self.bar.field.text

    @property
    def said(self) -> list[str]:
        return [str(toast.message) for toast in self._notifications]

    @on(PromptBar.Submitted)
    @on(PromptBar.Steered)
    @on(PromptBar.Slashed)
    @on(PromptBar.TakenBack)
    @on(PromptBar.Unqueued)
    def _write_down(self, message: Message) -> None:
        self.posted.append(message)
        if isinstance(message, PromptBar.Submitted) and self.bar.busy:
            self.bar.queued = (*self.bar.queued, message.text)
        if isinstance(message, PromptBar.Slashed) and message.word == "theme":
            self.bar.busy = not self.bar.busy

    def action_stop(self) -> None:
        self.stopped += 1

    def action_pane_up(self) -> None:
        self.stopped += 100

    @contextmanager
    def suspend(self) -> Iterator[None]:
        if not self.suspends:
            with super().suspend():
                yield
        else:
            yield


if __name__ == "__main__":
    here = Path.cwd()
    PromptStage(PromptHistory(Path(sys.argv[1])), NameShelf(here)).run()
