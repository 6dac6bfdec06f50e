"""How the verb `ledger` shows calls and their totals, as text and as JSON. Nothing is read or chosen here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.cli import output
from tui_delegate.cli.verbs.ledger import total_of
from tui_delegate.core.clean import clean_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tui_delegate.cli.verbs.ledger import Source
    from tui_delegate.journal.ledger import Call, Query, Total
    from tui_delegate.journal.logs import LogLedger


def as_json(ledger: Source, log: LogLedger | None, query: Query, by: str) -> int:
    """Show one object: the last calls, and what all of them add up to."""
    total = total_of(ledger, query)
    summary = _summary(ledger, query, total)
    if log is not None:
        summary |= {"log": log.path, **_skipped(log)}
    if by:
        summary["by"] = by
        summary["groups"] = [_group(group) for group in ledger.totals(by, query)]
    content = {"entries": _entries(ledger, log, query), "summary": summary}
    output.data_json({"ok": True, "command": "ledger", "model": "-", "content": content})
    return output.OK


def as_text(ledger: Source, log: LogLedger | None, query: Query, by: str) -> int:
    """Show the last calls, or totals, and a summary."""
    total = total_of(ledger, query)
    if by:
        output.data(f"Delegation totals by {by}:")
        output.data(_table(by, ledger.totals(by, query)))
    else:
        output.data("Delegated worker calls:")
        calls = enumerate(ledger.last(query), 1)
        output.data("\n".join(f"{place:>3}. {_line(call)}" for place, call in calls))
    output.data("\nDelegation summary:")
    output.data("\n".join(f"  {line}" for line in _summary_lines(ledger, query, total)))
    output.data("\nCost and savings:")
    output.data("\n".join(f"  {line}" for line in _worth_lines(ledger, query, total)))
    for what, count in _skipped(log).items() if log is not None else ():
        if count:
            output.say(f"tui-delegate: {what.replace('_', ' ')} of the log: {count}")
    return output.OK


def dollars(cost: float | None) -> str:
    """Write an amount; a question mark stands for what is not known."""
    if cost is None:
        return "?"
    sign, cost = ("-", -cost) if cost < 0 else ("", cost)
    return sign + (f"${cost:.2f}" if cost >= 100 or cost == 0 else f"${cost:.6f}".rstrip("0").rstrip("."))


def cost_words(cost: float, unpriced: int, calls: int) -> str:
    """Write what calls cost, and of how many that is not known."""
    if not unpriced:
        return dollars(cost)
    return "?" if unpriced == calls else f"{dollars(cost)}, and {unpriced} of unknown cost"


def _entries(ledger: Source, log: LogLedger | None, query: Query) -> list[Mapping[str, object]]:
    if log is not None:
        return list(log.entries)
    from tui_delegate.journal.export import entry

    return [entry(call) for call in ledger.last(query)]


def _skipped(log: LogLedger) -> dict[str, int]:
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
        "saved_cost": _saved(total),
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
        "saved_cost": _saved(total),
    }


def _saved(total: Total) -> float | None:
    """Give the dollars that were saved, as far as known; None: of no call."""
    return total.saved if total.compared else None


def _line(call: Call) -> str:
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
        "cost": dollars(call.cost),
        "status": f"{call.status}:{call.code}" if call.code else call.status,
        "path": call.path,
        "agent": call.agent,
    }
    told = "  ".join(f"{name}={clean_line(word) or '-'}" for name, word in words.items())
    return f"{stamp(call.at) if call.at else '-'}  {told}"


def _summary_lines(ledger: Source, query: Query, total: Total) -> Iterable[str]:
    """Give the seven lines that agent-delegate gives, which other tools read."""
    guess = "~" if total.guessed else ""
    yield f"total calls: {total.calls}"
    yield f"total tokens: {guess}{total.prompt + total.completion}"
    yield f"prompt/completion: {guess}{total.prompt}/{guess}{total.completion}"
    yield f"total duration ms: {total.total_ms}"
    for by in ("command", "profile", "model"):
        groups = [group for group in ledger.totals(by, query) if group.key]
        yield f"by {by}: " + (", ".join(f"{_name(group.key)}={group.calls}" for group in groups) or "-")


def _worth_lines(ledger: Source, query: Query, total: Total) -> Iterable[str]:
    guess = "~" if total.guessed else ""
    yield f"cost: {cost_words(total.cost, total.unpriced, total.calls)}"
    yield f"saved tokens: {guess}{total.delegated}"
    yield f"saved cost: {dollars(_saved(total))}"
    yield f"cached/reasoning: {total.cached}/{total.reasoning}"
    yield f"failed calls: {total.failed}"
    groups = [group for group in ledger.totals("backend", query) if group.key]
    yield "by backend: " + (", ".join(f"{_name(group.key)}={group.calls}" for group in groups) or "-")


def _table(by: str, groups: Sequence[Total]) -> str:
    head = (
        by, "calls", "failed", "prompt", "cached", "completion", "reasoning", "duration_ms", "cost",
        "saved_tokens", "saved_cost",
    )  # fmt: skip
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
                _cell(group),
                f"{guess}{group.delegated}",
                dollars(_saved(group)),
            )
        )
    return output.table(lines, right=frozenset(range(1, len(head))))


def _cell(group: Total) -> str:
    if not group.unpriced:
        return dollars(group.cost)
    return "?" if group.unpriced == group.calls else f"{dollars(group.cost)} +{group.unpriced}?"


def _name(key: str) -> str:
    return clean_line(key) or "-"
