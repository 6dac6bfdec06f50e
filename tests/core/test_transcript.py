"""The fold: states, attempts, sums and unknown prices, whatever the order in which events come."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.shapes_of import EVENTS
from tui_delegate.core.calls import ModelCall
from tui_delegate.core.codec import without_text
from tui_delegate.core.events import (
    Calling,
    Cancelled,
    Commanded,
    Delegated,
    Event,
    Failed,
    FellBack,
    Finished,
    Loading,
    Opened,
    Queued,
    Refused,
    Retrying,
    Returned,
    RunPath,
    Spent,
    Started,
    Thought,
    Warned,
    Wrote,
)
from tui_delegate.core.transcript import ENDED, Node, Transcript
from tui_delegate.core.usage import Usage

WORKER: RunPath = (0,)
USED = Usage(10, 2, 5, 1)


def folded(*events: Event) -> Transcript:
    transcript = Transcript()
    for event in events:
        transcript.apply(event)
    return transcript


def started(path: RunPath = (), attempt: int = 1, model: str = "m", at: float = 1.0) -> Started:
    return Started(path=path, attempt=attempt, at=at, agent="a", profile="p", backend="b", model=model)


def delegated(path: RunPath = WORKER) -> Delegated:
    return Delegated(path=path, call_id="c", task_name="t", task="the task")


def spent(path: RunPath = (), usage: Usage = USED, cost: float | None = 0.5) -> Spent:
    call = ModelCall("a", "p", "b", "h", "m", "m", usage, 0, 0, 0, None, None, cost, "ok")
    return Spent(path=path, call=call)


def text_of(node: Node) -> tuple[str, str]:
    return node.text, node.thinking


def test_a_turn_goes_through_its_states_in_the_words_of_its_events() -> None:
    transcript = Transcript()
    seen = []
    for event in (
        started(),
        Queued(position=2, reason="busy"),
        Queued(position=0, reason="busy"),
        Loading(stage="load", done=0.25),
        Loading(stage="prompt"),
        Retrying(code="overloaded", message="full", delay=1.5),
        Thought(text="hm"),
        Wrote(text="an"),
        Calling(tool="subagent", text="{}"),
        Finished(text="answer"),
    ):
        node = transcript.apply(event)
        seen.append((node.state, node.detail))
    assert seen[1:6] == [
        ("queued", "2 in line: busy"),
        ("queued", ""),
        ("loading", "load 25%"),
        ("loading", "prompt"),
        ("queued", "again in 1.5 s: full"),
    ]
    assert [state for state, _ in seen[6:]] == ["thinking", "writing", "calling", "done"]
    assert transcript.root.text == "answer"
    assert transcript.root.thinking == "hm"


def test_the_first_event_names_the_run_and_its_prompt() -> None:
    transcript = folded(Opened(run="r9", prompt="do it"))
    assert (transcript.run, transcript.prompt, transcript.root.task) == ("r9", "do it", "do it")


def test_a_parent_waits_while_its_workers_run_and_knows_them_in_order() -> None:
    transcript = folded(started(), delegated((0,)), delegated((1,)), started((1,)), started((0,)))
    assert transcript.root.state == "waiting"
    assert transcript.root.children == [(0,), (1,)]
    assert [node.path for node in transcript.delegations()] == [(0,), (1,)]
    assert transcript.node((1,)).task == "the task"


def test_the_text_of_a_new_call_takes_the_place_of_the_text_before() -> None:
    node = folded(Wrote(text="let me "), Wrote(text="see"), spent(), Wrote(text="answer")).root
    assert node.text == "answer"


def test_usage_and_cost_are_the_sums_of_all_calls_of_all_attempts() -> None:
    events: list[Event] = [
        spent(),
        spent((0,)),
        started((0,), 2),
        spent((0,), Usage(1, 0, 1, 0, "estimated")),
        spent((1,)),
    ]
    transcript = folded(*events)
    assert transcript.usage == Usage(31, 6, 16, 3, "estimated")
    assert transcript.cost == 2.0
    assert len(transcript.node((0,)).calls) == 2


def test_one_unknown_price_makes_the_sum_unknown_and_not_less() -> None:
    transcript = folded(spent(), spent((0,), cost=None), spent((0,), cost=1.0))
    assert transcript.cost is None
    assert transcript.node((0,)).cost is None
    assert transcript.root.cost == 0.5
    assert folded(spent(cost=0.0)).cost == 0.0


def test_a_refused_delegation_has_its_own_place_with_the_reason() -> None:
    refused = Refused(path=(1,), call_id="c", code="x", message="no more", tool="subagent")
    transcript = folded(started(), delegated(), refused)
    assert transcript.node((1,)).state == "refused"
    assert (transcript.node((1,)).code, transcript.node((1,)).message) == ("x", "no more")


def test_a_call_of_a_tool_that_is_not_there_refuses_no_turn() -> None:
    unknown = Refused(call_id="c", code="subagent_invalid_request", message="no tool", tool="grep")
    assert folded(started(), Wrote(text="x"), unknown).root.state == "writing"
    inner = Refused(path=WORKER, call_id="c", code="x", message="no tool", tool="grep")
    assert folded(started(), delegated(), started(WORKER), inner).node(WORKER).state == "queued"


def test_a_run_told_without_text_has_the_same_states_and_figures() -> None:
    refused = Refused(path=(1,), call_id="c", code="x", message="no", tool="subagent", task="t")
    unknown = Refused(call_id="c", code="x", message="no", tool="grep")
    events: list[Event] = [
        Opened(run="r", prompt="p"),
        started(),
        unknown,
        spent(),
        delegated(),
        refused,
        started(WORKER),
        spent(WORKER),
        Failed(path=WORKER, code="cut_off", message="m"),
        Returned(path=WORKER, text="m", failed=True),
        Finished(text="end"),
    ]
    full, bare = folded(*events), folded(*map(without_text, events))
    assert {path: (node.state, node.code) for path, node in full.nodes.items()} == {
        path: (node.state, node.code) for path, node in bare.nodes.items()
    }
    assert (full.usage, full.cost) == (bare.usage, bare.cost)


def test_a_failed_turn_keeps_what_it_had_written_and_says_why() -> None:
    node = folded(started(), Wrote(text="half"), Failed(code="cut_off", message="gone", hint="again")).root
    assert (node.state, node.code, node.message, node.hint) == ("failed", "cut_off", "gone", "again")
    assert node.text == "half"
    assert folded(Wrote(text="ha"), Failed(code="c", message="m", text="half")).root.text == "half"


def test_a_cancelled_turn_keeps_what_it_had_written() -> None:
    node = folded(started(), Wrote(text="ha"), Cancelled(text="half", at=9.0)).root
    assert (node.state, node.code, node.text, node.ended) == ("cancelled", "cancelled", "half", 9.0)


def test_a_run_that_broke_off_lasted_until_the_last_thing_that_it_said() -> None:
    transcript = folded(started(at=1.0), delegated(), started(WORKER, at=2.0), Wrote(path=WORKER, at=7.5))
    assert transcript.break_off() == [(), WORKER]
    assert {(node.started, node.ended) for node in transcript.nodes.values()} == {(1.0, 7.5), (2.0, 7.5)}


def test_a_new_attempt_begins_with_nothing_of_the_one_before() -> None:
    transcript = folded(
        delegated(),
        started(WORKER),
        Thought(path=WORKER, text="hm"),
        Wrote(path=WORKER, text="bad"),
        Failed(path=WORKER, code="cut_off", message="gone", hint="try again", at=5.0),
        Returned(path=WORKER, text="x", edited=True, cut=3),
        started(WORKER, 2, "other", at=6.0),
    )
    node = transcript.node(WORKER)
    assert (node.state, node.attempt, node.model) == ("queued", 2, "other")
    assert text_of(node) == ("", "")
    assert (node.code, node.message, node.hint, node.flags) == ("", "", "", ())
    assert (node.edited, node.cut, node.started, node.ended) == (False, 0, 6.0, 0.0)


def test_the_late_end_of_an_older_attempt_ends_nothing() -> None:
    transcript = folded(started(WORKER), started(WORKER, 2), Cancelled(path=WORKER, attempt=1, text="old"))
    assert transcript.node(WORKER).state == "queued"
    assert transcript.node(WORKER).text == ""


def test_a_fall_back_goes_on_in_the_same_attempt_on_the_other_seat() -> None:
    fell = FellBack(path=WORKER, from_seat="p/m", profile="q", backend="b2", model="n", code="unreachable")
    node = folded(delegated(), started(WORKER), fell, Wrote(path=WORKER, text="x")).node(WORKER)
    assert (node.profile, node.backend, node.model, node.attempt) == ("q", "b2", "n", 1)
    assert (node.agent, node.started, node.text) == ("a", 1.0, "x")


def test_an_edited_result_is_what_the_node_says_and_how_it_ended() -> None:
    stopped: list[Event] = [
        delegated(),
        started(WORKER),
        Wrote(path=WORKER, text="wo"),
        Cancelled(path=WORKER, text="wo"),
    ]
    node = folded(*stopped, Returned(path=WORKER, text="by hand", edited=True)).node(WORKER)
    assert (node.text, node.edited, node.state, node.code) == ("by hand", True, "done", "")


def test_an_edit_counts_from_when_it_is_made_and_not_first_when_the_result_goes_back() -> None:
    edit = Commanded(path=WORKER, command="replace", text="by hand", at=7.0)
    stopped = Cancelled(path=WORKER, text="wo", at=8.0)
    transcript = folded(delegated(), started(WORKER), Wrote(path=WORKER, text="wo"), edit, stopped)
    node = transcript.node(WORKER)
    assert (node.text, node.edited, node.state, node.ended) == ("by hand", True, "done", 7.0)
    transcript.apply(Commanded(path=WORKER, command="replace", text="by hand, and longer"))
    transcript.apply(Returned(path=WORKER, text="by hand", edited=True, cut=12))
    assert (node.text, node.cut, node.ended) == ("by hand, and longer", 12, 7.0)
    assert [part.text for part in node.parts] == ["wo", "by hand", "by hand, and longer"]
    transcript.apply(started(WORKER, 2))
    assert (node.edited, node.state) == (False, "queued")


def test_a_cut_result_is_kept_whole_on_the_screen() -> None:
    ended = Finished(path=WORKER, text="long result")
    node = folded(delegated(), started(WORKER), ended, Returned(path=WORKER, text="long", cut=7)).node(WORKER)
    assert (node.text, node.cut, node.state) == ("long result", 7, "done")


def test_warnings_are_kept_and_commands_change_nothing() -> None:
    transcript = folded(started(), Warned(code="c", message="m"), Commanded(command="hold"))
    assert [warning.code for warning in transcript.warnings] == ["c"]
    assert transcript.root.state == "queued"


def test_a_path_of_any_depth_has_all_of_its_places() -> None:
    deep = tuple([0] * 2000)
    transcript = folded(Wrote(path=deep, text="x"))
    assert len(transcript.nodes) == 2001
    assert transcript.root.children == [(0,)]
    assert transcript.node(deep[:-1]).children == [deep]


@settings(max_examples=120, deadline=None)
@given(st.lists(EVENTS, max_size=12))
def test_any_events_in_any_order_fold_without_an_error_and_twice_alike(events: list[Event]) -> None:
    first, second = folded(*events), folded(*events)
    assert first == second
    rows = [event.call.usage for event in events if isinstance(event, Spent)]
    assert first.usage == sum(rows, Usage())
    for path in first.nodes:
        assert not path or path in first.node(path[:-1]).children
        assert path == () or first.node(path[:-1]).children.count(path) == 1
    ends = [event for event in events if event.terminal]
    assert ends or all(node.state not in ENDED - {"refused", "done"} for node in first.nodes.values())


def test_a_worker_that_is_not_the_first_one_is_told_from_it() -> None:
    fell_back = FellBack(path=WORKER, from_seat="s", profile="q", backend="b", model="n", code="unreachable")
    assert folded(delegated(), started(WORKER), fell_back).nodes[WORKER].rerouted
    assert folded(delegated(), started(WORKER), started(WORKER, 2, "other")).nodes[WORKER].rerouted
    assert not folded(delegated(), started(WORKER), started(WORKER, 2)).nodes[WORKER].rerouted
