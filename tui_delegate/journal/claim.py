"""Taking up a run that stopped: of all processes that want to, one gets it.

A run's row names the process that works on it. Changing that name, if it is still the one that was read, is
the claim. What the run goes on from is in its events.
"""

from __future__ import annotations

import os
import sqlite3
import time
from typing import TYPE_CHECKING, Final

from tui_delegate.core.errors import InputError
from tui_delegate.journal import processes, schema

if TYPE_CHECKING:
    from pathlib import Path

    from tui_delegate.journal.sessions import RunRow

_CLAIM: Final = (
    "UPDATE runs SET pid=?, machine=?, started=?, status='open', ended=NULL "
    "WHERE id=? AND pid=? AND machine=? AND status=? AND ended IS ?"
)


def is_alive(row: RunRow) -> bool:
    """Say whether a run is being worked on. On another machine that can't be seen: it counts as worked on."""
    if row.status != "open":
        return False
    return row.machine != processes.machine() or processes.is_alive(row.pid, row.started)


def claim(path: Path, row: RunRow) -> None:
    """Make a run ours, as it was read. Raises an InputError where it is somebody's, a JournalError."""
    if is_alive(row):
        raise _taken(row)
    connection, _ = schema.open_for_writing(path)
    try:
        if not schema.patiently(lambda: _change(connection, row)):
            raise InputError(f"Another process has just taken up run {row.id}.", "Watch it there.")
    except sqlite3.Error as error:
        raise schema.journal_error(error, path) from error
    finally:
        connection.close()


def _change(connection: sqlite3.Connection, row: RunRow) -> bool:
    before = (row.id, row.pid, row.machine, row.status, row.ended)
    return connection.execute(_CLAIM, (os.getpid(), processes.machine(), time.time(), *before)).rowcount == 1


def _taken(row: RunRow) -> InputError:
    if row.machine != processes.machine():
        return InputError(
            f"Run {row.id} was begun on {row.machine}: from here nobody can tell whether it still runs.",
            "Take it up there.",
        )
    return InputError(
        f"Run {row.id} is still running, in process {row.pid}.", "Watch it there, or end that process first."
    )
