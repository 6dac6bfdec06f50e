"""What is known of a run that stopped: its events, folded into what its turns need to go on.

A turn that goes on asks here before it asks a model, a person or a worker; what is found is never paid for
twice. Nothing is run and nothing is told here.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from tui_delegate.core.chunks import Finish, Reply
from tui_delegate.core.errands import ERRANDS
from tui_delegate.core.errors import InputError
from tui_delegate.core.events import (
    Asked,
    Cancelled,
    Commanded,
    Delegated,
    Event,
    Failed,
    FellBack,
    Finished,
    Opened,
    Refused,
    Resumed,
    Returned,
    RunPath,
    Spent,
    Started,
    Warned,
)
from tui_delegate.core.records import dataclass, field
from tui_delegate.engine.batch import CANCELLED, NOT_MOVED, Outcome, failure
from tui_delegate.engine.seating import TOOL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_delegate.core.purse import Purse

LEAST_SECONDS = 1.0
"""What a run has at the least to go on, so that it can tell what there is."""


@dataclass(slots=True)
class PastTurn:
    """One place in the run's tree, as far as it came."""

    attempt: int = 0
    """The last one that began or ended; 0: none did."""
    agent: str = ""
    """Where it was sent; empty: to the usual worker."""
    moved: str = ""
    model: str = ""
    asked: bool = False
    delegated: Delegated | None = None
    refused: Refused | None = None
    """Why there was no worker here."""
    refusals: deque[Refused] = field(default_factory=deque)
    """Calls of this turn to tools that are not there, in order."""
    replies: deque[Spent] = field(default_factory=deque)
    notes: list[tuple[int, str]] = field(default_factory=list)
    """What the person told it, each with the attempt that it was told to."""
    outcome: Outcome | None = None
    """None: it had not ended, or only because the whole run did."""
    edited: bool = False
    cancelled: bool = False
    """Whether the person cancelled this very turn."""
    returned: Returned | None = None

    def begin(self, event: Started) -> None:
        """Take in that an attempt began; one that goes on from nothing makes all before it void."""
        if not event.resumes:
            self.replies.clear()
            self.notes = [note for note in self.notes if note[0] >= event.attempt]
            self.agent = self.moved or self.agent
        self.outcome, self.edited, self.cancelled = None, False, False
        self.attempt, self.model = event.attempt, event.model

    def read_back(self) -> Reply | None:
        """Give the next reply that is paid for already."""
        if not self.replies:
            return None
        spent = self.replies.popleft()
        assert spent.reply is not None
        finish: Finish = "calls" if spent.reply.calls else "stop"
        return Reply(
            message=spent.reply,
            finish="length" if spent.finish == "length" else finish,
            usage=spent.call.usage,
            model=spent.call.answered,
            flags=spent.flags,
        )


class Past:
    """A run as far as it came. Without events it is a run that begins."""

    def __init__(self, told: Sequence[Event] = ()) -> None:
        self.turns: dict[RunPath, PastTurn] = {}
        self.approved = False
        """Whether the person approved all that the run would ask."""
        self.over = False
        """Whether it has its answer."""
        self.tasks = 0
        self.tokens = 0
        self.cost = 0.0
        self.seconds = 0.0
        """How long it was at work."""
        self._last = 0.0
        for event in told:
            self._apply(event)

    def at(self, path: RunPath) -> PastTurn | None:
        """Say what is known of a place; None: nothing ever was there."""
        return self.turns.get(path)

    def forget(self, path: RunPath) -> None:
        """Forget the workers of a turn that begins from nothing, and what it was refused."""
        if path in self.turns:
            self.turns[path].refusals.clear()
        for below in [below for below in self.turns if len(below) > len(path) and below[: len(path)] == path]:
            del self.turns[below]

    def charge(self, purse: Purse) -> None:
        """Count in a purse what was spent."""
        purse.tasks, purse.tokens, purse.cost = self.tasks, self.tokens, self.cost

    def left_of(self, seconds: float) -> float:
        """Say how much of a run's time is left."""
        return max(seconds - self.seconds, LEAST_SECONDS) if self.seconds else seconds

    def _apply(self, event: Event) -> None:
        if not event.durable:
            return
        if not isinstance(event, Opened | Resumed):
            self.seconds += max(event.at - self._last, 0.0)
        self._last = event.at
        turn = self.turns.setdefault(event.path, PastTurn())
        match event:
            case Asked() | Delegated() | Refused():
                self._apply_call(turn, event)
            case Started():
                if not event.resumes:
                    self.forget(event.path)
                turn.begin(event)
            case Spent():
                self.tokens += event.call.usage.total
                self.cost += event.call.cost or 0.0
                if event.reply:
                    turn.replies.append(event)
            case Warned(code=code) if code == NOT_MOVED:
                turn.moved = ""
            case FellBack():
                turn.model = event.model
            case Commanded():
                self._apply_command(turn, event)
            case Finished() | Failed() | Cancelled():
                self._apply_end(turn, event)
            case Returned():
                turn.returned = event
                turn.outcome = turn.outcome or _outcome_of(event)
            case _:
                pass

    def _apply_call(self, turn: PastTurn, event: Asked | Delegated | Refused) -> None:
        if isinstance(event, Refused):
            if event.tool == TOOL:
                turn.refused = event
            else:
                turn.refusals.append(event)
            return
        if not turn.asked and turn.delegated is None:
            self.tasks += 1
        if isinstance(event, Asked):
            turn.asked = True
        else:
            turn.delegated, turn.agent = event, event.agent

    def _apply_command(self, turn: PastTurn, event: Commanded) -> None:
        match event.command:
            case "steer":
                turn.notes.append((event.attempt, event.text))
            case "retry":
                turn.moved = event.agent or turn.moved
            case "replace":
                turn.outcome = Outcome(event.text, turn.outcome.model if turn.outcome else "")
                turn.edited = True
            case "cancel":
                turn.cancelled = True
            case "approve_run":
                self.approved = True
            case _:
                pass

    def _apply_end(self, turn: PastTurn, event: Finished | Failed | Cancelled) -> None:
        turn.attempt = max(turn.attempt, event.attempt)
        if not event.path:
            self._apply_root_end(turn, event)
        elif turn.edited:
            return
        elif isinstance(event, Finished):
            turn.outcome = Outcome(event.text, turn.model, event.flags)
        elif isinstance(event, Failed):
            turn.outcome = failure(event.code, event.message)
        elif turn.cancelled:
            turn.outcome = CANCELLED

    def _apply_root_end(self, root: PastTurn, event: Finished | Failed | Cancelled) -> None:
        self.over = isinstance(event, Finished)
        last = root.replies[-1] if root.replies else None
        if isinstance(event, Failed) and last and last.reply and not last.reply.calls:
            root.replies.pop()  # what could not be made an answer of; it is asked for once more


def _outcome_of(returned: Returned) -> Outcome:
    if returned.failed:
        return Outcome(code="subagent_request_failed", message=returned.text)
    return Outcome(returned.text)


def opening_of(told: Sequence[Event]) -> Opened:
    """Give the event that a run began with. Raises an InputError where the run can't go on from there."""
    opened = next(iter(told), None)
    if not isinstance(opened, Opened):
        raise InputError("Of this run nothing is known that it could go on from.")
    if opened.context.command in ERRANDS:
        raise InputError(
            f"Run {opened.run} is a call of `{opened.context.command}`: there is no manager to go on with.",
            "Make the call again.",
        )
    if not opened.prompt:
        raise InputError(
            f"Run {opened.run} kept no text (--no-keep-text), so it can't go on where it stood.",
            "Give its prompt again.",
        )
    return opened
