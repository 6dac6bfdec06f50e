"""Every boundary and every cut of every recorded stream, without a network: the readers are pure."""

from __future__ import annotations

import random

import pytest

from tests.backends.streams import STREAMS, bytewise, read, shortened

COMPLETE_WHEN_WHOLE = [name for name in STREAMS if "err" not in name]
SMALL = 3000
STEP = 61


@pytest.mark.parametrize("name", STREAMS)
def test_the_same_bytes_give_the_same_reply_however_they_are_split(name: str) -> None:
    kind, body = STREAMS[name]
    want = read(kind, [body])
    assert read(kind, bytewise(body)) == want
    body = shortened(body, SMALL * 2)
    want = read(kind, [body])
    # The decoder's own test goes through every split of every event; the readers see its events only.
    for at in range(0, len(body), 1 if len(body) < SMALL // 2 else STEP):
        assert read(kind, [body[:at], body[at:]]) == want
    lines = body.splitlines(keepends=True)
    assert read(kind, lines) == want
    rng = random.Random(7)
    cuts = sorted(rng.sample(range(len(body)), 20))
    pieces = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert read(kind, pieces) == want


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_that_is_cut_at_any_byte_is_a_reply_only_if_the_server_was_done(name: str) -> None:
    kind, body = STREAMS[name]
    body = shortened(body, SMALL)
    end = _first_terminal(name, body)
    for at in range(len(body)):
        outcome = read(kind, [body[:at]])
        if at < end:
            assert outcome.reply is None, (at, outcome)
            assert outcome.code in ("cut_off", "bad_reply")
        elif outcome.reply is None:
            assert outcome.code in ("cut_off", "bad_reply")


def _first_terminal(name: str, body: bytes) -> int:
    """Where the first event that says "done" begins: before it nothing may count as an answer."""
    if not body.startswith((b"data:", b"event:")) and name != "ollama":
        return len(body.rstrip())
    marks = {
        "ollama": (b'"done": true',),
        "claude": (b'"stop_reason": "tool_use"',),
        "lmstudio": (b'"finish_reason": "tool_calls"',),
    }.get(name, (b'"finish_reason":"', b'"stop_reason":"', b"[DONE]"))
    return min(body.find(mark) for mark in marks if mark in body)


@pytest.mark.parametrize("name", COMPLETE_WHEN_WHOLE)
def test_every_recorded_answer_is_an_answer_and_says_what_it_used(name: str) -> None:
    kind, body = STREAMS[name]
    reply = read(kind, [body]).reply
    assert reply is not None
    assert reply.model
    assert reply.usage.total > 0
    assert reply.usage.source == "reported"
