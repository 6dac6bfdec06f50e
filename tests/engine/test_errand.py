"""One task for one model: asked, looked at, asked again. Each case holds on an event loop and without one."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.clock import jump_run
from tests.engine.sent import (
    Notebook,
    Sent,
    Way,
    Work,
    in_flight,
    opened,
    send_on_a_loop,
    send_straight,
    sending,
)
from tests.script import Script, seat_of
from tui_delegate.core.chunks import ChatRequest, Reply, TextChunk
from tui_delegate.core.errors import BackendError, ContextOverflow, Overloaded, Unreachable
from tui_delegate.core.events import Cancelled, Failed, FellBack, Retrying, Spent, Started, Warned
from tui_delegate.core.flags import CUT_AT_END
from tui_delegate.core.limits import Limits
from tui_delegate.core.messages import system, user
from tui_delegate.core.ports import Sink
from tui_delegate.core.specs import Seat
from tui_delegate.core.usage import Price, Usage
from tui_delegate.engine.errand import Errand, Looked, do

TASK = (system("Answer."), user("what?"))
USUAL = Errand(TASK)


@pytest.fixture(params=[send_straight, send_on_a_loop], ids=["straight", "loop"])
def send(request: pytest.FixtureRequest) -> Way:
    way: Way = request.param
    return way


def errand(seat: Seat | Script, asked: Errand = USUAL) -> Work:
    """Make the work of one errand for one seat."""
    at = seat_of("worker", seat) if isinstance(seat, Script) else seat
    return lambda bench: do(bench, asked, at)


def wants(word: str) -> Errand:
    """An errand whose answer has to hold a word."""

    def review(text: str) -> Looked:
        if word in text:
            return Looked(text.strip())
        return Looked(text, f"Say {word}.", f"It did not say {word}.")

    return Errand(TASK, review=review)


def code_of(sent: Sent) -> str:
    assert sent.end.error is not None
    return sent.end.error.code


def test_an_answer_is_one_call_and_one_finish(send: Way) -> None:
    sent = send(errand(Script().says("Hel", "lo").uses(12, 3)))
    assert sent.names == ["Opened", "Started", "Wrote", "Wrote", "Spent", "Finished"]
    assert (sent.end.text, sent.end.error, sent.end.calls, sent.end.flags) == ("Hello", None, 1, ())
    assert (sent.end.usage.prompt, sent.end.usage.completion, sent.end.cost) == (12, 3, 0.0)
    assert [type(event).__name__ for event in sent.notebook.facts] == [
        *("Opened", "Started", "Spent", "Finished")
    ]
    assert opened(sent).prompt == "do it"


def test_the_request_holds_what_the_seat_and_the_errand_say(send: Way) -> None:
    script = Script().says("{}")
    seat = replace(seat_of("worker", script), temperature=0.3, max_tokens=77, think="low")
    send(errand(seat, Errand(TASK, answer_schema='{"type":"object"}')))
    (request,) = script.asked
    assert request.messages == TASK
    assert (request.model, request.temperature, request.max_tokens, request.think, request.tools) == (
        *("worker-model", 0.3, 77, "low"),
        (),
    )
    assert request.answer_schema == '{"type":"object"}'


def test_an_answer_that_does_not_hold_is_asked_for_again_with_what_was_wrong(send: Way) -> None:
    script = Script().says("no").then().says("never").then().says(" yes ")
    sent = send(errand(script, wants("yes")))
    assert (sent.end.text, sent.end.error, sent.end.calls) == ("yes", None, 3)
    last = [(message.role, message.text) for message in script.asked[-1].messages[2:]]
    assert last == [
        *(("assistant", "no"), ("user", "Say yes."), ("assistant", "never"), ("user", "Say yes."))
    ]
    warned = [event for event in sent.events if isinstance(event, Warned)]
    assert [event.code for event in warned] == ["again", "again"]
    assert warned[0].message == "It did not say yes. The model is asked again."


@pytest.mark.parametrize("rounds", [0, 1, 4])
def test_it_is_asked_again_a_few_times_at_most_and_the_last_text_is_kept(send: Way, rounds: int) -> None:
    script = Script()
    for number in range(9):
        script.says(f"try {number}").then()
    sent = send(errand(script, replace(wants("yes"), rounds=rounds)))
    assert (code_of(sent), len(script.asked)) == ("unfit", rounds + 1)
    assert (sent.end.text, sent.end.calls) == (f"try {rounds}", rounds + 1)
    failed = sent.events[-1]
    assert isinstance(failed, Failed)
    assert (failed.text, failed.code, failed.message) == (f"try {rounds}", "unfit", "It did not say yes.")


def test_a_cut_answer_is_flagged(send: Way) -> None:
    by_length = send(errand(Script().says("half").ends("length")))
    by_server = send(errand(Script().says("half").flagged(CUT_AT_END)))
    assert (by_length.end.error, by_length.finished.flags) == (None, ("length",))
    assert by_server.finished.flags == by_server.end.flags == (CUT_AT_END,)


def test_a_cut_answer_is_none_where_it_has_to_be_whole_and_is_kept(send: Way) -> None:
    script = Script().says("half").ends("length")
    sent = send(errand(script, Errand(TASK, whole=True, review=wants("yes").review)))
    assert (code_of(sent), sent.end.text, sent.end.calls) == ("cut_off", "half", 1)
    assert sent.rows == [("worker-model", "ok", "")]


def test_what_is_partial_already_stays_so(send: Way) -> None:
    sent = send(errand(Script().says("all"), Errand(TASK, flags=("parts_failed",))))
    assert sent.finished.flags == ("parts_failed",)


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_an_empty_answer_is_none(send: Way, text: str) -> None:
    sent = send(errand(Script().says(text)))
    assert (code_of(sent), sent.end.calls) == ("bad_reply", 1)
    assert sent.rows == [("worker-model", "ok", "")]


def test_an_answer_of_thinking_only_says_so(send: Way) -> None:
    sent = send(errand(Script().thinks("let me see")))
    assert sent.end.error is not None
    assert "thinking" in sent.end.error.message


def test_the_next_seat_takes_over_where_one_failed_before_it_began(send: Way) -> None:
    spare = replace(seat_of("spare", Script().says("here")), agent="spare/other")
    dead = Script().fails(Unreachable("Nothing is listening."))
    sent = send(errand(replace(seat_of("worker", dead), fallback=(spare,))))
    assert (sent.end.text, sent.end.seat.model, sent.end.seat.agent) == ("here", "spare-model", "worker")
    assert sent.rows == [("worker-model", "failed", "unreachable"), ("spare-model", "ok", "")]
    assert sent.end.usage.source == "reported"
    (fell,) = [event for event in sent.events if isinstance(event, FellBack)]
    assert (fell.from_seat, fell.profile, fell.code) == (
        *("worker-profile/worker-model", "spare-profile"),
        "unreachable",
    )


@pytest.mark.parametrize(
    "script", [Script().says("half").fails(Overloaded("full")), Script().fails(ContextOverflow("too long"))]
)
def test_nobody_takes_over_what_began_or_what_no_other_would_take(send: Way, script: Script) -> None:
    spare = seat_of("spare", Script().says("here"))
    begun = len(script.asked)
    sent = send(errand(replace(seat_of("worker", script), fallback=(spare,))))
    assert (code_of(sent), len(script.asked) - begun) == (sent.rows[0][2], 1)
    assert len(sent.rows) == 1


def test_a_call_that_may_be_made_again_is_made_again_and_each_is_a_row(send: Way) -> None:
    full = Overloaded("full")
    full.retry_in = 1.5
    script = Script().fails(full).then().fails(full).then().says("here").uses(5, 1)
    sent = send(errand(script))
    assert (sent.end.text, sent.end.calls, sent.pauses) == ("here", 3, [1.5, 1.5])
    assert [row[1:] for row in sent.rows] == [("failed", "overloaded")] * 2 + [("ok", "")]
    assert [type(event) for event in sent.events].count(Retrying) == 2
    assert [request.tries for request in script.asked] == [1, 2, 3]
    assert (sent.end.usage.prompt, sent.end.usage.completion) == (5, 1)


def test_a_wait_that_ends_when_the_time_is_over_is_not_begun(send: Way) -> None:
    full = Overloaded("full")
    full.retry_in = 5.0
    sent = send(errand(Script().fails(full).then().says("late")), Limits(seconds=4.0))
    assert (code_of(sent), sent.rows, sent.pauses) == (
        "overloaded",
        [("worker-model", "failed", full.code)],
        [],
    )
    late = send(errand(Script().fails(full).then().says("in time")), Limits(seconds=6.0))
    assert late.end.text == "in time"


def test_nobody_takes_over_when_the_time_is_over() -> None:
    spare = seat_of("spare", Script().says("late"))
    slow = Script().takes(2.0).fails(Unreachable("gone"))
    sent = send_on_a_loop(errand(replace(seat_of("worker", slow), fallback=(spare,))), Limits(seconds=1.0))
    assert (code_of(sent), len(sent.rows)) == ("unreachable", 1)


def test_a_failure_keeps_what_was_written_before_it(send: Way) -> None:
    sent = send(errand(Script().says("half ", "an answer").fails(BackendError("it broke"))))
    assert (code_of(sent), sent.end.text) == ("bad_reply", "half an answer")
    failed = sent.events[-1]
    assert isinstance(failed, Failed)
    assert failed.text == "half an answer"


def test_a_budget_refuses_before_a_call_and_caps_one_that_it_allows(send: Way) -> None:
    script = Script().says("yes")
    none = send(errand(script), Limits(tokens=8))
    assert (code_of(none), script.asked, none.rows) == ("subagent_budget_exceeded", [], [])
    some = send(errand(script), Limits(tokens=100))
    assert some.end.text == "yes"
    (request,) = script.asked
    assert request.max_tokens is not None
    assert 0 < request.max_tokens < 100


def test_asking_again_spends_of_the_same_budget(send: Way) -> None:
    script = Script().says("no").uses(60, 30)
    sent = send(errand(script, wants("yes")), Limits(tokens=100))
    assert (code_of(sent), len(script.asked), sent.end.text) == ("subagent_budget_exceeded", 1, "no")


def test_cost_is_summed_and_unknown_where_one_price_is(send: Way) -> None:
    script = Script().says("no").uses(1000, 0).then().says("yes").uses(1000, 0)
    priced = seat_of("worker", script, price=Price(1.0, 1.0, 1.0, "profile"))
    sent = send(errand(priced, wants("yes")))
    assert sent.end.cost == pytest.approx(2000 / 1e6)
    free = send(errand(replace(priced, backend=Script().says("yes"), price=None)))
    assert free.end.cost is None


def test_rows_are_the_same_both_ways() -> None:
    def scene() -> Work:
        busy = Overloaded("full")
        busy.retry_in = 0.5
        dead = Script().fails(busy).then().fails(Unreachable("gone"))
        spare = seat_of("spare", Script().says("no").uses(9, 2).then().says("yes").uses(20, 1))
        return errand(replace(seat_of("worker", dead), fallback=(spare,)), wants("yes"))

    one, other = send_straight(scene()), send_on_a_loop(scene())
    assert one.names == other.names
    assert one.rows == other.rows
    assert (one.end.usage, one.end.text, one.end.calls) == (other.end.usage, other.end.text, other.end.calls)
    spent = [[event.call.usage for event in way.events if isinstance(event, Spent)] for way in (one, other)]
    assert spent[0] == spent[1]


class Interrupted:
    """A model that is broken off after its first words, as Ctrl-C does it."""

    async def chat(self, request: ChatRequest, sink: Sink) -> Reply:
        sink.put(TextChunk("so far"))
        raise KeyboardInterrupt


def check_broken_off(sent: Sent) -> None:
    end = sent.events[-1]
    assert isinstance(end, Cancelled)
    assert (end.text, sent.done, sent.rows) == ("so far", None, [("worker-model", "cancelled", "cancelled")])
    assert sent.raised is not None
    assert sent.notebook.facts[-1] == end


def test_ctrl_c_is_told_as_cancelled_with_the_text_so_far_and_raised() -> None:
    check_broken_off(send_straight(errand(replace(seat_of("worker", Script()), backend=Interrupted()))))


def test_a_cancelled_task_is_told_as_cancelled_with_the_text_so_far_and_raised() -> None:
    async def main() -> Sent:
        script = Script().says("so far").waits_for(asyncio.Event())

        async def cancel(task: asyncio.Task[object]) -> None:
            await in_flight(script, 1)
            task.cancel()

        return await sending(errand(script), meanwhile=cancel)

    check_broken_off(jump_run(main()))


def test_a_journal_that_takes_nothing_loses_no_answer(send: Way) -> None:
    sent = send(errand(Script().says("yes")), None, Notebook(OSError(28, "No space left on device")))
    assert sent.end.text == "yes"
    assert isinstance(sent.broken, OSError)


def test_who_works_and_how_large_its_window_is_are_told_first(send: Way) -> None:
    sent = send(errand(seat_of("worker", Script().says("yes"), window=4096)))
    started = sent.events[1]
    assert isinstance(started, Started)
    assert (started.profile, started.model, started.window) == ("worker-profile", "worker-model", 4096)


def test_a_usage_of_several_calls_is_as_sure_as_its_least_sure_one(send: Way) -> None:
    script = Script().says("no").uses(10, 5).then().says("ye", "s")
    script.steps[-1].usage = Usage(7, 0, 3, 0, "estimated")
    sent = send(errand(script, wants("yes")))
    assert (sent.end.usage.prompt, sent.end.usage.source) == (17, "estimated")
