"""Reads the journal back: sessions, runs, a run's events, and what other processes have written since.

Reads only, and makes no file. Figures of model calls are the ledger's.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tui_delegate.core.errors import JournalError
from tui_delegate.journal import rows, schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tui_delegate.core.events import Event


_CHUNK: Final = 500
_EVENTS: Final = "SELECT n, path, at, attempt, kind, body FROM events WHERE run=? AND n>? ORDER BY n LIMIT ?"
_SINCE: Final = "SELECT id, run, n, path, at, attempt, kind, body FROM events WHERE id>? ORDER BY id LIMIT ?"
_RUNS: Final = "SELECT * FROM runs"


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A conversation: the runs that share its id."""

    id: str
    title: str
    """The first line of its first prompt; empty where no text is kept."""
    created: float
    updated: float


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run, as its first and its last event left it."""

    id: str
    session: str
    started: float
    ended: float | None
    """None: it runs, or was killed."""
    status: str
    """`open`, `ok`, `failed` or `cancelled`."""
    command: str
    prompt: str
    cwd: str
    target: str
    parent_pid: int
    claude_session_id: str
    codex_session_id: str
    pid: int
    """The process that runs it, on `machine`."""
    machine: str


@dataclass(frozen=True, slots=True)
class Stored:
    """An event with its places: in the journal (`id`, in order of commit) and in its run (`n`, from 1)."""

    id: int
    run: str
    n: int
    event: Event


class Reader:
    """Looks into a journal that may not be there yet. For one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    @classmethod
    def open(cls, path: Path) -> Reader:
        """Open for reading. A file that is not there yet is looked for again at every question."""
        reader = cls(path)
        reader._ask("SELECT 1")
        return reader

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def events_of(self, run: str) -> Iterator[Event]:
        """Give a run's events in their order. Holds no lock between them."""
        number = 0
        while found := self._ask(_EVENTS, rows.plain(run), number, _CHUNK):
            for number, *columns in found:
                yield self._event(run, number, *columns)

    def since(self, id: int, limit: int = 1000) -> list[Stored]:
        """Give what was committed after an id, by any process; 0 is the beginning."""
        return [
            Stored(place, run, number, self._event(run, number, *columns))
            for place, run, number, *columns in self._ask(_SINCE, id, limit)
        ]

    def newest(self) -> int:
        """Give the id of the last event; 0: there is none. Follow from here to see only what is new."""
        found = self._ask("SELECT max(id) FROM events")
        return int(found[0][0] or 0) if found else 0

    def run(self, run: str) -> RunRow | None:
        """Find a run."""
        found = self._ask(f"{_RUNS} WHERE id=?", rows.plain(run))
        return RunRow(*found[0]) if found else None

    def runs(self, limit: int = 20, session: str = "") -> list[RunRow]:
        """Give the last runs, of one session or of all, newest first."""
        if session:
            found = self._ask(
                f"{_RUNS} WHERE session<>'' AND session=? ORDER BY rowid DESC LIMIT ?",
                rows.plain(session),
                limit,
            )
        else:
            found = self._ask(f"{_RUNS} ORDER BY rowid DESC LIMIT ?", limit)
        return [RunRow(*row) for row in found]

    def session(self, session: str) -> SessionRow | None:
        """Find a session."""
        found = self._ask("SELECT id, title, created, updated FROM sessions WHERE id=?", rows.plain(session))
        return SessionRow(*found[0]) if found else None

    def sessions(self, limit: int = 20) -> list[SessionRow]:
        """Give the sessions that were last worked in, newest first."""
        found = self._ask(
            "SELECT id, title, created, updated FROM sessions ORDER BY updated DESC, id DESC LIMIT ?", limit
        )
        return [SessionRow(*row) for row in found]

    def pick(self, key: str) -> str | None:
        """Say what a person picked."""
        found = self._ask("SELECT value FROM picks WHERE key=?", key)
        return str(found[0][0]) if found else None

    def _ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Give all rows. Their cells have the types of the table's columns."""
        if self._connection is None:
            self._connection = schema.open_for_reading(self._path)
        if self._connection is None:
            return []
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise schema.journal_error(error, self._path) from error

    def _event(self, run: str, number: int, *columns: Any) -> Event:
        try:
            return rows.event_of(*columns)
        except ValueError as error:
            raise JournalError(
                f"Event {number} of run {run} in {self._path} can't be read: {error}.",
                f"Move the file away and a new one is made: mv {self._path} {self._path}.bad",
            ) from error
