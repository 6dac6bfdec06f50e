"""The ledger: the last model calls, and totals of them by anything. Reads only.

Totals of all time and of whole days come from the roll-up, so they cost the same after a million calls.
The ledger verb is short, and imports are what it costs: so values are named tuples, annotations are not put
off (a named tuple compiles each one that is text), and no event is known here.
"""

import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tui_delegate.core.errors import InputError
from tui_delegate.journal.schema import journal_error, open_for_reading

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

COLUMNS: Final = {
    "command": "command",
    "agent": "agent",
    "profile": "profile",
    "backend": "backend",
    "model": "model",
    "status": "status",
    "session": "session",
    "run": "run",
    "project": "cwd",
    "host": "host",
    "answered": "answered",
    "code": "code",
    "target": "target",
    "parent_pid": "CAST(parent_pid AS TEXT)",
    "claude_session_id": "claude_session_id",
    "codex_session_id": "codex_session_id",
    "day": "strftime('%Y-%m-%d', at, 'unixepoch', 'localtime')",
}
"""What totals can be made by, and what of a call says it. `project` is the folder a run was started in."""


class Query(NamedTuple):
    """Which calls. Empty and None mean any; times are seconds since the epoch, `until` not included."""

    since: float | None = None
    until: float | None = None
    limit: int = 20
    """Of calls, the last so many; 0 or less: all."""
    session: str = ""
    run: str = ""
    profile: str = ""
    model: str = ""
    agent: str = ""


class Call(NamedTuple):
    """One row of the ledger. None means not known."""

    at: float
    run: str
    n: int
    """The number of the call's event in its run."""
    session: str
    path: str
    """`0.2`; empty is the manager."""
    attempt: int
    command: str
    agent: str
    profile: str
    backend: str
    model: str
    answered: str
    prompt: int
    cached: int
    completion: int
    reasoning: int
    usage_source: str
    queue_ms: int
    first_token_ms: int | None
    total_ms: int
    tokens_per_second: float | None
    price_input: float | None
    price_cached: float | None
    price_output: float | None
    price_source: str | None
    cost: float | None
    status: str
    code: str
    target: str
    cwd: str
    host: str
    parent_pid: int
    claude_session_id: str
    codex_session_id: str
    delegated: int = 0
    """Its tokens, if it is a worker's: its manager did not have to spend them."""
    saved: float | None = None
    """Dollars that its tokens would have cost more at its manager's price; None: a price is not known."""
    imported: int = 0
    """1: it was read from another tool's log."""


class Total(NamedTuple):
    """Sums over the calls that share a key."""

    key: str
    calls: int = 0
    failed: int = 0
    prompt: int = 0
    cached: int = 0
    completion: int = 0
    reasoning: int = 0
    total_ms: int = 0
    cost: float = 0.0
    """Of the calls whose price is known."""
    unpriced: int = 0
    """Calls whose cost is not known, which is not the same as nothing."""
    guessed: int = 0
    """Calls whose server did not report its tokens."""
    delegated: int = 0
    """Tokens of the workers' calls: what their managers did not have to spend."""
    saved: float = 0.0
    """Dollars, of the workers' calls where both prices are known."""
    compared: int = 0
    """How many calls those are."""


_FIELDS: Final = ", ".join(Call._fields)
SCAN: Final = (
    "count(*), sum(status='failed'), sum(prompt), sum(cached), sum(completion), sum(reasoning), "
    "sum(total_ms), total(cost), sum(cost IS NULL), sum(usage_source<>'reported'), sum(delegated), "
    "total(saved), count(saved)"
)
"""The figures of a total, from calls."""
_ROLLED: Final = ", ".join(
    f"{'total' if name in ('cost', 'saved') else 'sum'}({name})" for name in Total._fields if name != "key"
)


class Ledger:
    """The ledger of one journal, which may not be there: then there is nothing in it."""

    def __init__(self, connection: sqlite3.Connection | None, path: "Path") -> None:
        self._connection = connection
        self._path = path

    @classmethod
    def open(cls, path: "Path") -> "Ledger":
        """Open for reading; nothing is made. Raises a JournalError."""
        return cls(open_for_reading(path), path)

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()

    def last(self, query: Query) -> list[Call]:
        """Give the last calls, oldest first."""
        if query.limit <= 0:
            return list(self.all(query))
        where, values = _where(query)
        # Along the index on time where time is asked for, else along the rows: never over all of them.
        order = "at DESC, id DESC" if _timed(query) else "id DESC"
        chosen = f"SELECT * FROM calls{where} ORDER BY {order} LIMIT ?"
        sql = f"SELECT {_FIELDS} FROM ({chosen}) ORDER BY id"
        return [Call(*row) for row in self._rows(sql, [*values, query.limit])]

    def all(self, query: Query) -> "Generator[Call, None, None]":
        """Give all calls in the order of their commits, one at a time: memory stays flat."""
        where, values = _where(query)
        rows = self._rows(f"SELECT {_FIELDS} FROM calls{where} ORDER BY id", values)
        with closing(rows):
            for row in rows:
                yield Call(*row)

    def has_call_at(self, at: float) -> bool:
        """Whether there is a call of the second that a line of a log names: it is likely the line's own."""
        where = "SELECT 1 FROM calls WHERE at>=? AND at<? LIMIT 1"
        return any(self._rows(where, [at - 1, at + 2]))

    def total(self, query: Query) -> Total:
        """Sum up everything the query holds."""
        found = self._totals("all", query)
        return found[0] if found else Total("")

    def totals(self, by: str, query: Query) -> list[Total]:
        """Sum up by one of `COLUMNS`, sorted by key."""
        check_dimension(by)
        return self._totals(by, query)

    def _totals(self, by: str, query: Query) -> list[Total]:
        if _filters(query) or not (_is_midnight(query.since) and _is_midnight(query.until)):
            where, values = _where(query)
            key = COLUMNS.get(by, "''")
            sql = f"SELECT {key} AS key, {SCAN} FROM calls{where} GROUP BY 1 HAVING count(*) ORDER BY 1"
            return [Total(*row) for row in self._rows(sql, values)]
        key = "day" if by == "day" else "key"
        days, values = _days(query, each=by == "day")
        sql = f"SELECT {key}, {_ROLLED} FROM totals WHERE dim=? AND {days} GROUP BY 1 ORDER BY 1"
        return [Total(*row) for row in self._rows(sql, ["all" if by == "day" else by, *values])]

    def _rows(self, sql: str, values: list[str | float]) -> "Generator[tuple[Any, ...], None, None]":
        """Give rows as they are read. Their cells have the types of the table's columns."""
        if self._connection is None:
            return
        try:
            yield from self._connection.execute(sql, values)
        except sqlite3.Error as error:
            raise journal_error(error, self._path) from error


def check_dimension(by: str) -> None:
    """Raise an InputError if totals can't be made by it."""
    if by not in COLUMNS:
        raise InputError(f"Totals can't be made by {by!r}.", f"One of: {', '.join(COLUMNS)}.")


def midnight(at: float, days_before: int = 0) -> float:
    """Give the moment at which a local day began: that of `at`, or some days before."""
    year, month, day = time.localtime(at)[:3]
    return time.mktime((year, month, day - days_before, 0, 0, 0, 0, 0, -1))


def _is_midnight(at: float | None) -> bool:
    return at is None or at == midnight(at)


def _timed(query: Query) -> bool:
    return query.since is not None or query.until is not None


def _filters(query: Query) -> dict[str, str]:
    named = {
        "session": query.session,
        "run": query.run,
        "profile": query.profile,
        "model": query.model,
        "agent": query.agent,
    }
    return {column: value for column, value in named.items() if value}


def _where(query: Query) -> tuple[str, list[str | float]]:
    terms: list[str] = []
    values: list[str | float] = []
    for column, value in _filters(query).items():
        terms.append(f"{column}<>'' AND {column}=?")
        values.append(value)
    for comparison, at in (("at>=?", query.since), ("at<?", query.until)):
        if at is not None:
            terms.append(comparison)
            values.append(at)
    return (f" WHERE {' AND '.join(terms)}" if terms else ""), values


def _days(query: Query, *, each: bool) -> tuple[str, list[str | float]]:
    """Choose rows of the roll-up: the one for all days together where that will do."""
    if not _timed(query) and not each:
        return "day=''", []
    terms, values = ["day>''"], list[str | float]()
    for comparison, at in (("day>=?", query.since), ("day<?", query.until)):
        if at is not None:
            terms.append(comparison)
            values.append(time.strftime("%Y-%m-%d", time.localtime(at)))
    return " AND ".join(terms), values
