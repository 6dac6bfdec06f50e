"""The books of a run: nothing is held, open or at work when it is over, whatever happened in it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from tests.clock import jump_run
from tests.engine.telling import tell
from tests.script import Answering, Cast, Script, Step, echo, seat_of
from tui_delegate.core.chunks import ChatRequest, Reply, TextChunk
from tui_delegate.core.errors import CutOff, InputError, Overloaded, ResolveError
from tui_delegate.core.events import Cancelled, Delegated, Event, Finished, Opened, Spent, Started
from tui_delegate.core.files import FileEntry
from tui_delegate.core.limits import Limits
from tui_delegate.core.ports import Sink
from tui_delegate.core.transcript import ENDED, Transcript
from tui_delegate.core.usage import Price, Usage
from tui_delegate.engine.run import Plan, Run, open_run

DELEGATIONS = 2000
USUAL = Limits()


class Buggy:
    """A backend with a bug: it raises what no backend should."""

    def __init__(self, bug: Exception, *, after_text: bool = False) -> None:
        self.bug = bug
        self.after_text = after_text

    async def chat(self, request: ChatRequest, sink: Sink) -> Reply:
        if self.after_text:
            sink.put(TextChunk("half"))
        raise self.bug


class SlowShelf:
    """Files that take long to read."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()

    def entries(self) -> Sequence[FileEntry]:
        return (FileEntry("a.py", 1, 2, 3),)

    async def read(self, names: Sequence[str]) -> str:
        await self.gate.wait()
        return '<corpus>\n<file path="a.py">\nx\n</file>\n</corpus>'


def purse_of(run: Run) -> object:
    return run._crew.purser.purse.held


def check_books(run: Run, events: list[Event]) -> None:
    """What must hold of every run that has ended."""
    assert purse_of(run) == []
    assert not run._crew.batches
    assert not run._crew.delegations
    assert not run._crew.notes
    rows = [event.call.usage for event in events if isinstance(event, Spent)]
    transcript = Transcript()
    for event in events:
        transcript.apply(event)
    assert transcript.usage == sum(rows, Usage())
    assert run._crew.purser.purse.tokens == transcript.usage.total
    assert sum(event.terminal and event.path == () for event in events) == 1
    ends = Counter((event.path, event.attempt) for event in events if event.terminal)
    begun = Counter((event.path, event.attempt) for event in events if isinstance(event, Started))
    assert set(ends.values()) == {1}
    assert set(begun) <= set(ends)
    assert {event.path for event in events if isinstance(event, Delegated)} <= {path for path, _ in ends}
    assert all(node.state in ENDED for node in transcript.nodes.values())


async def kept(
    cast: Cast,
    limits: Limits = USUAL,
    watch: Callable[[Run, Event], None] | None = None,
    shelf: SlowShelf | None = None,
) -> list[Event]:
    events = []
    async with open_run(Plan("r", "go", limits=limits), cast, shelf=shelf, now=lambda: 0.0) as run:
        async for event in run:
            events.append(event)
            if watch:
                watch(run, event)
    check_books(run, events)
    assert len(asyncio.all_tasks()) == 1
    return events


@pytest.mark.parametrize("after_text", [False, True])
@pytest.mark.parametrize("bug", [ValueError("odd"), ResolveError("no such way"), TimeoutError()])
def test_a_bug_in_one_backend_holds_nothing_back_and_has_its_row(bug: Exception, *, after_text: bool) -> None:
    worker = Buggy(bug, after_text=after_text)
    manager = Script().delegates("a 1", "b 2", "c 3").then().says("end").uses(10, 5)
    events = jump_run(kept(Cast(manager=manager, worker=worker), Limits(tokens=5000)))
    rows = [event.call for event in events if isinstance(event, Spent) and event.path]
    assert [row.status for row in rows] == ["failed"] * 3
    assert {row.code for row in rows} == {getattr(bug, "code", "error")}
    assert isinstance(events[-1], Finished)


def test_a_delegation_is_told_of_when_it_can_be_commanded_and_not_before() -> None:
    async def main() -> tuple[list[Event], Answering]:
        shelf = SlowShelf()
        manager = Script().delegates("a 1")
        manager.calls("subagent", task_name="b", task_description="b 2", files=["a.py"])
        manager.then().says("end")
        worker = echo()

        def watch(run: Run, event: Event) -> None:
            if isinstance(event, Spent) and not event.path:
                with pytest.raises(InputError):
                    run.retry((0,))
                asyncio.get_running_loop().call_later(1, shelf.gate.set)
            if isinstance(event, Delegated) and event.path == (0,):
                run.replace((0,), "by hand")

        return await kept(Cast(manager=manager, worker=worker), watch=watch, shelf=shelf), worker

    events, _ = jump_run(main())
    assert {event.path for event in events if isinstance(event, Delegated)} == {(0,), (1,)}


def test_cancelling_while_files_are_read_leaves_no_delegation_behind() -> None:
    async def main() -> list[Event]:
        manager = Script().delegates("a 1")
        manager.calls("subagent", task_name="b", task_description="b 2", files=["a.py"])

        def watch(run: Run, event: Event) -> None:
            if isinstance(event, Spent):
                asyncio.get_running_loop().call_later(1, run.cancel)

        return await kept(Cast(manager=manager, worker=echo()), watch=watch, shelf=SlowShelf())

    events = jump_run(main())
    assert isinstance(events[-1], Cancelled)
    assert not [event for event in events if isinstance(event, Delegated)]


@pytest.mark.parametrize("steps", range(8))
def test_a_cancel_at_any_step_of_the_loop_ends_everything_that_was_begun(steps: int) -> None:
    async def main() -> list[Event]:
        def watch(run: Run, event: Event) -> None:
            if isinstance(event, Opened):
                later(run, steps)

        def later(run: Run, left: int) -> None:
            loop = asyncio.get_running_loop()
            loop.call_soon(later, run, left - 1) if left else run.cancel()

        manager = Script().delegates("a 1", "b 2").then().says("end")
        return await kept(Cast(manager=manager, worker=echo()), watch=watch)

    assert jump_run(main())[-1].terminal


def luck_of(random_: random.Random, never: asyncio.Event) -> Callable[[ChatRequest], Step]:
    """A worker that does well mostly, and else fails, hangs, is cut or has nothing to say."""

    def rule(request: ChatRequest) -> Step:
        dice = random_.random()
        if dice < 0.1:
            return Step(["half "], error=CutOff("gone"))
        if dice < 0.15:
            busy = Overloaded("full")
            busy.retry_in = 1.0 if request.tries == 1 else None
            return Step(error=busy)
        if dice < 0.2:
            return Step(["never "], gate=never)
        if dice < 0.25:
            return Step()
        return Step(["fine"], seconds=random_.choice((0.0, 0.0, 1.0)))

    return rule


def test_two_thousand_delegations_leave_nothing_behind() -> None:
    random_ = random.Random(7)

    async def main() -> int:
        delegated, number = 0, 0
        while delegated < DELEGATIONS:
            number += 1
            never = asyncio.Event()
            worker = seat_of("worker", Answering(luck_of(random_, never)), price=Price(1.0, 2.0))
            manager = Script().delegates(*[f"task {n}" for n in range(120)]).uses(5000, 9)
            manager.then().delegates("more 1", "more 2").uses(5000, 9).then().says("end").uses(5000, 9)
            limits = Limits(
                max_uses=150,
                max_tasks=150,
                max_parallel=64,
                tokens=200_000 if number % 3 == 0 else None,
                seconds=30,
            )
            seen = 0

            def watch(run: Run, event: Event, number: int = number) -> None:
                nonlocal seen
                seen += 1
                if number % 5 == 0 and seen == 500:
                    run.cancel()
                if seen == 400:
                    for path in list(run._crew.delegations)[:3]:
                        run.retry(path)
                if seen == 420:
                    for path in list(run._crew.delegations)[:2]:
                        run.replace(path, "by hand")

            events = await kept(Cast(manager=manager, worker=worker), limits, watch)
            delegated += sum(isinstance(event, Delegated) for event in events)
        return delegated

    assert jump_run(main()) >= DELEGATIONS


def test_a_run_of_many_parallel_workers_answers_in_call_order() -> None:
    manager = Script().delegates(*[f"task {n}" for n in range(64)]).then().says("end").uses(5000, 5)
    told = tell(
        Cast(manager=manager, worker=echo()), limits=Limits(max_uses=64, max_tasks=64, max_parallel=64)
    )
    answers = [message.text for message in manager.asked[-1].messages if message.role == "tool"]
    assert [f'"result of task {n}"' in answer for n, answer in enumerate(answers)] == [True] * 64
    assert told.transcript.root.state == "done"
