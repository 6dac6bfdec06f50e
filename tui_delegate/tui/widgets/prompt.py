"""The prompt: where a person writes, completes, looks for what was written before, and sends.

It posts what is to be done and does none of it: no run, no queue and no command is known here.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar, Final

from rich.cells import cell_len
from textual import on
from textual.actions import SkipAction
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import var
from textual.widgets import Static, TextArea

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InputError
from tui_delegate.core.records import dataclass
from tui_delegate.tui.commands import Command, bindings
from tui_delegate.tui.editor import edit_text
from tui_delegate.tui.history import Stroll
from tui_delegate.tui.reader import mend_reader
from tui_delegate.tui.widgets.completion import FileNames, SlashWords, read_slash
from tui_delegate.tui.widgets.hint_line import HintLine
from tui_delegate.tui.widgets.line_editor import LineEditor, typable
from tui_delegate.tui.widgets.menu import Menu
from tui_delegate.tui.widgets.prompt_lists import MENU_COMMANDS, PromptField
from tui_delegate.tui.widgets.queue_strip import QueueStrip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from tui_delegate.tui.history import PromptHistory
    from tui_delegate.tui.widgets.completion import NameSource, Slash

MARK: Final = "❯ "
SEARCH_MARK: Final = "search ❯ "
__all__ = ["COMMANDS", "MENU_COMMANDS", "PromptBar"]

COMMANDS: Final = (
    Command(
        "prompt.send", "Send the prompt", "Send it; while a run is at work it waits for its end.", "enter"
    ),
    Command("prompt.newline", "New line in the prompt", "Begin a new line.", "shift+enter,ctrl+j"),
    Command("prompt.steer", "Steer now", "Give it to the manager at its next step, not after.", "alt+enter"),
    Command("prompt.older", "Earlier prompt", "From the first row, show the prompt before.", "up"),
    Command(
        "prompt.newer", "Later prompt", "From the last row, show the next one, at last the draft.", "down"
    ),
    Command("prompt.history", "Search earlier prompts", "Find a prompt by a few of its letters.", "ctrl+r"),
    Command("prompt.editor", "Write in your editor", "Open the draft in $VISUAL or $EDITOR.", "ctrl+g"),
    Command("prompt.clear", "Clear the prompt", "Take the draft away; ^y brings it back.", "ctrl+c"),
    Command(
        "prompt.take-back", "Take back a queued prompt", "Put the last one back into the prompt.", "alt+up"
    ),
    Command("prompt.unqueue", "Drop a queued prompt", "Drop the last one that waits; ^y brings it back."),
)


class PromptBar(Vertical):
    """The line at the foot of the screen, and what opens over it."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(COMMANDS, "prompt")]
    DEFAULT_CSS = """
    PromptBar {
        width: 100%;
        height: auto;
        & > Horizontal { width: 100%; height: auto; padding: 0 1; }
        & #prompt-mark { width: auto; height: 1; color: $accent; text-style: bold; }
        &.-busy #prompt-mark { color: $live; }
    }
    """

    busy: var[bool] = var(False, toggle_class="-busy")
    """Whether a run is at work."""
    hints: var[tuple[str, ...]] = var(())
    """What keys do here, the most useful first; as many are shown as there is room for."""
    busy_hints: var[tuple[str, ...]] = var(())
    """The same while a run is at work; empty: no other."""
    placeholder: var[str] = var("")

    @dataclass
    class Submitted(Message):
        """A prompt for the manager, now or after this run."""

        text: str

    @dataclass
    class Steered(Message):
        """A prompt for the manager's next step."""

        text: str

    @dataclass
    class Slashed(Message):
        """A command that there is, and what stood behind it."""

        word: str
        rest: str

    @dataclass
    class TakenBack(Message):
        """A queued prompt stands in the prompt again: it waits no more."""

        index: int

    @dataclass
    class Unqueued(Message):
        """A queued prompt was dropped."""

        index: int

    @dataclass
    class _Named(Message):
        source: NameSource
        files: FileNames

    def __init__(
        self,
        *,
        history: PromptHistory | None = None,
        files: NameSource | None = None,
        commands: Sequence[Slash] = (),
        placeholder: str = "",
    ) -> None:
        super().__init__()
        mend_reader()
        self._field = PromptField()
        self._field.holder = self
        self._menu = self._field.menu
        self._lists = self._field.lists
        self._lists.asks_names = self._read_names
        self._strip = QueueStrip()
        self._mark = Static(MARK, id="prompt-mark", markup=False)
        self._hint_line = HintLine()
        self._history = history
        self._source: NameSource | None = None
        self._stroll: Stroll | None = None
        self.set_commands(commands)
        self.set_files(files)
        self.set_reactive(PromptBar.placeholder, placeholder)

    def compose(self) -> ComposeResult:
        """Lay the list and the queue over the line itself."""
        yield self._menu
        yield self._strip
        with Horizontal():
            yield self._mark
            yield self._field
            yield self._hint_line

    def on_mount(self) -> None:
        """Follow what is set from outside."""
        for shown in ("busy", "hints", "busy_hints", "placeholder"):
            self.watch(self, shown, self._dress)

    # What the screen uses.

    @property
    def draft(self) -> str:
        """What was written and not sent, whatever is shown meanwhile."""
        if self._lists.stashed is not None:
            return self._lists.stashed
        if self._stroll and self._stroll.shown == self._field.text:
            return self._stroll.draft
        return self._field.text

    @draft.setter
    def draft(self, text: str) -> None:
        self._lists.leave_search()
        self._stroll = None
        self._write_quietly(text)

    @property
    def queued(self) -> tuple[str, ...]:
        """The prompts that wait, the next one first."""
        return self._strip.waiting

    @queued.setter
    def queued(self, waiting: Sequence[str]) -> None:
        self._strip.show(waiting)

    @property
    def field(self) -> LineEditor:
        """What takes the focus."""
        return self._field

    def set_commands(self, commands: Sequence[Slash]) -> None:
        """Say which words after `/` are commands."""
        self._lists.words = SlashWords(commands)

    def set_files(self, source: NameSource | None) -> None:
        """Say where the names of files come from."""
        self._source = source
        self._lists.files = FileNames() if source else None

    def set_history(self, history: PromptHistory | None) -> None:
        """Say where earlier prompts are."""
        self._history, self._stroll = history, None

    def insert(self, text: str) -> None:
        """Put a text in where the cursor is."""
        self._field.paste(text)

    def focus(self, scroll_visible: bool = True) -> PromptBar:
        """Give the focus to what is written in."""
        self._field.focus(scroll_visible)
        return self

    # What the keys do.

    def action_prompt_send(self) -> None:
        """Send, or run the command that stands here."""
        self._send(self.Submitted)

    def action_prompt_steer(self) -> None:
        """Send for the manager's next step."""
        self._send(self.Steered)

    def action_prompt_newline(self) -> None:
        """Begin a new line."""
        if self._lists.stashed is None:
            self._field.paste("\n")

    def action_prompt_older(self) -> None:
        """Show the prompt before; the draft is kept."""
        if self._history is None:
            raise SkipAction
        if self._stroll is None or self._stroll.shown != self._field.text:
            self._stroll = Stroll([typable(text) for text in self._history.texts()], self._field.text)
        if (text := self._stroll.older()) is not None:
            self._write_quietly(text, at_end=False)

    def action_prompt_newer(self) -> None:
        """Show the prompt after, at last the draft."""
        if self._stroll is None or self._stroll.shown != self._field.text:
            raise SkipAction
        if (text := self._stroll.newer()) is not None:
            self._write_quietly(text, at_end=True)

    def action_prompt_history(self) -> None:
        """Search the history; once more: the next older one that fits."""
        if self._history is None:
            raise SkipAction
        if self._lists.stashed is not None:
            self._menu.move(1)
            return
        self._lists.search([typable(text) for text in self._history.texts()], self.draft)
        self._stroll = None
        self._dress()
        self._field.focus()

    def action_prompt_editor(self) -> None:
        """Write in the person's own editor."""
        self._lists.leave_search()
        self.run_worker(self._edit_outside(), group="editor", exclusive=True)

    def action_prompt_clear(self) -> None:
        """Take the draft away; where there is none, or something is selected, the key is another's."""
        if not self._field.text or self._field.selected_text or self.screen.get_selected_text():
            raise SkipAction
        self._field.keep_and_clear()
        self._stroll = None

    def action_prompt_take_back(self) -> None:
        """Put the last queued prompt back into the prompt."""
        if not self.queued:
            raise SkipAction
        self._take_back(len(self.queued) - 1)

    def action_prompt_unqueue(self) -> None:
        """Drop the last queued prompt."""
        if self.queued:
            self._drop(len(self.queued) - 1)

    # What is told from below.

    @on(TextArea.Changed)
    @on(TextArea.SelectionChanged)
    def _look_again(self) -> None:
        self._lists.look()
        self._dress()

    @on(_Named)
    def _names_came(self, event: _Named) -> None:
        event.stop()
        if self._source is event.source:
            self._lists.files = event.files
            self._lists.look()

    @on(Menu.Picked)
    def _picked(self, event: Menu.Picked) -> None:
        event.stop()
        self._menu.mark(event.at)
        self._lists.take()
        self._field.focus()

    @on(QueueStrip.Chosen)
    def _chosen(self, event: QueueStrip.Chosen) -> None:
        event.stop()
        (self._drop if event.drop else self._take_back)(event.index)
        self._field.focus()

    def on_resize(self) -> None:
        """Show as many hints as there is room for."""
        self._dress()

    # How it is done.

    def _send(self, message: type[Submitted] | type[Steered]) -> None:
        """Send what stands here; a command goes where commands go, and an unknown one nowhere."""
        if self._lists.stashed is not None:
            return
        text = self._field.text
        if not text.strip():
            return
        if line := read_slash(text):
            if not self._lists.words.has(line.word):
                self.notify(self._lists.words.unknown(line.word), severity="warning", markup=False)
                return
            self.post_message(self.Slashed(line.word, line.rest))
        else:
            self.post_message(message(text.strip()))
        self._keep(text.rstrip())
        self._stroll = None
        self._field.load_text("")

    def _keep(self, text: str) -> None:
        if self._history is not None:
            trouble = self._history.trouble
            self._history.add(text)
            if self._history.trouble and self._history.trouble != trouble:
                self.notify(clean_line(self._history.trouble), severity="warning", markup=False)

    def _write_quietly(self, text: str, *, at_end: bool = True) -> None:
        self._field.write(text, at_end=at_end)
        self._lists.look()
        self._lists.close()

    def _take_back(self, index: int) -> None:
        """Put a queued prompt before the draft, which stays."""
        self._lists.leave_search()
        text, draft = typable(self.queued[index]), self._field.text
        self._field.write(f"{text}\n{draft}" if draft.strip() else text)
        self._forget(index)
        self.post_message(self.TakenBack(index))

    def _drop(self, index: int) -> None:
        self._field.ring.kill(typable(self.queued[index]))
        self._forget(index)
        self.post_message(self.Unqueued(index))

    def _forget(self, index: int) -> None:
        self.queued = (*self.queued[:index], *self.queued[index + 1 :])

    async def _edit_outside(self) -> None:
        try:
            text = await edit_text(self.app, self._field.text, os.environ)
        except InputError as error:
            said = f"{error.message} {error.hint}".strip()
            self.notify(clean_line(said, 300), severity="warning", markup=False)
        else:
            if text != self._field.text:
                self._field.write(text)
        self._field.focus()

    def _read_names(self) -> None:
        """Look for files in a thread; what is known already comes at once."""
        source = self._source
        if source is None:
            return

        def read() -> None:
            for names in source.read():
                self.post_message(self._Named(source, FileNames(names)))

        self.run_worker(read, thread=True, group="names", exclusive=True)

    def _dress(self) -> None:
        """Put the mark, the placeholder and the hints that fit beside the text."""
        if not self.is_mounted:
            return
        searching = self._lists.stashed is not None
        self._mark.update(SEARCH_MARK if searching else MARK)
        said = "a few letters of an earlier prompt" if searching else self.placeholder
        if self._field.placeholder != (content := Content(clean_line(said))):
            self._field.placeholder = content
        text = self._field.text or said
        taken = self.size.width if "\n" in text else cell_len(text) + cell_len(MARK) + 4
        hints = (self.busy_hints if self.busy else ()) or self.hints
        self._hint_line.fit(() if searching else hints, self.size.width - taken)
