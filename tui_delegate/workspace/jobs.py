"""Loading, unloading and downloading models: what was asked for, how far it is, how it ended.

A job goes on while nobody looks at it. Who shows it, and which task runs it, is not decided here.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Literal

from tui_delegate.core.errors import DelegateError
from tui_delegate.core.records import dataclass, field
from tui_delegate.core.servers import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_delegate.core.ports import ModelHost

Action = Literal["load", "unload", "pull"]
JobState = Literal["waiting", "going", "done", "failed", "cancelled"]

DOING: Final = {"load": "loading", "unload": "unloading", "pull": "downloading"}
DONE: Final = {"load": "is loaded", "unload": "is unloaded", "pull": "is there"}


@dataclass(slots=True, eq=False)
class Job:
    """One thing that a server was asked to do with a model."""

    action: Action
    profile: str
    model: str
    host: ModelHost
    tell: Callable[[Job], None]
    """Called when there is news that a person could see."""
    state: JobState = "waiting"
    step: Progress = field(default_factory=lambda: Progress(""))
    error: DelegateError | None = None
    _task: asyncio.Task[object] | None = None

    @property
    def percent(self) -> int | None:
        """How far it is; None: not known."""
        return min(self.step.done * 100 // self.step.total, 100) if self.step.total > 0 else None

    @property
    def words(self) -> str:
        """Say in a line how it stands. Names in it are as the server gave them: not clean."""
        if self.error:
            return f"{self.model}: {self.error.message} {self.error.hint}".strip()
        if self.state == "done":
            return f"{self.model} {DONE[self.action]}"
        if self.state == "cancelled":
            return f"{DOING[self.action]} {self.model}: stopped"
        return f"{DOING[self.action]} {self.model}"

    async def run(self) -> None:
        """Do it to its end. What goes wrong is kept in `error`."""
        self._task = asyncio.current_task()
        self._turn("going")
        try:
            if self.action == "load":
                await self.host.load(self.model, self._report)
            elif self.action == "unload":
                await self.host.unload(self.model)
            else:
                await self.host.pull(self.model, self._report)
        except DelegateError as error:
            self.error = error
            self._turn("failed")
        except asyncio.CancelledError:
            self._turn("cancelled")
            raise
        else:
            self._turn("done")

    def cancel(self) -> None:
        """Stop it; what a server has already downloaded it keeps or not, as it likes."""
        if self._task and self.state == "going":
            self._task.cancel()

    def _turn(self, state: JobState) -> None:
        self.state = state
        self.tell(self)

    def _report(self, step: Progress) -> None:
        before = (self.step.status, self.percent)
        self.step = step
        if (step.status, self.percent) != before:
            self.tell(self)


@dataclass(slots=True)
class Jobs:
    """The jobs of this process, newest last."""

    jobs: list[Job] = field(default_factory=list)
    watchers: list[Callable[[Job], None]] = field(default_factory=list)

    def add(self, action: Action, profile: str, model: str, host: ModelHost) -> Job:
        """Take a job in, unless the same is going on already: then that one is given. Run it if it waits."""
        for one in self.going:
            if (one.action, one.profile, one.model) == (action, profile, model):
                return one
        job = Job(action, profile, model, host, self._tell)
        self.jobs = [*self.going, job]
        return job

    @property
    def going(self) -> list[Job]:
        """Those that have not ended."""
        return [one for one in self.jobs if one.state in ("waiting", "going")]

    def forget_ended(self) -> None:
        """Leave out those that somebody has been told the end of."""
        self.jobs = self.going

    def _tell(self, job: Job) -> None:
        for watcher in tuple(self.watchers):
            watcher(job)
