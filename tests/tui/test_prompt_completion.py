"""What may be meant by a half-written word, how well it fits, and how it is written to be read back."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tui.prompt_stage import SLASHES
from tui_delegate.corpus.mentions import find_mentions, from_prompt
from tui_delegate.corpus.names import Name, Names
from tui_delegate.tui.ranking import Ranker, sift
from tui_delegate.tui.widgets.completion import (
    FileNames,
    SlashLine,
    SlashWords,
    mention,
    offer_history,
    read_slash,
)

PATHS = (
    "README.md",
    "src/",
    "src/prompt.py",
    "src/tui/widgets/prompt_bar.py",
    "src/tui/line_editor.py",
    "tests/test_prompt.py",
    "docs/prompts/old.md",
    "src/paramount/x.py",
)


def best(query: str, paths: tuple[str, ...] = PATHS) -> list[str]:
    return [paths[hit.at] for hit in Ranker(paths).find(query)]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("prompt", "src/prompt.py"),
        ("PROMPT", "src/prompt.py"),
        ("pb", "src/tui/widgets/prompt_bar.py"),
        ("le", "src/tui/line_editor.py"),
        ("linedit", "src/tui/line_editor.py"),
        ("rdm", "README.md"),
        ("tests/", "tests/test_prompt.py"),
        ("src", "src/"),
        ("tuiprompt", "src/tui/widgets/prompt_bar.py"),
    ],
)
def test_the_name_the_words_beginning_and_the_short_path_come_first(query: str, first: str) -> None:
    assert best(query)[0] == first


def test_only_what_holds_the_letters_in_their_order_is_found() -> None:
    assert best("zq") == []
    assert best("ypt") == []
    assert set(best("")) == set(PATHS)


@given(
    st.lists(st.text(alphabet="abAB_./-\n İß日", min_size=1, max_size=12), max_size=12, unique=True),
    st.text(alphabet="abAB_./-İß日", min_size=1, max_size=4),
)
def test_the_lit_letters_are_the_letters_that_were_typed(paths: list[str], query: str) -> None:
    for hit in Ranker(paths).find(query):
        assert len(hit.lit) == len(query)
        assert list(hit.lit) == sorted(set(hit.lit))
        for spot, letter in zip(hit.lit, query, strict=True):
            assert paths[hit.at][spot].lower() == letter.lower() or letter.isspace()


@given(
    st.lists(st.text(alphabet="ab_/", min_size=1, max_size=8), max_size=20, unique=True),
    st.text(alphabet="ab_/", min_size=1, max_size=4),
)
def test_every_path_that_holds_the_letters_is_found(paths: list[str], query: str) -> None:
    def holds(path: str) -> bool:
        letters = iter(path)
        return all(letter in letters for letter in query)

    assert {paths[hit.at] for hit in Ranker(paths).find(query)} == {path for path in paths if holds(path)}


@pytest.mark.parametrize("query", ["p", "prompt", "prmpt", "module17/view", "zzzz", "mvw88", "xqzjv"])
def test_fifty_thousand_paths_are_searched_between_two_keys(query: str) -> None:
    words = ("model", "view", "prompt", "ledger", "engine", "widget", "server")
    paths = [
        f"{words[n % 7]}/{words[n % 5]}{n % 90}/module{n % 31}/{words[n % 3]}_{words[n % 4]}{n}.py"
        for n in range(50_000)
    ]
    ranker = Ranker(paths)
    before = time.thread_time()
    ranker.find(query)
    assert time.thread_time() - before < 0.25  # it is near 0.015; the bound is for a machine that is busy


def test_a_word_of_the_history_counts_more_than_its_letters_and_the_newest_more_than_the_oldest() -> None:
    prompts = ["list the models", "mend old docs", "show models"]
    assert [prompts[hit.at] for hit in sift("mod", prompts)] == [
        "list the models",
        "show models",
        "mend old docs",
    ]
    assert [hit.at for hit in sift("models list", prompts)] == [0]
    assert [hit.at for hit in sift("  ", prompts)] == [0, 1, 2]
    assert offer_history("", ["one\ntwo\nthree"]).choices[0].note == "+2 lines"


@pytest.mark.parametrize(
    "path",
    [
        "a.md", "two words.md", "deep/two words/", "it's.md", 'a "b".md', "tick`.md", "end.", "(a).md",
        "[id].tsx", "a,b;c", "日本 語.md", "Makefile", "semi;", "a:10-80", "back\\slash", "star*.md",
    ],
)  # fmt: skip
def test_a_path_is_written_so_that_it_is_read_back(path: str) -> None:
    assert find_mentions(f"read {mention(path)} now") == (path,)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20))
def test_whatever_is_written_for_a_path_is_one_mention(path: str) -> None:
    if written := mention(path):
        assert len(find_mentions(f"read {written} now")) == 1
        assert "\n" not in written
        assert written.isprintable() or not path.isprintable()


@settings(max_examples=40, deadline=None)
@given(name=st.text(alphabet="bq \x1b\x07\u202e\t[]*?'\"`\n.é", min_size=1, max_size=8))
def test_a_file_that_is_offered_is_found_again_by_the_corpus(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("tree")
    if name in (".", ".."):
        return
    (folder / name).write_text("text")
    if written := mention(name):
        corpus = from_prompt(f"read {written} now", folder)
        assert corpus is not None
        assert name in [entry.name for entry in corpus.entries]


def test_a_name_that_nobody_could_write_is_not_offered(tmp_path: Path) -> None:
    assert mention("not-utf8-\udcff") == ""
    assert mention("all`\"'of them") == ""


def files(*names: Name, whole: bool = True, cut: bool = False) -> FileNames:
    return FileNames(Names(names, whole, cut))


def test_a_word_after_an_at_sign_is_offered_files_and_a_mail_address_is_not() -> None:
    known = files(Name("src/"), Name("src/a b.py", 1234))
    offer = known.offer("see (@a b".replace("a b", "a"), "")
    assert offer is not None
    assert [(c.label, c.note, c.written, c.goes_on) for c in offer.choices] == [
        ("src/a b.py", "1.2 kB", "@src/a\\ b.py", False)
    ]
    assert offer.typed == "@a"
    for before in ("me@a", "a", "@src/a\\ b.py ", "@a.py:10-80", "@a.py:", "@a.py:10"):
        assert known.offer(before, "") is None
    assert known.offer("@a", "bc") is None
    quoted = known.offer('@"a b', "")
    assert quoted is not None
    assert quoted.typed == '@"a b'


def test_names_with_control_characters_are_shown_clean() -> None:
    offer = files(Name("a\x1b[31mb\n.md", 5)).offer("@a", "")
    assert offer is not None
    (choice,) = offer.choices
    assert choice.label == "ab .md"
    assert choice.label.isprintable()
    assert choice.written == "@a?[[]31mb?.md"


def test_a_list_that_is_cut_or_not_whole_says_so() -> None:
    def foot(known: FileNames) -> str:
        offer = known.offer("@a", "")
        return offer.foot if offer else "none"

    assert foot(files(Name("a"))) == ""
    assert foot(files(Name("a"), cut=True)) == "only the first 1 names are searched"
    assert foot(files(Name("a"), whole=False)) == "1 names so far…"
    assert foot(FileNames()) == "looking for files…"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("/model", SlashLine("model", "")),
        ("/model qwen3:4b  ", SlashLine("model", "qwen3:4b")),
        ("/note two\nlines", SlashLine("note", "two\nlines")),
        ("/etc/passwd says what?", None),
        (" /model", None),
        ("// a comment", None),
        ("/", None),
        ("/2 is a half", None),
        ("see /model", None),
    ],
)
def test_a_prompt_is_a_command_only_if_it_begins_with_one(text: str, line: SlashLine | None) -> None:
    assert read_slash(text) == line


def test_commands_are_offered_by_word_and_by_title() -> None:
    words = SlashWords(SLASHES)

    def labels(before: str) -> list[str]:
        offer = words.offer(before, "")
        return [choice.label for choice in offer.choices] if offer else []

    assert labels("/") == ["/ledger", "/model", "/models", "/theme"]
    assert labels("/mo") == ["/model", "/models"]
    assert labels("/pick") == ["/model"]
    assert labels("/thm") == ["/theme"]
    assert labels("/model ") == labels("a /m") == labels("/etc/") == []
    assert words.unknown("modle").startswith("There is no command /modle; did you mean /model?")
    assert words.unknown("xyz") == "There is no command /xyz. With a space before it, it is sent as it is."
