"""What a journal survives: kill -9, other processes, a full disk."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from tests.journal.samples import child
from tui_delegate.journal.ledger import COLUMNS, Ledger, Query
from tui_delegate.journal.sessions import Reader

if TYPE_CHECKING:
    from pathlib import Path


def check(path: Path) -> None:
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    ledger = Ledger.open(path)
    calls = ledger.last(Query(limit=0))
    for by in COLUMNS:
        totals = ledger.totals(by, Query())
        assert sum(total.calls for total in totals) == len(calls)
        assert sum(total.total_ms for total in totals) == sum(call.total_ms for call in calls)
    ledger.close()


def go(path: Path, what: str, *runs: str, count: str = "") -> list[list[str]]:
    """Start a writer for each run, let all of them go at once, and give what each said."""
    children = [child(what, str(path), run, *([count] if count else [])) for run in runs]
    for process in children:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0].splitlines() for process in children]
    assert [process.returncode for process in children] == [0] * len(runs), said
    return said


def test_twelve_kills_in_the_middle_of_writing_lose_no_acknowledged_call(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    for number in range(12):
        run = f"run-{number}"
        process = child("forever", str(path), run)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("go\n")
        process.stdin.flush()
        acknowledged = {process.stdout.readline().strip() for _ in range(10 + 17 * number)}
        process.kill()
        rest, _ = process.communicate(timeout=60)
        acknowledged |= {line for line in rest.split("\n")[:-1] if line}
        assert all(word.isdecimal() for word in acknowledged)
        ledger = Ledger.open(path)
        kept = {str(call.total_ms) for call in ledger.all(Query(run=run))}
        ledger.close()
        assert acknowledged <= kept
        with closing(Reader.open(path)) as reader:
            numbers = [stored.n for stored in reader.since(0, 10**6) if stored.run == run]
        assert numbers == list(range(1, len(numbers) + 1))
    check(path)


def test_processes_that_write_at_once_see_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    assert go(path, "some", "a", "b", count="60") == [["closed"], ["closed"]]
    check(path)
    ledger = Ledger.open(path)
    assert {total.key: total.calls for total in ledger.totals("run", Query())} == {"a": 60, "b": 60}
    ledger.close()


def test_eight_first_processes_make_one_journal(tmp_path: Path) -> None:
    path = tmp_path / "new" / "state" / "journal.db"
    assert go(path, "some", *"abcdefgh", count="1") == [["closed"]] * 8
    check(path)
    with closing(Reader.open(path)) as reader:
        assert len(reader.runs()) == 8


def test_a_full_disk_is_reported_and_costs_only_what_did_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    (said,) = go(path, "full", "a")
    first, refused, again, unseen, *after = said
    assert (first, again, unseen, after) == (
        "None",
        "JournalError",
        "JournalError",
        ["None", "None", "closed"],
    )
    assert refused.startswith("JournalError: The journal ")
    check(path)
    with closing(Ledger.open(path)) as ledger:
        assert [(call.run, call.session) for call in ledger.last(Query())] == [
            ("a", "s1"), ("unseen", "s1"), ("a", "s1"),
        ]  # fmt: skip
    with closing(Reader.open(path)) as reader:
        assert [run.id for run in reader.runs()] == ["unseen", "a"]
