"""How the verb `ledger` shows calls and their totals, as text and as JSON. Nothing is read or chosen here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.cli import output
from tui_delegate.core.clean import clean_line
from tui_delegate.workspace.accounts import ledger_content, saved_of, skipped_of, total_of
from tui_delegate.workspace.reporting import cost_words, dollars

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tui_delegate.journal.ledger import Call, Query, Total
    from tui_delegate.journal.logs import LogLedger
    from tui_delegate.workspace.accounts import Source


def as_json(ledger: Source, log: LogLedger | None, query: Query, by: str, note: str = "") -> int:
    """Show one object: the last calls, and what all of them add up to."""
    content = ledger_content(ledger, log, query, by)
    notes = {"notes": [note]} if note else {}
    output.data_json({"ok": True, "command": "ledger", "model": "-", "content": content, **notes})
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
    for what, count in skipped_of(log).items() if log is not None else ():
        if count:
            output.say(f"tui-delegate: {what.replace('_', ' ')} of the log: {count}")
    return output.OK


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
    yield f"saved cost: {dollars(saved_of(total))}"
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
                dollars(saved_of(group)),
            )
        )
    return output.table(lines, right=frozenset(range(1, len(head))))


def _cell(group: Total) -> str:
    if not group.unpriced:
        return dollars(group.cost)
    return "?" if group.unpriced == group.calls else f"{dollars(group.cost)} +{group.unpriced}?"


def _name(key: str) -> str:
    return clean_line(key) or "-"
