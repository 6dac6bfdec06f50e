"""Follows the runs of other processes for the screen: folds what they write, and tells who asked.

One timer, fast only while somebody else is at work. Nothing is drawn here and nothing is written.
"""

from __future__ import annotations

import asyncio
import os
import platform
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, Protocol

from tui_delegate.core.records import dataclass, field
from tui_delegate.core.transcript import Transcript
from tui_delegate.journal import processes

if TYPE_CHECKING:
    from tui_delegate.core.errors import JournalError
    from tui_delegate.core.events import Event, RunPath
    from tui_delegate.journal.follow import Follower
    from tui_delegate.journal.sessions import RunRow, Stored

IDLE: Final = 0.2
"""Seconds between two looks while nobody else is at work."""
LIVE: Final = 0.05
"""… while somebody is."""
SOON: Final = 0.01
"""… while a look left something unread."""
CHECK_EVERY: Final = 2.0
"""Seconds after which a run that says nothing is asked for its process."""
_REMEMBERED: Final = 256
_FOR_GOOD: Final = 2**63


class Watcher(Protocol):
    """Who is told. All of it is called from the event loop."""

    def appeared(self, transcript: Transcript, /) -> None:
        """Another process's run is there: it has just begun, or was at work when we came."""

    def changed(self, transcript: Transcript, path: RunPath, /) -> None:
        """One more event was folded in."""

    def ended(self, transcript: Transcript, /) -> None:
        """It ended: by itself, or because its process is gone (the root's code is `stopped`)."""

    def ledger_changed(self) -> None:
        """Somebody, also this process, committed a model call."""

    def journal_failed(self, error: JournalError, /) -> None:
        """The journal can't be read now; told once, and following goes on."""


@dataclass(slots=True)
class _Watched:
    row: RunRow
    transcript: Transcript
    upto: int = 0
    """The number of the last event that was taken in."""
    told: bool = False
    behind: bool = False
    heard: float = 0.0
    """When something of it was last heard, on the loop's clock."""


@dataclass(slots=True)
class Following:
    """Follows a journal for one watcher. Let a worker run `follow`; a follower is closed by its end."""

    follower: Follower
    watcher: Watcher
    pid: int = field(default_factory=os.getpid)
    """This process: its runs are its own, even where nobody named them."""
    _watched: dict[str, _Watched] = field(default_factory=dict)
    _over: OrderedDict[str, int] = field(default_factory=OrderedDict)
    """Runs that are told to the end, and the number of their last event."""
    _opened: int = 0
    _spent: int = 0
    _stopping: bool = False

    @property
    def live(self) -> list[Transcript]:
        """The runs of other processes that are at work now, in the order in which they were seen."""
        return [one.transcript for one in self._watched.values()]

    def row(self, run: str) -> RunRow | None:
        """Say where a run that is at work comes from."""
        watched = self._watched.get(run)
        return watched.row if watched else None

    async def follow(self) -> None:
        """Look again and again until told to stop."""
        self._stopping = False
        try:
            while not self._stopping:
                self.look()
                await asyncio.sleep(self._pause())
        finally:
            self.follower.close()

    def stop(self) -> None:
        """Let the look under way be the last one."""
        self._stopping = True

    def look(self) -> None:
        """Look once: what `follow` does again and again."""
        now = asyncio.get_running_loop().time()
        found = self.follower.poll()
        if self.follower.opened != self._opened:
            self._opened = self.follower.opened
            self._begin(now)
        for stored in found:
            self._take(stored, now)
        self._catch_up(now)
        self._check(now)
        if self.follower.spent != self._spent:
            self._spent = self.follower.spent
            self.watcher.ledger_changed()
        if error := self.follower.trouble():
            self.watcher.journal_failed(error)

    def _pause(self) -> float:
        if self.follower.behind or any(one.behind for one in self._watched.values()):
            return SOON
        return LIVE if self._watched else IDLE

    def _begin(self, now: float) -> None:
        """Take up what is at work in a journal that was just opened; its calls may all be new."""
        for row in self.follower.live_runs():
            if row.id not in self._watched and not self._is_own(row):
                self._watched[row.id] = _new(row, now)
        self._spent = -1

    def _take(self, stored: Stored, now: float) -> None:
        watched = self._watched.get(stored.run) or self._meet(stored, now)
        if watched is None or stored.n <= watched.upto:
            return
        watched.heard = now
        if watched.behind or stored.n != watched.upto + 1:
            watched.behind = True  # something in between is not read yet: all of it is, in its order
        elif self._fold(watched, stored):
            self._finish(watched)

    def _meet(self, stored: Stored, now: float) -> _Watched | None:
        """Meet a run that was not at work before; one that is over and told is not met again."""
        if stored.n <= self._over.get(stored.run, 0):
            return None
        row = self.follower.run(stored.run)
        if row is None or (stored.run in self._over and row.status != "open"):
            return None
        if self._is_own(row):
            self._remember(stored.run, _FOR_GOOD)
            return None
        self._over.pop(stored.run, None)
        watched = self._watched[stored.run] = _new(row, now, behind=stored.n > 1)
        return watched

    def _is_own(self, row: RunRow) -> bool:
        return row.pid == self.pid and row.machine == platform.node()

    def _catch_up(self, now: float) -> None:
        """Read on where a run is behind: one part of one run each look, so that no look is long."""
        for watched in list(self._watched.values()):
            if watched.behind:
                watched.heard = now
                if self._read_on(watched):
                    self._finish(watched)
                return

    def _read_on(self, watched: _Watched) -> bool:
        """Read a part of what is not read yet; say whether it closes with the run's end."""
        piece = self.follower.events_of(watched.row.id, watched.upto)
        closed = False
        for stored in piece.events:
            closed = self._fold(watched, stored)
        watched.behind, watched.upto = piece.more, max(watched.upto, piece.upto)
        return closed and not piece.more

    def _fold(self, watched: _Watched, stored: Stored) -> bool:
        """Take an event in; say whether it is the run's end."""
        watched.upto = stored.n
        self._tell(watched, stored.event)
        return stored.event.terminal and not stored.event.path

    def _tell(self, watched: _Watched, event: Event) -> None:
        watched.transcript.apply(event)
        if not watched.told:
            watched.told = True
            self.watcher.appeared(watched.transcript)
        self.watcher.changed(watched.transcript, event.path)

    def _finish(self, watched: _Watched) -> None:
        if self._watched.pop(watched.row.id, None) is None:
            return
        self._remember(watched.row.id, watched.upto)
        self.watcher.ended(watched.transcript)

    def _remember(self, run: str, upto: int) -> None:
        self._over[run] = upto
        if len(self._over) > _REMEMBERED:
            self._over.popitem(last=False)

    def _check(self, now: float) -> None:
        """Ask for the process of a run that has been silent."""
        for watched in list(self._watched.values()):
            if watched.behind or now - watched.heard < CHECK_EVERY:
                continue
            watched.heard = now
            watched.row = self.follower.run(watched.row.id) or watched.row
            if watched.row.status != "open":
                self._read_on(watched)
                self._finish(watched)
            elif not processes.is_live(watched.row):
                self._stop(watched)

    def _stop(self, watched: _Watched) -> None:
        """Tell each turn that was at work that it is no more."""
        for path in watched.transcript.break_off():
            self.watcher.changed(watched.transcript, path)
        self._finish(watched)


def _new(row: RunRow, now: float, *, behind: bool = True) -> _Watched:
    transcript = Transcript(run=row.id, session=row.session, prompt=row.prompt)
    return _Watched(row, transcript, behind=behind, heard=now)
