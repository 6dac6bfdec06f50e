"""HTTP itself, however its bytes are moved: fed whole and in pieces."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.backends.saying import chunked
from tui_delegate.backends.http1 import CutShort, Garbled, Incoming, request_head


def read(*pieces: bytes) -> tuple[bytes, Incoming]:
    """Feed an answer piece by piece, then its end; give its body."""
    answer, left, body = Incoming(), [*pieces, b""], b""
    while not answer.head():
        answer.feed(left.pop(0))
    while (piece := answer.piece()) != b"":
        if piece is None:
            answer.feed(left.pop(0))
        else:
            body += piece
    return body, answer


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.integers(1, 30))
def test_a_body_in_parts_is_the_same_however_it_is_cut(parts: list[bytes], step: int) -> None:
    sent = chunked(*parts)
    body, answer = read(*(sent[at : at + step] for at in range(0, len(sent), step)))
    assert body == b"".join(parts)
    assert answer.ended
    assert answer.reusable


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused(junk: bytes) -> None:
    for start in (b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"):
        try:
            read(start + junk)
        except (Garbled, CutShort):
            pass


LINES = st.sampled_from(
    [
        b"Content-Length: 2",
        b"content-length:2 ",
        b"Content-Length: 3",
        b"Content-Length: 2, 2",
        b"Content-Length:",
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: Chunked ",
        b"Transfer-Encoding: identity",
        b"Connection: close",
        b" folded: yes",
        b"\tchunked",
        b"X: a\x0bb",
        b"X: \xe9",
        b"X",
        b"X\r",
        b": no name",
        b"X y: z",
    ]
)
BODIES = st.sampled_from([b"", b"ab", b"abc", b"2\r\nab\r\n0\r\n\r\n", b"2;x=y\r\nab\r\n0\r\nT: u\r\n\r\n"])


def by_another(sent: bytes) -> bytes | None:
    """Read an answer as h11 does; None: it refuses it."""
    line, body = h11.Connection(h11.CLIENT), b""
    line.send(h11.Request(method="GET", target="/", headers=[("host", "x")]))
    line.send(h11.EndOfMessage())
    line.receive_data(sent)
    line.receive_data(b"")
    try:
        while not isinstance(event := line.next_event(), h11.EndOfMessage):
            body += bytes(event.data) if isinstance(event, h11.Data) else b""
    except h11.RemoteProtocolError:
        return None
    return body


@given(
    st.sampled_from([b"HTTP/1.1 200 OK", b"HTTP/1.1 204 No", b"HTTP/1.0 200 OK", b"HTTP/1.1 200"]),
    st.lists(LINES, max_size=4),
    st.sampled_from([b"\r\n", b"\n"]),
    BODIES,
    st.integers(1, 30),
)
def test_no_answer_is_read_in_another_way_than_by_others(
    first: bytes, lines: list[bytes], end: bytes, body: bytes, step: int
) -> None:
    sent = end.join([first, *lines, b"", b""]) + body
    try:
        ours, _ = read(*(sent[at : at + step] for at in range(0, len(sent), step)))
    except (Garbled, CutShort):
        return
    theirs = by_another(sent)
    assert theirs is None or ours == theirs


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/2 200 OK",
        b"HTTP/1.1 2000 OK",
        b"HTTP/1.1 200 OK\r\nno colon",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1",
        b"HTTP/1.1 200 OK\r\nContent-Length: \x0b2",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        b"HTTP/1.1 200 OK\r\n Folded: too soon",
        b"HTTP/1.1 200 OK\r\nX: a\rContent-Length: 2",
        b"HTTP/1.1 200 OK\r\nX: a\0",
        b"HTTP/1.1 200 O\rK",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 30 + b"HTTP/1.1 200 OK",
    ],
)
def test_a_head_that_means_two_things_is_refused(head: bytes) -> None:
    with pytest.raises(Garbled):
        read(head + b"\r\n\r\nab")


def test_a_connection_is_used_again_only_where_the_answer_says_where_it_ends() -> None:
    ends = {
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab": True,
        b"HTTP/1.1 204 No\r\n\r\n": True,
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab": False,
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab": False,
        b"HTTP/1.1 200 OK\r\n\r\nab": False,
        b"HTTP/1.1 101 Other Words\r\nUpgrade: x\r\n\r\n": False,
    }
    for said, again in ends.items():
        _, answer = read(said)
        assert answer.reusable is again, said
    _, answer = read(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 400 What")
    assert not answer.reusable


def test_no_header_can_smuggle_another() -> None:
    for name, value in (("a", "b\r\nc: d"), ("a\r\nb", "c"), ("a", "é\u0394")):
        with pytest.raises(ValueError, match="can't be sent"):
            request_head("GET", "/", {name: value})
