"""Every event comes back from JSON as it was; whatever else comes is refused; a text left out is out."""

from __future__ import annotations

import json
from dataclasses import Field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.shapes_of import EVENTS, planted
from tui_delegate.core.calls import ModelCall, RunContext
from tui_delegate.core.codec import KINDS, BadEvent, decode, encode, without_text
from tui_delegate.core.events import (
    Asked,
    Commanded,
    Delegated,
    Event,
    FellBack,
    Finished,
    Loading,
    Opened,
    Queued,
    Refused,
    Spent,
    Started,
    Warned,
    Wrote,
)
from tui_delegate.core.messages import Message, Thinking, ToolCall
from tui_delegate.core.usage import Price, Usage

WORD = "canary-vireo"
NEVER_SAID: dict[type, set[str]] = {
    Opened: {"run", "after"},
    Asked: {"kind", "agent", "profile", "model"},
    Delegated: {"call_id", "agent"},
    Spent: {"finish", "flags"},
    Started: {"agent", "profile", "backend", "model"},
    Refused: {"call_id", "code"},
    Finished: {"flags"},
    Commanded: {"command", "agent"},
    FellBack: {"from_seat", "profile", "backend", "model", "code"},
    Warned: {"code"},
    Queued: {"reason"},
    Loading: {"stage"},
    RunContext: set(RunContext.__slots__),
    ModelCall: set(ModelCall.__slots__),
    Price: {"source"},
    Message: {"call_id"},
    Thinking: {"origin"},
    ToolCall: {"id"},
}
"""Names, numbers and codes: ours, the person's set-up, or a server's ids. All else may hold what was said."""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(EVENTS)
def test_every_event_comes_back_as_it_was(event: Event) -> None:
    assert decode(json.loads(json.dumps(encode(event)))) == event


@pytest.mark.parametrize("kind", KINDS.values())
def test_a_kind_is_named_by_its_class_and_keeps_its_path(kind: type[Event]) -> None:
    event = planted(kind, "x", lambda *_: False)
    body = encode(event)  # type: ignore[arg-type]
    assert body["event"] == kind.__name__.lower()
    assert "path" in body
    assert decode(body) == event


def test_what_is_at_its_default_is_not_written_but_for_the_path() -> None:
    assert encode(Wrote(text="a")) == {"event": "wrote", "path": [], "text": "a"}


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_junk_is_a_bad_event_and_nothing_else(junk: object) -> None:
    with pytest.raises(BadEvent):
        decode(junk)


@settings(max_examples=250, deadline=None)
@given(EVENTS, st.data())
def test_a_spoiled_event_is_a_bad_event_or_an_event(event: Event, data: st.DataObject) -> None:
    body = encode(event)
    body[data.draw(st.sampled_from([*body, "other"]))] = data.draw(JSON)
    try:
        decode(body)
    except BadEvent:
        return


@pytest.mark.parametrize(
    "body",
    [
        {"event": "retrying", "code": "c", "message": "m", "delay": 10**400},
        {"event": "wrote", "text": 10**5000},
        {"event": "wrote", "at": -(10**5000)},
        {"event": "wrote", "path": [True]},
        {"event": "wrote", "path": "ab"},
        {"event": "wrote", "attempt": "1"},
        {"event": "spent"},
        {"event": "spent", "call": None},
        {"event": "opened", "run": "r", "limits": []},
        {"event": "_event"},
        {"event": "warned", "code": "c", "message": "m", "durable": False},
        {"event": ["wrote"]},
        {1: 2},
        10**5000,
    ],
    ids=lambda body: str(type(body))[:20],
)
def test_odd_junk_is_a_bad_event(body: object) -> None:
    with pytest.raises(BadEvent):
        decode(body)


@pytest.mark.parametrize("depth", [50, 5_000, 200_000])
def test_junk_of_any_depth_is_a_bad_event(depth: int) -> None:
    deep: object = []
    for _ in range(depth):
        deep = [deep]
    with pytest.raises(BadEvent):
        decode({"event": "wrote", "text": deep})
    with pytest.raises(BadEvent):
        decode(deep)


@pytest.mark.parametrize("kind", KINDS.values())
def test_an_event_without_text_holds_no_word_of_what_was_said(kind: type[Event]) -> None:
    def never_said(owner: type, field: Field[object]) -> bool:
        return field.name in NEVER_SAID.get(owner, set()) or (
            field.name == "code" and owner in KINDS.values()
        )

    event = planted(kind, WORD, never_said)
    stripped = without_text(event)  # type: ignore[arg-type]
    assert WORD not in repr(stripped)
    assert decode(encode(stripped)) == stripped
    assert (stripped.path, stripped.attempt, stripped.at) == (event.path, event.attempt, event.at)  # type: ignore[attr-defined]


@settings(max_examples=200, deadline=None)
@given(EVENTS)
def test_leaving_the_text_out_twice_changes_nothing_more(event: Event) -> None:
    once = without_text(event)
    assert type(once) is type(event)
    assert without_text(once) == once


def test_figures_stay_when_the_text_goes() -> None:
    call = ModelCall("a", "p", "b", "h", "m", "m", Usage(5, 1, 2), 1, 2, 3, 4.0, None, None, "ok")
    event = Spent(call=call, reply=Message("assistant", WORD, (ToolCall("1", WORD, WORD),)))
    stripped = without_text(event)
    assert isinstance(stripped, Spent)
    assert stripped.call == call
    assert WORD not in str(encode(stripped))
