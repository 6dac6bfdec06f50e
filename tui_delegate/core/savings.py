"""What delegation was worth in some runs: the workers' share of the tokens, and dollars that it saved.

A fold over transcripts; nothing is drawn or stored here. What is not known stays unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.core.errands import is_delegated
from tui_delegate.core.records import dataclass, field
from tui_delegate.core.usage import Price, Usage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui_delegate.core.calls import ModelCall
    from tui_delegate.core.transcript import Node, Transcript


@dataclass(frozen=True, slots=True)
class Savings:
    """Sums over runs."""

    own: Usage = field(default_factory=Usage)
    """Of the managers."""
    delegated: Usage = field(default_factory=Usage)
    """Of all workers."""
    saved: float | None = None
    """What the workers' tokens would have cost more at their manager's price; None: no pair of prices known.

    Below nothing where workers cost more than their manager.
    """

    @property
    def share(self) -> float | None:
        """The workers' part of all tokens, from 0 to 1; None: there are none yet."""
        total = self.own.total + self.delegated.total
        return self.delegated.total / total if total else None

    def __add__(self, other: Savings) -> Savings:
        known = [saved for saved in (self.saved, other.saved) if saved is not None]
        return Savings(self.own + other.own, self.delegated + other.delegated, sum(known) if known else None)


def savings(transcripts: Iterable[Transcript]) -> Savings:
    """Fold runs into what their delegations were worth."""
    return sum((savings_of(transcript) for transcript in transcripts), Savings())


def savings_of(transcript: Transcript) -> Savings:
    """Fold one run."""
    price = manager_price(transcript.root)
    workers = [node for path, node in transcript.nodes.items() if path]
    known = [
        saved for node in workers for call in node.calls if (saved := call_saved(call, price)) is not None
    ]
    own, delegated = transcript.root.usage, sum((node.usage for node in workers), Usage())
    if is_delegated(transcript.context.command, ()):
        own, delegated = Usage(), own + delegated
    return Savings(own, delegated, sum(known) if known else None)


def manager_price(root: Node) -> Price | None:
    """Give the price of the manager's last call whose price is known."""
    return next((call.price for call in reversed(root.calls) if call.price is not None), None)


def call_saved(call: ModelCall, price: Price | None) -> float | None:
    """Say what a worker's call would have cost more at another price."""
    return None if price is None or call.cost is None else price.cost(call.usage) - call.cost
