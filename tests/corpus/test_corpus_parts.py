"""Parts each fit, and together are the whole."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_delegate.core.errors import InputError
from tui_delegate.corpus.packet import Packet, Sheet
from tui_delegate.corpus.parts import LEAST_TOKENS, split
from tui_delegate.corpus.values import LeftOut


def packet(**texts: str) -> Packet:
    sheets = tuple(Sheet(name, text, len(text.encode())) for name, text in texts.items())
    return Packet(sheets, (LeftOut("x.png", "binary"),))


def test_whole_files_are_packed_in_their_order() -> None:
    parts = split(packet(a="x" * 300, b="x" * 300, c="x" * 300, d="x"), 230)
    assert [[sheet.name for sheet in part.sheets] for part in parts] == [["a", "b"], ["c", "d"]]
    assert [part.left_out for part in parts] == [(LeftOut("x.png", "binary"),), ()]
    assert all(part.tokens <= 230 for part in parts)


def test_what_fits_is_one_part() -> None:
    whole = packet(a="x", b="")
    assert split(whole, LEAST_TOKENS) == (whole,)


def test_a_file_too_large_for_a_part_is_cut_where_a_section_begins() -> None:
    lines = "".join(f"line {number}\n" for number in range(60))
    text = f"# One\n{lines}# Two\n{lines}"
    parts = split(packet(**{"doc.md": text}), 220)
    assert [sheet.name for part in parts for sheet in part.sheets] == ["doc.md:1-61", "doc.md:62-122"]
    assert parts[1].sheets[0].text.startswith("# Two\n")


def test_a_line_too_long_for_a_part_is_cut_too() -> None:
    parts = split(packet(min_js="a\n" + "x" * 2000 + "\nb"), 220)
    names = [sheet.name for part in parts for sheet in part.sheets]
    assert names[0] == "min_js:1-1"
    assert names[1:-1] == ["min_js:2-2"] * (len(names) - 2)
    assert names[-1] == "min_js:2-3"


def test_too_little_room_is_refused() -> None:
    with pytest.raises(InputError, match="Only 199 tokens are left for files") as caught:
        split(packet(a="x"), 199)
    assert caught.value.hint


TEXTS = st.text(st.sampled_from("ab \n\n#é\U0001f600"), max_size=1500)


@given(texts=st.lists(TEXTS, min_size=1, max_size=4), tokens=st.integers(LEAST_TOKENS, 400))
def test_nothing_is_lost_and_nothing_is_twice(texts: list[str], tokens: int) -> None:
    whole = packet(**{f"f{number}": text for number, text in enumerate(texts)})
    parts = split(whole, tokens)
    assert all(part.sheets and part.tokens <= tokens for part in parts)
    joined: dict[str, str] = {}
    for sheet in (sheet for part in parts for sheet in part.sheets):
        name, _, lines = sheet.name.partition(":")
        before = joined.get(name, "")
        joined[name] = before + sheet.text
        if lines:
            first, last = map(int, re.findall(r"\d+", lines))
            assert first == before.count("\n") + 1
            assert last == joined[name].removesuffix("\n").count("\n") + 1
    assert joined == {sheet.name: sheet.text for sheet in whole.sheets}
    assert sum(part.size for part in parts) == whole.size
    assert parts == split(whole, tokens)
