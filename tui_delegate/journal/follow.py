"""Follows a journal that any process writes: what is new since the last look, and which runs are at work.

A look that finds nothing new costs microseconds. Whatever happens to the file, a look never raises: what is
wrong is told once, and following goes on when the file is back. No event loop, no clock and no fold is here.
"""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING, Any, Final

from tui_delegate.core.errors import JournalError
from tui_delegate.core.records import dataclass
from tui_delegate.journal import processes, rows, schema
from tui_delegate.journal.sessions import RunRow, Stored

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

MOST: Final = 200
"""Events that one look reads: decoding them takes a few milliseconds, and a screen is waiting."""
REST: Final = 10
"""Looks that are left out after one that failed."""

_NEW: Final = "SELECT id, run, n, path, at, attempt, kind, body FROM events WHERE id>? ORDER BY id LIMIT ?"
_OF_RUN: Final = (
    "SELECT id, n, path, at, attempt, kind, body FROM events WHERE run=? AND n>? ORDER BY n LIMIT ?"
)
_OPEN: Final = "SELECT * FROM runs WHERE status='open' ORDER BY rowid"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a run's events, in their order."""

    events: list[Stored]
    upto: int
    """The number of the last event that was looked at, readable or not."""
    more: bool


class Follower:
    """Looks at a journal again and again, on a connection of its own. For one thread at a time."""

    def __init__(self, path: Path, *, own: Container[str] = ()) -> None:
        self._path = path
        self._own = own
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._version = -1
        self._last = 0
        self._rest = 0
        self._trouble: JournalError | None = None
        self._told = ""
        self._looked = False
        self.behind = False
        """Whether the last look left something unread: look again soon."""
        self.opened = 0
        """How often a journal was opened: whoever sees this grow asks for the live runs again."""
        self.spent = 0
        """How many model calls were seen being committed, by anybody."""

    def poll(self) -> list[Stored]:
        """Give what was committed since the last look, but for one's own runs."""
        if self._rest:
            self._rest -= 1
            return []
        try:
            found = self._look()
        except (sqlite3.Error, JournalError) as error:
            self._stumble(error)
            return []
        self._looked = True
        return found

    def trouble(self) -> JournalError | None:
        """Say what is wrong with the journal, once; None: nothing new."""
        trouble, self._trouble = self._trouble, None
        return trouble

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
        self._connection, self._file, self._version = None, None, -1

    def live_runs(self) -> list[RunRow]:
        """Give the runs of all processes of this machine that are at work now, oldest first."""
        return [run for run in self._runs(_OPEN) if run.id not in self._own and processes.is_live(run)]

    def run(self, run: str) -> RunRow | None:
        """Find a run."""
        found = self._runs("SELECT * FROM runs WHERE id=?", rows.plain(run))
        return found[0] if found else None

    def events_of(self, run: str, after: int = 0, limit: int = MOST) -> Piece:
        """Give the events of a run that follow a number. One that can't be read is left out, and told."""
        found = self._ask(_OF_RUN, rows.plain(run), after, limit)
        events = [
            stored
            for id, number, *columns in found
            if (stored := self._stored(id, run, number, *columns)) is not None
        ]
        return Piece(events, found[-1][1] if found else after, len(found) == limit)

    def _look(self) -> list[Stored]:
        if not self._is_there():
            return []
        assert self._connection is not None
        version = int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        if version == self._version and not self.behind:
            return []
        found = self._connection.execute(_NEW, (self._last, MOST)).fetchall()
        self._version, self.behind, self._told = version, len(found) == MOST, ""
        events = []
        for id, run, number, *columns in found:
            self._last = id
            self.spent += columns[3] == "spent"
            if run and run not in self._own:
                stored = self._stored(id, run, number, *columns)
                events += [stored] if stored else []
        return events

    def _is_there(self) -> bool:
        """Open the journal where that is still to be done: another file may have taken its place."""
        try:
            seen = os.stat(self._path)
        except OSError:
            self.close()
            self._looked = True
            return False
        if self._file == (seen.st_dev, seen.st_ino):
            return True
        self.close()
        # A screen can't wait for who holds the file: it looks again.
        self._connection = schema.open_for_reading(self._path, wait=0)
        if self._connection is None:
            return False
        self._begin()
        self._file = (seen.st_dev, seen.st_ino)
        self.opened += 1
        return True

    def _begin(self) -> None:
        """Begin at the end; a file that has just been made, and holds little, is new from its first event."""
        assert self._connection is not None
        newest = int(self._connection.execute("SELECT max(id) FROM events").fetchone()[0] or 0)
        self._last = 0 if self._looked and newest <= MOST else newest

    def _stumble(self, error: sqlite3.Error | JournalError) -> None:
        """Go on later. Who only holds the file for a moment is no trouble."""
        if schema.is_busy(error) or (
            isinstance(error.__cause__, Exception) and schema.is_busy(error.__cause__)
        ):
            return
        if isinstance(error, sqlite3.Error):
            error = schema.journal_error(error, self._path)
        self.close()
        self._rest, self._looked = REST, True
        self._tell(error)

    def _tell(self, error: JournalError) -> None:
        if error.message != self._told:
            self._trouble, self._told = error, error.message

    def _stored(self, id: int, run: str, number: int, *columns: Any) -> Stored | None:
        try:
            return Stored(id, run, number, rows.event_of(*columns))
        except ValueError as error:
            self._tell(
                JournalError(
                    f"Event {number} of run {run} in {self._path} can't be read and is left out: {error}.",
                    "The file may be damaged, or written by a newer tui-delegate.",
                )
            )
            return None

    def _runs(self, sql: str, *values: object) -> list[RunRow]:
        return [RunRow(*row) for row in self._ask(sql, *values)]

    def _ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Give all rows, or none where the journal can't be read now: the next look says why."""
        try:
            if self._connection is None and (self._rest or not self._is_there()):
                return []
            assert self._connection is not None
            return self._connection.execute(sql, values).fetchall()
        except (sqlite3.Error, JournalError) as error:
            self._stumble(error)
            return []
