"""A paste is text to its end, and a key with alt is one key, on any terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual._xterm_parser import XTermParser

from tui_delegate.tui.reader import BEGINS, ENDS, PasteFilter, mend_reader


def read(*parts: str) -> list[object]:
    mend_reader()
    parser = XTermParser()
    return [event for part in (*parts, "") for event in parser.feed(part)]


def keys(*parts: str) -> list[str]:
    return [event.key for event in read(*parts) if isinstance(event, events.Key)]


@pytest.mark.parametrize(
    ("bytes_read", "expected"),
    [
        ("\x1b\r", ["alt+enter"]),
        ("\x1bb\x1bb\x1bf", ["alt+b", "alt+b", "alt+f"]),
        ("\x1b\x7f", ["alt+backspace"]),
        ("\x1by\x1bd", ["alt+y", "alt+d"]),
        ("\x1b[13;3u", ["alt+enter"]),
        ("\x1b[13;2u", ["shift+enter"]),
        ("\x1b[1;3A", ["alt+up"]),
        ("\n", ["ctrl+j"]),
        ("\r", ["enter"]),
        ("\x1b", ["escape"]),
    ],
)
def test_a_key_is_read_for_what_it_is(bytes_read: str, expected: list[str]) -> None:
    assert keys(bytes_read) == expected


@pytest.mark.parametrize("cut", range(1, 33))
def test_no_line_end_in_a_paste_is_a_key_however_the_bytes_are_cut(cut: int) -> None:
    raw = f"a{BEGINS}one\x1b[31m\rtwo\x1b\rthree{ENDS}b"
    told = read(raw[:cut], raw[cut:])
    assert [event.key for event in told if isinstance(event, events.Key)] == ["a", "b"]
    assert [event.text for event in told if isinstance(event, events.Paste)] == ["one\ntwo\nthree"]


@given(st.text(alphabet="ab\r\n\x1b[2015~", max_size=60), st.lists(st.integers(0, 80), max_size=6))
def test_outside_of_a_paste_every_letter_is_passed_on_at_once(text: str, cuts: list[int]) -> None:
    text = text.replace(BEGINS, "")
    filtering, passed, start = PasteFilter(), "", 0
    for end in [*sorted(cuts), len(text)]:
        part = text[start : max(start, end)]
        assert filtering.feed(part) == part
        passed += part
        start = max(start, end)
    assert passed == text
