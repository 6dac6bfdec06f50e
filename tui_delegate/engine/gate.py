"""The gate that delegations pass where a person wants to be asked: one question each, answered by a verdict.

It knows neither terminal nor screen, and starts nothing: what passes is the batch's to run.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tui_delegate.core.approval import APPROVED, Verdict
from tui_delegate.core.errors import DelegateError
from tui_delegate.core.events import Asked, Commanded
from tui_delegate.core.records import replace
from tui_delegate.engine.seating import find_seat

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_delegate.core.approval import Question
    from tui_delegate.core.ports import Approver, Seats
    from tui_delegate.core.specs import Seat
    from tui_delegate.engine.stream import Stream


class Gate:
    """One for a run. Questions stand open side by side; approving the run answers all of them."""

    def __init__(
        self, approver: Approver, seats: Seats, stream: Stream, now: Callable[[], float], *, open_wide: bool
    ) -> None:
        self._approver = approver
        self._seats = seats
        self._stream = stream
        self._now = now
        self._approved = asyncio.Event()
        if open_wide:
            self._approved.set()

    async def ask(self, question: Question) -> Verdict:
        """Ask, tell that it was asked and what was answered; asked again where the answer leads nowhere."""
        if self._approved.is_set() or not self._approver.wants(question.kind):
            return APPROVED
        asked = question.task
        question = await self._placed(question)
        while True:
            self._tell(question)
            await self._stream.settled()
            verdict = await self._answer(question)
            if not verdict.approved or not (trouble := await self._trouble(verdict.agent)):
                break
            question = replace(question, task=verdict.task.strip() or question.task, note=trouble)
        if verdict.approved and not verdict.task.strip():
            verdict = replace(verdict, task="" if question.task == asked else question.task)
        self._stream.emit(
            Commanded(
                path=question.path,
                at=self._now(),
                command=verdict.word,
                agent=verdict.agent,
                text=verdict.task if verdict.approved else verdict.reason,
            )
        )
        if verdict.approved and verdict.whole_run:
            self._approved.set()
        return verdict

    async def _answer(self, question: Question) -> Verdict:
        """Wait for the answer to this question, or for the one that answers all."""
        asking = asyncio.ensure_future(self._approver.ask(question))
        approved = asyncio.ensure_future(self._approved.wait())
        try:
            await asyncio.wait([asking, approved], return_when=asyncio.FIRST_COMPLETED)
            return asking.result() if asking.done() else APPROVED
        except DelegateError as error:
            return Verdict(reason=f"{error.message} {error.hint}".strip())
        finally:
            asking.cancel()
            approved.cancel()
            await asyncio.wait([asking, approved])

    async def _placed(self, question: Question) -> Question:
        seat = await self._seat(question.agent)
        if isinstance(seat, DelegateError):
            return replace(question, note=f"{question.agent} can't be used: {seat.message}")
        return replace(question, agent=seat.agent, profile=seat.profile, model=seat.model)

    async def _trouble(self, agent: str) -> str:
        """Say what is wrong with a place that the answer names."""
        seat = await self._seat(agent) if agent else None
        return f"{agent} can't be used: {seat.message}" if isinstance(seat, DelegateError) else ""

    async def _seat(self, name: str) -> Seat | DelegateError:
        try:
            return await find_seat(self._seats, name)
        except DelegateError as error:
            return error

    def _tell(self, question: Question) -> None:
        self._stream.emit(
            Asked(
                path=question.path,
                at=self._now(),
                kind=question.kind,
                agent=question.agent,
                profile=question.profile,
                model=question.model,
                task_name=question.task_name,
                task=question.task,
                files=question.files,
                note=question.note,
            )
        )
