"""The conversation with the manager: one exchange under the other, the tail followed until somebody scrolls.

It shows transcripts and says what a person wants; it sends nothing and keeps no conversation of its own.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from textual.containers import VerticalScroll
from textual.widgets import Static

from tui_delegate.core.records import dataclass, replace
from tui_delegate.tui.commands import Command, bindings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events

    from tui_delegate.core.transcript import Transcript
    from tui_delegate.tui.clock import FrameClock
    from tui_delegate.tui.widgets.answer import Answer
    from tui_delegate.tui.widgets.exchange import Exchange

COMMANDS: Final = (
    Command("chat.next", "Next message", "Mark the message below.", "j,alt+down"),
    Command("chat.previous", "Previous message", "Mark the message above.", "k,alt+up"),
    Command(
        "chat.edit",
        "Edit and resend",
        "Put the marked prompt back into the prompt bar; what came after it is left behind.",
        "e",
        slash="edit",
    ),
    Command("chat.again", "Regenerate", "Ask the marked prompt once more.", "g", slash="again"),
    Command(
        "chat.fork", "Fork from here", "Go on from the marked message in a new session.", "f", slash="fork"
    ),
    Command("chat.copy", "Copy the answer", "Copy the marked answer as Markdown.", "y", slash="copy"),
    Command(
        "chat.copy-code",
        "Copy a code block",
        "Copy the last code block of the answer; again, the one before.",
        "Y",
    ),
    Command(
        "chat.thinking", "Fold thinking", "Fold or unfold what the manager thought.", "t", slash="thinking"
    ),
    Command("chat.open", "Go to its workers", "Show the first worker of the marked message.", "enter"),
    Command("chat.end", "To the end", "Go to the newest line and follow it.", "end"),
)
WALK: Final = tuple(
    replace(one, keys=one.keys.partition(",")[2])
    for one in COMMANDS
    if one.id in ("chat.next", "chat.previous")
)
"""The way from the prompt to the messages: the screen's keys, without the letters."""
RATE: Final = 8.0
MOUNTED: Final = 12
"""Exchanges that stand as widgets; older ones come back on request."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where words were found."""

    answer: Answer
    hit: tuple[int, int]


class Chat(VerticalScroll, can_focus=True):
    """What was said, newest at the bottom."""

    BINDINGS = bindings(COMMANDS, "chat", owner="screen")
    DEFAULT_CSS = """
    Chat { padding: 1 0 0 0; scrollbar-size-vertical: 1; background: $background; }
    Chat > .older { padding: 0 2; margin: 0 0 1 0; color: $dim; }
    Chat > .empty { padding: 1 2; color: $dim; }
    Chat > .below { dock: bottom; width: 1fr; height: 1; text-align: right; color: $accent; display: none; }
    Chat.-below > .below { display: block; }
    """

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
        self._below = Static("↓ new below (end) ", markup=False, classes="below")
        self._moving = False
        self._top: tuple[Exchange, int] | None = None
        """What stands at the top of the view while nobody follows the tail, and where it stood."""
        self.following = True
        """Whether the newest line is kept in sight, until somebody scrolls up."""
        self.current: Exchange | None = None

    def on_mount(self) -> None:
        """Put in place what stands where there is nothing to show."""
        self._older.display = False
        self.mount(self._older, self._empty, self._below)

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
        self.tell_forgotten(self._forgets)
        self._tell_older()
        self.touch()

    def on_click(self, event: events.Click) -> None:
        """Bring back older ones, or go to the newest, where the line that tells of them is clicked."""
        if event.widget is self._older:
            self.show_older()
        elif event.widget is self._below:
            self.to_end()

    def action_page_up(self) -> None:
        """Go up a page; at the top, bring back older ones."""
        if self.scroll_offset.y > 0:
            super().action_page_up()
        else:
            self.show_older()

    @property
    def live(self) -> bool:
        """Whether an exchange is not drawn to its end."""
        return any(not one.ended for one in self._shown)

    @property
    def rate(self) -> float:
        """Draws a second."""
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
                if exchange.more:
                    self._clock.touch(self)

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

    def find(self, words: str) -> list[Place]:
        """Find where some words stand in the answers, from the top; mark them."""
        from tui_delegate.tui.widgets.answer import Answer

        return [Place(answer, hit) for answer in self.query(Answer) for hit in answer.find(words)]

    def go_to(self, place: Place) -> None:
        """Show a place that was found."""
        from tui_delegate.tui.widgets.answer import Answer

        for answer in self.query(Answer):
            row = answer.show_hit(place.hit if answer is place.answer else None)
            if answer is place.answer:
                top = answer.content_region.y - self.content_region.y + self.scroll_offset.y
                self.scroll_to(y=top + row - 1, animate=False, immediate=True)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Notice when somebody has come back to the tail, or left it."""
        super().watch_scroll_y(old_value, new_value)
        if self._moving:
            return
        following = new_value >= self.max_scroll_y - 1
        if following != self.following:
            self.following = following
            self._follow()
        self._note_top()
        self._tell_below()

    def watch_virtual_size(self) -> None:
        """Keep what somebody reads where it stands, whatever comes or goes above it."""
        if self.following:
            self._hold()
        elif self._top is not None:
            exchange, stood = self._top
            moved = exchange.virtual_region.y - stood if exchange.is_mounted else 0
            if moved:
                self._top = exchange, stood + moved
                self._move(self.scroll_y + moved)

    def on_resize(self) -> None:
        """Keep the tail in sight."""
        if self.following:
            self._hold()

    def _move(self, y: float) -> None:
        self._moving = True
        self.scroll_to(y=y, animate=False, immediate=True, force=True)
        self._moving = False

    def _hold(self) -> None:
        """Have the layout itself keep to the tail, once there is more than the view holds.

        With less, it would put the first line at the foot.
        """
        if self.max_scroll_y > 0:
            self._moving = True
            self.anchor()
            self._moving = False
        elif self.is_anchored:
            self.anchor(False)
            self._move(0)

    def _note_top(self) -> None:
        """Note what stands at the top of the view."""
        self._top = None
        if not self.following:
            y = self.scroll_offset.y
            shown = ((one, one.virtual_region) for one in self._shown if one.is_mounted)
            self._top = next(((one, region.y) for one, region in shown if region.bottom > y), None)

    def _follow(self) -> None:
        """Follow the tail, or leave the view where it is: the layout itself keeps to it."""
        if self.following:
            self._top = None
            self._hold()
        else:
            self.anchor(False)
        self._tell_below()

    def _tell_below(self) -> None:
        self.set_class(self.live and not self.following, "-below")

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
