"""Sessions: listed with what a person wants to know, searched, renamed and deleted beside other processes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.journal.samples import CANARY, CONTEXT, NOON, begun, call, child, commit, opened, spent
from tui_delegate.core import events
from tui_delegate.core.errors import InputError, JournalError
from tui_delegate.journal.ledger import Ledger, Query
from tui_delegate.journal.sessions import Reader
from tui_delegate.journal.store import Journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    made = Journal.open(path)
    yield made
    made.close()


def ask(run: str, session: str, prompt: str, after: str = "", at: float = NOON) -> events.Opened:
    context = replace(CONTEXT, session=session)
    return replace(opened(run, context), prompt=prompt, after=after, at=at)


def answer(text: str, at: float = NOON) -> events.Finished:
    return events.Finished(at=at, text=text)


def bytes_of(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_a_session_tells_its_runs_models_and_what_it_cost(journal: Journal) -> None:
    commit(journal, "r1", [ask("r1", "a", "first"), spent(), answer("one")])
    commit(journal, "r2", [ask("r2", "a", "more"), spent(call(model="phi")), events.Cancelled(at=NOON)])
    commit(journal, "r3", [ask("r3", "b", "dear"), spent(call(cost=None)), answer("x")])
    rows = {row.id: row for row in journal.sessions()}
    assert (rows["a"].runs, rows["a"].status, rows["a"].live) == (2, "cancelled", False)
    assert (rows["a"].tokens, rows["a"].cost, rows["a"].cwd) == (300, 0.5, CONTEXT.cwd)
    assert set(rows["a"].models) == {"qwen3:4b", "phi"}
    assert (rows["b"].cost, rows["b"].title) == (None, "dear")
    assert journal.session("a") == rows["a"]
    assert journal.count_sessions() == 2


def test_a_session_is_live_while_its_process_is(path: Path, journal: Journal) -> None:
    process = child("forever", str(path), "r1")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    process.stdout.readline()
    before = journal.session(CONTEXT.session)
    with pytest.raises(JournalError, match=f"at work in process {process.pid}"):
        journal.delete_session(CONTEXT.session)
    process.kill()
    process.communicate(timeout=60)
    after = journal.session(CONTEXT.session)
    assert before is not None
    assert after is not None
    assert (before.live, after.live, after.status) == (True, False, "open")
    assert len(journal.transcript_of("r1").nodes[(0,)].calls) > 0
    journal.delete_session(CONTEXT.session)
    assert journal.sessions() == []


def test_a_conversation_holds_a_sessions_runs_and_those_that_it_went_on_from(journal: Journal) -> None:
    commit(journal, "a1", [ask("a1", "a", "one"), answer("1")])
    commit(journal, "a2", [ask("a2", "a", "two", "a1"), answer("2")])
    commit(journal, "b1", [ask("b1", "b", "fork", "a1"), answer("3")])
    commit(journal, "a3", [ask("a3", "a", "three", "a2"), answer("4")])
    assert list(journal.conversation("b")) == ["a1", "b1"]
    assert list(journal.conversation("a")) == ["a1", "a2", "a3"]
    assert journal.conversation("none") == {}
    commit(journal, "c1", [ask("c1", "c", "lost", "gone"), answer("5")])
    assert list(journal.conversation("c")) == ["c1"]


def test_a_preview_tells_the_last_words_however_a_run_ended(journal: Journal) -> None:
    commit(journal, "r0", [ask("r0", "a", "old"), answer("not asked for")])
    commit(journal, "r1", [ask("r1", "a", "p1"), events.Wrote(text="part"), answer("whole")])
    failed = events.Failed(code="timeout", message="too late", text="half", at=NOON)
    commit(journal, "r2", [ask("r2", "a", "p2"), events.Finished(path=(0,), text="worker"), failed])
    commit(journal, "r3", [ask("r3", "a", "p3"), events.Wrote(text="as far as it came")])
    assert [(one.prompt, one.answer, one.status) for one in journal.exchanges("a")] == [
        ("p1", "whole", "ok"), ("p2", "half\ntoo late", "failed"), ("p3", "as far as it came", "open"),
    ]  # fmt: skip


def test_a_summary_of_the_conversation_is_nothing_that_a_person_asked(journal: Journal) -> None:
    commit(journal, "r1", [ask("r1", "a", "the question"), answer("the answer")])
    sums_up = replace(opened("r2", replace(CONTEXT, session="a", command="recap")), prompt="Sum up")
    commit(journal, "r2", [sums_up, spent(), events.Cancelled(at=NOON)])
    row = journal.session("a")
    assert row is not None
    assert (row.runs, row.status, row.command, row.tokens) == (1, "ok", CONTEXT.command, 150)
    assert [one.prompt for one in journal.exchanges("a")] == ["the question"]
    assert journal.search_sessions("sum") == []


def test_sessions_are_found_by_every_word_of_title_and_prompts(journal: Journal) -> None:
    commit(journal, "r1", [ask("r1", "a", "Compare 100% of the_notes"), answer("x")])
    commit(journal, "r2", [ask("r2", "a", "and the weather"), answer("x")])
    commit(journal, "r3", [ask("r3", "b", "weather in Rome"), answer("x")])

    def found(text: str) -> list[str]:
        return sorted(row.id for row in journal.search_sessions(text))

    assert found("WEATHER") == ["a", "b"]
    assert found("weather compare") == ["a"]
    assert found("100%") == found("the_n") == ["a"]
    assert found("10%0") == found("the-n") == found("\\") == []
    assert found("") == found(" \0 ") == ["a", "b"]
    assert found("'; DROP TABLE runs; --") == found("\ud800") == []


def test_a_new_name_outlives_later_runs(journal: Journal) -> None:
    commit(journal, "r1", [ask("r1", "a", "first"), answer("x")])
    journal.rename_session("a", "  My \x1b[31mred\x1b[0m\n[bold]title[/]  ")
    commit(journal, "r2", [ask("r2", "a", "later"), answer("x")])
    session = journal.session("a")
    assert session is not None
    assert session.title == "My red [bold]title[/]"


@pytest.mark.parametrize("title", ["", " \n ", "\x1b[31m"])
def test_a_name_of_nothing_is_refused(journal: Journal, title: str) -> None:
    commit(journal, "r1", [ask("r1", "a", "first")])
    with pytest.raises(InputError):
        journal.rename_session("a", title)


def test_what_is_not_there_can_be_neither_renamed_nor_deleted(journal: Journal) -> None:
    with pytest.raises(JournalError, match="no such session"):
        journal.rename_session("a", "x")
    with pytest.raises(JournalError, match="no such session"):
        journal.delete_session("a")
    with pytest.raises(JournalError, match="no such session"):
        journal.delete_session("")


def test_a_deleted_session_leaves_no_word_in_the_files_and_all_of_its_bills(
    path: Path, journal: Journal
) -> None:
    text = [events.Wrote(text=f"{CANARY} {number} " * 50) for number in range(200)]
    commit(journal, "r1", [opened("r1"), *text, spent(), answer(CANARY)])
    commit(journal, "r2", [ask("r2", "other", "kept"), spent(), answer("kept")])
    commit(journal, "r3", [opened("r3"), spent(), answer(CANARY)])
    assert CANARY.encode() in bytes_of(path)
    journal.delete_session(CONTEXT.session)
    assert CANARY.encode() not in bytes_of(path)
    assert [row.id for row in journal.sessions()] == ["other"]
    assert journal.runs(session=CONTEXT.session) == []
    assert journal.run("r1") is None
    assert list(journal.events_of("r1")) == []
    assert [event.path for event in journal.events_of("r2")] == [(), (0,), ()]
    with closing(Ledger.open(path)) as ledger:
        assert ledger.total(Query()).calls == len(ledger.last(Query())) == 3
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_fork_stays_when_the_session_that_it_left_is_deleted(journal: Journal) -> None:
    commit(journal, "a1", [ask("a1", "a", "one"), answer("1")])
    commit(journal, "b1", [ask("b1", "b", "fork", "a1"), answer("3")])
    journal.delete_session("a")
    assert list(journal.conversation("b")) == ["b1"]


def test_a_deletion_waits_for_another_process_and_loses_nothing_of_it(
    path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_delegate.journal.schema.BUSY_SECONDS", 0.01)
    commit(journal, "r1", [ask("r1", "a", "one"), answer("1")])
    with closing(Journal.open(path)) as beside:
        for number in range(20):
            beside.append(f"x{number}", [ask(f"x{number}", "b", "beside"), spent(), answer("y")])
        journal.delete_session("a")
    assert [(row.id, row.runs) for row in journal.sessions()] == [("b", 20)]


def test_changes_and_events_are_done_in_the_order_in_which_they_were_asked_for(journal: Journal) -> None:
    for number in range(10):
        journal.append(f"r{number}", [ask(f"r{number}", "a", f"prompt {number}"), answer("x")])
        journal.rename_session("a", f"name {number}")
        if number % 2:
            journal.delete_session("a")
            assert journal.sessions() == []


def test_a_damaged_event_costs_no_more_than_itself(path: Path, journal: Journal) -> None:
    commit(journal, "r1", [ask("r1", "a", "one"), events.Wrote(text="said"), answer("said")])
    with closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE events SET body='{' WHERE n=3")
        other.commit()
    (transcript,) = journal.conversation("a").values()
    assert (transcript.root.text, transcript.warnings[0].code) == ("said", "event_damaged")
    assert [one.answer for one in journal.exchanges("a")] == ["said"]


def test_a_closed_journal_says_so_instead_of_changing(path: Path) -> None:
    journal = Journal.open(path)
    journal.close()
    with pytest.raises(JournalError, match="closed"):
        journal.rename_session("a", "x")


def test_five_thousand_sessions_are_listed_and_searched_quickly(path: Path, journal: Journal) -> None:
    with closing(sqlite3.connect(path)) as other:
        numbers = range(5000)
        other.executemany(
            "INSERT INTO sessions VALUES(?, ?, ?, ?)",
            [(f"s{n}", f"title {n}", NOON + n, NOON + n) for n in numbers],
        )
        other.executemany(
            "INSERT INTO runs VALUES(?, ?, 1.0, 2.0, 'ok', 'run', ?, '/', '', 1, '', '', 1, 'm')",
            [(f"r{n}.{k}", f"s{n}", f"prompt {n} {k} " + "words " * 40) for n in numbers for k in range(4)],
        )
        other.commit()
    begun_at = time.process_time()
    assert len(journal.sessions(5000)) == 5000
    assert [row.title for row in journal.search_sessions("prompt 4321")] == ["title 4321"]
    assert journal.sessions(200)[0].runs == 4
    assert time.process_time() - begun_at < 2.0


def test_a_reader_takes_several_threads_at_once(path: Path, journal: Journal) -> None:
    from concurrent.futures import ThreadPoolExecutor

    commit(journal, "r1", [begun("r1"), spent(), answer("x")])
    with closing(Reader(path)) as reader, ThreadPoolExecutor(8) as pool:
        assert {one[0].runs for one in pool.map(lambda _: reader.sessions(), range(64))} == {1}
