"""Whether a failed call may be made again, and after how long. Pure: the caller brings the luck.

Only what a server refused before it began may be tried again; a call that has begun is never begun twice
here, and a model that is being loaded is waited for, not asked anew.
"""

from __future__ import annotations

from tui_delegate.core.errors import BackendError, Overloaded, RateLimited
from tui_delegate.core.records import dataclass

TRIES = 4
FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
LONGEST_RETRY_AFTER = 120.0


@dataclass(slots=True)
class RetryBudget:
    """One server's budget: retries may be a fifth of the calls made, and never fewer than `floor`."""

    floor: int = 8
    calls: int = 0
    retries: int = 0

    def count_call(self) -> None:
        """Count a call that was made."""
        self.calls += 1

    def take(self) -> bool:
        """Take one retry, if the budget has one left."""
        if self.retries >= max(self.floor, self.calls // 5):
            return False
        self.retries += 1
        return True


def retry_delay(error: BackendError, tries: int, luck: float) -> float | None:
    """Say after how many seconds to try again; None: not at all.

    `tries` counts the calls made so far, `luck` is a random number from 0 to 1.
    """
    if not isinstance(error, Overloaded | RateLimited) or tries >= TRIES:
        return None
    if error.retry_after is not None:
        if not error.retry_after <= LONGEST_RETRY_AFTER:  # too long, or no number at all
            return None
        return max(error.retry_after, 0.0) + luck * 0.1
    ceiling = min(FIRST_DELAY * 2.0 ** (tries - 1), LONGEST_DELAY)
    return ceiling * (0.5 + luck / 2)
