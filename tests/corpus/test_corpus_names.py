"""The names after `@` are those that the corpus would take, early, bounded and kept for a while."""

from __future__ import annotations

import os
from pathlib import Path

from tui_delegate.corpus.names import FIRST, Name, Names, NameShelf
from tui_delegate.corpus.shelf import expand


def grow(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("text")


def all_of(shelf: NameShelf) -> Names:
    return list(shelf.read())[-1]


def test_files_and_folders_come_level_by_level_with_their_size(tmp_path: Path) -> None:
    grow(tmp_path, "b/deep/c.md", "a.md")
    assert all_of(NameShelf(tmp_path)) == Names(
        (Name("a.md", 4), Name("b/"), Name("b/deep/"), Name("b/deep/c.md", 4)), whole=True
    )


def test_they_are_the_files_that_the_corpus_takes(tmp_path: Path) -> None:
    grow(tmp_path, ".gitignore", "kept.md", "log/x.log", "src/a.py", "src/b.pyc", ".env", "key.pem", "i.png")
    grow(
        tmp_path,
        "node_modules/x/i.js",
        ".git/config",
        ".ssh/config",
        "src/.gitignore",
        "src/own.txt",
        ".ci/x",
    )
    (tmp_path / ".gitignore").write_text("*.log\n/nowhere\n")
    (tmp_path / "src" / ".gitignore").write_text("own.txt\n")
    os.symlink("kept.md", tmp_path / "link.md")
    os.symlink("/etc/hostname", tmp_path / "out.md")
    os.symlink("src", tmp_path / "link-to-folder")
    names = {name.path for name in all_of(NameShelf(tmp_path)).names}
    assert {"link.md", ".ci/x", "src/a.py"} <= names
    assert not names & {".env", "key.pem", "i.png", "log/x.log", "src/own.txt", "out.md", "link-to-folder"}
    taken = {entry.name for entry in expand([str(tmp_path)], tmp_path).entries}
    assert taken <= names  # a link and what it leads to are one file there, and two names here
    assert {name for name in names if not name.endswith("/")} - taken <= {"link.md", "kept.md"}


def test_a_bound_cuts_off_what_is_deep_and_says_so(tmp_path: Path) -> None:
    grow(tmp_path, *(f"f{number}" for number in range(5)), "a/b/c/d")
    names = all_of(NameShelf(tmp_path, most=6))
    assert names.cut
    assert names.whole
    assert [name.path for name in names.names] == ["a/", "f0", "f1", "f2", "f3", "f4"]


def test_a_big_tree_gives_its_first_names_before_its_last(tmp_path: Path) -> None:
    grow(tmp_path, *(f"{folder}/{number}" for folder in range(10) for number in range(FIRST // 4)))
    sizes = [(len(names.names), names.whole) for names in NameShelf(tmp_path).read()]
    assert sizes == [(FIRST, False), (10 + 10 * (FIRST // 4), True)]


def test_names_are_kept_for_a_few_seconds_and_then_read_again(tmp_path: Path) -> None:
    now = [0.0]
    grow(tmp_path, "a")
    shelf = NameShelf(tmp_path, kept=5.0, clock=lambda: now[0])
    first = all_of(shelf)
    grow(tmp_path, "b")
    now[0] = 4.0
    assert list(shelf.read()) == [first]
    now[0] = 6.0
    assert [[name.path for name in names.names] for names in shelf.read()] == [["a"], ["a", "b"]]


def test_a_folder_that_is_not_there_holds_no_names(tmp_path: Path) -> None:
    assert all_of(NameShelf(tmp_path / "gone")) == Names((), whole=True)
