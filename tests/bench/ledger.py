"""The ledger of a million calls against an empty one, a long log, and what it costs a verb to be recorded.

Totals and last rows come from the roll-up; a log is read beside a loop that does nothing but parse it, and a
run is recorded beside a hand-written insert of the same rows.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
from contextlib import closing
from functools import partial
from pathlib import Path

from tests.bench.ledger_facts import facts
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
LINES = 100_000
LINE = (
    '{{"ts": "2026-10-{:02}T11:39:27Z", "command": "ask", "profile": "p", "backend": "openai-compat", '
    '"model": "m{}", "prompt_eval_count": 912, "eval_count": 103, "cached_tokens": 4, "reasoning_tokens": 1, '
    '"total_duration_ms": 812, "cwd": "/home/me/project{}", "claude_session_id": "c{}", '
    '"codex_session_id": "", "parent_pid": 30439, "host": "http://127.0.0.1:11434/v1"}}\n'
)
PARSED = """
import json, sys
calls = tokens = 0
with open(sys.argv[1], encoding="utf-8") as log:
    for line in log:
        entry = json.loads(line)
        calls += 1
        tokens += entry["prompt_eval_count"] + entry["eval_count"]
print(calls, tokens)
"""
BY_HAND = """
import os, sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute("PRAGMA synchronous=FULL")
run = f"x{os.getpid()}"
for first, rows in ((1, 2), (3, 2)):
    c.execute("BEGIN IMMEDIATE")
    for n in range(first, first + rows):
        c.execute("INSERT INTO events VALUES(NULL, ?, ?, 1.0, '', 1, 'kind', '{}')", (run, n))
    c.execute("COMMIT")
c.close()
"""
RECORDED = """
import os, sys
from pathlib import Path
from tests.bench.ledger_facts import facts
from tui_delegate.journal.store import Journal
journal = Journal.open(Path(sys.argv[1]))
run, told = f"x{os.getpid()}", []
events = facts(run)
journal.append(run, events[:2], told.append)
journal.append(run, events[2:], told.append)
journal.close()
assert told == [None, None], told
"""
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
    table = [recorded(), log_read()]
    with tempfile.TemporaryDirectory() as empty, tempfile.TemporaryDirectory() as full:
        Journal.open(Path(empty) / "journal.db").close()
        fill(Path(full) / "journal.db")
        for words in QUESTIONS:
            floor, ours = in_turn(partial(asked, empty, words), partial(asked, full, words))
            table.append(Row(f"a million calls: {' '.join(words)}", "ms", floor * 1000, ours * 1000, GOAL))
    return table


def recorded() -> Row:
    """A process that records a run of four facts in a journal of a thousand runs."""
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "journal.db"
        with closing(Journal.open(path)) as journal:
            for number in range(1000):
                journal.append(f"r{number}", facts(f"r{number}"))
        env = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
        floor, ours = in_turn(
            partial(process_cpu, sys.executable, "-c", BY_HAND, str(path), env=env),
            partial(process_cpu, sys.executable, "-c", RECORDED, str(path), env=env),
        )
    return Row("a run of four facts recorded: whole process", "ms", floor * 1000, ours * 1000, 2.5)


def log_read() -> Row:
    """A log of agent-delegate's, all of it summed up."""
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "agent-delegate.log"
        path.write_text("".join(LINE.format(n % 28 + 1, n % 12, n % 9, n // 500) for n in range(LINES)))
        env = {**os.environ, "TUI_DELEGATE_HOME": home, "PYTHONDONTWRITEBYTECODE": ""}
        floor, ours = in_turn(
            partial(process_cpu, sys.executable, "-c", PARSED, str(path), env=env),
            partial(process_cpu, sys.executable, "-c", SCRIPT, "ledger", "--log", str(path), env=env),
        )
    return Row(f"ledger --log: {LINES:,} lines", "ms", floor * 1000, ours * 1000, 2.0)


def asked(home: str, words: tuple[str, ...]) -> float:
    env = {**os.environ, "TUI_DELEGATE_HOME": home, "PYTHONDONTWRITEBYTECODE": ""}
    return process_cpu(sys.executable, "-c", SCRIPT, *words, env=env)
