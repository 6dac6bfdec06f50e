"""How the builtin engine takes words and questions apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_delegate.backends.builtin.question import asks, question_in
from tui_delegate.backends.builtin.quotes import Passage, Quote, parse, render
from tui_delegate.backends.builtin.words import terms


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("install", "Installation"),
        ("running", "runs"),
        ("configure", "configured"),
        ("retries", "retry"),
        ("delegate", "delegations"),
    ],
)
def test_kin_of_a_word_become_the_same_term(one: str, other: str) -> None:
    assert terms(one) == terms(other) != []


def test_an_identifier_is_found_whole_and_by_its_parts() -> None:
    assert {"max_uses", "max"} <= set(terms("max_uses"))
    assert terms("parseFrame")[:2] == [*terms("parse"), *terms("frame")]


def test_a_script_without_spaces_becomes_pairs() -> None:
    assert terms("設定変更") == ["設定", "定変", "変更"]


def test_a_question_of_two_parts_becomes_two_asks() -> None:
    first, second = asks("What is this and how do I start it?")
    assert (first.text, first.overview, first.weights) == ("What is this", True, {})
    assert second.how
    assert second.weights["start"] > second.weights["instal"] > 0


@pytest.mark.parametrize(
    "said", ["alpha | beta", "alpha beta\ngamma delta", "1. alpha\n2. beta", "alpha? beta"]
)
def test_clauses_are_told_apart_by_marks_lines_and_numbers(said: str) -> None:
    assert len(asks(said)) == 2


def test_a_file_whose_space_is_escaped_is_no_part_of_the_question() -> None:
    assert question_in("What is the code? @my\\ notes.txt") == "What is the code?"


def test_the_question_of_a_task_is_what_stands_after_its_mark_without_files() -> None:
    assert question_in('Extract.\n\nQuestion: Why? @README.md @"a b.md"') == "Why?"
    assert question_in("Why not?") == "Why not?"


@given(st.text(max_size=200))
def test_any_text_is_a_question(text: str) -> None:
    assert 1 <= len(asks(text)) <= 6


@given(
    st.from_regex(r"[^\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]{1,80}", fullmatch=True),
    st.integers(1, 9999),
    st.booleans(),
    st.sampled_from(["", "Install"]),
)
def test_a_passage_that_was_written_is_read_back_as_it_was(
    text: str, line: int, cut: bool, section: str
) -> None:
    made = Passage(
        (Quote("a b.md", line, text, cut), Quote("a b.md", line + 1, "more")), section, 3, line + 9
    )
    assert parse(render(made)) == [made]
