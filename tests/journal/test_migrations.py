"""A journal of an earlier version: read as it is, brought up to date by whoever writes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.journal.samples import NOON, call, commit, opened, spent
from tui_delegate.journal.ledger import COLUMNS, Ledger, Query, Total
from tui_delegate.journal.schema import VERSION
from tui_delegate.journal.store import Journal

LATER = (("calls", ("delegated", "saved", "imported")), ("totals", ("delegated", "saved", "compared")))


def totals(path: Path) -> dict[str, list[Total]]:
    with closing(Ledger.open(path)) as ledger:
        return {by: ledger.totals(by, Query()) for by in COLUMNS}


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A journal as version 1 left it."""
    path = tmp_path / "journal.db"
    with closing(Journal.open(path)) as journal:
        for day in range(3):
            run = f"r{day}"
            events = [
                spent(call(agent="boss", model="dear"), path=(), at=NOON + day * 86_400),
                spent(call(cost=0.01), at=NOON + day * 86_400),
                spent(call(cost=None), at=NOON + day * 86_400 + 1),
            ]
            assert commit(journal, run, [opened(run), *events]) is None
    return path


def make_old(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for table, columns in LATER:
            for column in columns:
                connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        connection.execute("DROP TABLE imported")
        connection.execute("DROP INDEX calls_claude")
        connection.execute("DROP INDEX calls_codex")
        connection.execute("PRAGMA user_version=1")
        connection.commit()


def test_what_delegation_was_worth_is_worked_out_for_calls_of_before(old: Path) -> None:
    before = totals(old)
    assert {group.compared for group in before["agent"]} == {0, 3}
    assert sum(group.delegated for group in before["day"]) == 6 * 150
    make_old(old)
    Journal.open(old).close()
    assert version(old) == VERSION
    for by, groups in totals(old).items():
        assert [group._replace(saved=0.0) for group in groups] == [
            group._replace(saved=0.0) for group in before[by]
        ]
        assert [group.saved for group in groups] == pytest.approx([group.saved for group in before[by]])


def test_an_old_journal_is_read_without_being_changed(old: Path) -> None:
    before = totals(old)
    make_old(old)
    known = [
        [group._replace(delegated=0, saved=0.0, compared=0) for group in groups] for groups in before.values()
    ]
    assert list(totals(old).values()) == known
    with closing(Ledger.open(old)) as ledger:
        assert [row.delegated for row in ledger.last(Query(limit=3))] == [0, 150, 150]
    assert version(old) == 1
