"""Following a journal: only what is new, whatever becomes of the file meanwhile."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.journal.samples import CONTEXT, begun, child, commit, opened, spent
from tui_delegate.core import events
from tui_delegate.journal import processes
from tui_delegate.journal.follow import MOST, REST, Follower
from tui_delegate.journal.store import Journal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui_delegate.journal.sessions import Stored


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def follower(path: Path) -> Iterator[Follower]:
    made = Follower(path)
    yield made
    made.close()


def named(found: list[Stored]) -> list[tuple[str, int]]:
    return [(stored.run, stored.n) for stored in found]


def write(path: Path, run: str, *more: events.Event) -> None:
    with closing(Journal.open(path)) as journal:
        assert commit(journal, run, [begun(run), *more]) is None


def test_only_what_is_new_is_given_and_given_once(path: Path, follower: Follower) -> None:
    with closing(Journal.open(path)) as journal:
        commit(journal, "old", [opened("old")])
        assert follower.poll() == []
        commit(journal, "r1", [begun("r1"), spent()])
        commit(journal, "old", [spent()])
        assert named(follower.poll()) == [("r1", 1), ("r1", 2), ("old", 2)]
        assert follower.poll() == []
        assert follower.spent == 2


def test_who_asks_for_the_live_runs_first_gets_them(path: Path, follower: Follower) -> None:
    with closing(Journal.open(path)) as journal:
        commit(journal, "r1", [begun("r1"), spent()])
        assert [run.id for run in follower.live_runs()] == ["r1"]
        assert [stored.n for stored in follower.events_of("r1").events] == [1, 2]
        assert follower.poll() == []


def test_a_flood_is_read_in_parts_and_whole(path: Path, follower: Follower) -> None:
    with closing(Journal.open(path)) as journal:
        follower.poll()
        commit(journal, "r1", [begun("r1"), *[spent() for _ in range(2 * MOST)]])
        parts = [follower.poll()]
        while follower.behind:
            parts.append(follower.poll())
        assert [len(part) for part in parts] == [MOST, MOST, 1]
        assert named(parts[-1])[-1] == ("r1", 2 * MOST + 1)


def test_a_journal_that_appears_later_is_followed_from_its_first_event(
    path: Path, follower: Follower
) -> None:
    assert (follower.poll(), follower.opened, follower.trouble()) == ([], 0, None)
    assert (follower.live_runs(), follower.run("r1")) == ([], None)
    write(path, "r1")
    assert named(follower.poll()) == [("r1", 1)]
    assert follower.opened == 1


def test_a_journal_that_is_deleted_and_made_anew_is_followed_on(path: Path, follower: Follower) -> None:
    write(path, "r1", spent(), spent())
    follower.poll()
    for file in path.parent.glob("journal.db*"):
        file.unlink()
    assert follower.poll() == []
    write(path, "r2")
    assert named(follower.poll()) == [("r2", 1)]
    assert (follower.opened, follower.trouble()) == (2, None)


def test_a_journal_that_is_replaced_between_two_looks_is_noticed(path: Path, follower: Follower) -> None:
    write(path, "r1", spent(), spent())
    follower.poll()
    other = path.parent / "other" / "journal.db"
    write(other, "r2")
    for file in path.parent.glob("journal.db*"):
        file.unlink()
    os.replace(other, path)
    assert named(follower.poll()) == [("r2", 1)]


def test_a_full_journal_that_takes_the_place_of_another_is_not_told_from_its_beginning(
    path: Path, follower: Follower
) -> None:
    write(path, "r1")
    follower.poll()
    other = path.parent / "other" / "journal.db"
    write(other, "old", *[spent() for _ in range(MOST)])
    for file in path.parent.glob("journal.db*"):
        file.unlink()
    os.replace(other, path)
    assert follower.poll() == []
    write(path, "r2")
    assert named(follower.poll()) == [("r2", 1)]


@pytest.mark.parametrize(
    "content",
    [b"not a database at all\n" * 100, b"SQLite format 3\0" + b"\xff" * 4000],
    ids=["words", "rubbish"],
)
def test_a_file_that_is_no_journal_is_told_once_and_left_when_it_is_one_again(
    path: Path, follower: Follower, content: bytes
) -> None:
    path.write_bytes(content)
    for _ in range(3 * REST):
        assert follower.poll() == []
    trouble = follower.trouble()
    assert trouble is not None
    assert str(path) in trouble.message
    assert follower.trouble() is None
    path.unlink()
    write(path, "r1")
    assert [one for _ in range(REST + 1) for one in named(follower.poll())] == [("r1", 1)]


def test_a_journal_that_is_locked_is_waited_for_without_waiting(path: Path, follower: Follower) -> None:
    """Only without a write-ahead log can a writer lock readers out, as on a network file system."""
    write(path, "r1")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=DELETE")
        other.execute("BEGIN EXCLUSIVE")
        assert (follower.poll(), follower.trouble(), follower.opened) == ([], None, 0)
        other.execute("ROLLBACK")
        follower.poll()
        assert follower.opened == 1
        other.execute("BEGIN EXCLUSIVE")
        other.execute("INSERT INTO events SELECT id+1, run, n+1, at, path, attempt, kind, body FROM events")
        assert (follower.poll(), follower.run("r1"), follower.trouble()) == ([], None, None)
        other.execute("COMMIT")
    assert named(follower.poll()) == [("r1", 2)]


def test_a_damaged_event_is_left_out_and_told_once(path: Path, follower: Follower) -> None:
    with closing(Journal.open(path)) as journal:
        follower.poll()
        commit(journal, "r1", [begun("r1"), spent(), spent()])
        with closing(sqlite3.connect(path)) as other:
            other.execute("UPDATE events SET kind='dance' WHERE n=2")
            other.commit()
        assert named(follower.poll()) == [("r1", 1), ("r1", 3)]
        trouble = follower.trouble()
        assert trouble is not None
        assert "Event 2 of run r1" in trouble.message
        piece = follower.events_of("r1")
        assert ([stored.n for stored in piece.events], piece.upto, piece.more) == ([1, 3], 3, False)
        assert follower.trouble() is None


def test_ones_own_runs_are_left_out(path: Path) -> None:
    own: set[str] = set()
    with closing(Journal.open(path)) as journal, closing(Follower(path, own=own)) as follower:
        follower.poll()
        own.add("mine")
        commit(journal, "mine", [begun("mine"), spent()])
        commit(journal, "r1", [begun("r1")])
        assert named(follower.poll()) == [("r1", 1)]
        assert [run.id for run in follower.live_runs()] == ["r1"]


def test_only_a_run_whose_process_is_there_is_live(path: Path, follower: Follower) -> None:
    process = child("forever", str(path), "theirs")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    process.stdout.readline()
    with closing(Journal.open(path)) as journal:
        commit(journal, "mine", [begun("mine")])
        commit(journal, "over", [begun("over"), events.Cancelled()])
        follower.poll()
        before = [run.id for run in follower.live_runs()]
        process.kill()
        dead = [run.id for run in follower.live_runs()]  # nobody has waited for it: its number is still taken
        process.communicate(timeout=60)
        assert before == ["theirs", "mine"]
        assert dead in (["mine"], ["theirs", "mine"])
        assert [run.id for run in follower.live_runs()] == ["mine"]


def test_a_process_that_only_has_the_number_of_the_one_that_is_gone_is_not_it() -> None:
    import time

    assert processes.is_alive(os.getpid(), time.time())
    assert not processes.is_alive(0, time.time())
    assert not processes.is_alive(2**22 + 1, time.time())
    if Path("/proc/self/stat").exists():
        assert not processes.is_alive(os.getpid(), time.time() - 10 * 24 * 3600)


def test_a_run_of_another_machine_is_not_said_to_be_live(path: Path, follower: Follower) -> None:
    write(path, "r1")
    with closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE runs SET machine='elsewhere'")
        other.commit()
    follower.poll()
    assert follower.live_runs() == []


def test_after_a_session_is_deleted_nothing_that_follows_is_missed(path: Path, follower: Follower) -> None:
    with closing(Journal.open(path)) as journal:
        commit(journal, "r1", [begun("r1"), *[spent() for _ in range(5)], events.Cancelled()])
        follower.poll()
        journal.delete_session(CONTEXT.session)
        commit(journal, "r2", [begun("r2"), events.Cancelled()])
        journal.delete_session(CONTEXT.session)
        commit(journal, "r3", [begun("r3")])
        assert named(follower.poll()) == [("r3", 1)]
        assert follower.trouble() is None
