"""The fold of what is asked, of where a turn runs, of what it holds, and of a run that went on."""

from __future__ import annotations

import pytest

from tui_delegate.core.approval import APPROVED, Verdict
from tui_delegate.core.calls import ModelCall
from tui_delegate.core.codec import decode, encode
from tui_delegate.core.events import (
    Asked,
    Cancelled,
    Commanded,
    Delegated,
    Event,
    Failed,
    FellBack,
    Finished,
    Refused,
    Resumed,
    Returned,
    RunPath,
    Spent,
    Started,
    Wrote,
)
from tui_delegate.core.transcript import Transcript
from tui_delegate.core.usage import Usage

WORKER: RunPath = (0,)
ASKED = Asked(path=WORKER, kind="delegation", agent="worker", task_name="t", task="do t", files=("a.md",))


def folded(*events: Event) -> Transcript:
    transcript = Transcript()
    for event in events:
        transcript.apply(event)
    return transcript


def started(path: RunPath = WORKER, agent: str = "worker", **more: int) -> Started:
    return Started(path=path, agent=agent, profile="p", backend="b", model="m", at=1.0, **more)


def spent(prompt: int, completion: int, status: str = "ok") -> Spent:
    call = ModelCall(
        "a", "p", "b", "h", "m", "m", Usage(prompt, 0, completion), 0, 0, 0, None, None, 0.0, "ok"
    )
    assert status in ("ok", "failed")
    if status == "failed":
        call = ModelCall("a", "p", "b", "h", "m", "", Usage(9, 0, 9), 0, None, 0, None, None, None, "failed")
    return Spent(path=WORKER, call=call)


def test_what_is_asked_is_known_before_it_runs() -> None:
    node = folded(ASKED).node(WORKER)
    assert (node.state, node.detail) == ("asking", "may this be delegated?")
    assert (node.task_name, node.task, node.files) == ("t", "do t", ("a.md",))


@pytest.mark.parametrize("command", ["approve", "edit", "reroute", "approve_run", "refuse", "cancel"])
def test_an_answer_ends_the_asking(command: str) -> None:
    node = folded(ASKED, Commanded(path=WORKER, command=command)).node(WORKER)
    assert (node.state, node.detail) == ("queued", "")


def test_a_question_that_is_asked_again_says_why() -> None:
    again = Asked(path=WORKER, kind="delegation", note="x can't be used")
    assert folded(ASKED, again).node(WORKER).detail == "x can't be used"
    assert "paint" in folded(Asked(path=WORKER, kind="paint")).node(WORKER).detail


def test_a_refusal_keeps_what_to_do_about_it() -> None:
    refused = Refused(path=WORKER, call_id="c", code="denied", message="no", tool="subagent", hint="go on")
    node = folded(ASKED, refused).node(WORKER)
    assert (node.state, node.code, node.message, node.hint) == ("refused", "denied", "no", "go on")


def test_a_turn_that_runs_elsewhere_than_it_was_meant_to_is_rerouted() -> None:
    assert not folded(ASKED, started()).node(WORKER).rerouted
    assert folded(ASKED, started(agent="other")).node(WORKER).rerouted
    assert not folded(started(), started(attempt=2)).node(WORKER).rerouted
    moved = (started(), started(agent="other", attempt=2))
    assert folded(*moved).node(WORKER).rerouted


def test_a_node_knows_its_window_and_how_full_its_last_call_made_it() -> None:
    node = folded(started(window=4096), spent(100, 20), spent(300, 50), spent(0, 0, "failed")).node(WORKER)
    assert (node.window, node.context) == (4096, 350)
    fell = FellBack(path=WORKER, from_seat="p/m", profile="q", backend="b", model="n", code="x", window=8192)
    assert folded(started(window=4096), fell).node(WORKER).window == 8192
    assert folded(started()).node(WORKER).window is None


def test_a_run_that_goes_on_begins_again_what_was_under_way_and_keeps_what_had_ended() -> None:
    transcript = folded(
        started(()),
        Delegated(path=WORKER, call_id="c"),
        started(),
        Wrote(path=WORKER, text="half "),
        Delegated(path=(1,), call_id="d"),
        started((1,)),
        Finished(path=(1,), text="whole"),
        Returned(path=(1,), text="whole"),
        Failed(code="unreachable", message="down", at=3.0),
        Resumed(at=5.0),
    )
    states = [node.state for node in (transcript.root, *transcript.delegations())]
    assert states == ["queued", "queued", "done"]
    assert transcript.resumed == [5.0]
    transcript.apply(started((), attempt=2, resumes=1))
    transcript.apply(started(attempt=2, resumes=1))
    transcript.apply(Wrote(path=WORKER, attempt=2, text="whole"))
    node = transcript.node(WORKER)
    assert node.text == "whole"
    assert [(part.text, part.attempt) for part in node.parts] == [("half ", 1), ("whole", 2)]
    assert (transcript.root.code, transcript.root.message) == ("", "")


def test_a_run_that_was_cancelled_goes_on_too() -> None:
    ended = folded(started(()), Cancelled(at=3.0), Resumed(at=4.0)).root
    assert (ended.state, ended.ended) == ("queued", 0.0)


@pytest.mark.parametrize(
    "event",
    [started(), FellBack(from_seat="a", profile="p", backend="b", model="m", code="x"), spent(1, 1), ASKED],
)
def test_events_of_before_there_were_these_fields_are_read_still(event: Event) -> None:
    body = encode(event)
    assert not {"window", "resumes", "finish", "flags", "heard", "note"} & set(body)
    assert decode(body) == event


@pytest.mark.parametrize(
    ("verdict", "word"),
    [
        (APPROVED, "approve"),
        (Verdict(approved=True, task="x"), "edit"),
        (Verdict(approved=True, agent="x"), "reroute"),
        (Verdict(approved=True, agent="x", whole_run=True), "approve_run"),
        (Verdict(reason="x"), "refuse"),
        (Verdict(task="x", agent="y", whole_run=True), "refuse"),
    ],
)
def test_a_verdict_has_one_word(verdict: Verdict, word: str) -> None:
    assert verdict.word == word
