"""A tool call that was written as plain text is told from an answer, at any split."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_delegate.core.markup import MARKS, is_call_markup


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("before", ["", "\n\n", "  "])
def test_a_mark_is_told_as_soon_as_it_is_whole_and_not_before(mark: str, before: str) -> None:
    text = f'{before}{mark}{{"name": "subagent"}}'
    whole = len(before) + len(mark)
    assert [is_call_markup(text[:end]) for end in range(whole)] == [None] * whole
    assert all(is_call_markup(text[:end]) for end in range(whole, len(text) + 1))


@pytest.mark.parametrize(
    "text", ["Done.", "<tool>", "<b>", "[1]", "<|im_end|>", "a <tool_call>", "tool_call"]
)
def test_an_answer_is_an_answer(text: str) -> None:
    assert is_call_markup(text) is False


@given(st.text(max_size=30))
def test_once_it_is_told_it_stays_told(text: str) -> None:
    told = [is_call_markup(text[:end]) for end in range(len(text) + 1)]
    first = next((place for place, word in enumerate(told) if word is not None), len(told))
    assert len(set(told[first:])) <= 1
