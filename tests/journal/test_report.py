"""What delegation came to: computed from calls, and unknown where nobody here can know."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.journal.samples import NOON, call, commit, opened, spent
from tui_delegate.core.calls import RunContext
from tui_delegate.core.usage import Usage
from tui_delegate.journal.report import Report, Scope, Worker, _where, report
from tui_delegate.journal.store import Journal

BOSS = Usage(300, 0, 100)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "journal.db"
    ours = RunContext("run", "s1", "/p/sub")
    theirs = RunContext("ask", "", "/p", "", 1, "claude-1", "")
    other = RunContext("write", "", "/p2", "", 1, "", "codex-1")
    with closing(Journal.open(path)) as journal:
        manager = spent(call(agent="boss", model="dear", usage=BOSS), path=())
        tried = [spent(path=(0,)), spent(call(status="failed", cost=None), path=(0,)), spent(path=(1,))]
        commit(journal, "r1", [opened("r1", ours), manager, *tried])
        for number in range(3):
            run = f"a{number}"
            commit(journal, run, [opened(run, theirs), spent(call(model="small"), path=())])
        commit(journal, "w", [opened("w", other), spent(path=(), at=NOON + 40 * 86_400)])
    return path


def made(path: Path, scope: Scope) -> Report:
    found = report(path, scope)
    assert found is not None
    return found


def test_a_session_of_ours_knows_its_managers_tokens_and_so_the_share(path: Path) -> None:
    found = made(path, Scope(sessions=("s1",)))
    assert (found.delegated, found.managers, found.outside) == (450, 400, False)
    assert found.share() == 450 / 850
    assert found.delegations == {"run": 2}
    assert (found.calls, found.failed, found.unpriced, found.cost) == (3, 1, 1, 0.75)
    assert found.saved == pytest.approx(2 * ((100 * 1 + 20 * 0.1 + 30 * 2) / 1e6 - 0.25))


def test_an_agent_that_calls_from_outside_spends_what_nobody_here_sees(path: Path) -> None:
    found = made(path, Scope(sessions=("claude-1",)))
    assert found.workers == (Worker("ollama", "ollama", "small", 3, 450),)
    assert found.delegations == {"ask": 3}
    assert (found.share(), found.share(550), found.saved) == (None, 0.45, None)


def test_a_project_holds_the_folders_below_it_and_no_neighbour(path: Path) -> None:
    assert made(path, Scope(project="/p")).delegations == {"ask": 3, "run": 2}
    assert made(path, Scope(project="/p/sub")).delegations == {"run": 2}
    assert made(path, Scope(project="/")).delegations == {"ask": 3, "run": 2, "write": 1}
    assert made(path, Scope(project="/p2", since=NOON)).delegations == {"write": 1}
    assert report(path, Scope(project="/p", since=NOON + 86_400)) is None


def test_several_sessions_and_models_stand_in_the_order_of_their_tokens(path: Path) -> None:
    found = made(path, Scope(sessions=("claude-1", "codex-1")))
    assert [(worker.model, worker.tokens) for worker in found.workers] == [("small", 450), ("qwen3:4b", 150)]
    assert report(path, Scope(sessions=("codex-1",), since=NOON + 41 * 86_400)) is None


def test_nothing_is_known_of_a_session_that_never_was(path: Path, tmp_path: Path) -> None:
    assert report(path, Scope(sessions=("nobody",))) is None
    assert report(tmp_path / "none.db", Scope()) is None


def test_a_session_looks_at_no_other_sessions_calls(path: Path) -> None:
    where, values = _where(Scope(sessions=("codex-1", "s1"), since=NOON))
    with closing(sqlite3.connect(path)) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN SELECT * FROM calls{where}", values).fetchall()
    assert [row[3] for row in plan if "calls" in row[3]] == [
        f"SEARCH calls USING INDEX {index} ({column}=?)"
        for index, column in (
            ("calls_claude", "claude_session_id"),
            ("calls_codex", "codex_session_id"),
            ("calls_session", "session"),
        )
    ]


def test_a_manager_that_did_all_itself_delegated_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with closing(Journal.open(path)) as journal:
        context = RunContext("run", "", "/p", "", 1, "claude-1", "")
        commit(journal, "r", [opened("r", context), spent(call(usage=BOSS), path=())])
    found = made(path, Scope())
    assert (found.share(), found.delegations, found.workers) == (0.0, {}, ())
