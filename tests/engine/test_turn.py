"""The one loop: asking, calling, answering, and what stops it."""

from __future__ import annotations

import json

import pytest

from tests.engine.telling import tell
from tests.script import Answering, Cast, Script, Step, echo, seat_of
from tui_delegate.core.chunks import ChatRequest
from tui_delegate.core.errors import BadReply, CutOff, ModelMissing, Overloaded, Unreachable
from tui_delegate.core.events import (
    Delegated,
    Failed,
    FellBack,
    Finished,
    Refused,
    Retrying,
    Returned,
    Spent,
    Started,
    Wrote,
)
from tui_delegate.core.limits import Limits
from tui_delegate.core.messages import Message, Thinking
from tui_delegate.core.usage import Usage


def results_seen(request: ChatRequest) -> list[dict[str, object]]:
    return [json.loads(message.text) for message in request.messages if message.role == "tool"]


def test_a_plain_answer_is_one_call_and_one_finish() -> None:
    told = tell(Cast(manager=Script().says("Hel", "lo")))
    assert told.names() == ["Opened", "Started", "Wrote", "Wrote", "Spent", "Finished"]
    assert told.transcript.root.text == "Hello"
    assert told.transcript.root.state == "done"


def test_two_calls_of_one_reply_run_as_two_workers_and_come_back_in_call_order() -> None:
    manager = Script().delegates("fix the typo", "sort these names").then().says("Done.")
    told = tell(Cast(manager=manager, worker=echo()))
    assert [event.path for event in told.of(Delegated)] == [(0,), (1,)]
    assert [node.text for node in told.transcript.delegations()] == [
        "result of fix the typo",
        "result of sort these names",
    ]
    assert results_seen(manager.asked[1]) == [
        {
            "status": "ok",
            "task_name": "fix",
            "model": "worker-model",
            "result": "result of fix the typo",
        },
        {
            "status": "ok",
            "task_name": "sort",
            "model": "worker-model",
            "result": "result of sort these names",
        },
    ]


def test_a_worker_sees_its_task_word_for_word_and_nothing_of_the_conversation() -> None:
    worker = echo()
    history = (Message("user", "secret plan"), Message("assistant", "noted"))
    tell(Cast(manager=Script().delegates("fix the typo").then().says("ok"), worker=worker), history=history)
    system, task = worker.asked[0].messages
    assert (system.role, task.role, task.text) == ("system", "user", "fix the typo")
    assert "secret" not in system.text
    assert worker.asked[0].tools == ()


def test_a_manager_reads_why_a_worker_failed_and_the_run_goes_on() -> None:
    manager = Script().delegates("fix the typo").then().says("It failed.")
    told = tell(Cast(manager=manager, worker=Script().fails(BadReply("it said HTML"))))
    (result,) = results_seen(manager.asked[1])
    assert result["status"] == "error"
    assert result["error"] == "subagent_request_failed"
    assert "bad_reply: it said HTML" in str(result["message"])
    assert told.transcript.root.state == "done"
    assert told.transcript.node((0,)).code == "bad_reply"


def test_only_the_roots_own_failure_ends_a_run() -> None:
    told = tell(Cast(manager=Script().says("par").fails(CutOff("gone"))))
    (failed,) = told.of(Failed)
    assert isinstance(failed, Failed)
    assert (failed.path, failed.code, failed.text) == ((), "cut_off", "par")


def test_a_missing_worker_is_a_failed_delegation_and_not_a_crash() -> None:
    told = tell(Cast(manager=Script().delegates("x y").then().says("sorry")))
    assert told.transcript.node((0,)).code == "resolve_error"
    assert told.transcript.root.text == "sorry"


def test_a_call_of_an_unknown_tool_is_refused_in_words_that_the_model_reads() -> None:
    manager = Script().calls("rm_rf", path="/").then().says("ok")
    told = tell(Cast(manager=manager))
    (refused,) = told.of(Refused)
    assert isinstance(refused, Refused)
    assert refused.code == "subagent_invalid_request"
    assert "'subagent'" in str(results_seen(manager.asked[1])[0]["message"])
    assert told.transcript.delegations() == []


@pytest.mark.parametrize("arguments", ["{", "null", "[1]", '"x"', "{}", '{"task_description": " "}'])
def test_arguments_that_can_not_be_used_are_never_run(arguments: str) -> None:
    worker = echo()
    manager = Script().calls_raw("subagent", arguments).then().says("ok")
    told = tell(Cast(manager=manager, worker=worker))
    assert worker.asked == []
    assert told.transcript.node((0,)).code == "subagent_invalid_request"


@pytest.mark.parametrize("key", ["task_description", "task", "prompt", "input"])
def test_the_task_is_taken_under_each_of_its_usual_names(key: str) -> None:
    worker = echo()
    tell(Cast(manager=Script().calls("subagent", **{key: "find it"}).then().says("ok"), worker=worker))
    assert worker.asked[0].messages[-1].text == "find it"


def test_a_task_handed_down_word_for_word_is_self_reference() -> None:
    manager = Script().delegates("Sort  the list").then().says("I sorted it.")
    told = tell(Cast(manager=manager, worker=echo()), "sort the list")
    (refused,) = told.of(Refused)
    assert isinstance(refused, Refused)
    assert refused.code == "subagent_invalid_request"
    assert "self-reference" in refused.message


def test_a_worker_whose_model_is_the_delegation_tool_is_refused() -> None:
    worker = seat_of("worker", echo())
    object.__setattr__(worker, "model", "openrouter:subagent")
    told = tell(Cast(manager=Script().delegates("x y").then().says("no"), worker=worker))
    assert told.transcript.node((0,)).code == "subagent_invalid_request"


def test_max_uses_is_a_refusal_and_then_one_last_call_without_tools() -> None:
    manager = Answering(
        lambda request: (
            Script().delegates(f"step {len(request.messages)}").steps[0]
            if request.tools and request.may_call
            else Step(["all done"])
        )
    )
    worker = echo()
    told = tell(Cast(manager=manager, worker=worker), limits=Limits(max_uses=3))
    assert len(worker.asked) == 3
    assert [event.code for event in told.of(Refused) if isinstance(event, Refused)] == [
        "subagent_max_uses_exceeded"
    ]
    (finished,) = [event for event in told.of(Finished) if not event.path]
    assert isinstance(finished, Finished)
    assert finished.text == "all done"
    assert finished.flags == ("limit:subagent_max_uses_exceeded",)


@pytest.mark.parametrize("last", ["", "   ", '<tool_call>\n{"name": "subagent"}'])
def test_a_last_word_that_says_nothing_becomes_the_list_of_results(last: str) -> None:
    manager = Script().delegates("a one").then().delegates("b two").then().says(last)
    told = tell(Cast(manager=manager, worker=echo()), limits=Limits(max_uses=1))
    assert "result of a one" in told.transcript.root.text
    assert told.transcript.root.flags[-1] == "listed"


def test_max_steps_asks_once_more_without_tools() -> None:
    manager = Script().delegates("a one").then().delegates("b two").then().says("enough")
    told = tell(Cast(manager=manager, worker=echo()), limits=Limits(max_steps=2))
    assert len(manager.asked) == 3
    assert not manager.asked[2].may_call
    assert told.transcript.root.flags == ("limit:max_steps",)


def test_max_tasks_holds_for_the_whole_run() -> None:
    manager = Script().delegates("a 1", "b 2", "c 3").then().says("two of three")
    worker = echo()
    told = tell(Cast(manager=manager, worker=worker), limits=Limits(max_tasks=2))
    assert len(worker.asked) == 2
    assert told.transcript.node((2,)).state == "refused"


def test_workers_may_not_delegate_unless_the_person_allows_it() -> None:
    manager = Script().delegates("outer task").then().says("end")
    worker = Script().delegates("inner task").then().says("alone")
    told = tell(Cast(manager=manager, worker=worker))
    assert told.transcript.node((0, 0)).code == "subagent_depth_exceeded"
    told = tell(
        Cast(manager=Script().delegates("outer task").then().says("end"), worker=nesting_worker()),
        limits=Limits(nested=True),
    )
    assert told.transcript.node((0, 0)).state == "done"


def nesting_worker() -> Answering:
    def rule(request: ChatRequest) -> Step:
        asked = request.messages[1].text
        if asked.startswith("outer") and request.messages[-1].role == "user":
            return Script().delegates("inner task").steps[0]
        return Step(["done"])

    return Answering(rule)


def test_the_last_level_is_not_offered_the_tool() -> None:
    def rule(request: ChatRequest) -> Step:
        if request.tools:
            return Script().delegates(f"{request.messages[1].text} deeper").steps[0]
        return Step(["bottom"])

    worker = Answering(rule)
    manager = Script().delegates("level one").then().says("end")
    told = tell(Cast(manager=manager, worker=worker), limits=Limits(nested=True, depth=3, max_steps=1))
    assert max(len(path) for path in told.transcript.nodes) == 2
    assert [bool(request.tools) for request in worker.asked[:2]] == [True, False]


def test_calls_of_an_answer_that_was_cut_are_never_run() -> None:
    worker = echo()
    manager = Script().says("I will").delegates("half a").ends("length")
    told = tell(Cast(manager=manager, worker=worker))
    assert worker.asked == []
    assert told.transcript.root.flags == ("length",)


def test_an_answer_cut_before_it_said_anything_is_a_failure() -> None:
    told = tell(Cast(manager=Script().delegates("half a").ends("length")))
    assert told.transcript.root.code == "cut_off"


def test_an_empty_answer_is_a_failure_and_not_a_success() -> None:
    assert tell(Cast(manager=Script())).transcript.root.code == "bad_reply"
    assert "thinking" in tell(Cast(manager=Script().thinks("hm"))).transcript.root.message


def test_a_seat_that_fails_before_its_first_token_falls_back() -> None:
    spare = seat_of("spare", Script().says("from the spare"))
    first = seat_of("manager", Script().fails(Unreachable("down")))
    object.__setattr__(first, "fallback", (spare,))
    told = tell(Cast(manager=first))
    (fell,) = told.of(FellBack)
    assert isinstance(fell, FellBack)
    assert fell.from_seat == "manager-profile/manager-model"
    assert (fell.profile, fell.model) == ("spare-profile", "spare-model")
    assert told.transcript.root.text == "from the spare"
    assert [spent.call.status for spent in told.of(Spent) if isinstance(spent, Spent)] == ["failed", "ok"]


def test_a_seat_that_fails_after_its_first_token_does_not_fall_back() -> None:
    first = seat_of("manager", Script().says("half").fails(CutOff("gone")))
    object.__setattr__(first, "fallback", (seat_of("spare", Script().says("no")),))
    assert tell(Cast(manager=first)).transcript.root.code == "cut_off"


def test_what_the_lane_says_may_be_tried_again_is_tried_again_and_each_try_is_a_row() -> None:
    busy = Overloaded("full")
    busy.retry_in = 5.0
    manager = Script().fails(busy).then().says("now")
    told = tell(Cast(manager=manager))
    assert len(told.of(Retrying)) == 1
    assert [spent.call.code for spent in told.of(Spent) if isinstance(spent, Spent)] == ["overloaded", ""]
    assert [request.tries for request in manager.asked] == [1, 2]


def test_thinking_is_carried_back_to_its_own_provider_only() -> None:
    manager = Script().thinks("deep", "sig").delegates("a b").then().says("end")
    tell(Cast(manager=manager, worker=echo()))
    assert manager.asked[1].messages[2].thinking[0].signature == "sig"
    foreign = Message("assistant", "x", thinking=(Thinking("deep", "sig", origin="other/model"),))
    manager = Script().says("hi")
    tell(Cast(manager=manager), history=(Message("user", "q"), foreign))
    assert manager.asked[0].messages[2].thinking == ()


def test_usage_of_the_run_is_the_sum_of_its_calls() -> None:
    manager = Script().uses(100, 10).delegates("a 1", "b 2").then().says("end").uses(150, 20)
    told = tell(Cast(manager=manager, worker=Script().says("r").uses(7, 3)))
    rows = [event.call.usage for event in told.of(Spent) if isinstance(event, Spent)]
    assert told.transcript.usage == sum(rows, Usage()) == Usage(264, 0, 36)


def test_a_prompt_that_the_server_silently_cut_is_not_a_success() -> None:
    long = "word " * 10_000
    told = tell(Cast(manager=Script().says("sure").uses(2050, 3)), long)
    assert told.transcript.root.code == "context_overflow"
    assert "2050" in told.transcript.root.message


def test_results_are_cut_only_where_the_managers_window_demands_it_and_say_so() -> None:
    manager = Script().delegates("long one", "short one").then().says("end")
    long = Answering(lambda request: Step(["x" * 50_000 if "long" in request.messages[-1].text else "brief"]))
    told = tell(Cast(manager=seat_of("manager", manager, window=4096), worker=long))
    first, second = told.of(Returned)
    assert isinstance(first, Returned)
    assert isinstance(second, Returned)
    assert first.cut > 0
    assert second.cut == 0
    assert "cut" in results_seen(manager.asked[1])[0]
    assert results_seen(manager.asked[1])[1]["result"] == "brief"


def test_events_of_one_path_are_in_order_and_each_turn_ends_once() -> None:
    manager = Script().delegates(*[f"task {number}" for number in range(8)]).then().says("end")
    told = tell(Cast(manager=manager, worker=echo()))
    for path in told.transcript.nodes:
        own = [event for event in told.events if event.path == path]
        assert sum(event.terminal for event in own) == 1
        kinds = [type(event) for event in own]
        assert kinds.index(Started) < kinds.index(Spent) < kinds.index(Finished)
    assert told.names()[-1] == "Finished"


def test_text_reaches_the_reader_before_the_call_ends() -> None:
    told = tell(Cast(manager=Script().says("a", "b", "c")))
    assert told.names().index("Spent") > max(
        place for place, event in enumerate(told.events) if isinstance(event, Wrote)
    )


def test_a_model_that_is_not_there_is_named() -> None:
    told = tell(Cast(manager=Script().fails(ModelMissing("no such model 'x'"))))
    assert told.transcript.root.code == "model_not_found"


def test_an_answer_whose_stream_was_cut_at_its_end_says_that_it_may_be_partial() -> None:
    manager = Script().delegates("a 1").flagged("cut_at_end").then().says("end")
    worker = Script().says("r").flagged("cut_at_end")
    told = tell(Cast(manager=manager, worker=worker))
    assert told.transcript.root.flags == ("cut_at_end",)
    assert told.transcript.node((0,)).flags == ("cut_at_end",)
    assert results_seen(manager.asked[1])[0]["partial"] == ["cut_at_end"]
