"""Asking the model of one seat, and the next seat's where that one fails before it began.

What is asked, and what is done with the reply, is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.core.errors import BackendError, BadReply, ContextOverflow, CutOff
from tui_delegate.core.events import FellBack
from tui_delegate.core.records import dataclass, replace
from tui_delegate.core.specs import seat_name
from tui_delegate.engine.call import Caller, Meter, call_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_delegate.core.chunks import ChatRequest, Reply
    from tui_delegate.core.specs import Seat


@dataclass(slots=True)
class Asker:
    """One turn's way to its model. The seat changes where it falls back."""

    caller: Caller
    seat: Seat
    meter: Meter | None = None
    """The call under way, or the last one."""

    async def ask(self, request: Callable[[Seat], ChatRequest], heard: int = 0) -> Reply:
        """Make a call. Raises a BackendError, or a BudgetExceeded."""
        while True:
            caller = replace(self.caller, heard=heard)
            try:
                return await call_model(caller, self.seat, request(self.seat), self._set_meter)
            except BackendError as error:
                if not self._fall_back(error):
                    raise

    def so_far(self) -> str:
        """Give the text of the call under way."""
        return "".join(self.meter.parts) if self.meter else ""

    def _set_meter(self, meter: Meter) -> None:
        self.meter = meter

    def _fall_back(self, error: BackendError) -> bool:
        """Take the next seat, if the one before failed before its first token."""
        began = self.meter is not None and self.meter.began
        late = self.caller.is_late()
        if began or late or not self.seat.fallback or isinstance(error, ContextOverflow):
            return False
        before, after, caller = self.seat, self.seat.fallback[0], self.caller
        self.seat = replace(after, agent=before.agent, fallback=before.fallback[1:])
        caller.stream.emit(
            FellBack(
                path=caller.path,
                attempt=caller.attempt,
                at=caller.clock.now(),
                from_seat=seat_name(before.profile, before.model),
                profile=after.profile,
                backend=after.protocol,
                model=after.model,
                code=error.code,
                window=after.window,
            )
        )
        return True


def no_answer(reply: Reply) -> BackendError:
    """Say why a reply holds nothing that could be given on."""
    if "calls_cut" in reply.flags or reply.finish == "length":
        return CutOff(
            f"The answer was cut after {reply.usage.completion} tokens, before it said anything whole.",
            "Raise max_tokens or the context window.",
        )
    if reply.message.thinking:
        return BadReply("The model used its whole answer for thinking.", "Turn thinking off (think = false).")
    return BadReply("The model's answer is empty.", "Ask again, or take another model.")
