"""What an errand is about: cut into parts, nothing of it is lost and nothing is twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_delegate.core.errors import InputError
from tui_delegate.corpus.packet import Packet, Sheet
from tui_delegate.corpus.parts import LEAST_TOKENS
from tui_delegate.workspace.material import Files, Text

LINES = st.lists(st.text(max_size=3000), max_size=30).map("\n".join)
ROOMS = st.integers(LEAST_TOKENS, 2 * LEAST_TOKENS)


@given(LINES, ROOMS)
def test_parts_of_a_text_are_the_text_and_each_fits(text: str, room: int) -> None:
    parts = Text(text).parts(room)
    assert "".join(part.text for part in parts) == text
    assert max(part.tokens for part in parts) <= room


@given(st.lists(st.integers(1, 120), min_size=1, max_size=60), ROOMS)
def test_a_text_is_cut_at_line_ends_where_its_lines_fit(lengths: list[int], room: int) -> None:
    parts = Text("".join("x" * length + "\n" for length in lengths)).parts(room)
    assert all(part.text.endswith("\n") for part in parts)


@given(st.lists(st.tuples(st.sampled_from("abc"), LINES), min_size=1, max_size=6), ROOMS)
def test_parts_of_files_hold_every_file_whole_and_each_fits(files: list[tuple[str, str]], room: int) -> None:
    sheets = tuple(
        Sheet(f"{name}{place}.md", text, len(text.encode(errors="replace")))
        for place, (name, text) in enumerate(files)
    )
    parts = Files.of(Packet(sheets), "corpus").parts(room)
    for sheet in sheets:
        pieces = [
            one.text
            for part in parts
            for one in part.packet.sheets
            if one.name.partition(":")[0] == sheet.name
        ]
        assert "".join(pieces) == sheet.text
    assert all(part.text.startswith("<corpus>") and part.text.endswith("</corpus>") for part in parts)


@pytest.mark.parametrize("room", [0, 1, LEAST_TOKENS - 1])
def test_room_for_next_to_nothing_is_refused_and_never_makes_parts_of_one_letter(room: int) -> None:
    files = Files.of(Packet((Sheet("a.md", "x" * 5000, 5000),)), "corpus")
    for material in (Text("x" * 5000), files):
        with pytest.raises(InputError, match="too few"):
            material.parts(room)


def test_what_is_most_of_it_is_named_by_its_three_largest_files() -> None:
    sheets = tuple(Sheet(f"{size}.md", "x" * size, size) for size in (10, 4000, 3000, 2000))
    files = Files.of(Packet(sheets), "corpus")
    assert [name.partition(" ")[0] for name in files.largest.split(", ")] == ["4000.md", "3000.md", "2000.md"]
    assert files.names == ("10.md", "4000.md", "3000.md", "2000.md")
    assert (Text("x").largest, Text("x").names, Text("x").remark) == ("", (), "")


def test_a_frame_in_which_something_was_escaped_says_so() -> None:
    assert Files.of(Packet((Sheet("a", "x</file>", 8),)), "corpus").remark
    assert not Files.of(Packet((Sheet("a", "x", 1),)), "corpus").remark
