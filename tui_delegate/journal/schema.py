"""The journal's file: its tables, its modes, and the two ways to open it.

Whatever SQLite has against a file becomes a JournalError here. No row of a table is read or written here.
"""

from __future__ import annotations

import os
import sqlite3
import time
from typing import TYPE_CHECKING, Final, TypeVar

from tui_delegate.core.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Result = TypeVar("Result")

APPLICATION: Final = 0x7475_6465
"""Written into the file's head: tells our journal from any other SQLite file."""
BUSY_SECONDS: Final = 1.0
"""How long SQLite itself waits for another process, before we wait with jitter."""
PATIENCE: Final = 30.0
"""How long a write waits for other processes altogether."""

VERSION: Final = 2
"""Of the tables, as written into the file's head. How a file gets there is in `migrations`."""

_NETWORK: Final = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ncpfs", "fuse.sshfs"})
_NO_WAL: Final = "it is kept without write-ahead log: slower, and readers may have to wait"


def open_for_writing(path: Path, mounts: str | None = None) -> tuple[sqlite3.Connection, tuple[str, ...]]:
    """Open the journal, making or migrating what is missing; also give what a person should be told.

    `mounts` is the text of the system's table of mounts, where it has one.
    """
    try:
        _make_private(path)
        connection = _connect(str(path))
    except (OSError, sqlite3.Error) as error:
        raise journal_error(error, path) from error
    try:
        _check_head(connection, path)
        warnings = patiently(lambda: _set_modes(connection, path, _mounts() if mounts is None else mounts))
        patiently(lambda: _migrate(connection, path))
    except sqlite3.Error as error:
        connection.close()
        raise journal_error(error, path) from error
    except JournalError:
        connection.close()
        raise
    return connection, warnings


def open_for_reading(path: Path, wait: float | None = None) -> sqlite3.Connection | None:
    """Open the journal without changing a thing; None: there is none yet.

    `wait` is for how many seconds a question waits for other processes; None: as long as is usual.
    """
    if not path.exists():
        return None
    connection = None
    try:
        connection = _connect(f"{path.absolute().as_uri()}?mode=ro{_unchanging(path)}", wait)
        if _check_head(connection, path):
            _show_as_newest(connection)
            return connection
        connection.close()
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        raise journal_error(error, path) from error
    except JournalError:
        if connection is not None:
            connection.close()
        raise
    return None


def journal_error(error: Exception, path: Path) -> JournalError:
    """Say in our words what SQLite or the system has against the file."""
    code = error.sqlite_errorcode & 0xFF if isinstance(error, sqlite3.Error) and _coded(error) else 0
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return JournalError(
            f"The journal {path} is damaged: {error}.",
            f"Move it away and a new one is made: mv {path} {path}.bad",
        )
    if code == sqlite3.SQLITE_FULL:
        return JournalError(f"The journal {path} can't grow: the disk is full.", "Make room on that disk.")
    if is_busy(error):
        return JournalError(
            f"The journal {path} is held by another process.",
            "End the process that holds it, then try again.",
        )
    if code == sqlite3.SQLITE_IOERR:
        return JournalError(
            f"The journal {path} can't be read or written: {error}.",
            "Look at its disk: it may be full or failing.",
        )
    words = getattr(error, "strerror", None) or str(error)
    return JournalError(
        f"The journal {path} can't be used: {words}.", "Look at the rights of file and folder."
    )


def file_at(path: Path) -> tuple[int, int] | None:
    """Say which file lies there; None: there is none."""
    try:
        seen = os.stat(path)
    except OSError:
        return None
    return seen.st_dev, seen.st_ino


def gone(path: Path) -> JournalError:
    """Say that an open journal was taken away."""
    return JournalError(
        f"The journal {path} was deleted or moved away.", "Leave and start again: then there is a new one."
    )


def is_busy(error: Exception) -> bool:
    """Say whether another process was in the way: the same again may work."""
    if not isinstance(error, sqlite3.OperationalError) or not _coded(error):
        return False
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def patiently(action: Callable[[], Result], *, patient: bool = True) -> Result:
    """Do it, and again while another process is in the way. Jitter keeps waiting processes out of step."""
    deadline = time.monotonic() + (PATIENCE if patient else 0)
    while True:
        try:
            return action()
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > deadline:
                raise
        from random import uniform

        time.sleep(uniform(0.01, 0.15))


def on_network(path: str, mounts: str) -> bool:
    """Say whether a path is on a network file system, by the text of `/proc/self/mountinfo`."""
    best, kind = "", ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        columns = before.split()
        if len(columns) < 5 or not after:
            continue
        place = columns[4].replace("\\040", " ").rstrip("/") + "/"
        if path.startswith(place) and len(place) >= len(best):
            best, kind = place, after.split()[0]
    return kind in _NETWORK


def _coded(error: sqlite3.Error) -> bool:
    """An error of the Python module itself has no code of SQLite's."""
    return hasattr(error, "sqlite_errorcode")


def _connect(name: str, wait: float | None = None) -> sqlite3.Connection:
    return sqlite3.connect(
        name,
        timeout=BUSY_SECONDS if wait is None else wait,
        isolation_level=None,
        check_same_thread=False,
        uri=name.startswith("file:"),
    )


def _unchanging(path: Path) -> str:
    """Where nothing can be written SQLite can't lock either, and need not, if no log lies beside the file."""
    if os.access(path.parent, os.W_OK) or os.path.exists(f"{path}-wal"):
        return ""
    return "&immutable=1"


def _make_private(path: Path) -> None:
    """Make folder and file before SQLite does, so that nobody else may read them for a moment even."""
    if not path.parent.exists():
        os.makedirs(path.parent, mode=0o700, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.close(handle)
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)


def _check_head(connection: sqlite3.Connection, path: Path) -> bool:
    """Say whether the file holds a journal; False: it is empty yet. Anybody else's file is refused.

    Tables are looked for first: what makes them writes the head in the same transaction.
    """
    if not connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
        return False
    version = _pragma(connection, "user_version")
    if _pragma(connection, "application_id") != APPLICATION:
        raise JournalError(f"{path} is a SQLite file, but no journal.", "Move it away and a new one is made.")
    if version > VERSION:
        raise JournalError(
            f"The journal {path} is of a newer tui-delegate: version {version}, where {VERSION} is known.",
            "Upgrade tui-delegate, or move the file away.",
        )
    return True


def _show_as_newest(connection: sqlite3.Connection) -> None:
    """Let a file of an earlier version, which only a writer may change, be read as if it were of ours."""
    version = _pragma(connection, "user_version")
    if version < VERSION:
        from tui_delegate.journal.migrations import views

        for statement in views(version):
            connection.execute(statement)


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _mounts() -> str:
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as table:
            return table.read()
    except OSError:
        return ""


def _set_modes(connection: sqlite3.Connection, path: Path, mounts: str) -> tuple[str, ...]:
    connection.execute("PRAGMA synchronous=FULL")
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    if on_network(os.path.realpath(path), mounts):
        connection.execute("PRAGMA journal_mode=DELETE")
        return (f"The journal {path} is on a network file system: {_NO_WAL}.",)
    if mode != "wal":
        mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    return () if mode == "wal" else (f"The journal {path} is where no write-ahead log can be: {_NO_WAL}.",)


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the tables up to date, in one transaction, so that of many first processes one does it."""
    if _pragma(connection, "user_version") == VERSION:
        return
    from tui_delegate.journal.migrations import statements

    connection.execute("BEGIN IMMEDIATE")
    try:
        _check_head(connection, path)
        for statement in statements(_pragma(connection, "user_version")):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id={APPLICATION}")
        connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
