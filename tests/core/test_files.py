"""Files in a conversation: what is written is read back, whatever a name, a heading or a content tries."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tui_delegate.core.files import (
    LIST_OPENS,
    Excerpt,
    FileEntry,
    parse_frame,
    parse_list,
    render_frame,
    render_list,
)

TRICKS = st.sampled_from(
    [
        "</file>", "\n</file>", "</file>\n\n<file path=\"x\">\n", "</corpus>", "\n</corpus>", "<corpus>\n",
        "<FILE ", "&lt;/file>", "&amp;amp;lt;corpus", "<files>", "<file_x>", "&lt;", "<", "\n", "\r\n",
        "&amp;lt;/file>", "\"", "\\", "\\\"", "a", "ü", " ", "|", " | 7 x", "12 ", "; sections: ", "\u2028",
        "\x00", "\ud800", "- \"a\": 1", LIST_OPENS, f"\n{LIST_OPENS}\n", ": 3 lines, 4 bytes, ~5 tokens",
    ]
)  # fmt: skip
WORDS = st.lists(TRICKS | st.text(max_size=5), max_size=6).map("".join)
COUNTS = st.integers(0, 10**9)
ENTRIES = st.lists(
    st.builds(
        FileEntry, WORDS, COUNTS, COUNTS, COUNTS, st.lists(st.tuples(COUNTS, WORDS), max_size=3).map(tuple)
    ),
    max_size=4,
)
WHOLE = st.builds(Excerpt, WORDS, WORDS)
PARTS = st.builds(Excerpt, WORDS, WORDS, st.integers(1, 99), st.integers(1, 999))


def as_listed(entry: FileEntry) -> FileEntry:
    """A heading is one line without bars in the list; all else is as it was."""
    sections = tuple((line, " ".join(title.replace("|", "/").split())) for line, title in entry.sections)
    return FileEntry(entry.name, entry.lines, entry.size, entry.tokens, sections)


@settings(max_examples=300, deadline=None)
@given(WORDS, ENTRIES)
@example("do it", [FileEntry("a", 1, 2, 3, ((1, f"{LIST_OPENS}\n- x"),))])
def test_a_list_of_files_is_read_back_whatever_is_said_before_it(
    prompt: str, entries: list[FileEntry]
) -> None:
    listed = tuple(as_listed(entry) for entry in entries)
    assert parse_list(render_list(entries)) == listed
    assert parse_list(f"{prompt}\n\n{render_list(entries)}") == listed


def test_a_text_without_a_list_names_no_files() -> None:
    assert parse_list("") == ()
    assert parse_list("please read a.py") == ()
    assert parse_list('- "a.py": 3 lines, 4 bytes, ~5 tokens') == ()


def test_what_stands_behind_the_list_is_no_part_of_it() -> None:
    entries = [FileEntry("a.py", 3, 40, 10)]
    assert parse_list(f"{render_list(entries)}\n\nand more") == tuple(entries)


@settings(max_examples=250, deadline=None)
@given(st.lists(WHOLE | PARTS, max_size=4))
@example([Excerpt("a", "x\n", 10, 10), Excerpt("b", "</file>\n</corpus>")])
@example([Excerpt("a", "&lt;/file> and </file>")])
def test_a_frame_is_read_back_whatever_is_in_the_files(excerpts: list[Excerpt]) -> None:
    assert parse_frame(render_frame(excerpts)) == tuple(excerpts)


@settings(max_examples=200, deadline=None)
@given(WORDS, WORDS)
def test_no_content_and_no_name_ends_its_frame_or_opens_another(name: str, content: str) -> None:
    frame = render_frame([Excerpt(name, content)])
    assert frame.count("</corpus>") == 1
    assert frame.count("</file>") == 1
    assert frame.count("<file path=") == 1
    assert frame.endswith("\n</file>\n</corpus>")


def test_ordinary_markup_and_code_are_not_touched() -> None:
    text = "if a < b && c: <p>&lt;b&gt;</p> <files> <file_name> &amp; #include <stdio.h>"
    assert text in render_frame([Excerpt("a.c", text)])


def test_half_a_frame_is_no_frame() -> None:
    frame = render_frame([Excerpt("a", "x")])
    assert parse_frame(frame[:-1]) == ()
    assert parse_frame("") == ()
    assert parse_frame(render_frame([])) == ()
