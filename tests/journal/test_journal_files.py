"""The journal's file: who may read it, where it may lie, and what is refused as one."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.journal.samples import commit, opened
from tui_delegate.core.errors import JournalError
from tui_delegate.journal.ledger import Ledger, Query
from tui_delegate.journal.schema import VERSION, journal_error, on_network, open_for_writing
from tui_delegate.journal.sessions import Reader
from tui_delegate.journal.store import Journal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NFS = "22 1 8:1 / / rw - ext4 /dev/sda rw\n36 22 0:50 / {} rw shared:1 - nfs4 box:/home rw"


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.skipif(os.name != "posix", reason="rights are POSIX's")
def test_folder_and_files_are_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "state" / "journal.db"
    journal = Journal.open(path)
    commit(journal, "r1", [opened("r1")])
    assert mode(path.parent) == 0o700
    assert {mode(file) for file in path.parent.iterdir()} == {0o600}
    assert len(list(path.parent.iterdir())) == 3
    journal.close()


@pytest.mark.skipif(os.name != "posix", reason="rights are POSIX's")
def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.touch(0o644)
    Journal.open(path).close()
    assert mode(path) == 0o600


def test_reading_makes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "state" / "journal.db"
    ledger = Ledger.open(path)
    assert ledger.total(Query()).calls == 0
    assert ledger.last(Query()) == []
    ledger.close()
    assert not path.parent.exists()


@pytest.mark.parametrize("opener", [Journal.open, Ledger.open, Reader.open])
@pytest.mark.parametrize("content", [b"not a database at all\n" * 100, b"SQLite format 3\0" + b"\xff" * 4000])
def test_a_file_that_is_no_database_is_named_and_left_alone(
    tmp_path: Path, opener: Callable[[Path], object], content: bytes
) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(content)
    with pytest.raises(JournalError) as caught:
        opener(path)
    assert str(path) in caught.value.message
    assert "Move it away" in caught.value.hint
    assert path.read_bytes() == content


@pytest.mark.parametrize("opener", [Journal.open, Ledger.open, Reader.open])
def test_a_journal_of_a_newer_version_is_not_touched(
    tmp_path: Path, opener: Callable[[Path], object]
) -> None:
    path = tmp_path / "journal.db"
    Journal.open(path).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version={VERSION + 1}")
    connection.close()
    with pytest.raises(JournalError, match="newer tui-delegate") as caught:
        opener(path)
    assert "Upgrade" in caught.value.hint


def test_somebody_elses_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE bookmarks(url)")
    connection.close()
    with pytest.raises(JournalError, match="no journal"):
        Journal.open(path)


def test_an_empty_file_becomes_a_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.touch()
    with closing(Reader.open(path)) as reader:
        assert reader.runs() == []
    journal = Journal.open(path)
    assert commit(journal, "r1", [opened("r1")]) is None
    journal.close()


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match=r"can't be used"):
        Journal.open(tmp_path / "file" / "journal.db")


def test_a_damaged_page_is_found_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    Journal.open(path).close()
    raw = bytearray(path.read_bytes())
    raw[4096:] = b"\xa5" * (len(raw) - 4096)
    path.write_bytes(raw)
    ledger = Ledger.open(path)
    with pytest.raises(JournalError, match="damaged"):
        ledger.total(Query())
    ledger.close()


def test_on_a_network_file_system_there_is_no_write_ahead_log(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    connection, warnings = open_for_writing(path, NFS.format(tmp_path))
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert connection.execute("SELECT count(*) FROM events").fetchone() == (0,)
    connection.close()
    assert "network file system" in warnings[0]


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/home/me/journal.db", True), ("/homestead/journal.db", False), ("/var/journal.db", False)],
)
def test_the_longest_mount_says_what_a_path_is_on(path: str, expected: bool) -> None:
    assert on_network(path, NFS.format("/home")) is expected


def test_a_full_disk_is_called_one(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "small.db")
    connection.execute("PRAGMA max_page_count=2")
    with pytest.raises(sqlite3.OperationalError) as caught:
        connection.executescript("CREATE TABLE a(b); INSERT INTO a VALUES(zeroblob(100000))")
    connection.close()
    assert "the disk is full" in journal_error(caught.value, tmp_path).message


def test_a_process_that_never_lets_go_is_reported_and_then_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_delegate.journal.schema.BUSY_SECONDS", 0.01)
    monkeypatch.setattr("tui_delegate.journal.schema.PATIENCE", 0.0)
    path = tmp_path / "journal.db"
    with (
        closing(Journal.open(path)) as journal,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        error = commit(journal, "r1", [opened("r1")])
        assert "held by another process" in str(error)
        other.execute("ROLLBACK")
        assert commit(journal, "r1", [opened("r1")]) is None


def test_patience_with_a_process_that_never_lets_go_is_had_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_delegate.journal.schema.BUSY_SECONDS", 0.01)
    monkeypatch.setattr("tui_delegate.journal.schema.PATIENCE", 0.0)
    path = tmp_path / "journal.db"
    with (
        closing(Journal.open(path)) as journal,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        assert commit(journal, "r1", [opened("r1")]) is not None
        monkeypatch.setattr("tui_delegate.journal.schema.PATIENCE", 3600.0)
        assert "held by another process" in str(commit(journal, "r2", [opened("r2")]))
        other.execute("ROLLBACK")
        assert commit(journal, "r3", [opened("r3")]) is None


def test_a_write_waits_until_another_process_lets_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_delegate.journal.schema.BUSY_SECONDS", 0.01)
    path = tmp_path / "journal.db"
    heard: list[Exception | None] = []
    with (
        closing(Journal.open(path)) as journal,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        journal.append("r1", [opened("r1")], heard.append)
        assert heard == []
        other.execute("COMMIT")
    assert heard == [None]


@pytest.mark.skipif(os.name != "posix", reason="elsewhere an open file can't be taken away")
def test_a_journal_that_is_taken_away_while_it_is_open_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with closing(Journal.open(path)) as journal:
        commit(journal, "r1", [opened("r1")])
        path.rename(tmp_path / "elsewhere.db")
        refused = commit(journal, "r2", [opened("r2")])
        assert isinstance(refused, JournalError)
        assert "deleted or moved away" in refused.message
        (tmp_path / "elsewhere.db").rename(path)
        commit(journal, "r3", [opened("r3")])
        assert [row.id for row in journal.runs()] == ["r3", "r1"]
