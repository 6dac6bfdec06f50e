"""What makes the journal's tables, and what brings those of an earlier version to ours.

Steps are only ever added. Opening the file is not done here, and a file that is up to date never loads this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIRST: Final = """
CREATE TABLE sessions(id TEXT PRIMARY KEY, title TEXT NOT NULL, created REAL NOT NULL, updated REAL NOT NULL)
    WITHOUT ROWID;
CREATE TABLE runs(
    id TEXT PRIMARY KEY, session TEXT NOT NULL, started REAL NOT NULL, ended REAL, status TEXT NOT NULL,
    command TEXT NOT NULL, prompt TEXT NOT NULL, cwd TEXT NOT NULL, target TEXT NOT NULL,
    parent_pid INTEGER NOT NULL, claude_session_id TEXT NOT NULL, codex_session_id TEXT NOT NULL,
    pid INTEGER NOT NULL, machine TEXT NOT NULL);
CREATE INDEX runs_session ON runs(session) WHERE session <> '';
CREATE TABLE events(
    id INTEGER PRIMARY KEY, run TEXT NOT NULL, n INTEGER NOT NULL, at REAL NOT NULL, path TEXT NOT NULL,
    attempt INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL);
CREATE UNIQUE INDEX events_run ON events(run, n);
CREATE TABLE calls(
    id INTEGER PRIMARY KEY, at REAL NOT NULL, run TEXT NOT NULL, n INTEGER NOT NULL, session TEXT NOT NULL,
    path TEXT NOT NULL, attempt INTEGER NOT NULL, command TEXT NOT NULL, agent TEXT NOT NULL,
    profile TEXT NOT NULL, backend TEXT NOT NULL, model TEXT NOT NULL, answered TEXT NOT NULL,
    prompt INTEGER NOT NULL, cached INTEGER NOT NULL, completion INTEGER NOT NULL,
    reasoning INTEGER NOT NULL, usage_source TEXT NOT NULL, queue_ms INTEGER NOT NULL,
    first_token_ms INTEGER, total_ms INTEGER NOT NULL, tokens_per_second REAL,
    price_input REAL, price_cached REAL, price_output REAL, price_source TEXT, cost REAL,
    status TEXT NOT NULL, code TEXT NOT NULL, target TEXT NOT NULL, cwd TEXT NOT NULL, host TEXT NOT NULL,
    parent_pid INTEGER NOT NULL, claude_session_id TEXT NOT NULL, codex_session_id TEXT NOT NULL);
CREATE INDEX calls_at ON calls(at);
CREATE INDEX calls_run ON calls(run);
CREATE INDEX calls_session ON calls(session) WHERE session <> '';
CREATE TABLE totals(
    dim TEXT NOT NULL, day TEXT NOT NULL, key TEXT NOT NULL, calls INTEGER NOT NULL, failed INTEGER NOT NULL,
    prompt INTEGER NOT NULL, cached INTEGER NOT NULL, completion INTEGER NOT NULL,
    reasoning INTEGER NOT NULL, total_ms INTEGER NOT NULL, cost REAL NOT NULL, unpriced INTEGER NOT NULL,
    guessed INTEGER NOT NULL, PRIMARY KEY(dim, day, key)) WITHOUT ROWID;
CREATE TABLE picks(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID
"""

_KEYS: Final = {
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
    "answered": "answered",
    "code": "code",
    "target": "target",
    "parent_pid": "CAST(parent_pid AS TEXT)",
    "claude_session_id": "claude_session_id",
    "codex_session_id": "codex_session_id",
}
"""Each dimension of the roll-up, and what of a call is its key."""
_SECOND: Final = """
ALTER TABLE calls ADD COLUMN delegated INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN saved REAL;
ALTER TABLE calls ADD COLUMN imported INTEGER NOT NULL DEFAULT 0;
ALTER TABLE totals ADD COLUMN delegated INTEGER NOT NULL DEFAULT 0;
ALTER TABLE totals ADD COLUMN saved REAL NOT NULL DEFAULT 0;
ALTER TABLE totals ADD COLUMN compared INTEGER NOT NULL DEFAULT 0;
CREATE INDEX calls_claude ON calls(claude_session_id) WHERE claude_session_id <> '';
CREATE INDEX calls_codex ON calls(codex_session_id) WHERE codex_session_id <> '';
CREATE TABLE imported(line BLOB PRIMARY KEY) WITHOUT ROWID;
UPDATE calls SET delegated=prompt+completion, saved=(
    SELECT (max(calls.prompt - calls.cached, 0) * m.price_input
        + calls.cached * coalesce(m.price_cached, m.price_input)
        + calls.completion * m.price_output) / 1e6 - calls.cost
    FROM calls AS m WHERE m.run=calls.run AND m.path='' AND m.price_input IS NOT NULL
    ORDER BY m.id DESC LIMIT 1) WHERE path<>''
"""
"""Three sums that say what delegation was worth, and the digests of imported lines. The first version knew no
verb whose worker is its only agent, so there every worker has a path."""


def statements(version: int) -> Iterator[str]:
    """Give what brings the tables of a version to ours; 0: there are none."""
    if version < 1:
        yield from _FIRST.split(";")
    if version < 2:
        yield from _SECOND.split(";")
        if version:
            yield from _worth_of_all()


def views(version: int) -> Iterator[str]:
    """Give what shows the tables of a version as ours, for whoever may not change them."""
    yield "PRAGMA temp_store=MEMORY"
    if version < 2:
        yield (
            "CREATE TEMP VIEW calls AS SELECT *, CASE path WHEN '' THEN 0 ELSE prompt+completion END "
            "AS delegated, NULL AS saved, 0 AS imported FROM main.calls"
        )
        yield (
            "CREATE TEMP VIEW totals AS SELECT *, 0 AS delegated, 0.0 AS saved, 0 AS compared "
            "FROM main.totals"
        )


def _worth_of_all() -> Iterator[str]:
    """Sum up what was saved, in every dimension, for each day and for all days."""
    for dimension, key in _KEYS.items():
        for day in ("strftime('%Y-%m-%d', at, 'unixepoch', 'localtime')", "''"):
            yield (
                "INSERT INTO totals(dim, day, key, calls, failed, prompt, cached, completion, reasoning, "
                "total_ms, cost, unpriced, guessed, delegated, saved, compared) "
                f"SELECT '{dimension}', {day}, {key}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, "
                "sum(delegated), total(saved), count(saved) FROM calls WHERE delegated GROUP BY 2, 3 "
                "ON CONFLICT(dim, day, key) DO UPDATE SET delegated=excluded.delegated, "
                "saved=excluded.saved, compared=excluded.compared"
            )
