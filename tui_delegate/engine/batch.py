"""The delegations of one reply: run in parallel, kept until the last has ended and nobody holds them.

Until a batch goes back, each of its delegations can be cancelled, retried elsewhere or given another result.
How a worker's turn runs is not known here: the batch is handed a way to run one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING

from tui_delegate.core.approval import Question
from tui_delegate.core.errors import DelegateError, Denied, LimitReached
from tui_delegate.core.events import Cancelled, Delegated, Refused, Returned, RunPath, Warned
from tui_delegate.core.records import dataclass
from tui_delegate.engine.seating import TOOL, find_seat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_delegate.core.limits import Allowance
    from tui_delegate.core.messages import ToolCall
    from tui_delegate.engine.crew import Crew
    from tui_delegate.engine.gate import Gate


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one delegation, as its parent's model will read it."""

    text: str = ""
    model: str = ""
    flags: tuple[str, ...] = ()
    code: str = ""
    message: str = ""

    @property
    def ok(self) -> bool:
        """Whether there is a result."""
        return not self.code


@dataclass(frozen=True, slots=True)
class Order:
    """A worker's turn to be run: all that it may know and spend."""

    path: RunPath
    attempt: int
    agent: str
    task: str
    frame: str
    """Files for the worker, in their frame; empty where there are none."""
    allowance: Allowance
    lineage: tuple[str, ...]
    """The tasks of the turns above, outermost first."""
    resumes: int = 0
    """The attempt whose finished calls it goes on from; 0: it begins from nothing."""


CANCELLED = Outcome(code="cancelled", message="The person cancelled this task.")

NOT_MOVED = "not_moved"
"""The code of the warning that a task could not be sent elsewhere."""
Work = Callable[[Order], Awaitable[Outcome]]
"""Runs one worker's turn to its end."""


@dataclass(slots=True)
class Delegation:
    """One accepted call and its worker, until the batch goes back."""

    call: ToolCall
    path: RunPath
    name: str
    task: str
    files: tuple[str, ...]
    frame: str
    agent: str
    batch: Batch
    attempt: int = 1
    resumes: int = 0
    worker: asyncio.Task[None] | None = None
    """Its turn; before that, the question whether there may be one."""
    moving: asyncio.Task[None] | None = None
    """Looks whether it can run where it is to be retried."""
    begun: bool = False
    asking: bool = False
    refused: bool = False
    reworded: bool = False
    outcome: Outcome = CANCELLED
    edited: bool = False
    told: bool = False
    """Whether it is read back from what was told of it: then it may have ended already."""
    ended: bool = False
    returned: Returned | None = None
    """How it went back before the run stopped."""

    def stop(self) -> None:
        """Stop whatever is done for it."""
        for doing in (self.moving, self.worker):
            if doing:
                doing.cancel()


@dataclass(frozen=True, slots=True)
class Post:
    """Where a turn stands: all that its desk and its batches need to know of it."""

    crew: Crew
    path: RunPath
    allowance: Allowance
    lineage: tuple[str, ...]
    """Its own task and those of the turns above, outermost first."""
    work: Work


class Batch:
    """The delegations of one reply of one turn."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._crew = post.crew
        self._group: asyncio.TaskGroup | None = None
        self._open = 0
        self._changed: asyncio.Future[None] | None = None
        self.delegations: list[Delegation] = []

    async def run(self) -> None:
        """Run all that was accepted, until the batch may go back."""
        self._crew.batches[self._post.path] = self
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                for delegation in self.delegations:
                    self._open_one(delegation)
                while self._open or self._post.path in self._crew.held:
                    self._changed = asyncio.get_running_loop().create_future()
                    await self._changed
        finally:
            del self._crew.batches[self._post.path]
            for delegation in self.delegations:
                self._crew.delegations.pop(delegation.path, None)
                if not delegation.begun:
                    self._tell_never_begun(delegation)

    def poke(self) -> None:
        """Look again whether the batch may go back."""
        if self._changed and not self._changed.done():
            self._changed.set_result(None)

    def add(
        self, call: ToolCall, path: RunPath, name: str, task: str, files: Sequence[str], frame: str
    ) -> Delegation:
        """Take an accepted call into the batch; it is told of when the batch runs."""
        one = Delegation(call, path, name, task, tuple(files), frame, self._crew.worker, self)
        self.delegations.append(one)
        return one

    def _open_one(self, delegation: Delegation) -> None:
        """Tell of it and begin it in one step: who reads of a delegation can command it."""
        self._crew.delegations[delegation.path] = delegation
        if delegation.ended:
            return
        if delegation.told:
            self._begin(delegation)
        elif self._crew.gate:
            delegation.asking = True
            delegation.worker = self._do(self._ask_for(delegation, self._crew.gate))
        else:
            self._tell(delegation)
            self._begin(delegation)

    def _tell(self, delegation: Delegation) -> None:
        elsewhere = "" if delegation.agent == self._crew.worker else delegation.agent
        self._crew.stream.emit(
            Delegated(
                path=delegation.path,
                at=self._crew.now(),
                call_id=delegation.call.id,
                task_name=delegation.name,
                task=delegation.task,
                files=delegation.files,
                agent=elsewhere,
            )
        )

    async def _ask_for(self, delegation: Delegation, gate: Gate) -> None:
        """Ask whether it may run, and run it if so."""
        question = Question(
            delegation.path,
            task_name=delegation.name,
            task=delegation.task,
            agent=delegation.agent,
            files=delegation.files,
        )
        try:
            verdict = await gate.ask(question)
        except asyncio.CancelledError:
            delegation.begun = True
            self._tell_never_begun(delegation)
            raise
        finally:
            delegation.asking = False
        if not verdict.approved:
            self._deny(delegation, verdict.reason.strip())
            return
        delegation.reworded = verdict.task.strip() not in ("", delegation.task)
        delegation.task = verdict.task.strip() or delegation.task
        delegation.agent = verdict.agent or delegation.agent
        self._tell(delegation)
        await self._work_on(delegation, delegation.attempt, None)

    def _deny(self, delegation: Delegation, reason: str) -> None:
        why = f": {reason}" if reason else ""
        end = "" if reason.endswith((".", "!", "?")) else "."
        error = Denied(f"The person refused this task{why}{end}", "Go on without it.")
        delegation.outcome = Outcome(code=error.code, message=f"{error.message} {error.hint}")
        delegation.begun = delegation.refused = True
        self._crew.stream.emit(
            Refused(
                path=delegation.path,
                at=self._crew.now(),
                call_id=delegation.call.id,
                code=error.code,
                message=error.message,
                hint=error.hint,
                tool=TOOL,
                task_name=delegation.name,
                task=delegation.task,
            )
        )

    def _tell_never_begun(self, delegation: Delegation) -> None:
        """End what was cancelled before its first step: its turn has told nothing itself."""
        self._crew.stream.emit(
            Cancelled(path=delegation.path, attempt=delegation.attempt, at=self._crew.now())
        )

    def again(self, delegation: Delegation, agent: str) -> None:
        """Run one more attempt, on another agent if one is named; the attempt before ends first.

        What there is stays until the other agent is found.
        """
        if agent:
            delegation.moving = self._do(self._move(delegation, agent, delegation.moving))
        else:
            self._again(delegation, delegation.agent)

    async def _move(self, delegation: Delegation, agent: str, before: asyncio.Task[None] | None) -> None:
        if before:
            await asyncio.wait([before])
        try:
            await find_seat(self._crew.seats, agent)
        except DelegateError as error:
            self._crew.stream.emit(
                Warned(
                    path=delegation.path,
                    attempt=delegation.attempt,
                    at=self._crew.now(),
                    code=NOT_MOVED,
                    message=f"{agent} can't be used, so the task stays where it is: {error.message}",
                )
            )
        else:
            self._again(delegation, agent)

    def _again(self, delegation: Delegation, agent: str) -> None:
        if delegation.worker:
            delegation.worker.cancel()
        delegation.attempt += 1
        delegation.agent = agent
        delegation.outcome, delegation.edited, delegation.resumes = CANCELLED, False, 0
        self._begin(delegation)

    def put_result(self, delegation: Delegation, text: str) -> None:
        """Give the delegation this result, whatever its worker says or said."""
        delegation.stop()
        delegation.outcome = Outcome(text, delegation.outcome.model)
        delegation.edited = True
        self.poke()

    def _begin(self, delegation: Delegation) -> None:
        delegation.worker = self._do(self._work_on(delegation, delegation.attempt, delegation.worker))

    def _do(self, doing: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Set something going that the batch waits for."""
        assert self._group is not None
        self._open += 1
        task = self._group.create_task(doing)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, _: asyncio.Task[None]) -> None:
        self._open -= 1
        self.poke()

    async def _work_on(self, delegation: Delegation, attempt: int, before: asyncio.Task[None] | None) -> None:
        delegation.begun = True
        if before:
            await asyncio.wait([before])
        order = Order(
            delegation.path,
            attempt,
            delegation.agent,
            delegation.task,
            delegation.frame,
            self._post.allowance.child(),
            self._post.lineage,
            delegation.resumes,
        )
        outcome = await self._post.work(order)
        if attempt == delegation.attempt and not delegation.edited:
            delegation.outcome = outcome


def failure(code: str, message: str) -> Outcome:
    """Make the outcome of a worker that failed; its parent reads what went wrong in the message."""
    if code in _REFUSALS:
        return Outcome(code=code, message=message)
    return Outcome(code="subagent_request_failed", message=f"{code}: {message}")


_REFUSALS = frozenset(kind.code for kind in LimitReached.__subclasses__())
