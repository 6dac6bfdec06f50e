"""Going on with a run that stopped: at whatever fact it stopped, nothing that was paid for is asked again."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clock import jump_run
from tests.core.shapes_of import EVENTS
from tests.engine.telling import Told
from tests.script import Answering, Cast, Script, Step, echo
from tui_delegate.core.approval import APPROVED, AskedKind, Question, Verdict
from tui_delegate.core.chunks import ChatRequest
from tui_delegate.core.codec import decode, encode, without_text
from tui_delegate.core.errors import InputError, Unreachable
from tui_delegate.core.events import (
    Asked,
    Cancelled,
    Delegated,
    Event,
    Failed,
    Finished,
    Opened,
    Resumed,
    Returned,
    Spent,
    Started,
    Wrote,
)
from tui_delegate.core.files import FileEntry
from tui_delegate.core.limits import Limits
from tui_delegate.core.messages import Message, ToolCall
from tui_delegate.core.transcript import ENDED, Transcript
from tui_delegate.engine.past import Past
from tui_delegate.engine.run import Plan, Run, open_run, plan_again

LIMITS = Limits(nested=True, max_uses=3)


def call(place: int, task: str, tool: str = "subagent") -> ToolCall:
    return ToolCall(f"c{place}", tool, json.dumps({"task_name": task.split()[0], "task_description": task}))


def calling(*tasks: str, tool: str = "") -> Step:
    calls = [call(place, task) for place, task in enumerate(tasks)]
    return Step(calls=[*calls, *([call(9, "find it", tool)] if tool else [])])


def manage(request: ChatRequest) -> Step:
    """Two rounds of workers, one of them with workers of its own; a tool that is not there; one too many."""
    match sum(message.role == "assistant" for message in request.messages):
        case 0:
            return calling("deep a", "plain b", tool="grep")
        case 1:
            return calling("plain c", "plain d")
        case _:
            results = [json.loads(message.text) for message in request.messages if message.role == "tool"]
            return Step(["Done: ", "; ".join(one.get("result") or one["error"] for one in results)])


def work(request: ChatRequest) -> Step:
    task = request.messages[1].text
    if not task.startswith("deep"):
        return Step([f"result of {task}"])
    answers = sum(message.role == "assistant" for message in request.messages)
    if answers < 2:
        return calling(f"leaf {answers}x", f"leaf {answers}y")
    return Step([f"result of {task} in {answers} rounds"])


@dataclass
class Models:
    """A cast that notes what it was asked, and is new for each process."""

    manager: Answering = field(default_factory=lambda: Answering(manage))
    worker: Answering = field(default_factory=lambda: Answering(work))

    @property
    def cast(self) -> Cast:
        return Cast(manager=self.manager, worker=self.worker)


class Asking:
    """Wants to be asked about everything."""

    def wants(self, kind: AskedKind) -> bool:
        return True


class Fussy(Asking):
    """Puts one task in other words, refuses one, lets the others run."""

    async def ask(self, question: Question) -> Verdict:
        if question.task == "plain b":
            return Verdict(approved=True, task="plain b, kindly")
        return Verdict(reason="no") if question.task == "leaf 1x" else APPROVED


async def went(
    models: Models, told: Sequence[Event] = (), *, ask: bool = False, limits: Limits = LIMITS
) -> list[Event]:
    plan = plan_again(told) if told else Plan("r1", "go", limits=limits)
    events: list[Event] = []
    approver = Fussy() if ask else None
    async with open_run(plan, models.cast, approver=approver, told=told, now=lambda: 0.0) as run:
        async for event in run:
            events.append(event)
    return events


def facts(events: Sequence[Event]) -> list[Event]:
    """What a journal gives back."""
    return [decode(json.loads(json.dumps(encode(event)))) for event in events if event.durable]


def replies(events: Sequence[Event]) -> Counter[tuple[object, ...]]:
    """Every reply that was paid for, by its place and its words."""
    return Counter(
        (event.path, event.reply.text, tuple(one.arguments for one in event.reply.calls))
        for event in events
        if isinstance(event, Spent) and event.reply
    )


def check_whole(events: Sequence[Event], whole: Sequence[Event]) -> None:
    """What must hold of a run that stopped and went on, however often: it is the run that never stopped."""
    assert replies(events) == replies(whole)
    transcript, other = Transcript(), Transcript()
    for event in events:
        transcript.apply(event)
    for event in whole:
        other.apply(event)
    assert transcript.root.text == other.root.text
    assert transcript.usage == other.usage
    assert {path: (node.state, node.text, node.task) for path, node in transcript.nodes.items()} == {
        path: (node.state, node.text, node.task) for path, node in other.nodes.items()
    }
    assert all(node.state in ENDED for node in transcript.nodes.values())
    ends = Counter((event.path, event.attempt) for event in events if event.terminal)
    assert set(ends.values()) == {1}
    assert Counter(event.path for event in events if isinstance(event, Returned)) == Counter(
        event.path for event in whole if isinstance(event, Returned)
    )


def last_sent(models: Models) -> tuple[Message, ...]:
    return models.manager.asked[-1].messages


@pytest.mark.parametrize("ask", [False, True])
def test_wherever_a_run_stopped_it_comes_to_the_same_end_and_pays_once(*, ask: bool) -> None:
    first = Models()
    whole = facts(jump_run(went(first, ask=ask)))
    assert len(whole) > 40
    for stop in range(1, len(whole)):
        again = Models()
        more = facts(jump_run(went(again, whole[:stop], ask=ask)))
        check_whole([*whole[:stop], *more], whole)
        assert isinstance(more[0], Resumed)
        if again.manager.asked:
            assert last_sent(again) == last_sent(first)


def test_a_run_that_stops_again_and_again_pays_once() -> None:
    whole = facts(jump_run(went(Models())))
    for step in range(8, 17):
        events: list[Event] = whole[:step]
        for _ in range(200):
            more = facts(jump_run(went(Models(), events)))
            if len(more) <= step:
                events += more
                break
            events += more[:step]
        check_whole(events, whole)


def test_a_run_that_has_its_answer_does_nothing_more() -> None:
    whole = facts(jump_run(went(Models())))
    models = Models()
    assert jump_run(went(models, whole)) == []
    assert not models.manager.asked


def test_what_was_in_flight_runs_as_another_attempt_that_says_what_it_goes_on_from() -> None:
    whole = facts(jump_run(went(Models())))
    stop = next(
        place for place, event in enumerate(whole) if isinstance(event, Spent) and event.path == (0, 0)
    )
    more = jump_run(went(Models(), whole[:stop]))
    started = [(e.path, e.attempt, e.resumes) for e in more if isinstance(e, Started)]
    assert started[:3] == [((), 2, 1), ((0,), 2, 1), ((0, 0), 2, 1)]
    assert all(attempt == 1 for _, attempt, _ in started[4:])
    assert not [e for e in more if isinstance(e, Opened | Delegated) and e.path in ((), (0,), (0, 0))]


def test_the_purse_goes_on_from_what_was_spent() -> None:
    whole = facts(jump_run(went(Models())))
    stop = len(whole) // 2

    async def main() -> tuple[int, int]:
        async with open_run(plan_again(whole[:stop]), Models().cast, told=whole[:stop]) as run:
            async for _ in run:
                pass
            purse = run._crew.purser.purse
            return purse.tokens, purse.tasks

    tokens, tasks = jump_run(main())
    transcript = Transcript()
    for event in whole:
        transcript.apply(event)
    assert tokens == transcript.usage.total
    assert tasks == sum(isinstance(event, Delegated) for event in whole)


def test_the_time_that_passed_is_not_given_again() -> None:
    async def main() -> list[Event]:
        opened = Opened(run="r", prompt="go", limits=Limits(seconds=100), at=10.0)
        told: list[Event] = [opened, Started(agent="m", profile="p", backend="b", model="m", at=105.0)]
        never = Script().waits_for(asyncio.Event())
        begun = asyncio.get_running_loop().time()
        events: list[Event] = []
        async with open_run(plan_again(told), Cast(manager=never), told=told) as run:
            async for event in run:
                events.append(event)
        assert 4 < asyncio.get_running_loop().time() - begun < 7
        return events

    failed = jump_run(main())[-1]
    assert isinstance(failed, Failed)
    assert failed.code == "timeout"


def test_a_note_that_was_heard_is_told_once_and_one_that_was_not_is_told_still() -> None:
    async def first() -> list[Event]:
        gate = asyncio.Event()
        manager = Script().delegates("a 1").then().says("mid").waits_for(gate).then().says("end")

        async def main() -> list[Event]:
            events: list[Event] = []
            async with open_run(Plan("r", "go"), Cast(manager=manager, worker=echo()), now=lambda: 0) as run:
                async for event in run:
                    events.append(event)
                    if isinstance(event, Delegated):
                        run.steer((), "early")
                    if isinstance(event, Wrote) and event.text == "mid":
                        run.steer((), "late")
                        gate.set()
            return events

        return await main()

    whole = facts(jump_run(first()))
    for stop in range(2, len(whole)):
        manager = Answering(
            lambda request: (
                calling("a 1")
                if len(request.messages) == 2
                else Step(["end" if request.messages[-1].text == "late" else "mid"])
            )
        )

        async def again(manager: Answering = manager, told: list[Event] = whole[:stop]) -> Told:
            events = Told()
            cast = Cast(manager=manager, worker=echo())
            async with open_run(plan_again(told), cast, told=told) as run:
                async for event in run:
                    events.events.append(event)
            return events

        jump_run(again())
        notes = [e.text for e in whole[:stop] if type(e).__name__ == "Commanded"]  # type: ignore[union-attr]
        if manager.asked:
            sent = [message.text for message in manager.asked[-1].messages]
            assert [text for text in sent if text in ("early", "late")] == notes, stop


def test_a_cancelled_run_goes_on_but_what_the_person_cancelled_stays_so() -> None:
    async def first() -> list[Event]:
        never = asyncio.Event()
        events: list[Event] = []
        manager = Script().delegates("a 1", "b 2")
        async with open_run(Plan("r", "go"), Cast(manager=manager, worker=echo(never))) as run:
            async for event in run:
                events.append(event)
                if isinstance(event, Wrote) and event.path == (0,):
                    run.cancel((0,))
                if isinstance(event, Cancelled) and event.path == (0,):
                    run.cancel()
        return events

    told = facts(jump_run(first()))
    assert isinstance(told[-1], Cancelled)

    async def again() -> tuple[list[Event], Script]:
        manager, events = Script().says("end"), []
        async with open_run(plan_again(told), Cast(manager=manager, worker=echo()), told=told) as run:
            async for event in run:
                events.append(event)
        return events, manager

    events, manager = jump_run(again())
    results = [json.loads(m.text)["status"] for m in manager.asked[0].messages if m.role == "tool"]
    assert results == ["error", "ok"]
    assert isinstance(events[-1], Finished)
    assert [e.path for e in events if isinstance(e, Started)] == [(), (1,)]


def test_a_failed_run_asks_only_for_the_call_that_failed() -> None:
    async def first() -> list[Event]:
        manager = Script().delegates("a 1").then().fails(Unreachable("down"))
        events: list[Event] = []
        async with open_run(Plan("r", "go"), Cast(manager=manager, worker=echo())) as run:
            async for event in run:
                events.append(event)
        return events

    told = facts(jump_run(first()))

    async def again() -> tuple[list[Event], Script, Answering]:
        manager, worker, events = Script().says("end"), echo(), []
        async with open_run(plan_again(told), Cast(manager=manager, worker=worker), told=told) as run:
            async for event in run:
                events.append(event)
        return events, manager, worker

    events, manager, worker = jump_run(again())
    assert isinstance(events[-1], Finished)
    assert (len(manager.asked), len(worker.asked)) == (1, 0)


def test_results_that_were_edited_moved_and_retried_are_what_they_were() -> None:
    async def first() -> list[Event]:
        events: list[Event] = []
        manager = Script().delegates("a 1", "b 2").then().says("end")
        cast = Cast(manager=manager, worker=echo(), other=Script().says("better"))
        async with open_run(Plan("r", "go"), cast) as run:
            async for event in run:
                events.append(event)
                if isinstance(event, Delegated) and event.path == (0,):
                    run.hold(())
                if isinstance(event, Finished) and event.path == (1,):
                    run.replace((0,), "by hand")
                    run.retry((1,), "other") if event.attempt == 1 else run.release(())
        return events

    whole = facts(jump_run(first()))
    edited = next(place for place, event in enumerate(whole) if getattr(event, "text", "") == "by hand")

    for stop in range(edited + 1, len(whole)):

        async def again(told: list[Event] = whole[:stop]) -> tuple[Script, Script]:
            manager, other = Script().says("end"), Script().says("better")
            cast = Cast(manager=manager, worker=echo(), other=other)
            async with open_run(plan_again(told), cast, told=told) as run:
                async for _ in run:
                    pass
            return manager, other

        manager, _ = jump_run(again())
        if manager.asked:
            results = [json.loads(m.text)["result"] for m in manager.asked[0].messages if m.role == "tool"]
            assert results[0] == "by hand"
            assert results[1] in ("better", "result of b 2")


class Files:
    """A shelf with one file, which may be gone."""

    def __init__(self, text: str = "") -> None:
        self.text = text

    def entries(self) -> list[FileEntry]:
        return [FileEntry("a.md", 1, 1, 1)]

    async def read(self, names: Sequence[str]) -> str:
        if not self.text:
            raise InputError("a.md is not there any more.")
        return self.text


def test_files_are_read_again_and_one_that_is_gone_is_told_to_the_manager() -> None:
    async def played(
        manager: Script, worker: Script, shelf: Files, told: Sequence[Event] = ()
    ) -> list[Event]:
        events: list[Event] = []
        plan = plan_again(told) if told else Plan("r", "go")
        cast = Cast(manager=manager, worker=worker)
        async with open_run(plan, cast, shelf=shelf, told=told) as run:
            async for event in run:
                events.append(event)
        return events

    manager = Script().calls("subagent", task_name="a", task_description="read it", files=["a.md"])
    whole = facts(jump_run(played(manager.then().says("end"), echo(), Files("one"))))
    stop = next(place for place, event in enumerate(whole) if isinstance(event, Started) and event.path)
    worker = echo()
    jump_run(played(Script().says("end"), worker, Files("two"), whole[: stop + 1]))
    assert worker.asked[0].messages[1].text == "two"
    later = Script().says("end")
    events = jump_run(played(later, echo(), Files(), whole[: stop + 1]))
    assert [e.path for e in events if isinstance(e, Failed)] == [(0,)]
    result = json.loads(later.asked[0].messages[-1].text)
    assert result["status"] == "error"
    assert "not there any more" in result["message"]


def test_a_question_that_was_open_is_asked_again_and_what_was_approved_is_not() -> None:
    async def first() -> list[Event]:
        events: list[Event] = []

        class Slow(Asking):
            async def ask(self, question: Question) -> Verdict:
                if question.path == (1,):
                    await asyncio.Event().wait()
                return APPROVED

        cast = Cast(manager=Script().delegates("a 1", "b 2"), worker=echo())
        async with open_run(Plan("r", "go"), cast, approver=Slow()) as run:
            async for event in run:
                events.append(event)
                if isinstance(event, Finished):
                    break
        return events

    told = facts(jump_run(first()))
    asked: list[str] = []

    class Noting(Asking):
        async def ask(self, question: Question) -> Verdict:
            asked.append(question.task)
            return APPROVED

    async def again() -> list[Event]:
        events: list[Event] = []
        cast = Cast(manager=Script().says("end"), worker=echo())
        async with open_run(plan_again(told), cast, approver=Noting(), told=told) as run:
            async for event in run:
                events.append(event)
        return events

    events = jump_run(again())
    assert asked == ["b 2"]
    assert [e.path for e in events if isinstance(e, Asked)] == [(1,)]


def test_a_run_without_its_words_can_not_go_on() -> None:
    whole = facts(jump_run(went(Models())))
    with pytest.raises(InputError, match="kept no text"):
        plan_again([without_text(event) for event in whole])
    with pytest.raises(InputError, match="nothing is known"):
        plan_again([])


def test_commands_to_a_run_that_has_its_answer_are_refused() -> None:
    whole = facts(jump_run(went(Models())))

    async def main() -> Run:
        async with open_run(plan_again(whole), Models().cast, told=whole) as run:
            async for _ in run:
                pass
            with pytest.raises(InputError, match="ended"):
                run.hold()
        return run

    assert jump_run(main()).told == tuple(whole)


@settings(max_examples=150, deadline=None)
@given(st.lists(EVENTS, max_size=15))
def test_whatever_a_journal_holds_is_folded_without_an_error(events: list[Event]) -> None:
    past = Past(events)
    for path in list(past.turns):
        while past.turns[path].read_back():
            pass
    past.forget(())
    assert set(past.turns) <= {()}


def test_a_retry_makes_all_before_it_void_wherever_the_run_stopped() -> None:
    async def first() -> list[Event]:
        events: list[Event] = []
        retried = False
        async with open_run(Plan("r", "go", limits=LIMITS), Models().cast) as run:
            async for event in run:
                events.append(event)
                if isinstance(event, Finished) and event.path == (0, 0) and not retried:
                    retried = True
                    run.retry((0,))
        return events

    whole = facts(jump_run(first()))
    assert [e.attempt for e in whole if isinstance(e, Started) and e.path == (0,)] == [1, 2]
    for stop in range(1, len(whole)):
        more = facts(jump_run(went(Models(), whole[:stop])))
        live = {
            (path, spent.reply.text, tuple(one.arguments for one in spent.reply.calls))
            for path, turn in Past(whole[:stop]).turns.items()
            for spent in turn.replies
            if spent.reply
        }
        assert not live & set(replies(more)), stop
        ended = more[-1] if more else whole[stop - 1]
        assert isinstance(ended, Finished)
        assert ended.text == whole[-1].text  # type: ignore[union-attr]


def test_a_run_that_was_approved_as_a_whole_asks_nothing_when_it_goes_on() -> None:
    async def first() -> list[Event]:
        class Whole:
            def wants(self, kind: str) -> bool:
                return True

            async def ask(self, question: Question) -> Verdict:
                return Verdict(approved=True, whole_run=True)

        events: list[Event] = []
        cast = Cast(manager=Script().delegates("a 1"), worker=echo(asyncio.Event()))
        async with open_run(Plan("r", "go"), cast, approver=Whole()) as run:
            async for event in run:
                events.append(event)
                if isinstance(event, Started) and event.path:
                    break
        return events

    told = facts(jump_run(first()))
    manager = Answering(
        lambda request: (
            calling("b 2")
            if request.messages[-1].role == "tool" and len(request.messages) == 4
            else Step(["end"])
        )
    )

    async def again() -> list[Event]:
        class Never:
            def wants(self, kind: str) -> bool:
                return True

            async def ask(self, question: Question) -> Verdict:
                raise AssertionError(question)

        events: list[Event] = []
        cast = Cast(manager=manager, worker=echo())
        async with open_run(plan_again(told), cast, approver=Never(), told=told) as run:
            async for event in run:
                events.append(event)
        return events

    events = jump_run(again())
    assert [e.path for e in events if isinstance(e, Delegated)] == [(1,)]
    assert not [e for e in events if isinstance(e, Asked)]
