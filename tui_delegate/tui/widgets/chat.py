"""The conversation with the manager: one exchange under the other, the tail followed until somebody scrolls.

It shows transcripts and says what a person wants; it sends nothing and keeps no conversation of its own.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Static

from tui_delegate.tui.commands import Command, bindings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.widget import Widget

    from tui_delegate.core.transcript import Transcript
    from tui_delegate.tui.clock import FrameClock
    from tui_delegate.tui.widgets.exchange import Exchange

COMMANDS: Final = (
    Command("chat.next", "Next message", "Marks the message below.", "j,alt+down"),
    Command("chat.previous", "Previous message", "Marks the message above.", "k,alt+up"),
    Command(
        "chat.edit",
        "Edit and resend",
        "Puts the marked prompt back into the prompt bar; what came after it is left behind.",
        "e",
        slash="edit",
    ),
    Command("chat.again", "Regenerate", "Asks the marked prompt once more.", "g", slash="again"),
    Command(
        "chat.fork", "Fork from here", "Goes on from the marked message in a new session.", "f", slash="fork"
    ),
    Command("chat.copy", "Copy the answer", "Copies the marked answer as Markdown.", "y", slash="copy"),
    Command(
        "chat.copy-code",
        "Copy a code block",
        "Copies the last code block of the answer; again, the one before.",
        "Y",
    ),
    Command(
        "chat.thinking", "Fold thinking", "Folds or unfolds what the manager thought.", "t", slash="thinking"
    ),
    Command("chat.open", "Go to its workers", "Shows the first worker of the marked message.", "enter"),
    Command("chat.end", "To the end", "Goes to the newest line and follows it.", "end"),
)
RATE: Final = 8.0
MOUNTED: Final = 12
"""Exchanges that stand as widgets; older ones come back on request."""


class Chat(VerticalScroll, can_focus=True):
    """What was said, newest at the bottom."""

    BINDINGS = bindings(COMMANDS, "chat", owner="screen")
    DEFAULT_CSS = """
    Chat { padding: 1 0 0 0; scrollbar-size-vertical: 1; background: $background; }
    Chat > .older { padding: 0 2; margin: 0 0 1 0; color: $dim; }
    Chat > .empty { padding: 1 2; color: $dim; }
    """

    class Below(Message):
        """Whether something new stands below what is in sight."""

        def __init__(self, waiting: bool) -> None:
            super().__init__()
            self.waiting = waiting

    def __init__(
        self, clock: FrameClock, *, id: str | None = None, wall: Callable[[], float] = time.time
    ) -> None:
        super().__init__(id=id)
        self._clock, self._wall = clock, wall
        self._runs: list[Transcript] = []
        self._shown: list[Exchange] = []
        self._older = Static("", markup=False, classes="older")
        self._empty = Static("", markup=False, classes="empty")
        self._forgets = 0
        self._below = False
        self.following = True
        """Whether the newest line is kept in sight, until somebody scrolls up."""
        self.current: Exchange | None = None

    def on_mount(self) -> None:
        """Put in place what stands where there is nothing to show."""
        self._older.display = False
        self.mount(self._older, self._empty)

    def invite(self, text: str) -> None:
        """Say what to do, while nothing has been said."""
        self._empty.update(text)
        self._empty.display = not self._runs

    def show(self, runs: Sequence[Transcript], forgets: int = 0) -> None:
        """Show a conversation; what stands already and is still part of it stays as it is."""
        kept = 0
        for before, now in zip(self._runs, runs, strict=False):
            if before is not now:
                break
            kept += 1
        gone = {id(one) for one in self._runs[kept:]}
        for exchange in [one for one in self._shown if id(one.transcript) in gone]:
            self._shown.remove(exchange)
            exchange.remove()
        first = not self._shown
        self._runs = list(runs)
        for transcript in self._runs[max(kept, len(self._runs) - MOUNTED) if first else kept :]:
            self._mount_exchange(transcript)
        self._prune()
        self._empty.display = not self._runs
        if self.current not in self._shown:
            self.mark(None)
        self.tell_forgotten(forgets)
        self.touch()

    def tell_forgotten(self, forgets: int) -> None:
        """Show which exchanges the manager is not told of any more."""
        self._forgets = forgets
        known = {id(one) for one in self._runs[:forgets]}
        for exchange in self._shown:
            exchange.mark_forgotten(id(exchange.transcript) in known)

    def show_older(self) -> None:
        """Bring back exchanges that stand above the oldest one."""
        hidden = len(self._runs) - len(self._shown)
        for transcript in reversed(self._runs[max(hidden - MOUNTED, 0) : hidden]):
            exchange = self._make(transcript)
            self._shown.insert(0, exchange)
            self.mount(exchange, after=self._older)
        self._tell_older()
        self.touch()

    @property
    def live(self) -> bool:
        """Whether an exchange is not drawn to its end."""
        return any(not one.ended for one in self._shown)

    @property
    def rate(self) -> float:
        """Draws a second: Markdown costs more than lines do."""
        return RATE if self.is_on_screen else 0.0

    def touch(self) -> None:
        """Have what is new drawn when its turn comes."""
        self._clock.touch(self)
        self._clock.want_beat(self)

    def beat(self) -> bool:
        """Draw the figures that tick; say whether there are any."""
        self._clock.touch(self)
        return self.live

    def flush(self) -> None:
        """Draw what has come since the last time."""
        now = self._wall()
        for exchange in self._shown:
            if not exchange.ended:
                exchange.draw(now)

    def mark(self, exchange: Exchange | None) -> None:
        """Make an exchange the one that keys act on; None: the last one, unmarked."""
        if self.current:
            self.current.remove_class("-current")
        self.current = exchange
        if exchange:
            exchange.add_class("-current")
            exchange.scroll_visible(animate=False, top=True)

    def step(self, by: int) -> None:
        """Mark the exchange above or below."""
        if not self._shown:
            return
        if self.current is None:
            place = len(self._shown) - 1 if by < 0 else 0
        else:
            place = min(max(self._shown.index(self.current) + by, 0), len(self._shown) - 1)
        self.mark(self._shown[place])

    @property
    def chosen(self) -> Exchange | None:
        """The exchange that keys act on: the marked one, else the last."""
        return self.current or (self._shown[-1] if self._shown else None)

    def number_of(self, exchange: Exchange) -> int:
        """Say how many runs stand before an exchange."""
        return next(place for place, one in enumerate(self._runs) if one is exchange.transcript)

    def to_end(self) -> None:
        """Go to the newest line and follow it."""
        self.mark(None)
        self.following = True
        self._follow()

    def find(self, words: str) -> list[Widget]:
        """Give the blocks that hold some words, from the top; mark them."""
        from textual.widgets.markdown import MarkdownBlock

        wanted = words.casefold()
        found: list[Widget] = []
        for block in self.query(MarkdownBlock):
            has = bool(wanted) and wanted in block._content.plain.casefold() and not block.children
            block.set_class(has, "-found")
            if has:
                found.append(block)
        return found

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Notice when somebody has come back to the tail."""
        super().watch_scroll_y(old_value, new_value)
        self.following = new_value >= self.max_scroll_y - 1
        self._tell_below()

    def watch_virtual_size(self) -> None:
        """Keep the tail in sight as it grows."""
        self._follow()

    def _follow(self) -> None:
        if self.following:
            self.scroll_end(animate=False, force=True)
        self._tell_below()

    def _tell_below(self) -> None:
        waiting = self.live and not self.following
        if waiting != self._below:
            self._below = waiting
            self.post_message(self.Below(waiting))

    def _mount_exchange(self, transcript: Transcript) -> None:
        exchange = self._make(transcript)
        self._shown.append(exchange)
        self.mount(exchange)

    def _make(self, transcript: Transcript) -> Exchange:
        """Make an exchange. What reads Markdown is loaded for the first one: the first picture has none."""
        from tui_delegate.tui.widgets.exchange import Exchange

        return Exchange(transcript)

    def _prune(self) -> None:
        """Take away the widgets of what is far above, unless somebody reads there."""
        while len(self._shown) > 2 * MOUNTED and self._shown[0].ended and self.following:
            self._shown.pop(0).remove()
        self._tell_older()

    def _tell_older(self) -> None:
        hidden = len(self._runs) - len(self._shown)
        self._older.display = hidden > 0
        self._older.update(f"↑ {hidden} older: click, or pgup at the top")
