"""Reads the journal back: sessions, runs, a run's events, and what other processes have written since.

Reads only, and makes no file. Figures of model calls are the ledger's.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from typing import TYPE_CHECKING, Any, Final

from tui_delegate.core.conversation import SUMS_UP
from tui_delegate.core.errors import JournalError
from tui_delegate.core.events import Cancelled, Failed, Finished, Warned
from tui_delegate.core.records import dataclass
from tui_delegate.core.transcript import Transcript
from tui_delegate.journal import processes, rows, schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tui_delegate.core.events import Event


_CHUNK: Final = 500
_EVENTS: Final = "SELECT n, path, at, attempt, kind, body FROM events WHERE run=? AND n>? ORDER BY n LIMIT ?"
_SINCE: Final = (
    "SELECT id, run, n, path, at, attempt, kind, body FROM events WHERE id>? AND run<>'' ORDER BY id LIMIT ?"
)
_RUNS: Final = "SELECT * FROM runs"
_SESSIONS: Final = """
SELECT s.id, s.title, s.created, s.updated, count(nullif(r.command, '{sums_up}')),
    max(CASE WHEN r.command<>'{sums_up}' THEN r.rowid END), r.status, r.command, r.cwd,
    sum(r.status='open'), t.prompt+t.completion, t.cost, t.unpriced
FROM (SELECT * FROM sessions WHERE {which} ORDER BY updated DESC, id DESC LIMIT ?) s
LEFT JOIN runs r ON r.session<>'' AND r.session=s.id
LEFT JOIN totals t ON t.dim='session' AND t.day='' AND t.key=s.id
GROUP BY s.id ORDER BY s.updated DESC, s.id DESC
"""
"""What stands beside `max(…)` is of that row: the last run that a person asked for."""
_SAYS: Final = (
    "(title LIKE ? ESCAPE '\\' OR EXISTS(SELECT 1 FROM runs WHERE runs.session<>'' AND "
    f"runs.session=sessions.id AND runs.command<>'{SUMS_UP}' AND runs.prompt LIKE ? ESCAPE '\\'))"
)
_ASKED: Final = (
    f"{_RUNS} WHERE session<>'' AND session=? AND command<>'{SUMS_UP}' ORDER BY rowid DESC LIMIT ?"
)
_OPEN_RUNS: Final = f"{_RUNS} WHERE session<>'' AND session=? AND status='open'"
_MODELS: Final = (
    "SELECT DISTINCT session, model FROM calls WHERE session<>'' AND model<>'' "
    "AND session IN (SELECT value FROM json_each(?))"
)
_ENDING: Final = (
    "SELECT n, path, at, attempt, kind, body FROM events WHERE run=? AND path='' "
    "AND kind IN ('finished', 'failed', 'cancelled') ORDER BY n DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A conversation: the runs that share its id."""

    id: str
    title: str
    """The first line of its first prompt, or what a person called it; empty where no text is kept."""
    created: float
    updated: float
    runs: int = 0
    status: str = ""
    """Of its last run; empty: there is none."""
    command: str = ""
    cwd: str = ""
    live: bool = False
    """Whether a process of this machine is at work on it."""
    models: tuple[str, ...] = ()
    tokens: int = 0
    cost: float | None = 0.0
    """None: a price is not known."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run, as its first and its last event left it."""

    id: str
    session: str
    started: float
    """When it was begun, or last taken up by the process that works on it."""
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


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a run was asked and what it answered, as far as it came."""

    run: str
    prompt: str
    answer: str
    status: str


class Reader:
    """Looks into a journal that may not be there yet. Takes any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    @classmethod
    def open(cls, path: Path) -> Reader:
        """Open for reading. A file that is not there yet is looked for again at every question."""
        reader = cls(path)
        reader._ask("SELECT 1")
        return reader

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
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

    def transcript_of(self, run: str) -> Transcript:
        """Fold a run's events, as far as there are any. One that can't be read is a warning in its place."""
        transcript, number = Transcript(run=run), 0
        while found := self._ask(_EVENTS, rows.plain(run), number, _CHUNK):
            for number, *columns in found:
                try:
                    transcript.apply(rows.event_of(*columns))
                except ValueError as error:
                    words = f"Event {number} can't be read and is left out: {error}."
                    transcript.apply(Warned(code="event_damaged", message=words))
        return transcript

    def conversation(self, session: str) -> dict[str, Transcript]:
        """Fold all runs of a session, oldest first, after the runs of other sessions that they go on from."""
        its = [run.id for run in reversed(self.runs(-1, session))]
        found = {run: self.transcript_of(run) for run in its}
        before: dict[str, Transcript] = {}
        for transcript in list(found.values()):
            while (after := transcript.after) and after not in found and after not in before:
                transcript = self.transcript_of(after)
                if transcript.root.task or transcript.session:
                    before[after] = transcript
        return {**dict(reversed(before.items())), **found}

    def exchanges(self, session: str, limit: int = 3) -> list[Exchange]:
        """Give what a person last asked in a session, and the answers, oldest first."""
        found = self._ask(_ASKED, rows.plain(session), limit)
        return [self._exchange(RunRow(*row)) for row in reversed(found)]

    def session(self, session: str) -> SessionRow | None:
        """Find a session."""
        found = self._sessions("id=?", rows.plain(session), 1)
        return found[0] if found else None

    def sessions(self, limit: int = 20) -> list[SessionRow]:
        """Give the sessions that were last worked in, newest first."""
        return self._sessions("1", limit)

    def search_sessions(self, text: str, limit: int = 20) -> list[SessionRow]:
        """Give the last sessions whose title or prompts hold every word of a text, newest first."""
        patterns = [f"%{_literal(word)}%" for word in rows.plain(text).replace("\0", " ").split()[:8]]
        both = [pattern for pattern in patterns for _ in range(2)]
        return self._sessions(" AND ".join(["1", *[_SAYS] * len(patterns)]), *both, limit)

    def count_sessions(self) -> int:
        """Say how many sessions there are."""
        found = self._ask("SELECT count(*) FROM sessions")
        return int(found[0][0]) if found else 0

    def pick(self, key: str) -> str | None:
        """Say what a person picked."""
        found = self._ask("SELECT value FROM picks WHERE key=?", key)
        return str(found[0][0]) if found else None

    def _ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Give all rows. Their cells have the types of the table's columns."""
        with self._lock:
            if self._connection is None:
                self._connection = schema.open_for_reading(self._path)
            if self._connection is None:
                return []
            try:
                return self._connection.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise schema.journal_error(error, self._path) from error

    def _sessions(self, which: str, *values: object) -> list[SessionRow]:
        found = self._ask(_SESSIONS.format(which=which, sums_up=SUMS_UP), *values)
        models: dict[str, list[str]] = {}
        if found:
            for session, model in self._ask(_MODELS, json.dumps([row[0] for row in found])):
                models.setdefault(session, []).append(model)
        return [self._session_row(row, tuple(models.get(row[0], ()))) for row in found]

    def _session_row(self, row: tuple[Any, ...], models: tuple[str, ...]) -> SessionRow:
        id, title, created, updated, count, _, status, command, cwd, still_open, tokens, cost, unpriced = row
        live = bool(still_open) and any(processes.is_live(RunRow(*run)) for run in self._ask(_OPEN_RUNS, id))
        return SessionRow(
            id, title, created, updated, count, status or "", command or "", cwd or "", live, models,
            tokens or 0, None if unpriced else cost or 0.0,
        )  # fmt: skip

    def _exchange(self, run: RunRow) -> Exchange:
        for _, *columns in self._ask(_ENDING, run.id):
            try:
                event = rows.event_of(*columns)
            except ValueError:
                break
            text = event.text if isinstance(event, Finished | Failed | Cancelled) else ""
            if isinstance(event, Failed):
                text = "\n".join(part for part in (text, event.message) if part)
            return Exchange(run.id, run.prompt, text, run.status)
        return Exchange(run.id, run.prompt, self.transcript_of(run.id).root.text, run.status)

    def _event(self, run: str, number: int, *columns: Any) -> Event:
        try:
            return rows.event_of(*columns)
        except ValueError as error:
            raise JournalError(
                f"Event {number} of run {run} in {self._path} can't be read: {error}.",
                f"Move the file away and a new one is made: mv {self._path} {self._path}.bad",
            ) from error


def _literal(word: str) -> str:
    """Take from a word what LIKE would read into it."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
