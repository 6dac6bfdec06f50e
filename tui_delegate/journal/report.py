"""What delegation came to in one session, or in one project since a moment: the figures of a final report.

Everything is a sum over calls that the journal holds. What it can't hold is said to be unknown: an agent that
calls our verbs from outside spends tokens that nobody here sees. Reads only.
"""

import os
import sqlite3
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from tui_delegate.core.errands import ERRANDS
from tui_delegate.journal.ledger import midnight
from tui_delegate.journal.schema import journal_error, open_for_reading

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SESSIONS: Final = ("claude_session_id", "codex_session_id", "session")
_ERRANDS: Final = ", ".join(f"'{verb}'" for verb in sorted(ERRANDS))
_WORKER: Final = f"(path<>'' OR imported OR command IN ({_ERRANDS}))"
_OUTSIDE: Final = f"(imported OR command IN ({_ERRANDS}) OR claude_session_id<>'' OR codex_session_id<>'')"
_DAY: Final = 86_400.0


class Scope(NamedTuple):
    """Which calls. Nothing named means any."""

    sessions: tuple[str, ...] = ()
    """Ids, each of Claude Code's, Codex's or ours."""
    project: str = ""
    """A folder; what was called in a folder below it counts too."""
    since: float | None = None


class Worker(NamedTuple):
    """A model that worked, on a profile."""

    profile: str
    backend: str
    model: str
    calls: int
    tokens: int


class Report(NamedTuple):
    """Sums over a scope."""

    workers: tuple[Worker, ...]
    """That which spent most tokens first."""
    delegations: "Mapping[str, int]"
    """How many tasks workers were given, by the verb."""
    calls: int
    """Of the workers' models."""
    failed: int
    prompt: int
    completion: int
    cached: int
    guessed: int
    """Calls whose server did not report its tokens."""
    all_calls: int
    """The managers' too."""
    cost: float
    """Of all calls whose price is known, the managers' too."""
    unpriced: int
    saved: float | None
    """Dollars, where the prices of worker and manager are known."""
    managers: int
    """Tokens that managers of ours spent."""
    outside: bool
    """Whether somebody above us delegated, whose own tokens are not known here."""

    @property
    def delegated(self) -> int:
        """Tokens of the workers."""
        return self.prompt + self.completion

    def share(self, told: int | None = None) -> float | None:
        """Give the workers' part of all tokens; None: not known. `told` are those that an outsider spent."""
        if self.outside and told is None and self.delegated:
            return None
        total = self.delegated + self.managers + (told or 0)
        return self.delegated / total if total else 0.0


def report(path: "Path", scope: Scope) -> Report | None:
    """Sum a scope up; None: no call is in it. Raises a JournalError."""
    connection = open_for_reading(path)
    if connection is None:
        return None
    try:
        return _report(connection, scope)
    except sqlite3.Error as error:
        raise journal_error(error, path) from error
    finally:
        connection.close()


def _report(connection: sqlite3.Connection, scope: Scope) -> Report | None:
    where, values = _where(connection, scope)
    count, managers, cost, unpriced, outside = connection.execute(
        f"SELECT count(*), total(CASE WHEN NOT {_WORKER} THEN prompt+completion END), total(cost), "
        f"total(cost IS NULL), max({_OUTSIDE}) FROM calls{where}",
        values,
    ).fetchone()
    if not count:
        return None
    theirs = f"{where} AND {_WORKER}"
    calls, failed, prompt, completion, cached, guessed, saved = connection.execute(
        "SELECT count(*), total(status='failed'), total(prompt), total(completion), total(cached), "
        f"total(usage_source<>'reported'), sum(saved) FROM calls{theirs}",
        values,
    ).fetchone()
    workers = connection.execute(
        f"SELECT profile, backend, model, count(*), sum(prompt+completion) FROM calls{theirs} "
        "GROUP BY 1, 2, 3 ORDER BY 5 DESC, 4 DESC, 1, 3",
        values,
    )
    delegations = connection.execute(
        f"SELECT command, count(DISTINCT run||' '||path) FROM calls{theirs} GROUP BY 1 ORDER BY 1", values
    )
    return Report(
        workers=tuple(Worker(*row) for row in workers),
        delegations=dict(delegations.fetchall()),
        calls=calls,
        failed=int(failed),
        prompt=int(prompt),
        completion=int(completion),
        cached=int(cached),
        guessed=int(guessed),
        all_calls=count,
        cost=cost,
        unpriced=int(unpriced),
        saved=saved,
        managers=int(managers),
        outside=bool(outside),
    )


def _where(connection: sqlite3.Connection, scope: Scope) -> tuple[str, list[str | float]]:
    terms: list[str] = ["1"]
    values: list[str | float] = []
    if scope.sessions:
        marks = ", ".join("?" * len(scope.sessions))
        ids = [_stored(session) for session in scope.sessions]
        first, last = _days(connection, marks, ids)
        terms.append("at>=? AND at<?")  # along the index on time: no other session is looked at
        values += [first, last]
        terms.append("(" + " OR ".join(f"{column} IN ({marks})" for column in _SESSIONS) + ")")
        values += ids * len(_SESSIONS)
    if scope.project:
        folder = _stored(scope.project)
        below = folder if folder.endswith(os.sep) else folder + os.sep
        terms.append("(cwd=? OR substr(cwd, 1, ?)=?)")
        values += [folder, len(below), below]
    if scope.since is not None:
        terms.append("at>=?")
        values.append(scope.since)
    return f" WHERE {' AND '.join(terms)}", values


def _days(connection: sqlite3.Connection, marks: str, ids: list[str]) -> tuple[float, float]:
    """Ask the roll-up from when to when a session had calls; a day more on each side, for time zones."""
    dimensions = ", ".join(f"'{column}'" for column in _SESSIONS)
    first, last = connection.execute(
        f"SELECT min(day), max(day) FROM totals WHERE dim IN ({dimensions}) AND day>'' AND key IN ({marks})",
        ids,
    ).fetchone()
    if first is None:
        return 0.0, 0.0
    return _moment(first) - _DAY, _moment(last) + 2 * _DAY


def _stored(text: str) -> str:
    """Write a text as the file holds it: half of a surrogate pair has no UTF-8."""
    return text.encode("utf-8", "replace").decode()


def _moment(day: str) -> float:
    return midnight(time.mktime(time.strptime(day, "%Y-%m-%d")))
