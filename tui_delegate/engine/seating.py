"""Finding the seat of an agent, and refusing one that would be the delegation tool itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.core.errors import InvalidRequest

if TYPE_CHECKING:
    from tui_delegate.core.ports import Seats
    from tui_delegate.core.specs import Seat

TOOL = "subagent"
RESERVED_MODELS = frozenset(
    {TOOL, *(f"{house}:{TOOL}" for house in ("openrouter", "ai-stats", "phaseo", "tui_delegate"))}
)


async def find_seat(seats: Seats, name: str) -> Seat:
    """Find a seat that a turn can be given. Raises a DelegateError."""
    seat = await seats.seat(name)
    if seat.model.strip().lower() in RESERVED_MODELS:
        raise InvalidRequest(
            f"The worker's model is {seat.model!r}, the delegation tool itself: self-reference.",
            "Give the worker's profile a real model.",
        )
    return seat
