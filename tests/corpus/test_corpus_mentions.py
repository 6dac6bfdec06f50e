from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_delegate.core.errors import InputError
from tui_delegate.corpus.mentions import find_mentions, from_prompt

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("read @README.md", ("README.md",)),
        ("@a.md, @b.md; and @c.md.", ("a.md", "b.md", "c.md")),
        ("what is in (@src/app.py)?", ("src/app.py",)),
        ("is it @src/**/*.py?", ("src/**/*.py",)),
        ('look at @"name with spaces.txt" now', ("name with spaces.txt",)),
        ("look at @'a b.txt'!", ("a b.txt",)),
        (r"look at @a\ b.txt", ("a b.txt",)),
        ("@a.md and @a.md", ("a.md",)),
        ("mail me@example.com or x@y", ()),
        ("git@github.com:a/b", ()),
        ("nothing @ all", ()),
        ("@", ()),
        ("all of @.", (".",)),
        ("all of @..", ("..",)),
        ("in @src/.", ("src/",)),
        ("@app/(group)/page.tsx", ("app/(group)/page.tsx",)),
        ("@pages/[id].tsx", ("pages/[id].tsx",)),
        ("(see @pages/[id].tsx)", ("pages/[id].tsx",)),
        ("two\n@lines.txt\n", ("lines.txt",)),
        ("file:@x/y", ("x/y",)),
        ("@naïve/Übung.txt…", ("naïve/Übung.txt",)),
        ("@a.log:10-80", ("a.log:10-80",)),
    ],
)
def test_a_mention_is_the_word_and_not_the_sentence_around_it(prompt: str, words: tuple[str, ...]) -> None:
    assert find_mentions(prompt) == words


def found(prompt: str, folder: Path) -> list[str] | None:
    corpus = from_prompt(prompt, folder)
    return None if corpus is None else [entry.name for entry in corpus.entries]


def test_a_word_that_names_nothing_and_does_not_look_like_a_path_stays_a_word(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("x")
    assert found("what does @property do?", tmp_path) is None
    assert found("what does @dataclass(frozen=True) do?", tmp_path) is None
    assert found("explain @Makefile and @property", tmp_path) == ["Makefile"]


@pytest.mark.parametrize("prompt", ["read @no.md", "read @no/thing", "read @*.rs", 'read @"no thing"'])
def test_a_word_that_looks_like_a_path_has_to_be_there(prompt: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        from_prompt(prompt, tmp_path)
    assert caught.value.hint in (
        "Put it in `backticks` if no file is meant.",
        "Nothing is there that matches.",
    )


def test_in_code_a_word_is_a_mention_only_if_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("x")
    assert found("use `@types/node` here", tmp_path) is None
    assert found("```python\n@pytest.fixture\ndef f(): ...\n```\n", tmp_path) is None
    assert found("```\n@pytest.fixture\n", tmp_path) is None
    assert found("read `@a.md`", tmp_path) == ["a.md"]
    with pytest.raises(InputError):
        from_prompt("```\ncode\n```\nthen @no.md", tmp_path)


@given(st.text(alphabet="@a. /\\*\"'`()[]\n,", max_size=40))
def test_no_prompt_breaks_the_search(prompt: str) -> None:
    for word in find_mentions(prompt):
        assert word
        assert word.replace("\\ ", " ") == word or "\\" in word
