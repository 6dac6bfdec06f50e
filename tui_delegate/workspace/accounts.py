"""The ledger as programs read it: the last calls, what all of them add up to, and what was delegated.

The keys of the summary may grow, never change; those of a call are the export's, and those of a log's line
the log's. What of it is shown, and how, is each face's own.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tui_delegate.core.errors import DelegateError, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_delegate.journal.ledger import Ledger, Query, Total
    from tui_delegate.journal.logs import LogLedger

    Source = Ledger | LogLedger

_SPANS = {"m": 60, "h": 3600}
_DAYS = {"d": 1, "w": 7}
SINCE = "30m, 2h, 7d or 2w (days count from their midnight), 2026-11-01, today"
_SINCE = "--since takes a span (30m, 2h, 7d, 2w), a date (2026-11-01) or `today`"


class EmptyLedger(DelegateError):
    """No call was recorded, or none in the time that was asked for."""

    code = "empty_ledger"
    type = "empty_ledger"


def ledger_content(ledger: Source, log: LogLedger | None, query: Query, by: str) -> dict[str, object]:
    """Give the last calls, and what all of them add up to. Raises an EmptyLedger."""
    total = total_of(ledger, query)
    summary = _summary(ledger, query, total)
    if log is not None:
        summary |= {"log": log.path, **skipped_of(log)}
    if by:
        summary["by"] = by
        summary["groups"] = [_group(group) for group in ledger.totals(by, query)]
    return {"entries": _entries(ledger, log, query), "summary": summary}


def since_when(text: str, now: float) -> float | None:
    """Read `--since`. Days begin at their local midnight, so that totals come from the roll-up."""
    from tui_delegate.journal.ledger import midnight

    if not text:
        return None
    if text == "today":
        return midnight(now)
    number, unit = text[:-1], text[-1]
    try:
        if not number.isdecimal() or unit not in "mhdw":
            return time.mktime(time.strptime(text, "%Y-%m-%d"))
        if unit in _DAYS:
            return midnight(now, int(number) * _DAYS[unit])
        return now - int(number) * _SPANS[unit]
    except (ValueError, OverflowError):
        raise InputError(f"{_SINCE}, not {text!r}.") from None


def total_of(ledger: Source, query: Query) -> Total:
    """Sum everything up. Raises an EmptyLedger where there is nothing."""
    total = ledger.total(query)
    if not total.calls:
        when = "in that time" if query.since is not None else "yet"
        raise EmptyLedger(f"No model call is recorded {when}.", "Make one: tui-delegate run PROMPT")
    return total


def _entries(ledger: Source, log: LogLedger | None, query: Query) -> list[Mapping[str, object]]:
    if log is not None:
        return list(log.entries)
    from tui_delegate.journal.export import entry

    return [entry(call) for call in ledger.last(query)]


def skipped_of(log: LogLedger) -> dict[str, int]:
    """Count what a log holds that could not be read."""
    skipped = log.skipped
    return {
        "skipped_lines": skipped.lines,
        "skipped_figures": skipped.figures,
        "undated_lines": skipped.undated,
    }


def _summary(ledger: Source, query: Query, total: Total) -> dict[str, object]:
    def counts(by: str) -> dict[str, int]:
        return {group.key: group.calls for group in ledger.totals(by, query)}

    return {
        "total_calls": total.calls,
        "total_prompt_tokens": total.prompt,
        "total_completion_tokens": total.completion,
        "total_tokens": total.prompt + total.completion,
        "cached_tokens": total.cached,
        "reasoning_tokens": total.reasoning,
        "total_duration_ms": total.total_ms,
        "by_command": counts("command"),
        "by_profile": counts("profile"),
        "by_model": counts("model"),
        "by_backend": counts("backend"),
        "by_agent": counts("agent"),
        "by_status": counts("status"),
        "failed_calls": total.failed,
        "cost": total.cost,
        "unknown_cost_calls": total.unpriced,
        "estimated_calls": total.guessed,
        "saved_tokens": total.delegated,
        "saved_cost": saved_of(total),
    }


def _group(total: Total) -> dict[str, object]:
    return {
        "key": total.key,
        "calls": total.calls,
        "failed_calls": total.failed,
        "prompt_tokens": total.prompt,
        "completion_tokens": total.completion,
        "total_tokens": total.prompt + total.completion,
        "cached_tokens": total.cached,
        "reasoning_tokens": total.reasoning,
        "total_duration_ms": total.total_ms,
        "cost": total.cost,
        "unknown_cost_calls": total.unpriced,
        "estimated_calls": total.guessed,
        "saved_tokens": total.delegated,
        "saved_cost": saved_of(total),
    }


def saved_of(total: Total) -> float | None:
    """Give the dollars that were saved, as far as known; None: of no call."""
    return total.saved if total.compared else None
