"""The purse: the one thing that all turns of a run share.

It reserves before a call and settles after it, in one step each, so that parallel children can't all pass the
same check. It keeps no clock: seconds are the engine's.
"""

from __future__ import annotations

from tui_delegate.core.errors import BudgetExceeded, UsesExceeded
from tui_delegate.core.limits import Limits
from tui_delegate.core.records import dataclass, field
from tui_delegate.core.usage import Price, Usage

LEAST_OUTPUT = 16
"""Fewer tokens than these are no answer: a call that can't have them is refused."""
USUAL_OUTPUT = 4096
"""The most that one call reserves for its answer while a token or cost limit is set."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """What one call may cost at the most, held back until it is settled."""

    tokens: int
    cost: float
    max_output: int | None
    """The cap to send with the call; None where no limit asks for one."""


@dataclass(slots=True)
class Purse:
    """What a run has spent and has promised. Invariant: spent + held <= limit, for tokens and cost."""

    limits: Limits
    tasks: int = 0
    tokens: int = 0
    cost: float = 0.0
    held: list[Reservation] = field(default_factory=list)

    def take_task(self) -> None:
        """Count one delegation more, or refuse it."""
        if self.tasks >= self.limits.max_tasks:
            raise UsesExceeded(
                f"This run has made all of its {self.limits.max_tasks} delegations (max_tasks).",
                "Answer with the results that you have.",
            )
        self.tasks += 1

    def reserve(self, prompt: int, wanted: int | None, price: Price | None) -> Reservation | None:
        """Hold back what a call may cost; None means: it fits only after others have settled.

        Raises BudgetExceeded where it can't fit at all any more.
        """
        if self.limits.tokens is None and self.limits.cost is None:
            return Reservation(0, 0.0, wanted)
        room = min(self._output_by_tokens(prompt), self._output_by_cost(prompt, price))
        output = min(room, wanted or USUAL_OUTPUT)
        if output < min(LEAST_OUTPUT, wanted or LEAST_OUTPUT):
            if self.held:
                return None
            raise BudgetExceeded(self._spent_words(), "Raise the limit, or ask for less.")
        cost = price.cost(Usage(prompt, 0, output)) if price else 0.0
        reservation = Reservation(prompt + output, cost, output)
        self.held.append(reservation)
        return reservation

    def settle(self, reservation: Reservation, usage: Usage, cost: float | None) -> None:
        """Give back what was held and count what was used."""
        if reservation in self.held:
            self.held.remove(reservation)
        self.tokens += usage.total
        self.cost += cost or 0.0

    def _output_by_tokens(self, prompt: int) -> int:
        if self.limits.tokens is None:
            return USUAL_OUTPUT
        return self.limits.tokens - self.tokens - sum(held.tokens for held in self.held) - prompt

    def _output_by_cost(self, prompt: int, price: Price | None) -> int:
        if self.limits.cost is None:
            return USUAL_OUTPUT
        if price is None:
            raise BudgetExceeded(
                "A cost limit is set, but the price of this model is not known.",
                "Give the profile a price = { input = …, output = … }, or leave the cost limit out.",
            )
        left = self.limits.cost - self.cost - sum(held.cost for held in self.held)
        left -= price.cost(Usage(prompt))
        if left < 0:
            return 0
        return USUAL_OUTPUT if price.output == 0 else int(left / price.output * 1_000_000)

    def _spent_words(self) -> str:
        if self.limits.tokens is not None and self._output_by_tokens(0) < USUAL_OUTPUT:
            return f"The token limit does not hold another call: {self.tokens} of {self.limits.tokens} spent."
        return f"The cost limit does not hold another call: ${self.cost:.4f} of ${self.limits.cost} spent."
