"""The columns of the ledger: of calls, of groups of them, of delegations; and how a choice is kept.

Pure: a column makes clean text of a row. What draws the text is the table.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

from tui_delegate.core.clean import clean_line
from tui_delegate.core.records import dataclass
from tui_delegate.journal.rows import path_of
from tui_delegate.tui import figures
from tui_delegate.tui.figures import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tui_delegate.journal.browse import Delegation
    from tui_delegate.journal.ledger import Call, Total

Row = TypeVar("Row")
TONES: Final = {"failed": "bad", "cancelled": "warn", "ok": "ok"}
DAY: Final = 86_400.0


DEFAULT: Final = "time,place,agent,profile,model,prompt,cached,completion,duration,rate,cost,status"
NARROW: Final = "time,agent,model,prompt,completion,cost,status,duration,place,cached,rate,profile"
"""The usual columns where a screen is narrower than `WIDE`: what matters most comes first."""
WIDE: Final = 110


def usual(width: int) -> str:
    """Give the columns that suit a width."""
    return DEFAULT if width >= WIDE else NARROW


class Cell(NamedTuple):
    """A clean text and the name of its colour; empty: as any text."""

    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """What a table has to know of a column."""

    key: str
    title: str
    width: int
    most: int = 0
    """How wide it may grow where there is room; 0: it does not."""
    right: bool = True
    help: str = ""
    """What it holds, for the list that a person chooses from; empty: the title says it."""


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """A head, and how its cells are written."""

    head: Head
    write: Callable[[Row], str]
    tone: Callable[[Row], str] | None = None

    def cell(self, row: Row) -> Cell:
        """Write the cell of a row."""
        return Cell(self.write(row), self.tone(row) if self.tone else "")


def chosen(spec: str, columns: Sequence[Column[Row]]) -> list[Column[Row]]:
    """Give the columns that a spec names, in its order; those of the default where it names none."""
    known = {column.head.key: column for column in columns}
    named = [known[key] for key in dict.fromkeys(spec.split(",")) if key in known]
    return named or [known[key] for key in DEFAULT.split(",") if key in known]


def call_columns(today: float = 0.0, *, only_today: bool = False) -> list[Column[Call]]:
    """Give every column of a call. Calls from before the midnight `today` show their date."""
    return [
        *_place_columns(today, 8 if only_today else 12),
        *_token_columns(),
        *_time_columns(),
        *_money_columns(),
        Column(
            Head("status", "status", 9, 26, right=False), _status, lambda call: TONES.get(call.status, "")
        ),
        *(_name(key, title, width, most, field) for key, title, width, most, field in _NAMES),
        Column(Head("attempt", "try", 4, help="attempt at this delegation"), lambda call: str(call.attempt)),
        Column(
            Head("pid", "caller", 7, help="process that called"), lambda call: str(call.parent_pid or UNKNOWN)
        ),
    ]


_NAMES: Final = (
    ("backend", "backend", 10, 0, "backend"),
    ("answered", "answered", 14, 30, "answered"),
    ("code", "code", 14, 24, "code"),
    ("command", "command", 9, 0, "command"),
    ("session", "session", 12, 30, "session"),
    ("run", "run", 12, 30, "run"),
    ("project", "project", 16, 40, "cwd"),
    ("target", "target", 14, 30, "target"),
    ("host", "host", 20, 36, "host"),
    ("claude", "claude session", 14, 36, "claude_session_id"),
    ("codex", "codex session", 14, 36, "codex_session_id"),
)


def _name(key: str, title: str, width: int, most: int, field: str) -> Column[Call]:
    return Column(
        Head(key, title, width, most, right=False), lambda call: clean_line(getattr(call, field)) or UNKNOWN
    )


def _place_columns(today: float, width: int) -> list[Column[Call]]:
    return [
        Column(Head("time", "time", width, right=False), lambda call: moment(call.at, today)),
        Column(Head("day", "date", 10, right=False), lambda call: _local("%Y-%m-%d", call.at)),
        Column(
            Head("place", "place", 6, 9, right=False, help="place in the run"),
            lambda call: figures.place(path_of(call.path)),
        ),
        _name("agent", "agent", 8, 16, "agent"),
        _name("profile", "profile", 8, 16, "profile"),
        _name("model", "model", 12, 34, "model"),
    ]


def _token_columns() -> list[Column[Call]]:
    return [
        Column(Head("prompt", "in", 6), lambda call: figures.counted(call.prompt, call.usage_source)),
        Column(
            Head("cached", "cached", 6), lambda call: figures.count(call.cached) if call.cached else UNKNOWN
        ),
        Column(
            Head("completion", "out", 6), lambda call: figures.counted(call.completion, call.usage_source)
        ),
        Column(
            Head("reasoning", "thought", 8, help="reasoning tokens"),
            lambda call: figures.count(call.reasoning) if call.reasoning else UNKNOWN,
        ),
        Column(
            Head("total", "tokens", 6, help="tokens in and out"),
            lambda call: figures.counted(call.prompt + call.completion, call.usage_source),
        ),
        Column(
            Head("usage", "counted", 9, right=False, help="who counted the tokens"),
            lambda call: clean_line(call.usage_source),
        ),
    ]


def _time_columns() -> list[Column[Call]]:
    return [
        Column(Head("queue", "queue", 6, help="time in the queue"), lambda call: _span(call.queue_ms)),
        Column(
            Head("first", "first", 6, help="time to first token"), lambda call: _span(call.first_token_ms)
        ),
        Column(Head("duration", "took", 6, help="total time"), lambda call: _span(call.total_ms)),
        Column(
            Head("rate", "speed", 7, help="tokens per second"),
            lambda call: figures.rate(call.tokens_per_second),
        ),
    ]


def _money_columns() -> list[Column[Call]]:
    return [
        Column(Head("cost", "cost", 8), lambda call: figures.dollars(call.cost)),
        Column(
            Head("price", "price", 10, 18, right=False, help="where the price is from"),
            lambda call: clean_line(call.price_source or UNKNOWN),
        ),
    ]


def group_columns(by: str) -> list[Column[Total]]:
    """Give the columns of sums by something."""
    return [
        Column(
            Head("key", by, 24, 60, right=False), lambda total: clean_line(total.key) or f"{UNKNOWN} no {by}"
        ),
        Column(Head("calls", "calls", 7), lambda total: figures.count(total.calls)),
        Column(
            Head("failed", "failed", 7),
            lambda total: figures.count(total.failed),
            lambda total: "bad" if total.failed else "",
        ),
        Column(Head("prompt", "in", 8), lambda total: _guessed(total.prompt, total.guessed)),
        Column(
            Head("cached", "cached", 8),
            lambda total: figures.count(total.cached) if total.cached else UNKNOWN,
        ),
        Column(Head("completion", "out", 8), lambda total: _guessed(total.completion, total.guessed)),
        Column(
            Head("total", "tokens", 8), lambda total: _guessed(total.prompt + total.completion, total.guessed)
        ),
        Column(Head("duration", "took", 7), lambda total: figures.seconds(total.total_ms / 1000)),
        Column(Head("cost", "cost", 11), lambda total: money(total.cost, total.unpriced, total.calls)),
    ]


def delegation_columns(today: float = 0.0) -> list[Column[Delegation]]:
    """Give the columns of the places of runs, with own, delegated and total tokens."""
    return [
        Column(Head("time", "began", 12, right=False), lambda one: moment(one.at, today)),
        Column(Head("run", "run", 12, 30, right=False), lambda one: clean_line(one.run)),
        Column(Head("place", "place", 6, 10, right=False), lambda one: figures.place(path_of(one.path))),
        Column(Head("agent", "agent", 8, 16, right=False), lambda one: clean_line(one.agent) or UNKNOWN),
        Column(Head("model", "model", 14, 34, right=False), lambda one: clean_line(one.model) or UNKNOWN),
        Column(Head("calls", "calls", 6), lambda one: figures.count(one.calls)),
        Column(Head("own", "own", 8), lambda one: _guessed(one.own, one.guessed)),
        Column(Head("delegated", "delegated", 10), lambda one: _guessed(one.delegated, one.guessed_below)),
        Column(Head("total", "total", 8), lambda one: _guessed(one.total, one.guessed + one.guessed_below)),
        Column(Head("cost", "cost", 11), lambda one: money(one.cost, one.unpriced, 0)),
    ]


def moment(at: float, today: float) -> str:
    """Write a moment: its time, and its day where that is not today."""
    return _local("%H:%M:%S", at) if today <= at < today + DAY * 1.05 else _local("%d %b %H:%M", at)


def money(cost: float, unpriced: int, calls: int) -> str:
    """Write a sum of dollars; `+?` says that some of it is not known."""
    if unpriced and (unpriced == calls or not cost):
        return figures.dollars(None)
    return figures.dollars(cost) + ("+?" if unpriced else "")


def _guessed(number: int, guessed: int) -> str:
    return ("~" if guessed else "") + figures.count(number)


def _span(ms: int | None) -> str:
    return UNKNOWN if ms is None else figures.seconds(ms / 1000)


def _status(call: Call) -> str:
    known = call.status == "ok" or call.code == call.status
    return call.status if known else clean_line(f"{call.status} {call.code}")


def _local(form: str, at: float) -> str:
    try:
        return time.strftime(form, time.localtime(at))
    except (OverflowError, ValueError, OSError):
        return UNKNOWN


def clock_time(at: float) -> str:
    """Write the local time of a moment."""
    return _local("%H:%M:%S", at)
