from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_delegate.core.errors import FileRefused
from tui_delegate.rules import block, texts

TEXT = texts.block("policy")
BEGIN, END = b"<!-- tui-delegate:begin v2 -->", b"<!-- tui-delegate:end -->"
OLD = b"<!-- tui-delegate:begin v0 -->\nold\n" + END
THEIRS = b"<!-- agent-delegate:begin v0.2.0 -->\nq\n<!-- agent-delegate:end -->"
PIECES = [
    *(
        b"a",
        b"\n",
        b"\r\n",
        b"\r",
        b" ",
        b"\xef\xbb\xbf",
        b"\xe9",
        b"\\1 \\g<0> \\u",
        b"@AGENTS.md",
        b"\n\n\n\n",
    ),
    *(
        b"```",
        b"~~~~",
        b"- ```sh\n",
        b"> ",
        b"    ",
        b"\t",
        BEGIN,
        END,
        b"<!-- tui-delegate:begin vX -->",
        b"\0",
    ),
    *(THEIRS, b"<!-- agent-delegate:begin v1.0.0-rc1 -->\n", b"<!-- agent-delegate:end -->\n", b"<!--"),
]


def installed(data: bytes | None) -> bytes:
    return block.put_in(data, TEXT, block.find(data) if data is not None else None)


def uninstalled(data: bytes) -> bytes | None:
    found = block.find(data)
    assert found is not None
    assert found.owner == block.OURS
    assert found.text(data) == TEXT
    return block.take_out(data, found)


@pytest.mark.parametrize(
    "data",
    [
        None,
        *(
            b"",
            b"\n",
            b"\n\n\n",
            b"a",
            b"a\n",
            b"a\r\nb\r\n",
            b"a\r\nb\n",
            b"a\r",
            b"\xef\xbb\xbf",
            b"\xef\xbb\xbfa\n",
        ),
        *("café\n".encode("latin-1"), b"a\n\n\n\n\nb\n\n\n", b"\\1 \\g<0> C:\\u", b"@AGENTS.md\n", b"a\r\nb"),
        b"```\n" + BEGIN + b"\nX\n" + END + b"\n```",
        b"1. list\n\n   - ```sh\n     run\n     ```\nend",
        b"The line `" + BEGIN + b"` begins our block.\n",
        b"<!-- agent-delegate:begin v1 -->q<!-- agent-delegate:end -->",
    ],
)
def test_what_is_put_in_comes_out_to_the_byte(data: bytes | None) -> None:
    assert uninstalled(installed(data)) == data


@given(st.lists(st.sampled_from(PIECES), max_size=9).map(b"".join) | st.binary(max_size=60))
def test_any_bytes_come_back_or_are_refused(data: bytes) -> None:
    try:
        found = block.find(data)
        after = block.put_in(data, TEXT, found)
    except FileRefused:
        return
    left = uninstalled(after)
    if found is None:
        assert left == data
    else:
        kept = data[: found.start] + data[found.stop :]
        assert (left or b"").split() == kept.split()


def test_a_text_with_windows_line_ends_gets_them_in_the_block_too() -> None:
    after = installed(b"a\r\nb\r\n")
    assert after.count(b"\n") == after.count(b"\r\n")


@pytest.mark.parametrize(
    "between", [b"a\n\n%s\nb\n", b"%s\nb", b"a\r\n\r\n%s\r\nb\r\n", b"%s\n", b"\xef\xbb\xbf%s\n"]
)
@pytest.mark.parametrize("old", [OLD, THEIRS])
def test_an_older_block_or_agent_delegates_is_replaced_where_it_stands(between: bytes, old: bytes) -> None:
    end = b"\r\n" if b"\r\n" in between else b"\n"
    data = between.replace(b"%s", old.replace(b"\n", end))
    assert installed(data) == between.replace(b"%s", TEXT.replace(b"\n", end))


@pytest.mark.parametrize("version", ["v0.0.1", "v1.0.0-rc1", "v2-beta.3", "", "next"])
def test_agent_delegates_block_is_known_whatever_its_version_says(version: str) -> None:
    data = f"x\n<!--  agent-delegate:begin {version} -->\nq\n<!-- agent-delegate:end -->\n".encode()
    found = block.find(data)
    assert found is not None
    assert (found.owner, found.first, found.last) == (block.THEIRS, 2, 4)
    assert installed(data).count(b"-delegate:begin") == 1


def test_words_that_the_person_put_around_the_block_stay() -> None:
    after = installed(b"mine\n") + b"more\n"
    assert uninstalled(after) == b"mine\nmore\n"
    assert uninstalled(b"top\n" + installed(None) + b"\nend\n") == b"top\n\nend\n"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (BEGIN + b"\nkeep", "line 1 begins a block that no line ends"),
        (b"keep\n" + END, "line 2 ends a block that no line began"),
        (
            BEGIN + b"\n" + BEGIN + b"\nX\n" + END + b"\n" + END,
            "that line 1 began holds another marker, in line 2",
        ),
        (OLD + b"\nkeep\n" + OLD, "2 tui-delegate blocks, in lines 1-3 and 5-7"),
        (THEIRS + b"\n\n" + THEIRS, "2 agent-delegate blocks, in lines 1-3 and 5-7"),
        (BEGIN + b"\n" + THEIRS + b"\n" + END, "that line 1 began holds another marker, in line 2"),
        (END + b"keep" + BEGIN, "line 1 is nearly a marker"),
        (b"a\n  " + BEGIN + b"\nX\n" + END, "line 2 is nearly a marker"),
        (BEGIN + b" \nX\n" + END, "line 1 is nearly a marker"),
        (b"a\n```\n" + OLD, "line 3 stands in the code fence that line 2 opens"),
        ("a\n".encode("utf-16"), "text in UTF-8"),
        (b"a\0b", "text in UTF-8"),
    ],
)
def test_a_damaged_file_is_refused_with_its_line_numbers(data: bytes, words: str) -> None:
    with pytest.raises(FileRefused, match=words):
        block.find(data)


def test_nothing_is_put_behind_a_fence_that_stays_open() -> None:
    with pytest.raises(FileRefused, match="line 2 opens a code fence"):
        installed(b"a\n~~~\ncode\n")


def test_ours_is_found_before_theirs() -> None:
    found = block.find(THEIRS + b"\n\n" + TEXT + b"\n")
    assert found is not None
    assert found.owner == block.OURS
