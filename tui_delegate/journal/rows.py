"""Events to rows and back: what of an event goes into which table. Pure: no file, no thread, no clock.

The ledger's reader does not import this room: it needs no events.
"""

from __future__ import annotations

import json
import time
from operator import add
from typing import TYPE_CHECKING, Final, TypeVar

from tui_delegate.core.codec import decode, encode_rest, without_text
from tui_delegate.core.errands import is_delegated
from tui_delegate.core.events import Calling, Cancelled, Failed, Finished, Opened, Spent, Thought, Wrote
from tui_delegate.core.jsontext import json_writer
from tui_delegate.core.records import dataclass, field
from tui_delegate.core.savings import call_saved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_delegate.core.calls import ModelCall, RunContext
    from tui_delegate.core.events import Event, RunPath
    from tui_delegate.core.usage import Price

Cell = str | int | float | None
Row = tuple[Cell, ...]
Same = TypeVar("Same")
Key = tuple[str, str, str]
"""Dimension, day (empty: all days), key within the dimension."""

FIGURES: Final = 13
DIMENSIONS: Final = (
    "command", "session", "run", "agent", "profile", "backend", "model", "status", "host", "project",
    "answered", "code", "target", "parent_pid", "claude_session_id", "codex_session_id",
)  # fmt: skip
_LARGEST: Final = 2**53
_TEXTS: Final = (Wrote, Thought, Calling)
_ENDINGS: Final = {Finished: "ok", Failed: "failed", Cancelled: "cancelled"}
_to_json = json_writer((",", ":"), ascii_only=True)


@dataclass(slots=True)
class Batch:
    """What one append brings, as rows; events and calls lack only the number that the commit gives them."""

    run: str
    context: RunContext
    opened: Row | None = None
    """Run, title, started, command, prompt, cwd, target, parent pid and the two sessions of other tools."""
    ended: tuple[float, str] | None = None
    events: list[Row] = field(default_factory=list)
    calls: list[tuple[int, Row]] = field(default_factory=list)
    """Each with the place of its event within the batch."""
    last: float = 0.0
    price: Price | None = None
    """The manager's, by its last call whose price is known."""


def batch(
    run: str,
    events: Sequence[Event],
    context: RunContext,
    price: Price | None = None,
    *,
    keep_text: bool,
    now: float,
) -> Batch:
    """Make the rows of one append. Raises ValueError, TypeError or ArithmeticError for what is no event.

    `price` is the manager's so far.
    """
    made = Batch(plain(run), context, last=now, price=price)
    for event in events:
        if not keep_text:
            if isinstance(event, _TEXTS):
                continue
            event = without_text(event)
        if isinstance(event, Opened):
            made.context = event.context
            made.opened = opened_row(event, now)
        elif isinstance(event, Spent):
            made.calls.append((len(made.events), _call_row(made, event, now)))
            if not event.path and event.call.price is not None:
                made.price = event.call.price
        elif not event.path and type(event) in _ENDINGS:
            made.ended = (event.at or now, _ENDINGS[type(event)])
        made.events.append(_event_row(event))
    return made


def opened_row(event: Opened, now: float) -> Row:
    """Make what the run's row holds of its first event."""
    context = event.context
    return (
        event.at or now,
        plain(context.command),
        plain(event.prompt),
        plain(context.cwd),
        plain(context.target),
        bounded(context.parent_pid),
        plain(context.claude_session_id),
        plain(context.codex_session_id),
    )


def event_of(path: str, at: float, attempt: int, kind: str, body: str) -> Event:
    """Make an event of its row again. Raises ValueError: BadEvent, or what is no JSON."""
    data = json.loads(body)
    if not isinstance(data, dict):
        raise ValueError(f"no event: {body[:40]!r}")
    return decode({"event": kind, "path": list(path_of(path)), "at": at, "attempt": attempt, **data})


def path_text(path: RunPath) -> str:
    """Write a path as a column holds it: `0.2`, and nothing for the manager's."""
    return ".".join(map(str, path))


def path_of(text: str) -> RunPath:
    """Read a path's column."""
    return tuple(map(int, text.split("."))) if text else ()


def plain(text: str) -> str:
    """Make a text that the file can hold: half of a surrogate pair has no UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def fold(calls: Sequence[Row]) -> dict[Key, list[float]]:
    """Sum calls up in every dimension, for their day and for all days."""
    alike: dict[Row, list[float]] = {}
    for call in calls:
        _add(alike, _signature(call), _figures(call))
    days: dict[Key, list[float]] = {}
    for (day, *keys), figures in alike.items():
        _add(days, ("all", str(day), ""), figures)
        for dimension, key in zip(DIMENSIONS, keys, strict=True):
            _add(days, (dimension, str(day), str(key)), figures)
    sums = dict(days)
    for (dimension, _, name), figures in days.items():
        _add(sums, (dimension, "", name), figures)
    return sums


def local_day(at: float) -> str:
    """Say the local date of a moment."""
    return time.strftime("%Y-%m-%d", time.localtime(at))


def _event_row(event: Event) -> Row:
    kind = type(event).__name__.lower()
    return (event.at, path_text(event.path), event.attempt, kind, _to_json(encode_rest(event)))


def _call_row(made: Batch, event: Spent, now: float) -> Row:
    call, context = event.call, made.context
    return (
        event.at or now,
        made.run,
        plain(context.session),
        path_text(event.path),
        event.attempt,
        plain(context.command),
        plain(call.agent),
        plain(call.profile),
        plain(call.backend),
        plain(call.asked),
        plain(call.answered),
        *_measures(call),
        call.status,
        call.code,
        plain(context.target),
        plain(context.cwd),
        plain(call.host),
        bounded(context.parent_pid),
        plain(context.claude_session_id),
        plain(context.codex_session_id),
        *_worth(made, event),
        0,
    )


def _worth(made: Batch, event: Spent) -> Row:
    """Give the tokens that a manager did not have to spend, and the dollars, where both prices are known."""
    usage = event.call.usage
    if not is_delegated(made.context.command, event.path):
        return (0, None)
    saved = call_saved(event.call, made.price) if event.path else None
    return (bounded(usage.prompt) + bounded(usage.completion), saved)


def _measures(call: ModelCall) -> Row:
    usage, price = call.usage, call.price
    prices: Row = (price.input, price.cached, price.output, price.source) if price else (None,) * 4
    return (
        bounded(usage.prompt),
        bounded(usage.cached),
        bounded(usage.completion),
        bounded(usage.reasoning),
        usage.source,
        bounded(call.queue_ms),
        None if call.first_token_ms is None else bounded(call.first_token_ms),
        bounded(call.total_ms),
        call.tokens_per_second,
        *prices,
        call.cost,
    )


def bounded(number: int) -> int:
    """A server may claim any number of tokens; the file holds 64 bits, and sums want room."""
    return min(max(number, 0), _LARGEST)


def _signature(call: Row) -> Row:
    at, run, session, _, _, command, agent, profile, backend, model, answered = call[:11]
    status, code, target, cwd, host, *callers = call[25:33]
    assert isinstance(at, float | int)
    named = (command, session, run, agent, profile, backend, model, status, host, cwd)
    return (local_day(at), *named, answered, code, target, *callers)


def _figures(call: Row) -> list[float]:
    prompt, cached, completion, reasoning, source, _, _, total_ms = call[11:19]
    cost, status = call[24], call[25]
    delegated, saved = call[33:35]
    counts = [
        figure for figure in (prompt, cached, completion, reasoning, total_ms) if isinstance(figure, int)
    ]
    known = cost if isinstance(cost, float | int) else 0
    worth = [figure if isinstance(figure, float | int) else 0 for figure in (delegated, saved)]
    unknown = [int(cost is None), int(source != "reported")]
    return [1, int(status == "failed"), *counts, known, *unknown, *worth, int(saved is not None)]


def _add(sums: dict[Same, list[float]], key: Same, figures: list[float]) -> None:
    known = sums.get(key)
    sums[key] = figures if known is None else list(map(add, known, figures))
