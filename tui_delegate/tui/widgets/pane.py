"""The pane of one delegation: a line about it, and all that it says, as it says it.

It reads a node and knows no run, no engine and no screen. What it is told to do goes up to its screen.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, ClassVar, Final

from rich.cells import cell_len
from rich.segment import Segment
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui_delegate.core.clean import clean_line
from tui_delegate.core.transcript import ENDED
from tui_delegate.core.usage import WEIGHT_PER_TOKEN, weight
from tui_delegate.tui import clock as clocks
from tui_delegate.tui import figures
from tui_delegate.tui.commands import bindings
from tui_delegate.tui.figures import cut
from tui_delegate.tui.widgets.heading import Pace, Piece, foot_of, heading
from tui_delegate.tui.widgets.keys import PANE
from tui_delegate.tui.widgets.lines import Lines
from tui_delegate.tui.widgets.tones import Palette, Tones

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.geometry import Region
    from textual.screen import Screen

    from tui_delegate.core.transcript import Node, Part
    from tui_delegate.tui.clock import FrameClock
    from tui_delegate.tui.widgets.watched import Watched

BUSY: Final = frozenset({"thinking", "writing", "calling"})
WINDOW: Final = 6
"""Beats over which the speed of writing is taken."""


class Head(Widget):
    """The line at the top of a pane, and one above it that says whose run it is, where that is not plain."""

    DEFAULT_CSS = """
    Head { height: 1; background: $surface; }
    Head.-labelled { height: 2; }
    """
    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[Piece] = []
        self.label = ""
        self.chosen = False
        self._palette = Palette(self, lambda: None)

    def tell(self, pieces: list[Piece], label: str, *, chosen: bool) -> None:
        """Show another line, if it is another one."""
        if (pieces, label, chosen) == (self.pieces, self.label, self.chosen):
            return
        if bool(label) != bool(self.label):
            self.set_class(bool(label), "-labelled")
        self.pieces, self.label, self.chosen = pieces, label, chosen
        self.refresh()

    def notify_style_update(self) -> None:
        """Draw in the colours as they are now."""
        super().notify_style_update()
        self._palette.forget()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw the line."""
        tones = self._palette.tones
        rows = [[(f" ▸ {cut(self.label, self.size.width - 3)}", "dim")]] if self.label else []
        rows.append([("▎" if self.chosen else " ", "accent"), *self.pieces])
        strips = [drawn(rows[y] if y < len(rows) else [], self.size.width, tones) for y in crop.line_range]
        for one in self.get_line_filters():
            strips = [strip.apply_filter(one, self.background_colors[1]) for strip in strips]
        return [strip.crop(*crop.column_span) for strip in strips]


def drawn(pieces: list[Piece], width: int, tones: Tones) -> Strip:
    """Make a strip of a line's pieces, of exactly this width."""
    segments = [Segment(text, tones[tone]) for text, tone in pieces if text]
    taken = sum(cell_len(segment.text) for segment in segments)
    return Strip(segments, taken).adjust_cell_length(width, tones["text"])


class Pane(Widget):
    """A delegation, live."""

    DEFAULT_CSS = """
    Pane { layout: vertical; height: 1fr; width: 1fr; }
    Pane > Lines { height: 1fr; scrollbar-size-vertical: 0; scrollbar-visibility: hidden; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PANE, "pane", owner="screen")]

    class Opened(Message):
        """The person wants to see all of a delegation."""

        def __init__(self, watched: Watched) -> None:
            super().__init__()
            self.watched = watched

    def __init__(
        self, clock: FrameClock, watched: Watched | None = None, *, wall: Callable[[], float] = time.time
    ) -> None:
        super().__init__()
        self.watched = watched
        self.head, self.lines = Head(), Lines()
        self._clock, self._wall = clock, wall
        self._in_view = True
        self._forget()

    def _forget(self) -> None:
        self._part, self._taken = 0, 0
        self._attempt = 1
        self._letters = 0
        self._calls = 0
        self._samples: deque[tuple[float, int]] = deque(maxlen=WINDOW)
        self._pace = Pace()
        self._sign: tuple[str, bool, int, bool] | None = None

    def compose(self) -> ComposeResult:
        """A line, and a text."""
        yield self.head
        yield self.lines

    def on_mount(self) -> None:
        """Show what there is, as soon as there is room for it."""
        self.screen.screen_layout_refresh_signal.subscribe(self, self._relaid, immediate=True)
        self._clock.touch(self)

    def on_unmount(self) -> None:
        """Take no more time."""
        self._clock.drop(self)
        self._clock.no_beat(self)

    def show(self, watched: Watched | None) -> None:
        """Show another delegation, from its beginning."""
        if watched is self.watched:
            return
        self.watched = watched
        self._forget()
        self.lines.clear()
        self.flush()

    @property
    def in_view(self) -> bool:
        """Whether it is in the part that its container is scrolled to."""
        return self._in_view

    @in_view.setter
    def in_view(self, seen: bool) -> None:
        if seen != self._in_view:
            self._in_view = seen
            if seen:
                self.wake()

    @property
    def rate(self) -> float:
        """As often as it is looked at."""
        if not (self._in_view and self.is_attached and self.is_on_screen):
            return clocks.HIDDEN
        if not self.screen.is_current:
            return clocks.HIDDEN
        return clocks.FOCUSED if self.lines.has_focus else clocks.VISIBLE

    def _relaid(self, screen: Screen[object]) -> None:
        """Catch up where it is seen now. Its own events do not say so each time that it is."""
        self.lines.fit()
        self.tell()
        self._clock.seen(self)
        if self.watched is not None and not self.watched.ended and self.rate > clocks.HIDDEN:
            self._clock.want_beat(self)

    def wake(self) -> None:
        """Show what came while nobody looked."""
        self._clock.touch(self)
        self._clock.seen(self)

    def flush(self) -> None:
        """Take in what the node has been told since."""
        if self.watched is None:
            return
        node = self.watched.node
        self._read(node)
        running = node.state not in ENDED
        self.lines.live = node.state in BUSY
        if not running:
            self.lines.settle()
        self.lines.foot(*foot_of(node, silent=not node.parts))
        sign = (node.state, node.edited, node.attempt, self.watched.pinned)
        if sign != self._sign or not running:
            self._sign = sign
            self.tell()
        if running:
            self._clock.want_beat(self)

    def beat(self) -> bool:
        """Bring the figures up to date; goes on while it works and is seen."""
        watched = self.watched
        if watched is None or not self.is_attached:
            return False
        self._measure(watched.node)
        self.tell()
        return not watched.ended and self.rate > clocks.HIDDEN

    def tell(self) -> None:
        """Write the line at the top anew."""
        if self.watched is None or not self.size:
            return
        pieces = heading(
            self.watched.node, self.size.width - 2, self._wall(), self._pace, pinned=self.watched.pinned
        )
        self.head.tell(pieces, clean_line(self.watched.label), chosen=self.lines.has_focus)

    def _measure(self, node: Node) -> None:
        if node.state not in BUSY:
            self._samples.clear()
            self._pace = Pace(self._tokens())
            return
        now = self._wall()
        self._samples.append((now, self._letters))
        began, letters = self._samples[0]
        spent = now - began
        rate = (self._letters - letters) / WEIGHT_PER_TOKEN / spent if spent > 0 else 0.0
        self._pace = Pace(self._tokens(), rate)

    def _tokens(self) -> int:
        return int(self._letters / WEIGHT_PER_TOKEN)

    def _read(self, node: Node) -> None:
        parts = node.parts
        while self._part < len(parts):
            part = parts[self._part]
            text = f"→ hands on: {figures.place(part.child)}" if part.child else part.text
            if len(text) > self._taken:
                if not self._taken:
                    self._begin(node, part)
                new = text[self._taken :]
                self._taken = len(text)
                self._letters += weight(new)
                self.lines.write(new, "call" if part.kind == "child" else part.kind)
            if self._part == len(parts) - 1:
                break
            self._part, self._taken = self._part + 1, 0
        if len(node.calls) != self._calls:
            self._calls, self._letters = len(node.calls), 0

    def _begin(self, node: Node, part: Part) -> None:
        """Part a new stretch from what was said before it."""
        if part.attempt != self._attempt:
            self._attempt, self._letters = part.attempt, 0
            by = f" · {node.model}" if part.attempt == node.attempt and node.model else ""
            self.lines.divide(f"attempt {part.attempt}{by}")
        elif node.edited and self._part == len(node.parts) - 1 and self._part:
            self.lines.divide("as you edited it")
        else:
            self.lines.part()
        if part.kind in ("call", "note"):
            self.lines.write("⚙ " if part.kind == "call" else "✎ you: ", part.kind)

    def on_descendant_focus(self) -> None:
        """Show that it has the focus, in its line."""
        self._clock.touch(self)
        self.tell()

    def on_descendant_blur(self) -> None:
        """Show that it has it no more."""
        self.tell()

    def on_click(self, event: events.Click) -> None:
        """Take the focus; twice opens it."""
        self.lines.focus(scroll_visible=False)
        if event.chain == 2 and self.watched is not None:
            self.post_message(self.Opened(self.watched))
