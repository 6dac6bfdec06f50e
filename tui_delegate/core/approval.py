"""What a person is asked before something is done, and what the answer can be.

Who asks and where the answer comes from are the engine's and the faces'; nothing is decided here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tui_delegate.core.records import dataclass

if TYPE_CHECKING:
    from tui_delegate.core.events import RunPath

AskedKind = Literal["delegation", "code", "write"]


@dataclass(frozen=True, slots=True)
class Question:
    """May this be done? For a delegation: may this worker be given this task?"""

    path: RunPath
    kind: AskedKind = "delegation"
    task_name: str = ""
    task: str = ""
    """The task, the code or the text that would be written."""
    agent: str = ""
    profile: str = ""
    model: str = ""
    """Where it would run; profile and model are empty where that can't be said."""
    files: tuple[str, ...] = ()
    note: str = ""
    """Why it is asked again: what was wrong with the answer before."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer. Refused unless it says otherwise."""

    approved: bool = False
    task: str = ""
    """The task in other words; empty: as it was asked."""
    agent: str = ""
    """An agent, a profile or `profile/model` to run it on; empty: where it would have run."""
    reason: str = ""
    """On a refusal: what the model that asked is told."""
    whole_run: bool = False
    """Approve all that this run will ask, too."""

    @property
    def word(self) -> str:
        """Name the answer as the run's story tells it."""
        if not self.approved:
            return "refuse"
        if self.whole_run:
            return "approve_run"
        return "edit" if self.task else "reroute" if self.agent else "approve"


APPROVED = Verdict(approved=True)
