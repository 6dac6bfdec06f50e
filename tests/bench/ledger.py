"""The ledger of a million calls against an empty one: totals and last rows come from the roll-up."""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
from functools import partial
from pathlib import Path

from tests.bench.measure import Row, in_turn, process_cpu
from tests.bench.startup import SCRIPT
from tui_delegate.journal.store import Journal

CALLS = 1_000_000
QUESTIONS = (
    ("ledger", "--limit", "20"),
    ("ledger", "--json"),
    ("ledger", "--by", "model"),
    ("ledger", "--by", "day"),
    ("ledger", "--since", "7d"),
    ("ledger", "--by", "project"),
    ("ledger", "--since", "2h"),
    ("ledger", "report", "--session", "claude-100"),
)
GOAL = 1.5
CALLS_MADE = f"""
INSERT INTO calls SELECT i, strftime('%s', 'now') - ({CALLS} - i) * 30.0, 'r' || (i / 50), i % 50,
    's' || (i / 500), '0', 1, 'run', CASE i % 4 WHEN 0 THEN 'manager' ELSE 'worker' END,
    'p' || (i % 5), 'llamacpp', 'model-' || (i % 12), 'model-' || (i % 12),
    900, 400, 100, 0, 'reported', 3, 40, 900, 61.5, 0.1, 0.05, 0.4, 'profile', 0.00011,
    CASE i % 40 WHEN 0 THEN 'failed' ELSE 'ok' END, '', '', '/home/someone/project' || (i % 9),
    'http://127.0.0.1:8080', 4711, 'claude-' || (i / 5000), '',
    CASE i % 4 WHEN 0 THEN 0 ELSE 1000 END, CASE i % 4 WHEN 0 THEN NULL ELSE 0.0009 END, 0
FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {CALLS}) SELECT i FROM n)
"""
KEYS = {
    "all": "''",
    "command": "command",
    "session": "session",
    "run": "run",
    "agent": "agent",
    "profile": "profile",
    "backend": "backend",
    "model": "model",
    "status": "status",
    "host": "host",
    "project": "cwd",
    "claude_session_id": "claude_session_id",
}
DAY = "strftime('%Y-%m-%d', at, 'unixepoch', 'localtime')"
SUMS = (
    "count(*), sum(status = 'failed'), sum(prompt), sum(cached), sum(completion), sum(reasoning),"
    " sum(total_ms), coalesce(sum(cost), 0), sum(cost IS NULL), sum(usage_source <> 'reported'),"
    " sum(delegated), total(saved), count(saved)"
)


def fill(path: Path) -> None:
    Journal.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(CALLS_MADE)
        for dimension, key in KEYS.items():
            for day in (DAY, "''"):
                connection.execute(
                    f"INSERT INTO totals SELECT '{dimension}', {day}, {key}, {SUMS} FROM calls GROUP BY 2, 3"
                )
    connection.close()


def rows() -> list[Row]:
    table = []
    with tempfile.TemporaryDirectory() as empty, tempfile.TemporaryDirectory() as full:
        Journal.open(Path(empty) / "journal.db").close()
        fill(Path(full) / "journal.db")
        for words in QUESTIONS:
            floor, ours = in_turn(partial(asked, empty, words), partial(asked, full, words))
            table.append(Row(f"a million calls: {' '.join(words)}", "ms", floor * 1000, ours * 1000, GOAL))
    return table


def asked(home: str, words: tuple[str, ...]) -> float:
    env = {**os.environ, "TUI_DELEGATE_HOME": home, "PYTHONDONTWRITEBYTECODE": ""}
    return process_cpu(sys.executable, "-c", SCRIPT, *words, env=env)
