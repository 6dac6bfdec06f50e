"""Approval: each delegation is a question first, and what is answered is a fact before it acts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest

from tests.clock import jump_run
from tests.engine.telling import Told, play, tell
from tests.script import Answering, Cast, Script, echo
from tui_delegate.core.approval import APPROVED, AskedKind, Question, Verdict
from tui_delegate.core.errors import InputError
from tui_delegate.core.events import (
    Asked,
    Cancelled,
    Commanded,
    Delegated,
    Event,
    Refused,
    Returned,
    Started,
    Wrote,
)
from tui_delegate.core.limits import Limits
from tui_delegate.engine.run import Run


class Person:
    """Answers by a rule, and notes what was asked and what was taken back."""

    def __init__(self, rule: Callable[[Question], Verdict]) -> None:
        self.rule = rule
        self.asked: list[Question] = []
        self.taken_back: list[Question] = []
        self.never: set[AskedKind] = set()
        self.gates: dict[str, asyncio.Event] = {}

    def waits_for(self, task: str, gate: asyncio.Event) -> Person:
        self.gates[task] = gate
        return self

    def wants(self, kind: AskedKind) -> bool:
        return kind not in self.never

    async def ask(self, question: Question) -> Verdict:
        self.asked.append(question)
        try:
            if gate := self.gates.get(question.task):
                await gate.wait()
        except asyncio.CancelledError:
            self.taken_back.append(question)
            raise
        return self.rule(question)


def results(manager: Script) -> list[dict[str, str]]:
    return [json.loads(m.text) for m in manager.asked[-1].messages if m.role == "tool"]


def commands(told: Told) -> list[tuple[str, str, str]]:
    return [(e.command, e.agent, e.text) for e in told.of(Commanded) if isinstance(e, Commanded)]


def test_nothing_runs_before_it_is_approved() -> None:
    person = Person(lambda question: APPROVED)
    told = tell(Cast(manager=Script().delegates("a 1").then().says("end"), worker=echo()), approver=person)
    (question,) = person.asked
    assert (question.path, question.kind, question.task) == ((0,), "delegation", "a 1")
    assert (question.agent, question.profile, question.model) == ("worker", "worker-profile", "worker-model")
    own = [type(event).__name__ for event in told.events if event.path == (0,)]
    assert own[:4] == ["Asked", "Commanded", "Delegated", "Started"]
    assert commands(told) == [("approve", "", "")]


def test_a_question_is_seen_while_it_waits() -> None:
    async def main() -> tuple[Told, list[tuple[str, str, str]]]:
        gate = asyncio.Event()
        seen: list[tuple[str, str, str]] = []
        told = Told()

        async def watch(run: Run, event: Event) -> None:
            told.transcript.apply(event)
            if isinstance(event, Asked):
                node = told.transcript.node((0,))
                seen.append((node.state, node.detail, told.transcript.root.state))
                gate.set()

        person = Person(lambda question: APPROVED).waits_for("a 1", gate)
        cast = Cast(manager=Script().delegates("a 1").then().says("end"), worker=echo())
        return await play(cast, approver=person, watch=watch), seen

    told, seen = jump_run(main())
    assert seen == [("asking", "may this be delegated?", "waiting")]
    assert told.transcript.node((0,)).state == "done"


def test_one_question_holds_up_no_other_and_results_keep_the_order_of_the_calls() -> None:
    async def main() -> tuple[Told, Script]:
        gate = asyncio.Event()
        manager = Script().delegates("a 1", "b 2").then().says("end")

        async def watch(run: Run, event: Event) -> None:
            if isinstance(event, Wrote) and event.path == (1,):
                gate.set()

        person = Person(lambda question: APPROVED).waits_for("a 1", gate)
        return await play(Cast(manager=manager, worker=echo()), approver=person, watch=watch), manager

    told, manager = jump_run(main())
    assert [event.path for event in told.of(Started)] == [(), (1,), (0,)]
    assert [result["result"] for result in results(manager)] == ["result of a 1", "result of b 2"]


def test_a_refusal_is_read_by_the_manager_with_its_reason() -> None:
    manager = Script().delegates("a 1", "b 2").then().says("end")
    person = Person(lambda question: Verdict(reason="too dear") if question.path == (0,) else APPROVED)
    told = tell(Cast(manager=manager, worker=echo()), approver=person)
    first, second = results(manager)
    assert (first["status"], first["error"]) == ("error", "denied")
    assert "too dear" in first["message"]
    assert second["result"] == "result of b 2"
    node = told.transcript.node((0,))
    assert (node.state, node.code) == ("refused", "denied")
    assert [event.path for event in told.of(Refused)] == [(0,)]
    assert [event.path for event in told.of(Returned)] == [(1,)]
    assert told.transcript.root.state == "done"


def test_a_task_can_be_put_in_other_words() -> None:
    manager, worker = Script().delegates("a 1").then().says("end"), echo()
    told = tell(
        Cast(manager=manager, worker=worker),
        approver=Person(lambda question: Verdict(approved=True, task="a 1, but kindly")),
    )
    assert worker.asked[0].messages[-1].text == "a 1, but kindly"
    assert commands(told) == [("edit", "", "a 1, but kindly")]
    assert told.transcript.node((0,)).task == "a 1, but kindly"
    assert "other words" in results(manager)[0]["note"]


def test_a_task_can_be_sent_elsewhere_and_the_node_knows() -> None:
    worker, other = echo(), Script().says("better")
    told = tell(
        Cast(manager=Script().delegates("a 1").then().says("end"), worker=worker, other=other),
        approver=Person(lambda question: Verdict(approved=True, agent="other")),
    )
    assert not worker.asked
    node = told.transcript.node((0,))
    assert (node.agent, node.rerouted, node.text) == ("other", True, "better")
    assert [event.agent for event in told.of(Delegated) if isinstance(event, Delegated)] == ["other"]


def test_an_answer_that_leads_nowhere_is_asked_again_and_says_why() -> None:
    def rule(question: Question) -> Verdict:
        return APPROVED if question.note else Verdict(approved=True, agent="nobody", task="a 1, again")

    person, worker = Person(rule), echo()
    told = tell(Cast(manager=Script().delegates("a 1").then().says("end"), worker=worker), approver=person)
    assert [question.task for question in person.asked] == ["a 1", "a 1, again"]
    assert "nobody" in person.asked[1].note
    assert worker.asked[0].messages[-1].text == "a 1, again"
    assert commands(told) == [("edit", "", "a 1, again")]


def test_approving_the_run_answers_what_is_open_and_what_is_to_come() -> None:
    async def main() -> tuple[Told, Person]:
        person = Person(lambda question: Verdict(approved=True, whole_run=True))
        person.waits_for("b 2", asyncio.Event())
        manager = Script().delegates("a 1", "b 2").then().delegates("c 3").then().says("end")
        return await play(Cast(manager=manager, worker=echo()), approver=person), person

    told, person = jump_run(main())
    assert [question.task for question in person.asked] == ["a 1", "b 2"]
    assert [question.task for question in person.taken_back] == ["b 2"]
    assert [name for name, *_ in commands(told)] == ["approve_run", "approve"]
    assert len(told.of(Delegated)) == 3


def test_what_a_limit_refuses_is_never_asked() -> None:
    person = Person(lambda question: APPROVED)
    manager = Script().delegates("a 1", "b 2").then().says("end")
    told = tell(Cast(manager=manager, worker=echo()), approver=person, limits=Limits(max_uses=1))
    assert [question.task for question in person.asked] == ["a 1"]
    assert [event.code for event in told.of(Refused) if isinstance(event, Refused)] == [
        "subagent_max_uses_exceeded"
    ]


@pytest.mark.parametrize("path", [(), (0,)])
def test_cancelling_while_it_is_asked_takes_the_question_back(path: tuple[int, ...]) -> None:
    async def main() -> tuple[Told, Person]:
        person = Person(lambda question: APPROVED).waits_for("a 1", asyncio.Event())

        async def watch(run: Run, event: Event) -> None:
            if isinstance(event, Asked):
                asyncio.get_running_loop().call_later(1, run.cancel, path)

        cast = Cast(manager=Script().delegates("a 1").then().says("end"), worker=echo())
        return await play(cast, approver=person, watch=watch), person

    told, person = jump_run(main())
    assert [question.task for question in person.taken_back] == ["a 1"]
    assert told.transcript.node((0,)).state == "cancelled"
    assert [event.path for event in told.of(Cancelled)].count((0,)) == 1
    assert told.transcript.root.state == ("done" if path else "cancelled")


def test_what_waits_for_an_answer_can_neither_be_retried_nor_given_a_result() -> None:
    refused: list[str] = []

    async def main() -> None:
        gate = asyncio.Event()

        async def watch(run: Run, event: Event) -> None:
            if isinstance(event, Asked):
                for command in (run.retry, lambda path: run.replace(path, "x")):
                    with pytest.raises(InputError, match="waits for your answer") as caught:
                        command((0,))
                    refused.append(caught.value.message)
                gate.set()

        person = Person(lambda question: APPROVED).waits_for("a 1", gate)
        cast = Cast(manager=Script().delegates("a 1").then().says("end"), worker=echo())
        await play(cast, approver=person, watch=watch)

    jump_run(main())
    assert len(refused) == 2


def test_an_approver_that_can_not_ask_refuses() -> None:
    def rule(question: Question) -> Verdict:
        raise InputError("Nobody is there to ask.")

    manager = Script().delegates("a 1").then().says("end")
    tell(Cast(manager=manager, worker=echo()), approver=Person(rule))
    assert "Nobody is there to ask." in results(manager)[0]["message"]


def test_workers_of_workers_are_asked_for_too() -> None:
    person = Person(lambda question: APPROVED)

    def nested() -> Answering:
        inner = Script().delegates("deep 1").then().says("mid")
        leaf = echo()
        return Answering(
            lambda request: (
                leaf.step_for(request)
                if "deep 1" in request.messages[-1].text and len(request.messages) == 2
                else inner.steps[sum(message.role == "tool" for message in request.messages)]
            )
        )

    told = tell(
        Cast(manager=Script().delegates("a 1").then().says("end"), worker=nested()),
        approver=person,
        limits=Limits(nested=True),
    )
    assert [question.path for question in person.asked] == [(0,), (0, 0)]
    assert told.transcript.node((0, 0)).text == "result of deep 1"


def test_moving_to_nobody_keeps_the_result_and_says_so() -> None:
    manager = Script().delegates("a 1").then().says("end")

    async def watch(run: Run, event: Event) -> None:
        if isinstance(event, Delegated):
            run.hold(())
        if event.path == (0,) and type(event).__name__ == "Finished":
            run.retry((0,), "nobody")
        if type(event).__name__ == "Warned":
            run.release(())

    told = tell(Cast(manager=manager, worker=echo()), watch=watch)
    assert results(manager)[0]["result"] == "result of a 1"
    (warning,) = told.transcript.warnings
    assert "nobody can't be used" in warning.message
    assert told.transcript.node((0,)).attempt == 1
    assert not told.transcript.node((0,)).rerouted


def test_a_held_run_can_be_cancelled() -> None:
    async def main() -> Told:
        async def watch(run: Run, event: Event) -> None:
            if isinstance(event, Delegated):
                run.hold(())
            if event.path == (0,) and event.terminal:
                run.cancel()

        cast = Cast(manager=Script().delegates("a 1").then().says("end"), worker=echo())
        return await play(cast, watch=watch)

    told = jump_run(main())
    assert told.transcript.root.state == "cancelled"
    assert told.transcript.node((0,)).state == "done"
