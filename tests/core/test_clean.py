"""No control reaches a display, whole or split anywhere; ordinary text stays; nothing is swallowed."""

from __future__ import annotations

import itertools
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.assets import bad_inputs
from tui_delegate.core.clean import BOUND, Cleaner, clean, clean_line, sentence

ROWS = bad_inputs("ansi")
HOSTILE = (
    "\x1b", "[", "]", "P", "\\", "0;", "31", "m", "h", "52;c;", "\x07", "\x9c", "\x9b", "\x9d", "\x90",
    "\x9f", "\r", "\n", "\r\n", "\t", "\x00", "\x7f", "\x85", "a", "ü", "word ", "\u202e", "\u2066", "\ufeff",
    "\ud800", "\udfff", "\U000e0041", "👩\u200d👩", "\x1b]", "\x1b[",
)  # fmt: skip


def is_hostile(char: str) -> bool:
    code = ord(char)
    return (
        (code < 0x20 and char not in "\t\n")
        or 0x7F <= code <= 0x9F
        or 0xD800 <= code <= 0xDFFF
        or 0xE0000 <= code <= 0xE007F
        or 0xFFF9 <= code <= 0xFFFB
        or char in "\u061c\u200e\u200f\ufeff"
        or unicodedata.bidirectional(char) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    )


def harmless(text: str) -> bool:
    return not any(map(is_hostile, text))


def streamed(*pieces: str) -> str:
    cleaner = Cleaner()
    shown = [cleaner.feed(piece) for piece in pieces]
    shown.append(cleaner.end())
    assert all(map(harmless, shown))
    return "".join(shown)


def text_of(row: object) -> str:
    assert isinstance(row, str)
    return row


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_no_hostile_input_leaves_a_control_whole_or_split_anywhere(row: dict[str, object]) -> None:
    text = text_of(row["input"])
    whole = clean(text)
    assert harmless(whole)
    assert harmless(clean_line(text))
    # A long row is the same few characters again and again: its first two hundred hold every kind of split.
    for at in range(min(len(text), 200) + 1):
        assert streamed(text[:at], text[at:]) == whole
    if len(text) < 1000:
        assert streamed(*text) == whole


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(HOSTILE), max_size=25), st.data())
def test_splices_of_sequences_leave_no_control_and_a_stream_shows_the_same(
    parts: list[str], data: st.DataObject
) -> None:
    text = "".join(parts)
    whole = clean(text)
    assert harmless(whole)
    assert clean(whole) == whole
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    edges = [0, *cuts, len(text)]
    assert streamed(*(text[start:end] for start, end in itertools.pairwise(edges))) == whole


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_whatever_comes_is_harmless_and_no_ordinary_character_is_lost(text: str) -> None:
    assert harmless(clean(text))
    if harmless(text):
        assert clean(text) == text
        assert streamed(*text) == text


@pytest.mark.parametrize(
    "text",
    [
        "plain\n\tline [0m ]52;c; \\ and [/dim]",
        "naïve Ωmega 日本語 ไทย हिन्दी مرحبا שלום",
        "👩\u200d👩\u200d👧 e\u0301 a\u00adb\u200bc",
        "",
        " ",
    ],
)
def test_ordinary_text_is_untouched(text: str) -> None:
    assert clean(text) is text
    assert streamed(*text) == text


def test_another_sentence_may_follow_whatever_a_server_said() -> None:
    said = ("overloaded", "Wait.", "slow down \n", "Why?", "")
    assert [sentence(text) for text in said] == ["overloaded.", "Wait.", "slow down.", "Why?", "."]


def test_every_kind_of_line_end_is_a_line_end() -> None:
    assert clean("a\r\nb\rc\n") == "a\nb\nc\n"
    assert streamed("a\r", "\nb\r", "c\r") == "a\nb\nc\n"


def test_half_of_a_pair_is_shown_as_a_replacement() -> None:
    assert clean("a\ud83db") == "a\ufffdb"


def test_what_stands_around_a_sequence_stays() -> None:
    assert (
        clean("red \x1b[31mtext\x1b[0m, \x1b]8;;http://e\x07link\x1b]8;;\x1b\\ end") == "red text, link end"
    )


@pytest.mark.parametrize("opens", ["\x1b]0;", "\x1bP", "\x1b_", "\x1b^", "\x1bX", "\x9d", "\x90", "\x9f"])
def test_a_sequence_without_an_end_swallows_its_line_and_no_more(opens: str) -> None:
    text = f"before {opens}lost\nthe next line\nand another"
    assert clean(text) == "before \nthe next line\nand another"
    assert streamed(*text) == clean(text)


@pytest.mark.parametrize("opens", ["\x1b]", "\x9d"])
def test_a_long_line_after_a_sequence_without_an_end_is_shown_again(opens: str) -> None:
    text = f"{opens}{'x' * 10_000}"
    assert clean(text) == "x" * (10_000 - BOUND + 2)
    assert streamed(*text) == clean(text)


def test_a_long_sequence_that_ends_is_taken_out_whole() -> None:
    assert clean(f"a\x1b]1337;File=:{'A' * 100_000}\x07b") == "ab"


def test_a_stream_holds_back_no_more_than_the_bound() -> None:
    cleaner = Cleaner()
    assert cleaner.feed("seen \x1b]0;" + "x" * (BOUND - 5)) == "seen "
    assert cleaner.feed("x" * 5 + "shown") != ""
    assert cleaner.end() == ""


def test_a_stream_shows_at_once_what_is_whole() -> None:
    cleaner = Cleaner()
    assert [cleaner.feed(piece) for piece in ("a", "b\x1b[1", "mc", "d\x1b", "[0m", "e")] == [
        "a", "b", "c", "d", "", "e",
    ]  # fmt: skip


def test_a_line_is_one_line_and_short() -> None:
    assert clean_line(" a\n\tb\x1b[2J  c ") == "a b c"
    assert clean_line("x" * 300) == "x" * 199 + "…"
    assert clean_line("abcdef", 4) == "abc…"
    assert clean_line("abcd", 4) == "abcd"


@pytest.mark.parametrize(
    "unit",
    [
        "plain text, ünd so weiter\n",
        "x",
        "\x9d",
        "\x1b]",
        "\x1b[",
        "\x90y",
        "\x1b[31m",
        "\r",
        "\x1bPtmux;\x1b",
    ],
)
@pytest.mark.parametrize("opens", ["", "\x1b]0;", "\x9d"])
def test_the_work_grows_with_the_length_and_not_faster(opens: str, unit: str) -> None:
    def seconds(size: int) -> float:
        text = opens + unit * (size // len(unit))
        begun = time.process_time()
        clean(text)
        return time.process_time() - begun

    small = min(seconds(40_000) for _ in range(3))
    # Eight times the text: about eight times the work, where quadratic would be sixty-four.
    assert seconds(320_000) < 30 * small + 0.005


def test_ten_megabytes_of_plain_text_are_passed_through_as_they_are() -> None:
    text = "plain text of a long answer\n" * 370_000
    assert clean(text) is text
    assert Cleaner().feed(text) is text


def test_five_megabytes_of_a_sequence_without_an_end_are_read_once() -> None:
    assert len(clean("\x1b]52;c;" + "A" * 5_000_000)) == 5_000_007 - BOUND
