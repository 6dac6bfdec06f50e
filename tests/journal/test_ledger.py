"""The ledger: its totals are always what its rows add up to, and its last rows are the last."""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.journal.samples import NOON, call, commit, opened, spent
from tui_delegate.core.calls import ModelCall, RunContext, Status
from tui_delegate.core.errors import InputError
from tui_delegate.core.usage import Source, Usage
from tui_delegate.journal.ledger import COLUMNS, Call, Ledger, Query, Total, midnight
from tui_delegate.journal.store import Journal

DAY = 86_400.0
NAMES = st.sampled_from(["", "worker", "manager", "ü", "a b"])
STATUSES: st.SearchStrategy[Status] = st.sampled_from(["ok", "failed", "cancelled"])
SOURCES: st.SearchStrategy[Source] = st.sampled_from(["reported", "estimated", "unknown"])
TOKENS = st.integers(0, 10**6)
CALLS = st.builds(
    call,
    agent=NAMES,
    model=NAMES,
    usage=st.builds(Usage, TOKENS, TOKENS, TOKENS, TOKENS, SOURCES),
    cost=st.none() | st.floats(0, 10),
    status=STATUSES,
    total_ms=TOKENS,
)
spent_by_manager = call(agent="boss", model="dear")
BATCHES = st.lists(
    st.tuples(st.sampled_from(["r1", "r2", "r3"]), st.lists(st.tuples(CALLS, st.floats(0, 5)), max_size=5)),
    max_size=8,
)


def key_of(by: str, row: Call) -> str:
    if by == "day":
        return time.strftime("%Y-%m-%d", time.localtime(row.at))
    return str(getattr(row, "cwd" if by == "project" else by))


def folded(by: str, found: list[Call]) -> list[Total]:
    groups: dict[str, list[Call]] = defaultdict(list)
    for row in found:
        groups[key_of(by, row)].append(row)
    return [
        Total(
            key,
            len(rows),
            sum(row.status == "failed" for row in rows),
            sum(row.prompt for row in rows),
            sum(row.cached for row in rows),
            sum(row.completion for row in rows),
            sum(row.reasoning for row in rows),
            sum(row.total_ms for row in rows),
            sum(row.cost or 0.0 for row in rows),
            sum(row.cost is None for row in rows),
            sum(row.usage_source != "reported" for row in rows),
            sum(row.delegated for row in rows),
            sum(row.saved or 0.0 for row in rows),
            sum(row.saved is not None for row in rows),
        )
        for key, rows in sorted(groups.items())
    ]


def same(totals: list[Total], expected: list[Total]) -> None:
    """Dollars are added up in another order, so their last digit may differ."""
    assert [exact(total) for total in totals] == [exact(total) for total in expected]
    assert [total.cost for total in totals] == pytest.approx([total.cost for total in expected])
    assert [total.saved for total in totals] == pytest.approx([total.saved for total in expected])


def exact(total: Total) -> Total:
    return total._replace(cost=0.0, saved=0.0)


@given(BATCHES)
@settings(max_examples=25, deadline=None)
def test_totals_are_what_the_calls_add_up_to(
    batches: list[tuple[str, list[tuple[ModelCall, float]]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        with closing(Journal.open(path)) as journal:
            for run in ("r1", "r2", "r3"):
                journal.append(run, [opened(run, RunContext(session=run[0], cwd=f"/{run}"))])
            for run, calls in batches:
                journal.append(run, [spent(spent_by_manager, path=(), at=NOON)] if calls else [])
                journal.append(run, [spent(made, at=NOON + days * DAY) for made, days in calls])
        since, until = midnight(NOON + DAY), midnight(NOON + 3 * DAY)
        with closing(Ledger.open(path)) as ledger:
            for query in (
                Query(limit=0),
                Query(limit=0, since=since),
                Query(limit=0, since=since, until=until),
                Query(limit=0, since=NOON + DAY),
                Query(limit=0, agent="worker"),
            ):
                found = ledger.last(query)
                assert found == list(ledger.all(query))
                for by in COLUMNS:
                    same(ledger.totals(by, query), folded(by, found))
                assert ledger.total(query).calls == len(found)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "journal.db"
    with closing(Journal.open(path)) as journal:
        for number in range(50):
            run = f"r{number % 5}"
            events = [spent(call(total_ms=number), at=NOON - number * 3600)]
            assert commit(journal, run, [opened(run), *events] if number < 5 else events) is None
    return path


def test_the_last_calls_are_those_committed_last_whatever_their_clock_said(path: Path) -> None:
    with closing(Ledger.open(path)) as ledger:
        assert [row.total_ms for row in ledger.last(Query(limit=3))] == [47, 48, 49]
        assert len(ledger.last(Query())) == 20


def test_the_last_calls_since_a_moment_are_in_that_time(path: Path) -> None:
    with closing(Ledger.open(path)) as ledger:
        found = ledger.last(Query(since=NOON - 10 * 3600, until=NOON, limit=4))
        assert [row.total_ms for row in found] == [1, 2, 3, 4]  # in the order of their commits


def test_calls_of_one_run_or_session_are_found(path: Path) -> None:
    with closing(Ledger.open(path)) as ledger:
        assert {row.run for row in ledger.all(Query(run="r2"))} == {"r2"}
        assert ledger.total(Query(run="r2")).calls == 10
        assert ledger.total(Query(session="s1")).calls == 50
        assert ledger.total(Query(session="s1", model="other")).calls == 0


def test_what_another_tools_session_spent_is_one_total(path: Path) -> None:
    with closing(Ledger.open(path)) as ledger:
        for by, key in (
            ("claude_session_id", "claude-7"),
            ("codex_session_id", "codex-9"),
            ("parent_pid", "4242"),
        ):
            assert [(total.key, total.calls) for total in ledger.totals(by, Query())] == [(key, 50)]


def test_totals_by_something_unheard_of_name_what_there_is(path: Path) -> None:
    with closing(Ledger.open(path)) as ledger, pytest.raises(InputError) as caught:
        ledger.totals("colour", Query())
    assert "project" in caught.value.hint


@pytest.mark.parametrize("query", [Query(), Query(since=midnight(NOON)), Query(until=midnight(NOON))])
@pytest.mark.parametrize("by", COLUMNS)
def test_totals_of_all_time_and_of_whole_days_never_look_at_calls(path: Path, by: str, query: Query) -> None:
    with closing(Journal.open(path)), closing(Ledger.open(path)) as ledger:
        before = ledger.totals(by, query)
        _forget_calls(path)
        assert ledger.totals(by, query) == before
        assert before


def _forget_calls(path: Path) -> None:
    import sqlite3

    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM calls")
        connection.commit()
