"""What a run may spend: a `Limits` is what the person set, an `Allowance` what one turn was handed.

What has been spent is not known here: that is the purse's.
"""

from __future__ import annotations

from tui_delegate.core.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of a run. `None` means that there is none."""

    depth: int = 3
    """Levels of agents: with 3, the manager (0), its workers (1) and theirs (2) run."""
    max_uses: int = 10
    """Delegations that one turn may make."""
    max_tasks: int = 50
    """Delegations that a whole run may make."""
    max_parallel: int = 16
    """Model calls of a run in flight at once."""
    max_steps: int = 20
    """Model calls that one turn may make."""
    tokens: int | None = None
    cost: float | None = None
    seconds: float | None = None
    nested: bool = False
    """Whether workers may delegate too."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one turn may still do: made new for every child, never changed."""

    limits: Limits
    level: int = 0

    @property
    def may_delegate(self) -> bool:
        """Whether this turn is offered the delegation tool."""
        return self.deeper_runs and (self.level == 0 or self.limits.nested)

    @property
    def deeper_runs(self) -> bool:
        """Whether a child one level down would be within the depth."""
        return self.level + 1 < self.limits.depth

    def child(self) -> Allowance:
        """Make the allowance of a worker one level down."""
        return replace(self, level=self.level + 1)
