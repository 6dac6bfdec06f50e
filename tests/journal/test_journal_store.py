"""The journal: what goes in comes out, and what is not to be kept is not there."""

from __future__ import annotations

import sqlite3
import typing
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.journal.samples import CANARY, CONTEXT, NOON, call, commit, every_kind, opened, spent
from tui_delegate.core import events
from tui_delegate.core.errors import JournalError
from tui_delegate.core.usage import Usage
from tui_delegate.journal.ledger import Ledger, Query
from tui_delegate.journal.sessions import Reader
from tui_delegate.journal.store import Journal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tui_delegate.core.ports import Recorder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    made = Journal.open(path)
    yield made
    made.close()


def bytes_of(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_every_kind_of_event_comes_back_as_it_went_in(journal: Journal) -> None:
    recorder: Recorder = journal
    before = every_kind("r1")
    assert {type(event) for event in before} == set(typing.get_args(events.Event))
    recorder.append("r1", before[:5], None)
    assert commit(journal, "r1", before[5:]) is None
    assert list(journal.events_of("r1")) == before


def test_events_are_numbered_over_batches_and_processes(path: Path, journal: Journal) -> None:
    commit(journal, "r1", [opened("r1")])
    commit(journal, "r2", [opened("r2")])
    beside = Journal.open(path)
    commit(beside, "r1", [spent(), spent()])
    beside.close()
    commit(journal, "r1", [spent()])
    assert [(stored.id, stored.run, stored.n) for stored in journal.since(0)] == [
        (1, "r1", 1), (2, "r2", 1), (3, "r1", 2), (4, "r1", 3), (5, "r1", 4),
    ]  # fmt: skip


def test_a_follower_sees_what_another_process_wrote_since(path: Path) -> None:
    follower = Reader.open(path)
    assert (follower.newest(), follower.since(0), follower.runs()) == (0, [], [])
    assert not path.parent.exists()
    journal = Journal.open(path)
    commit(journal, "r1", [opened("r1")])
    seen = follower.newest()
    commit(journal, "r1", [spent()])
    assert [type(stored.event) for stored in follower.since(seen)] == [events.Spent]
    follower.close()
    journal.close()


def test_a_process_that_goes_on_with_a_run_knows_where_it_came_from(path: Path, journal: Journal) -> None:
    commit(journal, "r1", [opened("r1")])
    beside = Journal.open(path)
    commit(beside, "r1", [spent()])
    beside.close()
    ledger = Ledger.open(path)
    (row,) = ledger.last(Query())
    ledger.close()
    assert (row.session, row.cwd, row.parent_pid) == (CONTEXT.session, CONTEXT.cwd, CONTEXT.parent_pid)


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        (events.Finished(at=NOON + 5), "ok"),
        (events.Failed(at=NOON + 5, code="timeout", message="late"), "failed"),
        (events.Cancelled(at=NOON + 5), "cancelled"),
    ],
)
def test_only_the_managers_end_ends_a_run(journal: Journal, ending: events.Event, status: str) -> None:
    commit(journal, "r1", [opened("r1"), events.Failed(path=(0,), code="x", message="y")])
    (row,) = journal.runs()
    assert (row.status, row.ended, row.started, row.session) == ("open", None, NOON, "s1")
    commit(journal, "r1", [ending])
    found = journal.run("r1")
    assert found is not None
    assert (found.status, found.ended) == (status, NOON + 5)


def test_a_session_is_named_by_its_first_prompt(journal: Journal) -> None:
    commit(journal, "r1", [opened("r1")])
    commit(journal, "r2", [opened("r2")])
    session = journal.session("s1")
    assert session is not None
    assert session.title == f"{CANARY} please"
    assert [run.id for run in journal.runs(session="s1")] == ["r2", "r1"]
    assert journal.sessions() == [session]
    assert journal.session("s2") is None


def test_without_text_no_word_of_it_is_anywhere_in_the_files(path: Path) -> None:
    journal = Journal.open(path, keep_text=False)
    assert commit(journal, "r1", every_kind("r1")) is None
    assert CANARY.encode() not in bytes_of(path)
    kinds = {type(event) for event in journal.events_of("r1")}
    journal.close()
    assert CANARY.encode() not in bytes_of(path)
    assert kinds == set(typing.get_args(events.Event)) - {events.Wrote, events.Thought, events.Calling}


def test_with_text_it_is_there(path: Path, journal: Journal) -> None:
    commit(journal, "r1", every_kind("r1"))
    assert CANARY.encode() in bytes_of(path)


def test_the_ledger_holds_no_text_even_where_the_journal_does(path: Path, journal: Journal) -> None:
    commit(journal, "r1", every_kind("r1"))
    connection = sqlite3.connect(path)
    for table in ("calls", "totals"):
        assert CANARY not in str(connection.execute(f"SELECT * FROM {table}").fetchall())
    connection.close()


def test_numbers_and_names_that_no_file_can_hold_are_made_to_fit(path: Path, journal: Journal) -> None:
    made = call(agent="half \ud800", usage=Usage(10**30, 0, -5, 0))
    assert commit(journal, "r\ud800", [opened("r\ud800"), spent(made)]) is None
    ledger = Ledger.open(path)
    (row,) = ledger.last(Query())
    ledger.close()
    assert (row.agent, row.prompt, row.completion) == ("half ?", 2**53, 0)
    assert [type(event) for event in journal.events_of("r\ud800")] == [events.Opened, events.Spent]


def test_an_event_that_cannot_be_stored_spoils_no_other(journal: Journal) -> None:
    bad = typing.cast("events.Event", "no event")
    assert isinstance(commit(journal, "r1", [bad]), JournalError)
    assert commit(journal, "r1", [opened("r1")]) is None


def test_what_was_handed_over_is_committed_by_close(path: Path) -> None:
    journal = Journal.open(path)
    heard: list[Exception | None] = []
    for number in range(40):
        journal.append(f"r{number}", [opened(f"r{number}"), spent()], heard.append)
    journal.close()
    journal.close()
    assert heard == [None] * 40
    assert [file.name for file in path.parent.iterdir()] == ["journal.db"]
    ledger = Ledger.open(path)
    assert ledger.total(Query()).calls == 40
    ledger.close()


def test_a_closed_journal_says_so(path: Path) -> None:
    journal = Journal.open(path)
    journal.close()
    heard: list[Exception | None] = []
    journal.append("r1", [opened("r1")], heard.append)
    assert isinstance(heard[0], JournalError)


def test_a_loop_that_is_gone_does_not_stop_the_writer(journal: Journal) -> None:
    def gone(_error: Exception | None) -> None:
        raise RuntimeError("Event loop is closed")

    journal.append("r1", [opened("r1")], gone)
    assert commit(journal, "r1", [spent()]) is None


def test_picks_are_there_at_once_and_for_the_next_process(path: Path) -> None:
    journal = Journal.open(path)
    assert journal.pick("theme") is None
    journal.set_pick("theme", "paper")
    journal.set_pick("theme", "night")
    assert journal.pick("theme") == "night"
    journal.close()
    with closing(Reader.open(path)) as reader:
        assert reader.pick("theme") == "night"


def test_a_damaged_event_is_named_not_guessed_at(path: Path, journal: Journal) -> None:
    commit(journal, "r1", [opened("r1")])
    connection = sqlite3.connect(path)
    connection.execute("UPDATE events SET body='{'")
    connection.commit()
    connection.close()
    with pytest.raises(JournalError, match="Event 1 of run r1"):
        list(journal.events_of("r1"))
