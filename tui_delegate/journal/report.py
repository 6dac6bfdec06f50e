"""What delegation came to in one session, or in one project since a moment: the figures of a final report.

Everything is a sum over calls that the journal holds. What it can't hold is said to be unknown: an agent that
calls our verbs from outside spends tokens that nobody here sees. Reads only.
"""

import os
import sqlite3
from typing import TYPE_CHECKING, Final, NamedTuple

from tui_delegate.core.errands import ERRANDS
from tui_delegate.journal.schema import journal_error, open_for_reading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_SESSIONS: Final = ("claude_session_id", "codex_session_id", "session")
_ERRANDS: Final = ", ".join(f"'{verb}'" for verb in sorted(ERRANDS))
_WORKER: Final = f"(path<>'' OR imported OR command IN ({_ERRANDS}))"
_OUTSIDE: Final = f"(imported OR command IN ({_ERRANDS}) OR claude_session_id<>'' OR codex_session_id<>'')"
_GROUPS: Final = (
    f"SELECT profile, backend, model, {_WORKER}, max({_OUTSIDE}), count(*), sum(status='failed'), "
    "sum(prompt), sum(completion), sum(cached), sum(usage_source<>'reported'), total(cost), "
    "sum(cost IS NULL), sum(saved)"
)
_GROUPED: Final = "GROUP BY 1, 2, 3, 4"


class _Group(NamedTuple):
    """Calls of one model on one profile: the managers' or the workers'."""

    profile: str
    backend: str
    model: str
    works: int
    outside: int
    calls: int
    failed: int
    prompt: int
    completion: int
    cached: int
    guessed: int
    cost: float
    unpriced: int
    saved: float | None


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
    where, values = _where(scope)
    groups = [_Group(*row) for row in connection.execute(f"{_GROUPS} FROM calls{where} {_GROUPED}", values)]
    if not groups:
        return None
    theirs = [group for group in groups if group.works]
    delegations = connection.execute(
        "SELECT command, count(DISTINCT CASE WHEN imported THEN id ELSE run||' '||path END) "
        f"FROM calls{where} AND {_WORKER} GROUP BY 1 ORDER BY 1",
        values,
    )
    saved = [group.saved for group in theirs if group.saved is not None]
    return Report(
        workers=_workers(theirs),
        delegations=dict(delegations.fetchall()),
        calls=sum(group.calls for group in theirs),
        failed=sum(group.failed for group in theirs),
        prompt=sum(group.prompt for group in theirs),
        completion=sum(group.completion for group in theirs),
        cached=sum(group.cached for group in theirs),
        guessed=sum(group.guessed for group in theirs),
        all_calls=sum(group.calls for group in groups),
        cost=sum(group.cost for group in groups),
        unpriced=sum(group.unpriced for group in groups),
        saved=sum(saved) if saved else None,
        managers=sum(group.prompt + group.completion for group in groups if not group.works),
        outside=any(group.outside for group in groups),
    )


def _workers(groups: "Sequence[_Group]") -> tuple[Worker, ...]:
    """Say who worked: the one of most tokens first."""
    found = [
        Worker(group.profile, group.backend, group.model, group.calls, group.prompt + group.completion)
        for group in groups
    ]
    return tuple(sorted(found, key=lambda worker: (-worker.tokens, -worker.calls, worker[:3])))


def _where(scope: Scope) -> tuple[str, list[str | float]]:
    terms: list[str] = ["1"]
    values: list[str | float] = []
    if scope.sessions:
        marks = ", ".join("?" * len(scope.sessions))
        each = [f"{column}<>'' AND {column} IN ({marks})" for column in _SESSIONS]
        terms.append(f"({' OR '.join(each)})")  # each along its own index: no other session is looked at
        values += [_stored(session) for session in scope.sessions] * len(_SESSIONS)
    if scope.project:
        folder = _stored(scope.project)
        below = folder if folder.endswith(os.sep) else folder + os.sep
        terms.append("(cwd=? OR substr(cwd, 1, ?)=?)")
        values += [folder, len(below), below]
    if scope.since is not None:
        terms.append(f"{'+' if scope.sessions else ''}at>=?")
        values.append(scope.since)
    return f" WHERE {' AND '.join(terms)}", values


def _stored(text: str) -> str:
    """Write a text as the file holds it: half of a surrogate pair has no UTF-8."""
    return text.encode("utf-8", "replace").decode()
