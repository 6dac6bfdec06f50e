"""Looks through the calls for a table of them: which, in what order, and what they sum up to.

An order is only the numbers of its calls, so that a window anywhere in it is read as fast as at its top.
Reads only. One question at a time; another thread may end it with `interrupt`.
"""

from __future__ import annotations

import sqlite3
import threading
from array import array
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from tui_delegate.core.errors import InputError
from tui_delegate.core.records import dataclass
from tui_delegate.journal.ledger import COLUMNS, SCAN, Call, Ledger, Query, Total
from tui_delegate.journal.rows import plain
from tui_delegate.journal.schema import journal_error, open_for_reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

Order: TypeAlias = "array[int]"
"""The numbers of calls, in the order in which they are shown."""

SORTS: Final = {
    **dict.fromkeys(("time", "day"), "at"),
    "place": "length(path), path",
    "cached": "cached",
    "prompt": "prompt",
    "completion": "completion",
    "reasoning": "reasoning",
    "total": "prompt + completion",
    "queue": "queue_ms",
    "first": "first_token_ms",
    "duration": "total_ms",
    "rate": "tokens_per_second",
    "attempt": "attempt",
    "pid": "parent_pid",
    "cost": "cost",
    "project": "cwd COLLATE NOCASE",
    "claude": "claude_session_id",
    "codex": "codex_session_id",
    "usage": "usage_source",
    "price": "price_source",
    **{
        name: f"{name} COLLATE NOCASE"
        for name in ("agent", "profile", "backend", "model", "answered", "status", "code", "command")
    },
    **{name: name for name in ("session", "run", "target", "host")},
}
"""What the calls can be sorted by."""
_UNKNOWN: Final = frozenset({"first", "rate", "cost", "price"})
"""May be unknown, and then stands last in either direction."""
_SEARCHED: Final = (
    "agent", "profile", "backend", "model", "answered", "status", "command", "cwd", "code", "session", "run",
    "host", "target", "claude_session_id", "codex_session_id",
)  # fmt: skip
_NAMED: Final = {name: name for name in _SEARCHED} | {"project": "cwd"}
_SAVED: Final = """
    SELECT total((max(w.prompt - w.cached, 0) * m.price_input
        + w.cached * coalesce(m.price_cached, m.price_input) + w.completion * m.price_output) / 1e6 - w.cost),
        count(*)
    FROM (SELECT * FROM calls{where}) AS w JOIN (
        SELECT run, price_input, price_cached, price_output, max(id) FROM calls
        WHERE path = '' AND price_input IS NOT NULL{runs} GROUP BY run) AS m ON m.run = w.run
    WHERE w.path <> '' AND w.cost IS NOT NULL"""
_CHUNK: Final = 500
EXACT: Final = COLUMNS | {"path": "path"}
"""What a view can be narrowed to a value of."""


@dataclass(frozen=True, slots=True)
class View:
    """Which calls, and in what order. Empty and None mean any."""

    since: float | None = None
    run: str = ""
    session: str = ""
    words: str = ""
    """As typed: each has to be found somewhere in a call, `model:qwen` in that column."""
    exact: tuple[tuple[str, str], ...] = ()
    """What a call's columns have to be, each one of `EXACT` with a value."""
    sort: str = "time"
    descending: bool = True


@dataclass(frozen=True, slots=True)
class Sums:
    """What a view adds up to."""

    total: Total
    saved: float | None
    """Dollars that the workers' tokens would have cost more at their manager's price; None: none is known."""


class Delegation(NamedTuple):
    """A place in a run: what its own calls used, and what those below it did."""

    run: str
    path: str
    agent: str
    model: str
    at: float
    calls: int
    own: int
    delegated: int
    cost: float
    """Of all of them, as far as known."""
    unpriced: int
    guessed: int
    """Own calls whose server did not report its tokens."""
    guessed_below: int = 0

    @property
    def total(self) -> int:
        """Own and delegated tokens together."""
        return self.own + self.delegated


class Slice(NamedTuple):
    """What one model did in one stretch of time."""

    slot: int
    model: str
    tokens: int
    cost: float
    unpriced: int
    timed: float
    """Tokens that came in `seconds`, of calls whose speed is known."""
    seconds: float


class Browse:
    """One reader of one journal, which may not be there yet: then there is nothing in it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._turn = threading.Lock()
        self._closed = False

    def close(self) -> None:
        """Let go of the file for good, ending what is asked of it."""
        self._closed = True
        self.interrupt()
        with self._turn:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def interrupt(self) -> None:
        """End the question that another thread waits for: it raises a JournalError."""
        connection = self._connection
        if connection is not None:
            connection.interrupt()

    def newest(self) -> int:
        """Give the number of the last call; 0: there is none."""
        found = self._ask("SELECT max(id) FROM calls")
        return int(found[0][0] or 0) if found else 0

    def order(self, view: View) -> Order:
        """Give the numbers of all calls of a view."""
        where, values = where_of(view)
        found = self._ask(f"SELECT id FROM calls{where} ORDER BY {_order_by(view)}", *values)
        return array("q", (row[0] for row in found))

    def calls(self, numbers: Sequence[int]) -> dict[int, Call]:
        """Read some calls by their numbers."""
        read: dict[int, Call] = {}
        for start in range(0, len(numbers), _CHUNK):
            chunk = numbers[start : start + _CHUNK]
            marks = ",".join("?" * len(chunk))
            fields = ", ".join(Call._fields)
            for number, *cells in self._ask(f"SELECT id, {fields} FROM calls WHERE id IN ({marks})", *chunk):
                read[number] = Call(*cells)
        return read

    def each(self, view: View) -> Iterator[Call]:
        """Give all calls of a view in its order, a chunk at a time."""
        order = self.order(view)
        for start in range(0, len(order), _CHUNK):
            chunk = order[start : start + _CHUNK]
            known = self.calls(chunk)
            yield from (known[number] for number in chunk if number in known)

    def total(self, view: View) -> Total:
        """Sum a view up; from the roll-up where that will do."""
        found = self._totals(view, "all")
        return found[0] if found else Total("")

    def sums(self, view: View) -> Sums:
        """Sum a view up, and say what delegation saved in it."""
        return Sums(self.total(view), self.saved(view))

    def groups(self, view: View, by: str) -> list[Total]:
        """Sum a view up by one of the ledger's `COLUMNS`."""
        if by not in COLUMNS:
            raise InputError(f"Totals can't be made by {by!r}.", f"One of: {', '.join(COLUMNS)}.")
        return self._totals(view, by)

    def saved(self, view: View) -> float | None:
        """Say what the workers' tokens would have cost more at their manager's price."""
        where, values = where_of(view)
        runs = " AND run IN (SELECT run FROM calls" + where + ")" if where else ""
        twice = [*values, *values] if where else []
        found = self._ask(_SAVED.format(where=where, runs=runs), *twice)
        return float(found[0][0]) if found and found[0][1] else None

    def delegations(self, view: View) -> list[Delegation]:
        """Give every place of every run of a view, with its tokens and those below it."""
        where, values = where_of(view)
        return add_up(
            self._ask(
                "SELECT run, path, agent, model, min(at), count(*), sum(prompt + completion), total(cost), "
                f"sum(cost IS NULL), sum(usage_source <> 'reported') FROM calls{where} GROUP BY run, path "
                "ORDER BY min(at), run, path",
                *values,
            )
        )

    def span(self, view: View) -> tuple[float, float] | None:
        """Give the moments of a view's first and last call."""
        where, values = where_of(view)
        found = self._ask(f"SELECT min(at), max(at) FROM calls{where}", *values)
        return (found[0][0], found[0][1]) if found and found[0][0] is not None else None

    def slices(self, view: View, begin: float, width: float) -> list[Slice]:
        """Cut a view's time in stretches of `width` seconds and sum each up by model."""
        where, values = where_of(view)
        found = self._ask(
            "SELECT CAST((at - ?) / ? AS INTEGER), model, sum(prompt + completion), total(cost), "
            "sum(cost IS NULL), total(CASE WHEN tokens_per_second > 0 THEN completion END), "
            "total(CASE WHEN tokens_per_second > 0 THEN completion / tokens_per_second END) "
            f"FROM calls{where} GROUP BY 1, 2 ORDER BY 1, 2",
            *(begin, width, *values),
        )
        return [Slice(*row) for row in found]

    def _totals(self, view: View, by: str) -> list[Total]:
        if not (view.words or view.exact or view.run or view.session):
            with self._turn:
                ledger = Ledger(self._opened(), self._path)
                query = Query(since=view.since)
                if by == "all":
                    return [total] if (total := ledger.total(query)).calls else []
                return ledger.totals(by, query)
        where, values = where_of(view)
        key = COLUMNS.get(by, "''")
        sql = f"SELECT {key}, {SCAN} FROM calls{where} GROUP BY 1 HAVING count(*) ORDER BY 1"
        return [Total(*row) for row in self._ask(sql, *values)]

    def _ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Give all rows. Their cells have the types of the table's columns."""
        with self._turn:
            connection = self._opened()
            if connection is None:
                return []
            try:
                return connection.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise journal_error(error, self._path) from error

    def _opened(self) -> sqlite3.Connection | None:
        if self._connection is None and not self._closed:
            self._connection = open_for_reading(self._path)
        return self._connection


def where_of(view: View) -> tuple[str, list[str | float]]:
    """Write a view's choice as SQL."""
    terms: list[str] = []
    values: list[str | float] = []
    if view.since is not None:
        terms.append("at >= ?")
        values.append(view.since)
    for column, value in (("run", view.run), ("session", view.session)):
        if value:
            terms.append(f"{column} <> '' AND {column} = ?")
            values.append(plain(value))
    for dimension, value in view.exact:
        terms.append(f"{EXACT[dimension]} = ?")
        values.append(plain(value))
    for word in view.words.split():
        term, pattern, times = _search(plain(word))
        terms.append(term)
        values.extend([pattern] * times)
    return (f" WHERE {' AND '.join(terms)}" if terms else ""), values


def add_up(places: Iterable[tuple[Any, ...]]) -> list[Delegation]:
    """Add what each place used to every place above it in its run."""
    found = [
        Delegation(run, path, agent, model, at, calls, own, 0, cost, unpriced, guessed)
        for run, path, agent, model, at, calls, own, cost, unpriced, guessed in places
    ]
    below: dict[tuple[str, str], list[float]] = {}
    for one in found:
        above = one.path
        while above:
            above = above.rpartition(".")[0]
            sums = below.setdefault((one.run, above), [0, 0.0, 0, 0])
            for place, figure in enumerate((one.own, one.cost, one.unpriced, one.guessed)):
                sums[place] += figure
    return [_with(one, below.get((one.run, one.path))) for one in found]


def _with(one: Delegation, below: list[float] | None) -> Delegation:
    if below is None:
        return one
    tokens, cost, unpriced, guessed = below
    return one._replace(
        delegated=int(tokens),
        cost=one.cost + cost,
        unpriced=one.unpriced + int(unpriced),
        guessed_below=int(guessed),
    )


def _search(word: str) -> tuple[str, str, int]:
    name, colon, rest = word.partition(":")
    columns: tuple[str, ...] = _SEARCHED
    if colon and rest and name in _NAMED:
        columns, word = (_NAMED[name],), rest
    for sign in "\\%_":
        word = word.replace(sign, f"\\{sign}")
    term = " OR ".join(f"{column} LIKE ? ESCAPE '\\'" for column in columns)
    return f"({term})", f"%{word}%", len(columns)


def _order_by(view: View) -> str:
    if view.sort not in SORTS:
        raise InputError(f"Calls can't be sorted by {view.sort!r}.", f"One of: {', '.join(SORTS)}.")
    way = "DESC" if view.descending else "ASC"
    expression = SORTS[view.sort]
    terms = [f"{expression} IS NULL"] if view.sort in _UNKNOWN else []
    terms += [f"{term} {way}" for term in expression.split(", ")]
    return ", ".join([*terms, f"id {way}"])
