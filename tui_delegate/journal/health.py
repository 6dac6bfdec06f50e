"""Whether the journal's file is sound and can be written. Nothing in it is read, changed or made."""

from __future__ import annotations

import os
import sqlite3
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from tui_delegate.core.errors import JournalError
from tui_delegate.journal.schema import VERSION, is_busy, journal_error, open_for_reading

if TYPE_CHECKING:
    from pathlib import Path

LONGEST: Final = 10.0
"""Seconds that the check of a big file may take."""
_STEPS: Final = 100_000
"""Steps of SQLite's between two looks at the clock."""


class Health(NamedTuple):
    """What was found."""

    size: int | None = None
    """Bytes of the file and its log; None: there is no journal yet."""
    version: int | None = None
    check: str = ""
    """`ok`, or what SQLite says; empty: the file is too big to be checked in that time."""
    writable: bool = False
    problem: str = ""
    hint: str = ""


def examine(path: Path, longest: float = LONGEST) -> Health:
    """Look at the journal of this path, or at the place where one would be made."""
    if not path.exists():
        able = place_is_writable(path)
        return Health(
            writable=able,
            problem="" if able else f"No journal can be made at {path}.",
            hint="" if able else "Look at the rights of its folder.",
        )
    size = sum(os.stat(name).st_size for name in (path, f"{path}-wal") if os.path.exists(name))
    try:
        version, check = _read(path, longest)
        _write(path)
    except JournalError as error:
        return Health(size, problem=error.message, hint=error.hint)
    if check not in ("ok", ""):
        hint = f"Move it away and a new one is made: mv {path} {path}.bad"
        return Health(size, version, check, True, f"The journal {path} is damaged: {check}", hint)
    return Health(size, version, check, True)


def place_is_writable(path: Path) -> bool:
    """Say whether a file could be written here, or made with the folders that lead to it."""
    if path.exists():
        return path.is_file() and os.access(path, os.W_OK)
    folder = next((one for one in path.absolute().parents if one.exists()), None)
    return folder is not None and folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def _read(path: Path, longest: float) -> tuple[int, str]:
    connection = open_for_reading(path)
    if connection is None:  # an empty file: the first write makes the tables
        return VERSION, "ok"
    deadline = time.monotonic() + longest
    connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
    try:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        return version, " ".join(str(connection.execute("PRAGMA quick_check(1)").fetchone()[0]).split())
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_INTERRUPT:
            return version, ""
        raise journal_error(error, path) from error
    finally:
        connection.close()


def _write(path: Path) -> None:
    """Take the right to write and give it back. Whoever holds it just now shows that it can be had."""
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", timeout=1, uri=True)
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        finally:
            connection.close()
    except sqlite3.Error as error:
        if not is_busy(error):
            raise journal_error(error, path) from error
