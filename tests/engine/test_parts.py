"""More than one model can hold: every part to a worker, one answer made of theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from tests.clock import jump_run
from tests.engine.sent import Sent, Work, in_flight, send_on_a_loop, sending
from tests.script import Answering, Script, Step, seat_of
from tui_delegate.core.chunks import ChatRequest
from tui_delegate.core.errors import BadReply, BudgetExceeded, ContextOverflow
from tui_delegate.core.events import Cancelled, Delegated, Failed, Finished, Returned, Spent, Started
from tui_delegate.core.limits import Limits
from tui_delegate.core.messages import user
from tui_delegate.core.specs import Seat
from tui_delegate.core.usage import Usage
from tui_delegate.engine.errand import Errand
from tui_delegate.engine.parts import Answer, Part, do_in_parts

Again = Callable[[Sequence[Answer]], Sequence[Part]]


def part(name: str) -> Part:
    return Part(name, f"read {name}", (f"{name}.md",), Errand((user(name),)))


def combine(answers: Sequence[Answer]) -> Errand:
    told = "+".join(f"!{one.name}" if one.failed else one.text for one in answers)
    return Errand((user(f"combine {told}"),))


def enough(answers: Sequence[Answer]) -> Sequence[Part]:
    return ()


def in_parts(script: Script | Seat, *names: str, again: Again = enough) -> Work:
    seat = seat_of("worker", script) if isinstance(script, Script) else script
    return lambda bench: do_in_parts(bench, [part(name) for name in names], seat, again, combine)


def said(**errors: str) -> Answering:
    """A model that repeats what it is told, in capitals, and fails at what `errors` names."""

    def rule(request: ChatRequest) -> Step:
        text = request.messages[-1].text
        if text in errors:
            return Step(error=BadReply(errors[text]))
        return Step([text.upper()], usage=Usage(10, 0, 2))

    return Answering(rule)


def codes(sent: Sent) -> list[tuple[object, str]]:
    return [(event.path, event.code) for event in sent.events if isinstance(event, Failed)]


def test_all_parts_are_read_side_by_side_and_their_answers_combined_in_order() -> None:
    async def main() -> None:
        gate = asyncio.Event()
        script = Answering(
            lambda request: Step(
                [request.messages[-1].text], gate=None if "combine" in request.messages[-1].text else gate
            )
        )

        async def open_gate(task: asyncio.Task[object]) -> None:
            await in_flight(script, 3)
            gate.set()

        sent = await sending(in_parts(script, "a", "b", "c"), meanwhile=open_gate)
        assert script.most_in_flight == 3
        assert sent.end.text == "combine a+b+c"

    jump_run(main())


def test_usage_cost_and_calls_are_summed_and_the_root_is_one_agent_with_workers() -> None:
    sent = send_on_a_loop(in_parts(said(), "a", "b"))
    assert (sent.end.text, sent.end.calls, sent.end.cost, sent.end.flags) == ("COMBINE A+B", 3, 0.0, ())
    assert (sent.end.usage.prompt, sent.end.usage.completion) == (30, 6)
    assert [event.path for event in sent.events if isinstance(event, Started)] == [(0,), (1,), ()]
    assert [event.path for event in sent.events if isinstance(event, Spent)] == [(0,), (1,), ()]


def test_each_part_is_a_delegation_with_its_task_and_files_in_the_journal() -> None:
    facts = send_on_a_loop(in_parts(said(), "a", "b")).notebook.facts
    tasks = [event for event in facts if isinstance(event, Delegated)]
    assert [(one.path, one.task_name, one.task, one.files) for one in tasks] == [
        ((0,), "a", "read a", ("a.md",)),
        ((1,), "b", "read b", ("b.md",)),
    ]
    back = [event for event in facts if isinstance(event, Returned)]
    assert {(one.path, one.text, one.failed) for one in back} == {((0,), "A", False), ((1,), "B", False)}
    ends = [event.path for event in facts if isinstance(event, Finished)]
    assert (sorted(ends), ends[-1]) == ([(), (0,), (1,)], ())


def test_one_part_that_fails_is_named_to_the_last_model_and_flagged() -> None:
    sent = send_on_a_loop(in_parts(said(b="it said HTML"), "a", "b", "c"))
    assert (sent.end.text, sent.end.error, sent.end.flags) == ("COMBINE A+!B+C", None, ("parts_failed",))
    assert codes(sent) == [((1,), "bad_reply")]
    (returned,) = [event for event in sent.events if isinstance(event, Returned) and event.failed]
    assert (returned.path, returned.text) == ((1,), "it said HTML")


def test_where_every_part_fails_the_run_fails_as_the_first_did_and_nothing_is_combined() -> None:
    script = said(a="first", b="second")
    sent = send_on_a_loop(in_parts(script, "a", "b"))
    assert sent.end.error is not None
    assert (sent.end.error.message, sent.end.text, sent.end.calls) == ("first", "", 2)
    assert (len(script.asked), codes(sent)[-1]) == (2, ((), "bad_reply"))
    assert isinstance(sent.notebook.facts[-1], Failed)


@pytest.mark.parametrize("count", [4, 9])
def test_answers_that_are_too_much_at_once_are_combined_in_groups_first(count: int) -> None:
    def in_pairs(answers: Sequence[Answer]) -> Sequence[Part]:
        if len(answers) <= 2:
            return ()
        pairs = [answers[at : at + 2] for at in range(0, len(answers), 2)]
        return [part("-".join(one.text for one in pair)) for pair in pairs]

    names = [chr(ord("a") + place) for place in range(count)]
    sent = send_on_a_loop(in_parts(said(), *names, again=in_pairs))
    assert sent.end.error is None
    joined = sent.end.text.removeprefix("COMBINE ").replace("+", "-").split("-")
    assert joined == [name.upper() for name in names]
    paths = [event.path for event in sent.events if isinstance(event, Delegated)]
    assert paths == [(place,) for place in range(len(paths))]
    assert sent.end.calls == len(paths) + 1


def test_a_part_that_is_too_much_after_all_is_cut_until_it_fits_and_its_place_is_kept() -> None:
    def rule(request: ChatRequest) -> Step:
        text = request.messages[-1].text
        if len(text) > 2 and "combine" not in text:
            return Step(error=ContextOverflow("too long"))
        return Step([text])

    def cuttable(text: str) -> Part:
        half = len(text) // 2
        return replace(part(text), smaller=lambda: [cuttable(text[:half]), cuttable(text[half:])])

    seat = seat_of("worker", Answering(rule))
    parts = [cuttable("ab"), cuttable("cdefgh"), part("ijk"), cuttable("lm")]
    sent = send_on_a_loop(lambda bench: do_in_parts(bench, parts, seat, enough, combine))
    assert sent.end.text == "combine ab+c+de+f+gh+!ijk+lm"
    assert sent.end.flags == ("parts_failed",)
    paths = [event.path for event in sent.events if isinstance(event, Delegated)]
    assert paths == [(place,) for place in range(10)]
    assert sent.end.calls == 11


def test_answers_without_parts_are_only_combined() -> None:
    answers = [Answer("x", "one"), Answer("y", "gone", failed=True)]
    seat = seat_of("worker", said())
    sent = send_on_a_loop(lambda bench: do_in_parts(bench, (), seat, enough, combine, answers))
    assert (sent.end.text, sent.end.calls) == ("COMBINE ONE+!Y", 1)


def test_all_parts_spend_of_one_budget() -> None:
    script = said()
    script_seat = replace(seat_of("worker", script), max_tokens=20)
    sent = send_on_a_loop(in_parts(script_seat, "a", "b", "c", "d"), Limits(tokens=60))
    assert isinstance(sent.end.error, BudgetExceeded) or "parts_failed" in sent.end.flags
    assert sent.end.usage.total <= 60


def test_breaking_off_ends_every_part_and_tells_each() -> None:
    async def main() -> None:
        script = Script().says("so far").waits_for(asyncio.Event())

        async def cancel(task: asyncio.Task[object]) -> None:
            await in_flight(script, 2)
            task.cancel()

        sent = await sending(in_parts(script, "a", "b"), meanwhile=cancel)
        assert isinstance(sent.raised, asyncio.CancelledError)
        ends = {event.path: event.text for event in sent.notebook.facts if isinstance(event, Cancelled)}
        assert ends[(0,)] == ends[(1,)] == "so far"
        assert script.in_flight == 0
        assert () in ends, "the run itself has no end in the journal"

    jump_run(main())
