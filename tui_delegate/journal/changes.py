"""What a person changes about what is recorded: a session's name, and whether it is kept at all.

Each is one transaction of the writer's thread. The ledger's rows are bills: nothing here touches them.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InputError, JournalError
from tui_delegate.journal import processes, rows
from tui_delegate.journal.sessions import RunRow

if TYPE_CHECKING:
    from collections.abc import Callable

TITLE: Final = 80
"""Characters of a title that are kept."""

_ITS_RUNS: Final = "SELECT id FROM runs WHERE session<>'' AND session=?"
_FORGET: Final = (
    f"DELETE FROM events WHERE run IN ({_ITS_RUNS}) AND id<(SELECT max(id) FROM events)",
    # SQLite gives the highest id out again once its row is gone, and followers go on from it: it stays, bare.
    f"UPDATE events SET run='', n=id, at=0, path='', attempt=0, kind='', body='' WHERE run IN ({_ITS_RUNS})",
    "DELETE FROM runs WHERE session<>'' AND session=?",
    "DELETE FROM sessions WHERE id=?",
)
_SWEEP: Final = "DELETE FROM events WHERE run='' AND id<(SELECT max(id) FROM events)"


def rename(connection: sqlite3.Connection, session: str, title: str) -> None:
    """Give a session another title. It stays when later runs are added."""
    title = rows.plain(clean_line(title, TITLE))
    if not title:
        raise InputError("A session needs a title.", "Type at least one letter.")
    _in_transaction(connection, lambda: _rename(connection, rows.plain(session), title))


def delete(connection: sqlite3.Connection, session: str) -> None:
    """Delete a session's runs, their events and its row, and overwrite what they said.

    The ledger keeps its calls: they hold no text. Raises a JournalError for one that is at work.
    """
    connection.execute("PRAGMA secure_delete=ON")
    try:
        _in_transaction(connection, lambda: _delete(connection, rows.plain(session)))
    finally:
        connection.execute("PRAGMA secure_delete=OFF")
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error:
        pass  # somebody reads: the log is overwritten in its own time


def _rename(connection: sqlite3.Connection, session: str, title: str) -> None:
    changed = connection.execute("UPDATE sessions SET title=? WHERE id=?", (title, session))
    if not changed.rowcount:
        raise _missing()


def _delete(connection: sqlite3.Connection, session: str) -> None:
    if not connection.execute("SELECT 1 FROM sessions WHERE id=?", (session,)).fetchone():
        raise _missing()
    found = connection.execute(
        "SELECT * FROM runs WHERE session<>'' AND session=? AND status='open'", (session,)
    )
    for run in (RunRow(*row) for row in found.fetchall()):
        if processes.is_live(run):
            raise JournalError(
                f"This session is at work in process {run.pid}, so it is not deleted.",
                "Stop it there, or wait until it has ended.",
            )
    for statement in _FORGET:
        connection.execute(statement, (session,))
    connection.execute(_SWEEP)


def _in_transaction(connection: sqlite3.Connection, action: Callable[[], None]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        action()
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _missing() -> JournalError:
    return JournalError("There is no such session any more.", "Another process may have deleted it.")
