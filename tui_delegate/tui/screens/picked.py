"""What a picker hands back to whoever opened it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.core.records import dataclass

if TYPE_CHECKING:
    from tui_delegate.core.choice import Role


@dataclass(frozen=True, slots=True)
class Picked:
    """What was picked."""

    role: Role
    profile: str
    model: str = ""
    """Empty: whichever the profile leads to."""
    saved: str = ""
    """What to say of writing it down as the default; empty: that was not asked for."""
