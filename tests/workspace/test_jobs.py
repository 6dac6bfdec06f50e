from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tui_delegate.core.errors import ModelMissing
from tui_delegate.core.servers import Progress, ServerInfo
from tui_delegate.workspace.jobs import Job, Jobs

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Host:
    """A server that downloads a model in these steps, then waits or fails."""

    steps: list[Progress] = field(default_factory=list)
    gate: asyncio.Event | None = None
    error: ModelMissing | None = None

    async def info(self) -> ServerInfo:
        return ServerInfo("ollama", "u")

    async def load(self, model: str, report: Callable[[Progress], None]) -> None:
        await self.pull(model, report)

    async def unload(self, model: str) -> None:
        await self.pull(model, lambda step: None)

    async def pull(self, model: str, report: Callable[[Progress], None]) -> None:
        for step in self.steps:
            report(step)
        if self.gate:
            await self.gate.wait()
        if self.error:
            raise self.error

    async def window(self, model: str) -> int | None:
        return None

    async def parallel(self, model: str) -> int | None:
        return None

    async def load_progress(self, model: str) -> float | None:
        return None


def test_a_watcher_is_told_what_a_person_could_see_and_no_more() -> None:
    seen: list[tuple[str, int | None]] = []

    async def main() -> None:
        jobs = Jobs(watchers=[lambda job: seen.append((job.state, job.percent))])
        steps = [Progress("pulling", done, 100_000) for done in range(100_000)]
        await jobs.add("pull", "p", "m", Host(steps)).run()

    asyncio.run(main())
    assert seen == [("going", None), *(("going", n) for n in range(100)), ("done", 99)]


def test_what_goes_wrong_is_kept_in_a_line() -> None:
    async def main() -> Job:
        job = Jobs().add("load", "p", "m", Host(error=ModelMissing("No such model.", "Pull it.")))
        await job.run()
        return job

    job = asyncio.run(main())
    assert (job.state, job.words) == ("failed", "m: No such model. Pull it.")


def test_a_job_is_stopped_and_says_so() -> None:
    async def main() -> None:
        jobs = Jobs()
        job = jobs.add("pull", "p", "m", Host([Progress("a", 1, 2)], asyncio.Event()))
        job.cancel()  # it has not begun: nothing happens
        task = asyncio.create_task(job.run())
        await asyncio.sleep(0)
        assert jobs.going == [job]
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (job.state, jobs.going) == ("cancelled", [])

    asyncio.run(main())


def test_the_same_thing_is_asked_for_once_at_a_time() -> None:
    async def main() -> None:
        jobs, host = Jobs(), Host()
        job = jobs.add("load", "p", "m", host)
        assert jobs.add("load", "p", "m", host) is job
        assert jobs.add("unload", "p", "m", host) is not job
        await job.run()
        assert jobs.add("load", "p", "m", host) is not job

    asyncio.run(main())


def test_a_total_that_is_no_total_gives_no_percent() -> None:
    job = Jobs().add("pull", "p", "m", Host())
    for step, percent in ((Progress("a"), None), (Progress("a", 5, -1), None), (Progress("a", 9, 3), 100)):
        job.step = step
        assert job.percent == percent
