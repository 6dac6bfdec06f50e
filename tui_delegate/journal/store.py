"""The journal as the house uses it: one object that takes events in and reads them back.

How rows are made and written lives in `rows` and `writer`; how they are read, in `sessions` and `ledger`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tui_delegate.core.errands import ERRANDS
from tui_delegate.journal.schema import open_for_writing
from tui_delegate.journal.writer import Append, Change, Pick, Writer

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tui_delegate.core.events import Event
    from tui_delegate.core.transcript import Transcript
    from tui_delegate.journal.sessions import Exchange as Exchange
    from tui_delegate.journal.sessions import Reader
    from tui_delegate.journal.sessions import RunRow as RunRow
    from tui_delegate.journal.sessions import SessionRow as SessionRow
    from tui_delegate.journal.sessions import Stored as Stored

_LOOKED_AT = 200
"""How many runs are looked through for those that stopped."""


class Journal:
    """A `Recorder`, and what it recorded. Takes any thread; close it.

    What only reads is loaded when something is first read: a verb that makes one call never needs it.
    """

    def __init__(self, path: Path, writer: Writer, warnings: tuple[str, ...]) -> None:
        self.path = path
        self._writer = writer
        self._readers: list[Reader] = []
        self._picked: dict[str, str] = {}
        self.warnings = warnings
        """What a person should be told about the place of the file."""

    @classmethod
    def open(cls, path: Path, *, keep_text: bool = True, now: Callable[[], float] = time.time) -> Journal:
        """Open the file, making or migrating it where needed. Raises a JournalError.

        Without `keep_text` nothing of what was said reaches the file.
        """
        connection, warnings = open_for_writing(path)
        return cls(path, Writer(connection, path, keep_text=keep_text, now=now), warnings)

    def append(
        self, run: str, events: Sequence[Event], done: Callable[[Exception | None], None] | None = None
    ) -> None:
        """Store events in this order, in one transaction; `done` is called from the writer's thread."""
        self._writer.put(Append(run, events, done))

    def close(self) -> None:
        """Wait until all that was handed over is committed or reported, then close the file."""
        for reader in self._readers:
            reader.close()  # first: the last one to leave tidies up, and only a writer can
        self._writer.close()

    @property
    def _reader(self) -> Reader:
        if not self._readers:
            from tui_delegate.journal.sessions import Reader

            self._readers.append(Reader(self.path))
        return self._readers[0]

    def events_of(self, run: str) -> Iterator[Event]:
        """Give a run's committed events in their order."""
        return self._reader.events_of(run)

    def since(self, id: int, limit: int = 1000) -> list[Stored]:
        """Give what was committed after an id, by any process."""
        return self._reader.since(id, limit)

    def take_up(self, row: RunRow) -> list[Event]:
        """Make a run that stopped this process's, and give its events. Raises an InputError where it runs."""
        from tui_delegate.journal.claim import claim

        claim(self._writer.path, row)
        return list(self._reader.events_of(row.id))

    def stopped(self, limit: int = 20) -> list[RunRow]:
        """Give the last runs of a manager that ended without an answer or were killed, newest first."""
        from itertools import islice

        from tui_delegate.journal.claim import is_alive

        runs = (row for row in self.runs(_LOOKED_AT) if row.command not in ERRANDS)
        found = (row for row in runs if row.status != "ok" and not is_alive(row))
        return list(islice(found, limit))

    def newest(self) -> int:
        """Give the id of the last committed event."""
        return self._reader.newest()

    def run(self, run: str) -> RunRow | None:
        """Find a run."""
        return self._reader.run(run)

    def runs(self, limit: int = 20, session: str = "") -> list[RunRow]:
        """Give the last runs, newest first."""
        return self._reader.runs(limit, session)

    def session(self, session: str) -> SessionRow | None:
        """Find a session."""
        return self._reader.session(session)

    def sessions(self, limit: int = 20) -> list[SessionRow]:
        """Give the last sessions, newest first."""
        return self._reader.sessions(limit)

    def search_sessions(self, text: str, limit: int = 20) -> list[SessionRow]:
        """Give the last sessions whose title or prompts hold every word of a text, newest first."""
        return self._reader.search_sessions(text, limit)

    def count_sessions(self) -> int:
        """Say how many sessions there are."""
        return self._reader.count_sessions()

    def exchanges(self, session: str, limit: int = 3) -> list[Exchange]:
        """Give what was last asked and answered in a session, oldest first."""
        return self._reader.exchanges(session, limit)

    def conversation(self, session: str) -> dict[str, Transcript]:
        """Fold all runs of a session, oldest first, after the runs of other sessions that they go on from."""
        return self._reader.conversation(session)

    def transcript_of(self, run: str) -> Transcript:
        """Fold a run's events, as far as there are any."""
        return self._reader.transcript_of(run)

    def rename_session(self, session: str, title: str) -> None:
        """Give a session another title, and wait for the commit. Raises an InputError or a JournalError."""
        from tui_delegate.journal import changes

        self._change(lambda connection: changes.rename(connection, session, title))

    def delete_session(self, session: str) -> None:
        """Delete all that was said in a session, and wait for the commit; the ledger keeps its calls.

        Raises a JournalError, such as for a session that a process is at work on.
        """
        from tui_delegate.journal import changes

        self._change(lambda connection: changes.delete(connection, session))

    def _change(self, action: Callable[[sqlite3.Connection], None]) -> None:
        from queue import SimpleQueue

        told: SimpleQueue[Exception | None] = SimpleQueue()
        self._writer.put(Change(action, told.put))
        if error := told.get():
            raise error

    def pick(self, key: str) -> str | None:
        """Say what a person picked: in this process, else before it or beside it."""
        return self._picked[key] if key in self._picked else self._reader.pick(key)

    def set_pick(self, key: str, value: str) -> None:
        """Keep what a person picked. Returns at once; a pick that can't be written holds for this process."""
        self._picked[key] = value
        self._writer.put(Pick(key, value))
