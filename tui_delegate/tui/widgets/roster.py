"""The workers in a line each: as a list, as the tree they are, or as one row of chips."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui_delegate.core.clean import clean_line
from tui_delegate.tui import clock as clocks
from tui_delegate.tui import figures
from tui_delegate.tui.commands import bindings
from tui_delegate.tui.figures import cut
from tui_delegate.tui.widgets.heading import Piece, heading
from tui_delegate.tui.widgets.keys import PANE
from tui_delegate.tui.widgets.pane import drawn
from tui_delegate.tui.widgets.tones import Palette, Tones

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events
    from textual.binding import BindingType
    from textual.screen import Screen

    from tui_delegate.tui.clock import FrameClock
    from tui_delegate.tui.widgets.watched import Watched

Shape = Literal["list", "tree", "chips"]
STEP: Final = 2
"""Columns by which a nested delegation stands in."""


class Roster(ScrollView, can_focus=True):
    """One line for each worker, and a mark at the one that is looked at."""

    DEFAULT_CSS = """
    Roster {
        height: auto; overflow-x: hidden; overflow-y: scroll;
        scrollbar-size-vertical: 0; scrollbar-visibility: hidden;
    }
    """
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,left", "step(-1)", "Up", show=False),
        Binding("down,right", "step(1)", "Down", show=False),
        Binding("home", "jump(0)", "First", show=False),
        Binding("end", "jump(-1)", "Last", show=False),
        *bindings(PANE, "pane", owner="screen"),
    ]

    class Chosen(Message):
        """Another worker is looked at; `opened`: the person wants to see all of it."""

        def __init__(self, watched: Watched, *, opened: bool = False) -> None:
            super().__init__()
            self.watched, self.opened = watched, opened

    def __init__(self, clock: FrameClock, *, wall: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.shape: Shape = "list"
        self._clock, self._wall = clock, wall
        self._entries: list[Watched | str] = []
        """Workers, and the labels of runs that are not this window's."""
        self._chosen: Watched | None = None
        self._align = 1
        self._told: dict[int, list[Piece]] = {}
        """What each row was last asked to be drawn as. Drawing itself may run ahead of it: a frame that
        is made for another part of the screen draws rows that it then does not send."""
        self._strips: dict[int, tuple[list[Piece], Strip]] = {}
        self._palette = Palette(self, self._strips.clear)

    @property
    def listed(self) -> list[Watched]:
        """The workers, from top to bottom."""
        return [entry for entry in self._entries if not isinstance(entry, str)]

    def fill(self, workers: Sequence[Watched], chosen: Watched | None, shape: Shape) -> None:
        """Show these."""
        entries: list[Watched | str] = []
        label = ""
        for watched in workers:
            if watched.label != label and watched.label and shape != "chips":
                entries.append(watched.label)
            label = watched.label
            entries.append(watched)
        self._entries, self._chosen, self.shape = entries, chosen, shape
        self._align = max((len(figures.place(watched.path)) for watched in workers), default=1)
        self._told.clear()
        self._strips.clear()
        height = 1 if shape == "chips" else len(entries)
        self.virtual_size = Size(self.size.width, height)
        self._keep_in_view()
        self.refresh()
        self.wake()

    def choose(self, watched: Watched | None) -> None:
        """Put the mark at a worker."""
        if watched is not self._chosen:
            self._chosen = watched
            self._keep_in_view()
            self.refresh()

    def _keep_in_view(self) -> None:
        if self.shape == "chips" or self._chosen not in self._entries or not self.size:
            return
        row = self._entries.index(self._chosen)
        if not self.scroll_offset.y <= row < self.scroll_offset.y + self.size.height:
            self.scroll_to(y=max(row - self.size.height // 2, 0), animate=False)

    # Its place in the clock.

    @property
    def rate(self) -> float:
        """As often as it is looked at."""
        if not (self.is_attached and self.is_on_screen and self.screen.is_current):
            return clocks.HIDDEN
        return clocks.VISIBLE

    def on_mount(self) -> None:
        """Catch up whenever it is seen."""
        self.screen.screen_layout_refresh_signal.subscribe(self, self._relaid, immediate=True)

    def _relaid(self, screen: Screen[object]) -> None:
        self._clock.seen(self)
        if self.rate > clocks.HIDDEN and any(not watched.ended for watched in self.listed):
            self._clock.want_beat(self)

    def on_unmount(self) -> None:
        """Take no more time."""
        self._clock.drop(self)
        self._clock.no_beat(self)

    def wake(self) -> None:
        """Show what came while nobody looked."""
        self._clock.touch(self)
        self._clock.seen(self)

    def flush(self) -> None:
        """Draw the lines that are other than before."""
        if self.shape == "chips":
            self.refresh()
        else:
            top = self.scroll_offset.y
            for row in range(top, min(top + self.size.height, len(self._entries))):
                pieces = self._pieces(row)
                if self._told.get(row) != pieces:
                    self._told[row] = pieces
                    self.refresh(Region(0, row - top, self.size.width, 1))
        if any(not watched.ended for watched in self.listed):
            self._clock.want_beat(self)

    def beat(self) -> bool:
        """Bring the figures up to date."""
        self._clock.touch(self)
        return self.rate > clocks.HIDDEN and any(not watched.ended for watched in self.listed)

    # What the person does.

    def action_step(self, by: int) -> None:
        """Go up or down."""
        workers = self.listed
        if workers:
            at = workers.index(self._chosen) + by if self._chosen in workers else 0
            self._pick(workers[max(0, min(at, len(workers) - 1))])

    def action_jump(self, to: int) -> None:
        """Go to the first or the last."""
        if self.listed:
            self._pick(self.listed[to])

    def _pick(self, watched: Watched, *, opened: bool = False) -> None:
        self.choose(watched)
        self.post_message(self.Chosen(watched, opened=opened))

    def on_click(self, event: events.Click) -> None:
        """Look at what was clicked; twice opens it."""
        watched = self._at(event.x, event.y)
        if watched is not None:
            self._pick(watched, opened=event.chain == 2)

    def _at(self, x: int, y: int) -> Watched | None:
        if self.shape == "chips":
            left = 1
            for watched, text in self._chips():
                if left <= x < left + cell_len(text):
                    return watched
                left += cell_len(text) + 1
            return None
        row = y + self.scroll_offset.y
        entry = self._entries[row] if row < len(self._entries) else None
        return None if isinstance(entry, str) else entry

    # What is drawn.

    def notify_style_update(self) -> None:
        """Draw in the colours as they are now."""
        super().notify_style_update()
        self._palette.forget()

    def on_focus(self) -> None:
        """Show the mark."""
        self.refresh()

    def on_blur(self) -> None:
        """Show it more quietly."""
        self.refresh()

    def on_resize(self) -> None:
        """Fit the lines to the width."""
        self._strips.clear()
        self._keep_in_view()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One row for each line."""
        return 1 if self.shape == "chips" else max(len(self._entries), 1)

    def _pieces(self, row: int) -> list[Piece]:
        entry = self._entries[row]
        room = self.size.width - 2
        if isinstance(entry, str):
            return [(f" ▸ {cut(clean_line(entry), room - 2)}", "dim")]
        nested = self.shape == "tree"
        indent = STEP * (len(entry.path) - 1) if nested else 0
        mark = ("▎" if self.has_focus else "›") if entry is self._chosen else " "
        line = heading(
            entry.node,
            room,
            self._wall(),
            pinned=entry.pinned,
            indent=indent,
            align=1 if nested else self._align,
        )
        return [(mark, "accent"), *line]

    def _chips(self) -> list[tuple[Watched, str]]:
        """The chips that there is room for, the chosen one among them."""
        chips = [
            (watched, f"{figures.place(watched.path)} {figures.sign_of(watched.node).glyph} ")
            for watched in self.listed
        ]
        at = next((at for at, (watched, _) in enumerate(chips) if watched is self._chosen), 0)
        while at and sum(cell_len(text) + 1 for _, text in chips[: at + 1]) > self.size.width - 2:
            chips, at = chips[1:], at - 1
        return chips

    def _chip_pieces(self) -> list[Piece]:
        pieces: list[Piece] = [("▎" if self.has_focus else " ", "accent")]
        for watched, text in self._chips():
            sign = figures.sign_of(watched.node)
            place, _, glyph = text.partition(" ")
            chosen = watched is self._chosen
            pieces.append(("›" if chosen else " ", "accent"))
            pieces.append((f"{place} ", "title" if chosen else "dim"))
            pieces.append((glyph, sign.tone))
        return pieces

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw rows of the view."""
        tones = self._palette.tones
        strips = [self._strip(y, tones) for y in crop.line_range]
        for one in self.get_line_filters():
            strips = [strip.apply_filter(one, self.background_colors[1]) for strip in strips]
        return [strip.crop(*crop.column_span) for strip in strips]

    def _strip(self, y: int, tones: Tones) -> Strip:
        width = self.size.width
        if self.shape == "chips":
            return drawn(self._chip_pieces() if y == 0 else [], width, tones)
        row = y + self.scroll_offset.y
        if row >= len(self._entries):
            return Strip([Segment(" " * width, tones["text"])], width)
        pieces = self._pieces(row)
        known = self._strips.get(row)
        if known is None or known[0] != pieces:
            known = self._strips[row] = (pieces, drawn(pieces, width, tones))
        return known[1]
