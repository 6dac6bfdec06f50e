"""The verb `ledger`: every model call with its tokens, time and cost, and totals of them.

Its JSON is read by other tools: the keys of the summary may grow, never change; those of a call are the
export's. Reading the journal is not done here.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from tui_delegate.core.errors import DelegateError, InputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from tui_delegate.journal.ledger import Call, Ledger, Query, Total

_SPANS = {"m": 60, "h": 3600}
_DAYS = {"d": 1, "w": 7}
_SINCE = "--since takes a span (30m, 2h, 7d, 2w), a date (2026-11-01) or `today`"


class EmptyLedger(DelegateError):
    """No call was recorded, or none in the time that was asked for."""

    code = "empty_ledger"
    type = "empty_ledger"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags. What they hold is checked when the verb runs, so that a slip is one line."""
    import argparse

    parser.add_argument("--json", action="store_true", help="one JSON object on one line")
    parser.add_argument(
        "--by",
        metavar="DIM",
        default="",
        help="totals by command, agent, profile, backend, model, answered, status, code, session, run, day, "
        "project, host, target, parent_pid, claude_session_id or codex_session_id",
    )
    parser.add_argument(
        "--since",
        metavar="WHEN",
        default="",
        help="30m, 2h, 7d or 2w (days count from their midnight), 2026-11-01, today",
    )
    parser.add_argument("--limit", metavar="N", default="20", help="show the last N calls (20; 0: all)")
    parser.add_argument("--export", metavar="FORMAT", default="", help="write all calls as csv or jsonl")
    parser.add_argument("--journal", metavar="FILE", default="", help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Show the ledger."""
    from tui_delegate.journal.ledger import Ledger, Query, check_dimension

    if args.by:
        check_dimension(args.by)
    query = Query(since=since_when(args.since, time.time()), limit=_limit(args.limit))
    if args.export not in ("", "csv", "jsonl"):
        raise InputError(f"--export takes csv or jsonl, not {args.export!r}.")
    ledger = Ledger.open(journal_path(args.journal))
    try:
        if args.export:
            return _export(ledger, query, args.export)
        return _show_json(ledger, query, args.by) if args.json else _show(ledger, query, args.by)
    finally:
        ledger.close()


def journal_path(named: str = "") -> Path:
    """Find the journal: the file that was named, else the one in the state folder."""
    import os
    from pathlib import Path

    if named:
        return Path(named)
    from tui_delegate.profiles.places import state_path

    return state_path(os.environ) / "journal.db"


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


def _limit(text: str) -> int:
    try:
        return min(int(text), 2**62)
    except ValueError:
        raise InputError(f"--limit takes a number, not {text!r}.") from None


def _total(ledger: Ledger, query: Query) -> Total:
    total = ledger.total(query)
    if not total.calls:
        when = "in that time" if query.since is not None else "yet"
        raise EmptyLedger(f"No model call is recorded {when}.", "Make one: tui-delegate run PROMPT")
    return total


def _show_json(ledger: Ledger, query: Query, by: str) -> int:
    from tui_delegate.cli import output
    from tui_delegate.journal.export import entry

    total = _total(ledger, query)
    summary = _summary(ledger, query, total)
    if by:
        summary["by"] = by
        summary["groups"] = [_group(group) for group in ledger.totals(by, query)]
    content = {"entries": [entry(call) for call in ledger.last(query)], "summary": summary}
    output.data_json({"ok": True, "command": "ledger", "model": "-", "content": content})
    return output.OK


def _summary(ledger: Ledger, query: Query, total: Total) -> dict[str, object]:
    def counts(by: str) -> dict[str, int]:
        return {group.key: group.calls for group in ledger.totals(by, query)}

    statuses = counts("status")
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
        "by_status": statuses,
        "failed_calls": total.failed,
        "cost": total.cost,
        "unknown_cost_calls": total.unpriced,
        "estimated_calls": total.guessed,
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
    }


def _show(ledger: Ledger, query: Query, by: str) -> int:
    from tui_delegate.cli import output

    total = _total(ledger, query)
    if by:
        output.data(f"Delegation totals by {by}:")
        output.data(_table(by, ledger.totals(by, query)))
    else:
        output.data("Delegated worker calls:")
        output.data("\n".join(f"{place}. {_line(call)}" for place, call in enumerate(ledger.last(query), 1)))
    output.data("\nDelegation summary:")
    output.data("\n".join(f"  {line}" for line in _summary_lines(ledger, query, total)))
    return output.OK


def _line(call: Call) -> str:
    from tui_delegate.core.clean import clean_line
    from tui_delegate.journal.export import stamp

    guess = "" if call.usage_source == "reported" else "~"
    words = {
        "command": call.command,
        "profile": call.profile,
        "backend": call.backend,
        "model": call.model,
        "tokens": f"{guess}{call.prompt + call.completion}",
        "duration_ms": str(call.total_ms),
        "target": call.target,
        "session": call.codex_session_id or call.claude_session_id or call.session,
        "cost": _dollars(call.cost),
        "status": f"{call.status}:{call.code}" if call.code else call.status,
        "path": call.path,
        "agent": call.agent,
    }
    return f"{stamp(call.at)} " + " ".join(
        f"{name}={clean_line(word) or '-'}" for name, word in words.items()
    )


def _summary_lines(ledger: Ledger, query: Query, total: Total) -> Iterable[str]:
    guess = "~" if total.guessed else ""
    yield f"calls: {total.calls}" + (f" ({total.failed} failed)" if total.failed else "")
    yield (
        f"tokens: {guess}{total.prompt + total.completion} "
        f"(prompt={guess}{total.prompt}, completion={guess}{total.completion}, "
        f"cached={total.cached}, reasoning={total.reasoning})"
    )
    yield f"duration_ms: {total.total_ms}"
    unknown = f", and {total.unpriced} of unknown cost" if total.unpriced else ""
    yield f"cost: {_dollars(total.cost)}{unknown}"
    for by in ("command", "profile", "model", "backend"):
        groups = ledger.totals(by, query)
        yield f"by {by}: " + (", ".join(f"{_name(group.key)}={group.calls}" for group in groups) or "-")


def _table(by: str, groups: Sequence[Total]) -> str:
    from tui_delegate.cli import output

    head = (by, "calls", "failed", "prompt", "cached", "completion", "reasoning", "duration_ms", "cost")
    lines = [head]
    for group in groups:
        guess = "~" if group.guessed else ""
        lines.append(
            (
                _name(group.key),
                str(group.calls),
                str(group.failed),
                f"{guess}{group.prompt}",
                str(group.cached),
                f"{guess}{group.completion}",
                str(group.reasoning),
                str(group.total_ms),
                _dollars(group.cost) + (f" +{group.unpriced}?" if group.unpriced else ""),
            )
        )
    return output.table(lines, right=frozenset(range(1, len(head))))


def _export(ledger: Ledger, query: Query, form: str) -> int:
    from contextlib import closing

    from tui_delegate.cli import output
    from tui_delegate.journal.export import export

    _total(ledger, query)
    with closing(ledger.all(query)) as calls:  # whoever reads the pipe may go away in the middle
        export(calls, form, sys.stdout)
    return output.OK


def _name(key: str) -> str:
    from tui_delegate.core.clean import clean_line

    return clean_line(key) or "-"


def _dollars(cost: float | None) -> str:
    if cost is None:
        return "?"
    return f"${cost:.2f}" if cost >= 100 or cost == 0 else f"${cost:.6f}".rstrip("0")
