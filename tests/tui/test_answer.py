"""An answer in Markdown: in pieces it becomes what it is at once, and only its end is read again."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tui_delegate.tui.widgets.document import CHUNK, Document, sure
from tui_delegate.tui.widgets.prose import Reader, inline, parser
from tui_delegate.tui.widgets.prose_line import Line, Span

CODE = "".join(f"line {number} = '''\n" for number in range(2 * CHUNK))
DOCUMENTS = {
    "everything": Path(__file__).parents[2].joinpath("README.md").read_text(encoding="utf-8")[:6000],
    "words": "# H `c`\n\npara **b *i* x** ~~s~~ [l](http://x.y) ![alt](u) <b>x</b> &amp; \\*\ntwo  \nend",
    "lists": "- a\n- b\n\n  more\n  1. x\n  1. y\n- [ ] task\n\n3. q\n4. r\n+ other\n\n10) far\n   - in\n",
    "numbers": "".join(f"1. item {number}\n" for number in range(14)) + "\ntext",
    "items with code": "1. a\n\n   ```py\n   x\n\n   y\n   ```\n2. b\n\n\n   c\n3) d\n",
    "crooked lists": "   - a\n  - b\n - c\n\ttab\n- - a\n+ * b\n- \n- x\n-\n",
    "quotes": "> a\nlazy\n> - l\n>> nested\n\nafter\n> ```\n> x\n",
    "tables": "x\n\n| a | b |\n|:--|--:|\n| 1 | `2` |\n| 3\n\ny | z\n-|-\n1|2\n\nno | table\n",
    "headings": "Foo\n---\nbar\n===\nx\n-\n\n# h\n#none\npara\n***bold*** x\n***\n---\n",
    "signs": "para\n#\n#no\n\n**\n**b**\n\n```\n~~~\n``\n```\n~~~x\na\n~~~\n1\n2. x\n",
    "code": f"```py\n{CODE}```\n\nafter\n",
    "open code": f"```py\n{CODE}more",
    "code to the line": f"before\n\n```py\n{CODE}```",
    "indented": "    code\n\n    more\n\ntext\n    not\n",
    "links below": "see [a] and [b].\n\n[a]: http://a.b\n\n- [b]\n- x\n\n[b]: http://c.d\n",
    "half a link": "[a]: http://exa.mple\n\n[a]\n",
    "wide": "日本語の文章です。とても長いので折り返されるはずです。" * 4 + "\n\n- 一\n- 二\n",
    "line ends": "a\u2028b\n\nc\u2029d\n\ne\n",
}


def no_colours(code: str, language: str) -> list[Span]:
    return []


def by_length(code: str, language: str) -> list[Span]:
    """Colours that tell whether code was seen as a whole."""
    return [(0, len(code), f"{language} {len(code)}")]


def at_once(text: str) -> list[Line]:
    """Read all of it with one look, as nothing that grows can."""
    links: dict[str, object] = {}
    parser().parse(text, links)
    tokens = parser().parse(text, {"references": links.get("references", {})})
    return [line for item in Reader(no_colours).read(tokens) for line in item.lines(40)]


def fed(text: str, seed: int) -> Document:
    """Feed a text in pieces, and hold every answer to what really changed."""
    chance = random.Random(seed)
    document = Document(no_colours, 40)
    at = 0
    while at < len(text):
        size = chance.choice((1, 2, 3, 5, 17, 60))
        before = pictured(document)
        changed = document.feed(text[at : at + size])
        assert changed <= len(before)
        assert pictured(document)[:changed] == before[:changed]
        at += size
    document.finish()
    return document


def pictured(document: Document) -> list[str]:
    rows = map(document.span, range(len(document.rows)))
    return [
        "".join(text for text, _ in (line.hang if start else line.lead)) + line.text[start:end]
        for line, start, end in rows
    ]


def rows_of(text: str, width: int = 40) -> list[str]:
    document = Document(no_colours, width)
    document.feed(text)
    document.finish()
    return [row.rstrip() for row in pictured(document)]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_in_pieces_it_becomes_what_it_is_at_once(name: str) -> None:
    text = DOCUMENTS[name]
    whole = at_once(text)
    for seed in range(6):
        document = fed(text, seed)
        assert document.lines == whole
        again = Document(no_colours, 23)
        again.feed(text)
        again.finish()
        document.wrap(23)
        assert pictured(document) == pictured(again)


def test_only_the_last_block_is_read_again() -> None:
    document = Document(no_colours, 40)
    document.feed("one\n\n" * 500 + "- item\n" * 500)
    assert len(document._tail) < 20
    document.feed("```py\n" + CODE)
    assert document._tail.count("\n") <= CHUNK + 1
    assert document.feed("x") >= len(document.rows) - CHUNK - 1


def test_code_is_coloured_as_a_whole_in_the_end() -> None:
    document = Document(by_length, 40)
    for at in range(0, len(CODE), 50):
        document.feed(("```py\n" if not at else "") + CODE[at : at + 50])
    document.feed("```\n\nafter")
    styles = {span[2] for line in document.lines if line.kind == "code" for span in line.spans}
    assert styles == {f"py {len(CODE) - 1}"}


@pytest.mark.parametrize("last", ["#", "**", "-", "1.", "``", "```py", "|--", "[", "=", "> ", "~~~"])
def test_what_may_still_become_anything_is_held_back(last: str) -> None:
    assert sure(f"para\n{last}") == "para\n"
    assert sure(f"para\n{last}\n") == f"para\n{last}\n"


def test_a_line_ends_where_its_writer_ended_it() -> None:
    assert rows_of('- a.py:1: "one"\n  a.py:2: "two"') == ['• a.py:1: "one"', '  a.py:2: "two"']


def test_a_file_is_no_link() -> None:
    assert inline(parser().parse("see README.md")[1]) == [("see README.md", [])]


def test_what_looks_like_html_is_text() -> None:
    assert rows_of("<details>\n\nList<int> <b>x</b>") == ["<details>", "", "List<int> <b>x</b>"]


def test_no_sign_that_turns_text_round_comes_out_of_an_entity() -> None:
    assert rows_of("a&#x202e;b [x](http://a.b) ![c&#x202e;](y)") == ["ab x 🖼  c"]


def test_items_are_numbered_on_and_hang_under_their_text() -> None:
    assert rows_of("9. nine\n9. a ten that goes on\n   - in", 16) == [
        " 9. nine",
        "10. a ten that",
        "    goes on",
        "    • in",
    ]


def test_a_table_has_as_much_room_as_there_is() -> None:
    table = "| Name | What it does |\n|---|--:|\n| `pool` | is called lanes |\n| x | y |"
    assert rows_of(table, 24) == [
        "Name │    What it does",
        "─────┼────────────────",
        "pool │ is called lanes",
        "x    │               y",
    ]
    assert rows_of(table, 16)[3:] == ["pool │ is called", "     │     lanes", "x    │         y"]


def test_what_is_copied_says_what_stood_before_it() -> None:
    document = Document(no_colours, 20)
    document.feed("- a **b**\n- c\n\n> 1. quoted\n\n```\ncode that is longer than a row\n```\n\nend ")
    document.finish()
    last = len(document.lines) - 1
    assert document.between((0, 0), (last, 3)) == (
        "- a b\n- c\n\n> 1. quoted\n\ncode that is longer than a row\n\nend"
    )
    assert document.between((0, 2), (1, 1)) == "b\n- c"


def test_words_are_found_whatever_their_case() -> None:
    document = Document(no_colours, 20)
    document.feed("One **two**\n\n- TWO (x)\n")
    assert document.find("two") == [(0, 4, 7), (2, 0, 3)]
    assert document.find("(x") == [(2, 4, 6)]
    assert document.row_of(2, 4) == 2
