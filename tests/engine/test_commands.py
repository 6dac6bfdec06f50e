"""Commands travel down: cancel, steer, retry, replace, hold, release. Each is a fact before it acts."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.clock import jump_run
from tests.engine.telling import Told, play, tell
from tests.script import Answering, Cast, Script, Step, echo
from tui_delegate.core.chunks import ChatRequest, QueueChunk, Reply
from tui_delegate.core.errors import InputError
from tui_delegate.core.events import (
    Cancelled,
    Commanded,
    Delegated,
    Event,
    Finished,
    Queued,
    Returned,
    Spent,
    Wrote,
)
from tui_delegate.core.limits import Limits
from tui_delegate.core.ports import Sink
from tui_delegate.engine.run import Plan, Run, open_run


def results(manager: Script) -> list[dict[str, object]]:
    return [json.loads(m.text) for m in manager.asked[-1].messages if m.role == "tool"]


def test_cancelling_one_worker_keeps_its_text_and_its_siblings() -> None:
    async def main() -> tuple[Told, Script]:
        never = asyncio.Event()
        manager = Script().delegates("slow a", "quick b").then().says("end")
        worker = Answering(
            lambda request: (
                Step(["half "], gate=never) if "slow" in request.messages[-1].text else Step(["full"])
            )
        )

        async def watch(run: Run, event: Event) -> None:
            if isinstance(event, Wrote) and event.text == "half ":
                run.cancel((0,))

        return await play(Cast(manager=manager, worker=worker), watch=watch), manager

    told, manager = jump_run(main())
    assert told.transcript.node((0,)).state == "cancelled"
    assert told.transcript.node((0,)).text == "half "
    assert [result["status"] for result in results(manager)] == ["error", "ok"]
    assert told.transcript.root.text == "end"


def test_cancelling_the_run_stops_every_child_and_writes_down_what_was_spent() -> None:
    async def main() -> tuple[Told, Answering]:
        worker = echo(asyncio.Event())
        manager = Script().delegates("a 1", "b 2", "c 3")
        seen = 0

        async def watch(run: Run, event: Event) -> None:
            nonlocal seen
            seen += isinstance(event, Wrote)
            if seen == 3:
                seen = 99
                run.cancel()

        return await play(Cast(manager=manager, worker=worker), watch=watch), worker

    told, worker = jump_run(main())
    assert worker.in_flight == 0
    assert {event.path for event in told.of(Cancelled)} == {(), (0,), (1,), (2,)}
    spent = [event.call.status for event in told.of(Spent) if isinstance(event, Spent)]
    assert sorted(spent) == ["cancelled", "cancelled", "cancelled", "ok"]
    assert told.events[-1].path == ()


def test_a_call_that_never_left_the_line_has_sent_and_cost_nothing() -> None:
    class InLine:
        async def chat(self, request: ChatRequest, sink: Sink) -> Reply:
            sink.put(QueueChunk(1, "the server is busy"))
            await asyncio.Event().wait()
            raise AssertionError("nobody is let in")

    async def main() -> Told:
        async def watch(run: Run, event: Event) -> None:
            if isinstance(event, Queued):
                run.cancel()

        return await play(Cast(manager=Script().delegates("a 1"), worker=InLine()), watch=watch)

    worker = jump_run(main()).transcript.node((0,))
    assert [(call.status, call.usage.total, call.cost) for call in worker.calls] == [("cancelled", 0, 0.0)]


def test_leaving_a_run_early_leaves_nothing_behind() -> None:
    async def main() -> Answering:
        worker = echo(asyncio.Event())
        plan = Plan("r", "go")
        async with open_run(plan, Cast(manager=Script().delegates("a 1"), worker=worker)) as run:
            async for event in run:
                if isinstance(event, Wrote):
                    break
        assert len(asyncio.all_tasks()) == 1
        return worker

    assert jump_run(main()).in_flight == 0


def test_a_note_is_read_before_the_model_is_asked_next() -> None:
    manager = Script().delegates("a 1").then().says("end")

    async def watch(run: Run, event: Event) -> None:
        if isinstance(event, Delegated):
            run.steer((), "be brief")

    tell(Cast(manager=manager, worker=echo()), watch=watch)
    assert manager.asked[1].messages[-1].text == "be brief"


def test_a_note_that_comes_with_the_answer_makes_another_round() -> None:
    async def main() -> Told:
        gate = asyncio.Event()
        manager = Script().says("first").waits_for(gate).then().says("second")

        async def watch(run: Run, event: Event) -> None:
            if isinstance(event, Wrote) and event.text == "first":
                run.steer((), "once more")
                gate.set()

        return await play(Cast(manager=manager), watch=watch)

    assert jump_run(main()).transcript.root.text == "second"


def test_a_held_batch_waits_and_its_results_can_be_edited_until_it_is_released() -> None:
    manager = Script().delegates("a 1", "b 2").then().says("end")

    async def watch(run: Run, event: Event) -> None:
        if isinstance(event, Delegated) and event.path == (0,):
            run.hold(())
        if isinstance(event, Finished) and event.path == (1,):
            run.replace((1,), "edited by hand")
            run.release(())

    told = tell(Cast(manager=manager, worker=echo()), watch=watch)
    assert [result["result"] for result in results(manager)] == ["result of a 1", "edited by hand"]
    returned = [event for event in told.of(Returned) if isinstance(event, Returned)]
    assert [event.edited for event in returned] == [False, True]
    assert [event.command for event in told.of(Commanded) if isinstance(event, Commanded)] == [
        "hold",
        "replace",
        "release",
    ]


def test_a_delegation_is_retried_on_another_agent_with_its_own_attempt() -> None:
    manager = Script().delegates("a 1").then().says("end")

    async def watch(run: Run, event: Event) -> None:
        if isinstance(event, Delegated):
            run.hold(())
        if isinstance(event, Finished) and event.path == (0,) and event.attempt == 1:
            run.retry((0,), "other")
        if isinstance(event, Finished) and event.attempt == 2:
            run.release(())

    told = tell(Cast(manager=manager, worker=echo(), other=Script().says("better")), watch=watch)
    assert results(manager)[0]["result"] == "better"
    assert told.transcript.node((0,)).attempt == 2
    assert told.transcript.node((0,)).agent == "other"


def test_a_running_attempt_ends_before_the_next_begins() -> None:
    async def main() -> tuple[Told, Script]:
        never = asyncio.Event()
        manager = Script().delegates("a 1").then().says("end")
        slow = Script().says("slow").waits_for(never)

        async def watch(run: Run, event: Event) -> None:
            if isinstance(event, Wrote) and event.text == "slow":
                run.retry((0,), "other")

        cast = Cast(manager=manager, worker=slow, other=Script().says("quick"))
        return await play(cast, watch=watch), manager

    told, manager = jump_run(main())
    own = [type(event).__name__ for event in told.events if event.path == (0,)]
    assert own.index("Cancelled") < own.index("Started", own.index("Started") + 1)
    assert results(manager)[0]["result"] == "quick"


def test_what_has_gone_back_can_not_be_changed_any_more() -> None:
    manager = Script().delegates("a 1").then().says("end")
    refused: list[str] = []

    async def watch(run: Run, event: Event) -> None:
        if isinstance(event, Returned):
            with pytest.raises(InputError, match=r"\[0\]"):
                run.replace((0,), "x")
            with pytest.raises(InputError, match=r"\[0\]"):
                run.retry((0,))
            with pytest.raises(InputError, match=r"\[0\]"):
                run.cancel((0,))
            refused.append("all three")

    tell(Cast(manager=manager, worker=echo()), watch=watch)
    assert refused == ["all three"]


def test_the_time_limit_makes_an_answer_of_what_is_finished() -> None:
    async def main() -> Told:
        never = asyncio.Event()
        manager = Script().delegates("slow a", "quick b")
        worker = Answering(
            lambda request: (
                Step(["…"], gate=never) if "slow" in request.messages[-1].text else Step(["the quick result"])
            )
        )
        return await play(Cast(manager=manager, worker=worker), limits=Limits(seconds=30))

    told = jump_run(main())
    assert told.transcript.root.state == "done"
    assert told.transcript.root.text == "quick:\nthe quick result"
    assert told.transcript.root.flags == ("limit:seconds", "listed")
    assert told.transcript.node((0,)).state == "cancelled"


def test_the_time_limit_with_nothing_finished_is_a_timeout() -> None:
    async def main() -> Told:
        return await play(
            Cast(manager=Script().says("…").waits_for(asyncio.Event())), limits=Limits(seconds=3)
        )

    assert jump_run(main()).transcript.root.code == "timeout"
