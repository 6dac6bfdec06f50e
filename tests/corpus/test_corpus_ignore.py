"""What is ignored is what git ignores: fixed trees, and many small ignore files over one of them."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_delegate.core.errors import InputError
from tui_delegate.corpus.shelf import expand

TREES = {
    "negation": {
        ".gitignore": "*.log\n!keep.log\n",
        "a.log": "",
        "keep.log": "",
        "d/b.log": "",
        "d/keep.log": "",
    },
    "a folder only": {".gitignore": "out/\n", "out/a": "", "d/out": "", "e/out/a": ""},
    "anchored": {".gitignore": "/top\nd/inner\n", "top": "", "d/top": "", "d/inner": "", "e/d/inner": ""},
    "nested files": {
        ".gitignore": "*.tmp\n",
        "d/.gitignore": "!kept.tmp\nlocal\n",
        "a.tmp": "",
        "d/a.tmp": "",
        "d/kept.tmp": "",
        "d/local": "",
        "local": "",
        "d/e/kept.tmp": "",
        "d/e/.gitignore": "kept.tmp\n",
    },
    "all but a few": {".gitignore": "*\n!*/\n!*.md\n", "a.md": "", "a.txt": "", "d/b.md": "", "d/b.txt": ""},
    "all in a folder but one": {".gitignore": "d/*\n!d/keep\n", "d/keep": "", "d/drop": "", "d/e/keep": ""},
    "two stars": {
        ".gitignore": "**/x\ny/**\n!y/keep\na/**/z\n",
        "x": "",
        "d/e/x/f": "",
        "y/keep": "",
        "y/drop": "",
        "y/e/keep": "",
        "a/z": "",
        "a/b/c/z": "",
        "b/z": "",
    },
    "no way back into an ignored folder": {".gitignore": "d/\n!d/keep\n", "d/keep": "", "e": ""},
    "spaces, hashes, escapes": {
        ".gitignore": "# a\n\\#b\n\\!c\nd\\ \ne \n\n",
        "#b": "",
        "!c": "",
        "d ": "",
        "e": "",
        "# a": "",
    },
    "line ends and a mark": {".gitignore": "\ufeffa\r\nb\r\n", "a": "", "b": "", "c": ""},
    "classes": {
        ".gitignore": "[ab].txt\n[!c].md\nx?z\n",
        "a.txt": "",
        "c.txt": "",
        "c.md": "",
        "d.md": "",
        "xyz": "",
    },
    "hidden files": {".gitignore": ".cache\n", ".editorconfig": "", ".cache/a": "", ".github/w.yml": ""},
    "the repository's own list": {".git/info/exclude": "mine\n", "mine": "", "d/mine": "", "yours": ""},
    "the list gives way to the file": {".git/info/exclude": "mine\n", ".gitignore": "!mine\n", "mine": ""},
}


def git(folder: Path, *words: str) -> str:
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "",
    }
    command = ["git", "-c", "init.defaultBranch=main", "-c", "core.excludesFile=", *words]
    return subprocess.run(command, cwd=folder, env=environ, check=True, capture_output=True, text=True).stdout


def plant(folder: Path, tree: dict[str, str]) -> None:
    for name, text in tree.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())


def of_git(folder: Path) -> list[str]:
    return sorted(filter(None, git(folder, "ls-files", "-o", "--exclude-standard", "-z").split("\0")))


def of_ours(folder: Path, word: str = ".") -> list[str]:
    try:
        return sorted(entry.name for entry in expand([word], folder).entries)
    except InputError:
        return []


@pytest.mark.parametrize("name", TREES)
def test_a_folder_gives_what_git_would_add(name: str, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    plant(tmp_path, TREES[name])
    assert of_ours(tmp_path) == of_git(tmp_path)


@pytest.mark.parametrize("name", [name for name in TREES if "list" not in name])
def test_outside_a_repository_the_same_files_are_left_out(name: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    git(tmp_path / "in", "init", "-q")
    plant(tmp_path / "in", TREES[name])
    plant(tmp_path / "out", TREES[name])
    assert of_ours(tmp_path / "out") == of_git(tmp_path / "in")


def test_a_folder_inside_heeds_the_files_above_it(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    plant(tmp_path, {".gitignore": "*.log\n/d/drop\n", "d/a.log": "", "d/drop": "", "d/keep": ""})
    assert of_ours(tmp_path, "d") == ["d/keep"]
    assert [entry.name for entry in expand(["."], tmp_path / "d").entries] == ["keep"]


def test_an_ignored_folder_that_is_named_is_not_ignored_any_more(tmp_path: Path) -> None:
    plant(tmp_path, {".gitignore": "build/\n*.o\n", "build/a.txt": "", "build/b.o": "", "build/c/d.txt": ""})
    assert of_ours(tmp_path, "build") == ["build/a.txt", "build/c/d.txt"]
    assert of_ours(tmp_path, "build/*.txt") == ["build/a.txt"]


def test_the_file_that_makes_a_worktree_is_not_handed_on(tmp_path: Path) -> None:
    plant(tmp_path, {".git": "gitdir: /elsewhere\n", ".gitignore": "b\n", "a": "", "b": "", "d/b": ""})
    assert of_ours(tmp_path) == [".gitignore", "a"]
    assert of_ours(tmp_path, "d") == []


ODD_TREES = {
    "a class is bytes, and holds what git says": [
        ".gitignore=[[:digit:]]x\n[]a]b\n[!-a]c\n[a\\-c]d\n[a-]e\n[[:no:]]f\n[g\n?.h\n??.h\n",
        *(
            "1x",
            "ax",
            "]b",
            "ab",
            "bb",
            "-c",
            "ac",
            "bc",
            "-d",
            "bd",
            "-e",
            "ae",
            "be",
            ":f",
            "[g",
            "é.h",
            "e.h",
        ),
    ],
    "stars at the edges of a name": [
        ".gitignore=d/a**/b\ne/**f\n***/g\nh/i**\n/**/j\n**k/l\n[x/]m\n/[y/z]\n",
        *("d/ab/c", "d/a/x/b", "d/ac", "e/xf", "e/x/f", "x/g", "h/ij", "h/i/k", "j", "x/j", "xk/l", "x/k/l"),
        *("xm", "x/m", "y", "z"),
    ],
    "what stands behind a backslash": [
        ".gitignore=\\*a\nb\\\nc\\ \\\nd\\  \n\\\\e\nf\\g\n#h\n\\!i\n!!j\n/\n!\n  \nk//\n",
        *("*a", "xa", "b", "b\\", "c ", "d ", "d", "\\e", "fg", "f\\g", "#h", "!i", "!j", "k/l"),
    ],
    "case counts": [".gitignore=*.LOG\nTmp\n", "a.log", "b.LOG", "tmp", "Tmp", "TMP"],
}


@pytest.mark.parametrize("name", ODD_TREES)
def test_odd_lines_mean_what_git_takes_them_for(name: str, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    plant(tmp_path, {entry.partition("=")[0]: entry.partition("=")[2] for entry in ODD_TREES[name]})
    assert of_ours(tmp_path) == of_git(tmp_path)


def test_the_persons_own_list_counts_last_and_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, tree = tmp_path / "home", tmp_path / "tree"
    plant(home, {".config/git/ignore": "*.swp\n*.own\n", "mine": "*.mine\n", "quoted #1": "*.quoted\n"})
    plant(
        tree,
        {".gitignore": "!kept.swp\n", "a.swp": "", "kept.swp": "", "b.mine": "", "c.quoted": "", "d": ""},
    )
    monkeypatch.setenv("HOME", str(home))
    assert of_ours(tree) == [".gitignore", "b.mine", "c.quoted", "d", "kept.swp"]
    plant(
        home,
        {".gitconfig": '[user]\nname=x\n[core "x"] excludesFile = no\n[Core]\n excludesfile = ~/mine ; so\n'},
    )
    assert of_ours(tree) == [".gitignore", "a.swp", "c.quoted", "d", "kept.swp"]
    git(tree, "init", "-q")
    with open(tree / ".git" / "config", "a") as config:
        config.write(f'[core]\n\texcludesFile = "{home}/quoted #1"\n')
    assert of_ours(tree) == [".gitignore", "a.swp", "b.mine", "d", "kept.swp"]


def test_a_worktree_heeds_the_repositorys_own_list(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "main")
    main = tmp_path / "main"
    git(main, "-c", "user.name=x", "-c", "user.email=x@y", "commit", "-q", "--allow-empty", "-m", "x")
    git(main, "worktree", "add", "-q", "../side")
    plant(main, {".git/info/exclude": "mine\n"})
    plant(tmp_path / "side", {"mine": "", "yours": ""})
    assert of_ours(tmp_path / "side") == of_git(tmp_path / "side") == ["yours"]


def test_an_ignore_file_is_not_read_through_a_link(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    plant(tmp_path, {"rules": "a\n", "a": ""})
    (tmp_path / ".gitignore").symlink_to("rules")
    assert of_ours(tmp_path) == [".gitignore", "a"]  # the rules themselves are there by their first name
    assert of_git(tmp_path) == [".gitignore", "a", "rules"]


def test_lines_of_many_stars_are_answered_at_once(tmp_path: Path) -> None:
    deep = "/".join("a" * 30)
    plant(tmp_path, {".gitignore": "a*" * 40 + "b\n" + "**/a/" * 20 + "b\n", "a" * 200: "", f"{deep}/c": ""})
    assert of_ours(tmp_path) == [".gitignore", f"{deep}/c", "a" * 200]


LINES = st.lists(
    st.sampled_from(
        [
            "a",
            "/a",
            "a/",
            "b/",
            "*.c",
            "!a.c",
            "d/*",
            "!d/a",
            "**/a",
            "d/**",
            "a/**/b",
            "!a",
            "!*/",
            "*",
            "?",
            "/d/a",
        ]
    ),
    max_size=5,
)
NAMES = ("a", "a.c", "b/a", "b/b", "d/a/b", "d/a/c/b", "d/b", "d/e/a", "d/e/a.c", "e/d/a", "f/a/b", "f/b/x")


@given(top=LINES, inner=LINES)
@settings(max_examples=40, deadline=None)
def test_any_few_lines_are_read_as_git_reads_them(top: list[str], inner: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        git(folder, "init", "-q")
        plant(folder, dict.fromkeys(NAMES, ""))
        plant(folder, {".gitignore": "\n".join(top), "d/.gitignore": "\n".join(inner)})
        assert of_ours(folder) == of_git(folder)


PARTS = [
    "a",
    "b",
    "d",
    "*",
    "**",
    "?",
    "/",
    "/**/",
    "[ab]",
    "[!a]",
    "[a-]",
    "[]x]",
    "[a",
    "\\a",
    "\\*",
    " ",
    ".c",
]
ANY_LINE = st.builds(
    lambda first, parts, last: first + "".join(parts) + last,
    st.sampled_from(["", "!", "/"]),
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=5),
    st.sampled_from(["", "/", " ", "\r"]),
)


@given(top=st.lists(ANY_LINE, min_size=1, max_size=5), inner=st.lists(ANY_LINE, max_size=3))
@settings(max_examples=60, deadline=None)
def test_any_line_at_all_is_read_as_git_reads_it(top: list[str], inner: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        git(folder, "init", "-q")
        plant(folder, dict.fromkeys((*NAMES, "[x]", "a b", "d/ab/ac/ad", "b/*", "é"), ""))
        plant(folder, {".gitignore": "\n".join(top), "d/.gitignore": "\n".join(inner)})
        assert of_ours(folder) == of_git(folder)
