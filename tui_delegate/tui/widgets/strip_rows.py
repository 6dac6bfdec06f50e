"""What the strip shows of some runs: their sums, and a row for each call, made or under way.

A fold over transcripts; nothing is drawn here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui_delegate.core.clean import clean_line
from tui_delegate.core.records import dataclass, field
from tui_delegate.core.savings import Savings, savings_of
from tui_delegate.core.transcript import ENDED
from tui_delegate.core.usage import Usage, estimate_tokens
from tui_delegate.tui import figures
from tui_delegate.tui.figures import UNKNOWN

if TYPE_CHECKING:
    from tui_delegate.core.calls import ModelCall
    from tui_delegate.core.events import RunPath
    from tui_delegate.core.transcript import Node, Transcript

KEPT: Final = 60
"""Rows that are kept of one run: no strip is higher."""
_STATUS: Final = {"ok": "ok", "failed": "bad", "cancelled": "warn"}


@dataclass(frozen=True, slots=True)
class StripRow:
    """One call. Every text is clean; figures that are not known are `–`."""

    at: float
    """When it ended; for what is under way: when it began."""
    active: bool
    run: str
    path: RunPath
    agent: str
    profile: str
    model: str
    prompt: str
    cached: str
    completion: str
    took: str
    rate: str
    status: str
    tone: str
    mark: str = ""
    """Where it is from, if from elsewhere."""


@dataclass(frozen=True, slots=True)
class Account:
    """The sums of some runs."""

    calls: int = 0
    failed: int = 0
    cost: float = 0.0
    unpriced: int = 0
    worth: Savings = field(default_factory=Savings)

    @property
    def usage(self) -> Usage:
        """All tokens."""
        return self.worth.own + self.worth.delegated

    def __add__(self, other: Account) -> Account:
        return Account(
            self.calls + other.calls,
            self.failed + other.failed,
            self.cost + other.cost,
            self.unpriced + other.unpriced,
            self.worth + other.worth,
        )


def account_of(transcript: Transcript) -> Account:
    """Sum a run up."""
    calls = [call for node in transcript.nodes.values() for call in node.calls]
    return Account(
        len(calls),
        sum(call.status == "failed" for call in calls),
        sum(call.cost for call in calls if call.cost is not None),
        sum(call.cost is None for call in calls),
        savings_of(transcript),
    )


def past_rows(transcript: Transcript, mark: str = "") -> list[StripRow]:
    """Give a row for each of the last calls of a run, in the order in which they ended."""
    calls = [
        (at, number, node, call)
        for node in transcript.nodes.values()
        for number, (at, call) in enumerate(zip(node.spent_at, node.calls, strict=True))
    ]
    calls.sort(key=lambda one: one[:2])
    return [_past(transcript, node, call, at, mark) for at, _, node, call in calls[-KEPT:]]


def live_rows(transcript: Transcript, now: float, mark: str = "") -> list[StripRow]:
    """Give a row for each turn of a run that asks a model now, in the order of the tree."""
    return [
        _live(transcript, node, now, mark) for _, node in sorted(transcript.nodes.items()) if is_asking(node)
    ]


def is_asking(node: Node) -> bool:
    """Say whether a model call of this turn is under way: it began, and waits for nobody below it."""
    return bool(node.agent) and node.state not in ENDED and node.state != "waiting"


def mark_of(transcript: Transcript) -> str:
    """Say where a run is from: its command and the name of its folder."""
    context = transcript.context
    folder = context.cwd.rstrip("/").rpartition("/")[2]
    return clean_line(f"{context.command} {folder}".strip(), 30)


def _past(transcript: Transcript, node: Node, call: ModelCall, at: float, mark: str) -> StripRow:
    usage = call.usage
    return StripRow(
        at=at,
        active=False,
        run=transcript.run,
        path=node.path,
        agent=clean_line(call.agent, 40),
        profile=clean_line(call.profile, 40),
        model=clean_line(call.asked, 60),
        prompt=figures.counted(usage.prompt, usage.source),
        cached=figures.count(usage.cached) if usage.cached else UNKNOWN,
        completion=figures.counted(usage.completion, usage.source),
        took=figures.seconds(call.total_ms / 1000),
        rate=figures.rate(call.tokens_per_second),
        status=_ended(call),
        tone=_STATUS[call.status],
        mark=mark,
    )


def _ended(call: ModelCall) -> str:
    """Say how a call ended: a failure by its code, which says more than that it failed."""
    if call.status == "ok":
        return "ok"
    glyph = figures.SIGNS[call.status].glyph
    return f"{glyph} {clean_line(call.code, 40) or call.status}"


def _live(transcript: Transcript, node: Node, now: float, mark: str) -> StripRow:
    sign = figures.sign_of(node)
    waited_for = (transcript.nodes[path].ended for path in node.children if path in transcript.nodes)
    begun = max([node.started, *node.spent_at[-1:], *waited_for])
    said = 0 if node.fresh else estimate_tokens(node.text)
    passed = max(now - begun, 0.0) if begun else 0.0
    return StripRow(
        at=begun,
        active=True,
        run=transcript.run,
        path=node.path,
        agent=clean_line(node.agent, 40),
        profile=clean_line(node.profile, 40),
        model=clean_line(node.model, 60),
        prompt=UNKNOWN,
        cached=UNKNOWN,
        completion=f"~{figures.count(said)}" if said else UNKNOWN,
        took=figures.seconds(passed),
        rate=UNKNOWN,
        status=f"{sign.glyph} {sign.word}",
        tone=sign.tone,
        mark=mark,
    )
