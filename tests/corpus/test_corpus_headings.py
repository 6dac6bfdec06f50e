from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tui_delegate.corpus.headings import MOST, sections

FILL = ["words"] * 90


def found(name: str, *lines: str) -> tuple[tuple[int, str], ...]:
    return sections(name, "\n".join([*lines, *FILL]))


def test_a_short_file_has_no_sections() -> None:
    assert sections("a.md", "# One\n" * 80) == ()


def test_headings_of_a_document_are_found_and_code_is_not_one() -> None:
    lines = (
        "# One ##",
        "text",
        "```sh",
        "# no heading",
        "~~~",
        "```",
        "## Two: three",
        "#nospace",
        "    # code",
    )
    assert found("a.md", *lines) == ((1, "One"), (7, "Two: three"))


def test_underlined_headings_are_found_and_front_matter_is_not_one() -> None:
    lines = ("---", "title: x", "---", "", "Name", "====", "", "Part", "----", "", "| a | b |", "---")
    assert found("README", *lines) == ((5, "Name"), (8, "Part"))


def test_headings_of_restructured_text_are_found() -> None:
    assert found("a.rst", "Name", "====", "", "Part", "----", "", "Next", "~~") == ((1, "Name"), (4, "Part"))


def test_definitions_of_a_program_are_found() -> None:
    lines = (
        "import os",
        "def one(a: int) -> int:",
        "    def inner(): ...",
        "async def two():",
        "class Three:",
        "x = 1",
    )
    assert found("a.py", *lines) == (
        (2, "def one(a: int) -> int"),
        (4, "async def two()"),
        (5, "class Three"),
    )
    assert found("a.go", "func (s *S) Go() {", "type S struct {") == (
        (1, "func (s *S) Go()"),
        (2, "type S struct"),
    )
    assert found("a.ts", "export default class A {", "export function b() {") == (
        (1, "export default class A"),
        (2, "export function b()"),
    )


def test_a_log_has_no_sections() -> None:
    assert found("a.log", "# not a heading") == ()


def test_of_too_many_levels_the_upper_ones_are_kept() -> None:
    lines = [line for chapter in range(5) for line in (f"# {chapter}", *["## part"] * 10)]
    assert [title for _, title in found("a.md", *lines)] == ["0", "1", "2", "3", "4"]


def test_of_too_many_on_one_level_some_are_kept_from_start_to_end() -> None:
    kept = found("a.md", *[f"# {number}" for number in range(100)])
    assert len(kept) == MOST
    assert (kept[0], kept[-1]) == ((1, "0"), (100, "99"))


@given(
    st.lists(
        st.sampled_from(["# a", "## b\x1b[2J", "```", "~~~", "===", "---", "", "x", "#### |"]), min_size=81
    )
)
@settings(max_examples=60)
def test_sections_are_few_in_order_and_one_clean_line_each(lines: list[str]) -> None:
    for name in ("a.md", "a.rst", "a.py"):
        kept = sections(name, "\n".join(lines))
        assert len(kept) <= MOST
        assert [line for line, _ in kept] == sorted({line for line, _ in kept})
        assert all(title.isprintable() and 1 <= line <= len(lines) for line, title in kept)
