"""A run: opened with a prompt, read as one stream of events, steered by commands, left clean.

`open_run` owns the manager's turn and, through it, every child: leaving it cancels first and closes after, so
nothing outlives it. There is no other way to make a turn run.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tui_delegate.core.calls import RunContext
from tui_delegate.core.errors import DelegateError, InputError, TimedOut
from tui_delegate.core.events import (
    Cancelled,
    Commanded,
    Event,
    Failed,
    Finished,
    Opened,
    Resumed,
    RunPath,
    Started,
)
from tui_delegate.core.files import render_list
from tui_delegate.core.limits import Allowance, Limits
from tui_delegate.core.messages import Message, system, user
from tui_delegate.core.records import dataclass, field
from tui_delegate.engine.asking import Asker
from tui_delegate.engine.batch import CANCELLED, Order, Outcome, Post, failure
from tui_delegate.engine.crew import Crew
from tui_delegate.engine.delegate import Desk
from tui_delegate.engine.gate import Gate
from tui_delegate.engine.past import Past, PastTurn, opening_of
from tui_delegate.engine.prompts import MANAGER, WORKER, system_prompt
from tui_delegate.engine.purser import Purser
from tui_delegate.engine.seating import find_seat
from tui_delegate.engine.stream import Stream
from tui_delegate.engine.turn import Answer, Turn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from tui_delegate.core.ports import Approver, Recorder, Seats, Shelf
    from tui_delegate.core.specs import Seat
    from tui_delegate.engine.batch import Delegation


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is opened with."""

    run: str
    prompt: str
    manager: str = "manager"
    worker: str = "worker"
    limits: Limits = field(default_factory=Limits)
    context: RunContext = field(default_factory=RunContext)
    history: tuple[Message, ...] = ()
    """What was said in this conversation before."""
    after: str = ""
    """The run that came before this one; the next two say what of the history it stands for."""
    forgets: int = 0
    recap: str = ""


def plan_again(told: Sequence[Event], history: tuple[Message, ...] = ()) -> Plan:
    """Make the plan of a run that goes on. Raises an InputError where it can't."""
    opened = opening_of(told)
    return Plan(opened.run, opened.prompt, limits=opened.limits, context=opened.context, history=history)


@asynccontextmanager
async def open_run(
    plan: Plan,
    seats: Seats,
    *,
    recorder: Recorder | None = None,
    shelf: Shelf | None = None,
    approver: Approver | None = None,
    told: Sequence[Event] = (),
    now: Callable[[], float] = time.time,
) -> AsyncIterator[Run]:
    """Open a run. Iterate over it for its events; the manager's Finished, Failed or Cancelled is the last.

    Without an approver nothing is asked. With the events that were told of it before it stopped it goes on
    from there: what they hold is not done again. One that has its answer has nothing more to tell.
    """
    run = Run(plan, seats, recorder, shelf, approver, tuple(told), now)
    run.begin()
    task = asyncio.create_task(run.finish())
    try:
        yield run
    finally:
        run.abandon()
        await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()):
            raise error


class Run:
    """A run's events and its commands. Each command is a fact in the stream before it acts."""

    def __init__(
        self,
        plan: Plan,
        seats: Seats,
        recorder: Recorder | None,
        shelf: Shelf | None,
        approver: Approver | None,
        told: tuple[Event, ...],
        now: Callable[[], float],
    ) -> None:
        self._plan = plan
        self.told = told
        """What was told of it before, where it goes on."""
        past = Past(told)
        root = past.at(()) or PastTurn()
        self._order = Order(
            (), root.attempt + 1, plan.manager, plan.prompt, "", Allowance(plan.limits), (), root.attempt
        )
        self._stream = Stream(plan.run, recorder)
        self._root: asyncio.Task[Outcome] | None = None
        self._at_work = False
        purser = Purser(plan.limits)
        past.charge(purser.purse)
        self._crew = Crew(self._stream, purser, seats, shelf, plan.limits, now, plan.worker, past)
        if approver:
            self._crew.gate = Gate(approver, seats, self._stream, now, open_wide=past.approved)

    @property
    def limits(self) -> Limits:
        """What the run may spend."""
        return self._plan.limits

    @property
    def journal_error(self) -> Exception | None:
        """Why the journal could not be written, where it could not."""
        return self._stream.broken

    def __aiter__(self) -> AsyncIterator[Event]:
        return aiter(self._stream)

    def cancel(self, path: RunPath = ()) -> None:
        """Stop a turn and all below it. What it has written is kept. A run that has ended stays as it is."""
        if self._over and not path:
            return
        delegation = self._delegation(path) if path else None
        self._command("cancel", path)
        if delegation is None:
            if self._root:
                self._root.cancel()
        else:
            delegation.stop()

    def steer(self, path: RunPath, text: str) -> None:
        """Give a turn a note, which it reads before its model is asked next."""
        if path not in self._crew.notes:
            raise InputError(f"Nobody is at work at {_spell(path)}.")
        self._command("steer", path, text=text)
        self._crew.notes[path].append(text)

    def retry(self, path: RunPath, agent: str = "") -> None:
        """Run a delegation again, on another agent, profile or `profile/model` if one is named."""
        delegation = self._decided(path)
        self._command("retry", path, agent=agent)
        delegation.batch.again(delegation, agent)

    def replace(self, path: RunPath, text: str) -> None:
        """Give a delegation this result, whatever its worker says or said."""
        delegation = self._decided(path)
        self._command("replace", path, text=text)
        delegation.batch.put_result(delegation, text)

    def is_open(self, path: RunPath) -> bool:
        """Say whether a delegation's result has not gone back yet: only then can it be changed."""
        return path in self._crew.delegations

    def hold(self, path: RunPath = ()) -> None:
        """Keep the results of a turn's workers from going back until `release`."""
        self._command("hold", path)
        self._crew.held.add(path)

    def release(self, path: RunPath = ()) -> None:
        """Let the results of a turn's workers go back."""
        self._command("release", path)
        self._crew.held.discard(path)
        if batch := self._crew.batches.get(path):
            batch.poke()

    def begin(self) -> None:
        """Set the manager's turn going; called once, by `open_run`, before anybody can command."""
        if self._crew.past.over:
            self._at_work = True
            self._root = asyncio.create_task(asyncio.sleep(0, CANCELLED))
            return
        self._stream.emit(self._opening())
        self._root = asyncio.create_task(self._work(self._order))

    def _opening(self) -> Event:
        if self.told:
            return Resumed(at=self._crew.now())
        plan = self._plan
        return Opened(
            at=self._crew.now(),
            run=plan.run,
            prompt=plan.prompt,
            limits=plan.limits,
            context=plan.context,
            after=plan.after,
            forgets=plan.forgets,
            recap=plan.recap,
        )

    async def finish(self) -> None:
        """Wait for the manager's turn, then end the stream; called once, by `open_run`."""
        assert self._root is not None
        try:
            await asyncio.wait([self._root])
        finally:
            self._root.cancel()
            await asyncio.wait([self._root])
            if not self._at_work:  # a task that is cancelled before its first step says nothing itself
                self._stream.emit(Cancelled(attempt=self._order.attempt, at=self._crew.now()))
            await self._stream.close()

    def abandon(self) -> None:
        """Stop everything and let nobody wait for a reader."""
        self._stream.release()
        if self._root and not self._root.done():
            self._root.cancel()

    async def _work(self, order: Order) -> Outcome:
        """Run one turn, the manager's or a worker's, and tell how it began and ended."""
        turn: Turn | None = None
        self._at_work = True
        past = self._past_of(order)
        self._crew.notes[order.path] = [text for _, text in past.notes] if past else []
        try:
            seat = await find_seat(self._crew.seats, order.agent)
            self._tell_started(order, seat)
            turn = self._turn(order, seat, past)
            answer = await self._answer(turn)
        except asyncio.CancelledError:
            text = turn.asker.so_far() if turn else ""
            self._stream.emit(
                Cancelled(path=order.path, attempt=order.attempt, at=self._crew.now(), text=text)
            )
            raise
        except DelegateError as error:
            self._tell_failed(order, turn, error)
            return failure(error.code, error.message)
        except Exception as error:  # the task boundary: a bug in one turn ends that turn, not its siblings
            bug = DelegateError(f"{type(error).__name__}: {error}", "This is a bug in tui-delegate.")
            self._tell_failed(order, turn, bug)
            return failure(bug.code, bug.message)
        finally:
            self._crew.notes.pop(order.path, None)
        self._stream.emit(
            Finished(
                path=order.path,
                attempt=order.attempt,
                at=self._crew.now(),
                text=answer.text,
                flags=answer.flags,
            )
        )
        return Outcome(answer.text, turn.seat.model, answer.flags)

    async def _answer(self, turn: Turn) -> Answer:
        seconds = self._plan.limits.seconds
        if turn.path or seconds is None:
            return await turn.answer()
        try:
            async with asyncio.timeout(self._crew.past.left_of(seconds)):
                return await turn.answer()
        except TimeoutError:
            passed = TimedOut(f"The run's {seconds:g} seconds have passed.", "Raise the limit `seconds`.")
            return turn.listing("seconds", passed)

    def _past_of(self, order: Order) -> PastTurn | None:
        """Find what a turn goes on from; one that begins from nothing has nothing below it either."""
        if order.resumes:
            return self._crew.past.at(order.path)
        self._crew.past.forget(order.path)
        return None

    def _turn(self, order: Order, seat: Seat, past: PastTurn | None) -> Turn:
        lineage = (*order.lineage, order.task)
        return Turn(
            crew=self._crew,
            asker=Asker(self._crew.caller(order.path, order.attempt), seat),
            path=order.path,
            allowance=order.allowance,
            messages=self._messages(order, seat),
            desk=Desk(Post(self._crew, order.path, order.allowance, lineage, self._work)),
            past=past,
        )

    def _messages(self, order: Order, seat: Seat) -> list[Message]:
        if order.path:
            frame = [user(order.frame)] if order.frame else []
            return [system(system_prompt(WORKER, seat.instructions)), *frame, user(order.task)]
        prompt = order.task
        if self._crew.shelf:
            prompt = f"{prompt}\n\n{render_list(self._crew.shelf.entries())}"
        return [system(system_prompt(MANAGER, seat.instructions)), *self._plan.history, user(prompt)]

    def _tell_started(self, order: Order, seat: Seat) -> None:
        self._stream.emit(
            Started(
                path=order.path,
                attempt=order.attempt,
                at=self._crew.now(),
                agent=seat.agent,
                profile=seat.profile,
                backend=seat.protocol,
                model=seat.model,
                window=seat.window,
                resumes=order.resumes,
            )
        )

    def _tell_failed(self, order: Order, turn: Turn | None, error: DelegateError) -> None:
        self._stream.emit(
            Failed(
                path=order.path,
                attempt=order.attempt,
                at=self._crew.now(),
                code=error.code,
                message=error.message,
                hint=error.hint,
                text=turn.asker.so_far() if turn else "",
            )
        )

    @property
    def _over(self) -> bool:
        return self._root is not None and self._root.done()

    def _command(self, command: str, path: RunPath, agent: str = "", text: str = "") -> None:
        if self._over:
            raise InputError("The run has ended.")
        delegation = self._crew.delegations.get(path)
        attempt = delegation.attempt if delegation else self._order.attempt if not path else 1
        self._stream.emit(
            Commanded(
                path=path, attempt=attempt, at=self._crew.now(), command=command, agent=agent, text=text
            )
        )

    def _delegation(self, path: RunPath) -> Delegation:
        if path not in self._crew.delegations:
            raise InputError(
                f"There is no open delegation at {_spell(path)}: its result has gone back already."
            )
        return self._crew.delegations[path]

    def _decided(self, path: RunPath) -> Delegation:
        """Find an open delegation that the person let run."""
        delegation = self._delegation(path)
        if delegation.asking:
            raise InputError(f"{_spell(path)} waits for your answer.", "Approve it, change it or refuse it.")
        if delegation.refused:
            raise InputError(f"You have refused {_spell(path)}: the manager is told so.")
        return delegation


def _spell(path: RunPath) -> str:
    return f"[{', '.join(str(step) for step in path)}]"
