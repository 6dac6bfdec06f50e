"""How an answer's Markdown is read."""

from __future__ import annotations

from tui_delegate.tui.widgets.answer import parser


def test_a_line_ends_where_its_writer_ended_it() -> None:
    inline = parser().parse('- a.py:1: "one"\n  a.py:2: "two"')[3]
    assert [child.type for child in inline.children or ()] == ["text", "hardbreak", "text"]


def test_a_file_is_no_link() -> None:
    inline = parser().parse("see README.md")[1]
    assert [child.type for child in inline.children or ()] == ["text"]
