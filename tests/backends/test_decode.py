from __future__ import annotations

import time

import pytest

from tests.backends.streams import STREAMS
from tui_delegate.backends.decode import LONGEST_EVENT, NdjsonDecoder, SseDecoder, SseEvent
from tui_delegate.core.errors import BadReply


def events(*pieces: bytes) -> list[SseEvent]:
    decoder = SseDecoder()
    return [event for piece in pieces for event in decoder.feed(piece)] + decoder.end()


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_line_end_and_every_split_of_it_gives_the_same_events(end: bytes) -> None:
    body = end.join(
        [b": hi", b"event: a", b"data: 1", b"data:2", b"", b"id: 7", b"retry: 3", b"data", b"", b""]
    )
    want = [("a", b"1\n2"), ("", b"")]
    for at in range(len(body) + 1):
        assert events(body[:at], body[at:]) == want
    assert events(*[body[i : i + 1] for i in range(len(body))]) == want


def test_only_cr_and_lf_end_a_line() -> None:
    body = "data: a\u2028b\x85c\x0bd\x1ce\n\n".encode()
    assert events(body) == [("", "a\u2028b\x85c\x0bd\x1ce".encode())]


def test_a_byte_order_mark_is_no_part_of_the_first_field() -> None:
    body = b"\xef\xbb\xbfdata: x\n\n"
    for at in range(len(body)):
        assert events(body[:at], body[at:]) == [("", b"x")]
    assert events(b"\xef\xbb") == []


def test_a_last_event_without_its_blank_line_is_given_at_the_end() -> None:
    assert events(b"data: x") == [("", b"x")]
    assert events(b"data: x\r\n") == [("", b"x")]


@pytest.mark.parametrize("piece", [b"x" * 65536, b"data: " + b"x" * 65536 + b"\n"])
def test_an_endless_event_is_refused(piece: bytes) -> None:
    with pytest.raises(BadReply):
        events(*[piece] * (LONGEST_EVENT // 65536 + 2))


def test_a_long_event_in_small_pieces_costs_no_more_than_its_length() -> None:
    decoder = SseDecoder()
    before = time.process_time()
    for _ in range(200_000):
        decoder.feed(b"0123456789")
    assert time.process_time() - before < 2.0


def test_lines_of_json_come_whole_however_they_are_split() -> None:
    body = b'{"a":1}\n\n  \r\n{"b":"\xc3\xa9"}\r\n{"c"'
    for at in range(len(body) + 1):
        decoder = NdjsonDecoder()
        lines = decoder.feed(body[:at]) + decoder.feed(body[at:])
        assert [line.strip() for line in lines] == [b'{"a":1}', b'{"b":"\xc3\xa9"}']
        assert decoder.end() == [b'{"c"']


@pytest.mark.parametrize("name", STREAMS)
def test_every_split_of_every_recorded_event_gives_that_event(name: str) -> None:
    """Between events the decoder holds nothing, so a split matters only within its own event."""
    whole = SseDecoder()
    for block in STREAMS[name][1].split(b"\n\n"):
        body = block + b"\n\n"
        want = whole.feed(body)
        assert not whole._data
        assert not whole._lines.size
        for at in range(1, len(body)):
            decoder = SseDecoder()
            assert decoder.feed(body[:at]) + decoder.feed(body[at:]) == want
