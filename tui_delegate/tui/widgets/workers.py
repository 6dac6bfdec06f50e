"""The workers' part of the screen: a pane for each delegation, or a list or tree of them with one pane.

It is handed transcripts and says what the person looks at. It starts, stops and changes nothing itself.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Literal

from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errands import ERRANDS
from tui_delegate.tui.widgets.board import Board
from tui_delegate.tui.widgets.keys import ANYWHERE, COMMANDS, PANE
from tui_delegate.tui.widgets.pane import Pane
from tui_delegate.tui.widgets.roster import Roster, Shape
from tui_delegate.tui.widgets.watched import Key, Watched

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual import events
    from textual.app import ComposeResult
    from textual.screen import Screen

    from tui_delegate.core.events import RunPath
    from tui_delegate.core.transcript import Node, Transcript
    from tui_delegate.tui.clock import FrameClock

__all__ = ["ANYWHERE", "COMMANDS", "PANE", "Mode", "Workers"]

Mode = Literal["panes", "list", "tree"]
MODES: Final[tuple[Mode, ...]] = ("panes", "list", "tree")
MOST: Final = 24
"""Panes at once. What is beyond waits in the list, and takes the place of one that has ended."""
NARROW: Final = 100
"""Columns of the terminal below which there is a row of chips and one pane."""
WIDE: Final = 200
"""Columns of the terminal from which the tree stands beside the panes."""
CREATION: Final = 10.0
"""Times a second that new delegations get their places."""
EMPTY: Final = "Workers appear here, one pane each, when the manager hands out tasks."


class Workers(Widget):
    """All delegations that the person may look at, of one run or of several."""

    DEFAULT_CSS = """
    Workers { layout: vertical; height: 1fr; width: 1fr; }
    Workers > #roster { display: none; max-height: 40%; }
    Workers.-listed > #roster { display: block; }
    Workers.-beside { layout: horizontal; }
    Workers.-beside > #roster { display: block; width: 34; height: 1fr; max-height: 100%; margin-right: 1; }
    Workers > #more { height: 1; color: $dim; padding: 0 2; display: none; }
    Workers.-more > #more { display: block; }
    Workers.-empty > Board { display: none; }
    Workers > #empty { height: 1fr; color: $dim; padding: 1 2; display: none; }
    Workers.-empty > #empty { display: block; }
    """

    class Open(Message):
        """The person wants to see all of a delegation."""

        def __init__(self, run: str, path: RunPath) -> None:
            super().__init__()
            self.run, self.path = run, path

    class Looked(Message):
        """The person looks at another delegation."""

        def __init__(self, run: str, path: RunPath) -> None:
            super().__init__()
            self.run, self.path = run, path

    def __init__(
        self, clock: FrameClock, *, id: str | None = None, wall: Callable[[], float] = time.time
    ) -> None:
        super().__init__(id=id)
        self._clock, self._wall = clock, wall
        self._mode: Mode = "panes"
        self._watched: dict[Key, Watched] = {}
        self._new: dict[Key, Transcript] = {}
        self._looked = False
        """Whether the person chose what stands in front."""
        self._slots: list[Watched] = []
        """What has a pane in the grid, in its order: a place is kept until its delegation goes."""
        self._labels: dict[str, str] = {}
        self._panes: list[Pane] = []
        self._by_key: dict[Key, Pane] = {}
        self._current: Watched | None = None
        self.roster = Roster(clock, wall=wall)
        self.roster.id = "roster"
        self.board = Board()

    def compose(self) -> ComposeResult:
        """The rows, the panes, and what is said where there are none or too many."""
        yield self.roster
        yield self.board
        yield Static(Content(""), id="more", markup=False)
        yield Static(Content(EMPTY), id="empty", markup=False)

    def on_mount(self) -> None:
        """Stand as there is room, whenever there is another amount of it."""
        self.screen.screen_layout_refresh_signal.subscribe(self, self._relaid)
        self._arrange()

    def on_unmount(self) -> None:
        """Take no more time."""
        self._clock.drop(self)

    # What is told.

    def touch(self, transcript: Transcript, path: RunPath) -> None:
        """Take note that a node has changed. Cheap enough to be called for every event.

        A manager has the chat, and no pane; a task without a manager is a worker itself.
        """
        if not path and transcript.context.command not in ERRANDS:
            return
        key = transcript.run, path
        if key not in self._watched:
            self._new[key] = transcript
            self._clock.touch(self)
            return
        pane = self._by_key.get(key)
        if pane is not None:
            self._clock.touch(pane)
        self._clock.touch(self.roster)

    def name_run(self, run: str, label: str) -> None:
        """Say whose a run is that this window did not begin."""
        self._labels[run] = clean_line(label)
        for watched in self._watched.values():
            if watched.key[0] == run:
                watched.label = self._labels[run]
        self._clock.touch(self)

    @property
    def runs(self) -> set[str]:
        """The runs whose delegations are shown."""
        return {run for run, _ in self._watched}

    def drop_ended(self, run: str) -> None:
        """Let go of what has ended and is not pinned, of one run."""
        for key, watched in list(self._watched.items()):
            if key[0] == run and watched.ended and not watched.pinned:
                self._let_go(watched)
        self._fill_slots()
        self._arrange()

    def close(self, run: str, path: RunPath) -> None:
        """Close one pane, whatever it does."""
        watched = self._watched.get((run, path))
        if watched is not None:
            self._let_go(watched)
            self._fill_slots()
            self._arrange()

    def _fill_slots(self) -> None:
        """Give places that have become free to what waits for one."""
        waiting = [watched for watched in self._watched.values() if watched not in self._slots]
        self._slots += waiting[: max(MOST - len(self._slots), 0)]

    def _let_go(self, watched: Watched) -> None:
        self._watched.pop(watched.key, None)
        if watched in self._slots:
            self._slots.remove(watched)
        if watched is self._current:
            self._current, self._looked = None, False

    @property
    def rate(self) -> float:
        """How often new delegations get their places."""
        return CREATION

    def flush(self) -> None:
        """Give new delegations their places."""
        # What comes together stands in the order of its places: refusals are told before the rest begins.
        runs = list(dict.fromkeys(run for run, _ in self._new))
        for key, transcript in sorted(self._new.items(), key=lambda one: (runs.index(one[0][0]), one[0][1])):
            watched = Watched(transcript, key[1], self._labels.get(key[0], ""))
            self._watched[key] = watched
            self._seat(watched)
        self._new.clear()
        self._arrange()

    def _seat(self, watched: Watched) -> None:
        """Give a delegation a pane's place: a free one, or that of one that has ended."""
        if len(self._slots) < MOST:
            self._slots.insert(self._place_for(watched), watched)
            return
        for at, other in enumerate(() if watched.never_began else self._slots):
            if other.ended and not other.pinned and other is not self._current:
                self._slots[at] = watched
                return

    def _place_for(self, watched: Watched) -> int:
        """Find its place: the last, but before later calls of its step that were refused at once."""
        at = len(self._slots)
        for before in reversed(self._slots):
            later = before.transcript is watched.transcript and before.path > watched.path
            if not (later and before.never_began):
                break
            at -= 1
        return at

    # What the person looks at.

    @property
    def current(self) -> tuple[Transcript, Node] | None:
        """The delegation that keys are meant for."""
        watched = self._current
        return None if watched is None else (watched.transcript, watched.node)

    @property
    def panes(self) -> tuple[Pane, ...]:
        """The panes there are, in their order."""
        return tuple(self._panes)

    @property
    def current_pane(self) -> Pane | None:
        """Its pane, where it has one."""
        return self._by_key.get(self._current.key) if self._current else None

    @property
    def mode(self) -> Mode:
        """How the workers are shown, where there is room for it."""
        return self._mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        if mode != self._mode:
            self._mode = mode
            self._arrange()

    def next_mode(self) -> Mode:
        """Show them in the next way."""
        self.mode = MODES[(MODES.index(self._mode) + 1) % len(MODES)]
        return self._mode

    def toggle_pin(self) -> bool:
        """Pin what is looked at, or let it go again; gives whether it is pinned now."""
        watched = self._current
        if watched is None:
            return False
        watched.pinned = not watched.pinned
        self.touch(watched.transcript, watched.path)
        return watched.pinned

    def step(self, by: int) -> None:
        """Go to the next worker or the one before, and round."""
        shown = self._order()
        if shown:
            at = shown.index(self._current) + by if self._current in shown else 0
            self.look_at(shown[at % len(shown)])

    def focus_number(self, number: int) -> bool:
        """Go to the pane or row that shows this number, of this window's run before those of others; once
        more goes to the next that shows it. Tasks without a manager have none: they are counted.

        Says whether there is one.
        """
        shown = self._order()
        found = [one for one in shown if one.path == (number - 1,)]
        found.sort(key=lambda one: one.label != "")
        found = found or [one for one in shown if not one.path][number - 1 : number]
        if not found:
            return False
        self.look_at(found[(found.index(self._current) + 1) % len(found) if self._current in found else 0])
        return True

    def open_path(self, run: str, path: RunPath) -> None:
        """Go to a delegation, wherever it is."""
        watched = self._watched.get((run, path))
        if watched is not None:
            self.look_at(watched)

    def look_at(self, watched: Watched) -> None:
        """Make a delegation the one that is looked at, and give it the focus."""
        self._set_current(watched)
        pane = self.current_pane
        if pane is not None and (self._is_grid or not self.roster.has_focus):
            pane.lines.focus()

    def wake(self) -> None:
        """Show what came while another screen was in front."""
        for pane in self._panes:
            pane.wake()
        self.roster.wake()

    def _set_current(self, watched: Watched) -> None:
        if watched is self._current:
            return
        if self._is_grid and watched not in self._slots:
            self._seat(watched)
            if watched not in self._slots:
                self._slots[-1] = watched
        self._current, self._looked = watched, True
        self.roster.choose(watched)
        self._arrange()
        self.post_message(self.Looked(*watched.key))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Look at what has got the focus."""
        for pane in self._panes:
            if event.widget is pane.lines and pane.watched is not None:
                self._set_current(pane.watched)

    def on_roster_chosen(self, message: Roster.Chosen) -> None:
        """Show what was chosen in the rows."""
        message.stop()
        self._set_current(message.watched)
        if message.opened:
            self.post_message(self.Open(*message.watched.key))

    def on_pane_opened(self, message: Pane.Opened) -> None:
        """Hand it up, with its run."""
        message.stop()
        self.post_message(self.Open(*message.watched.key))

    # How it stands.

    @property
    def _is_grid(self) -> bool:
        return self._mode == "panes" and self.app.size.width >= NARROW

    def _order(self) -> list[Watched]:
        """The delegations in the order in which they are shown."""
        if self._is_grid:
            return list(self._slots)
        return self._tree()

    def _tree(self) -> list[Watched]:
        """Run by run, each delegation after the one that made it."""
        runs = {run: at for at, run in enumerate(dict.fromkeys(run for run, _ in self._watched))}
        return sorted(self._watched.values(), key=lambda one: (runs[one.key[0]], one.path))

    def on_resize(self) -> None:
        """Stand as there is room now."""
        self._arrange()

    def _relaid(self, screen: Screen[object]) -> None:
        """Give the panes as many columns and rows as there is room for now, and note which are seen."""
        self._fit_grid()

    def _arrange(self) -> None:
        """Bring panes, rows and their places in line with what there is. Nothing that stands moves."""
        if not self.is_mounted:
            return
        if self._watched and (self._current is None or (self._current.never_began and not self._looked)):
            tree = self._tree()
            self._current = next((one for one in tree if not one.never_began), tree[0])
        grid, narrow = self._is_grid, self.app.size.width < NARROW
        deep = any(len(path) > 1 for _, path in self._watched)
        beside = grid and deep and self.app.size.width >= WIDE
        self.set_class(not self._watched, "-empty")
        self.set_class(not grid and bool(self._watched), "-listed")
        self.set_class(beside, "-beside")
        shown = list(self._slots) if grid else [self._current] if self._current else []
        self._fit_panes(shown)
        self._fit_grid()
        if not grid or beside:
            order = self._tree() if beside else self._order()
            shape: Shape = "chips" if narrow else "tree" if beside or self._mode == "tree" else "list"
            self.roster.fill(order, self._current, shape)
        more = len(self._watched) - len(self._slots) if grid else 0
        self.set_class(more > 0, "-more")
        if more > 0:
            self.query_one("#more", Static).update(Content(f"{more} more · ^t shows them as a list"))

    def _fit_panes(self, shown: list[Watched]) -> None:
        while len(self._panes) > len(shown):
            self._panes.pop().remove()
        for pane, watched in zip(self._panes, shown, strict=False):
            pane.show(watched)
        fresh = [Pane(self._clock, watched, wall=self._wall) for watched in shown[len(self._panes) :]]
        if fresh:
            self._panes += fresh
            self.board.mount(*fresh)
        self._by_key = {pane.watched.key: pane for pane in self._panes if pane.watched is not None}

    def _fit_grid(self) -> None:
        grid = self._is_grid and self._current in self._slots
        self.board.lay_out(self._panes, self._slots.index(self._current) if grid and self._current else 0)
