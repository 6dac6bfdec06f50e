"""Who is picked to manage and to work, by name. What a name leads to is not known here."""

from __future__ import annotations

from typing import Final, Literal

from tui_delegate.core.records import dataclass, replace

Role = Literal["manager", "worker"]
ROLES: Final[tuple[Role, ...]] = ("manager", "worker")


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person picked for this time, over what is written down. Empty: nothing."""

    profile: str = ""
    model: str = ""
    worker_profile: str = ""
    worker_model: str = ""

    def of(self, role: Role) -> tuple[str, str]:
        """Give the profile and the model that were picked for a role."""
        if role == "manager":
            return self.profile, self.model
        return self.worker_profile, self.worker_model

    def taking(self, role: Role, profile: str, model: str) -> Choice:
        """Pick a profile and a model for one role; the other role's pick stays."""
        if role == "manager":
            return replace(self, profile=profile, model=model)
        return replace(self, worker_profile=profile, worker_model=model)
