from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.tools.rooms import SECRET, held_handles, put, state_of
from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import (
    BadTarget,
    MissingTarget,
    NotAFile,
    RootEscape,
    TargetChanged,
    TargetError,
    TargetExists,
    TargetProtected,
)
from tui_delegate.tools.naming import bad_on_windows
from tui_delegate.tools.target import free, within

# What must happen to each name: the error, or None where a file of that very name is made inside the root.
NAMES: list[tuple[str, type[TargetError] | None]] = [
    ("../x", RootEscape),
    ("a/../../x", RootEscape),
    ("../root/../outside/x", RootEscape),
    ("..", RootEscape),
    (".", NotAFile),
    ("", MissingTarget),
    ("  ", MissingTarget),
    ("a\0b", BadTarget),
    ("a\nb", BadTarget),
    ("a\x1b[31mb", BadTarget),
    ("a\x9bb", BadTarget),
    ("-rf", None),
    ("--help", None),
    ("$(id)", None),
    ("a b; c", None),
    ("*", None),
    ("C:\\x", BadTarget),
    ("\\\\host\\share\\x", BadTarget),
    ("..\\x", BadTarget),
    ("/etc/passwd", RootEscape),
    ("//etc/passwd", RootEscape),
    ("link_out/x", RootEscape),
    ("link_out/new/x", RootEscape),
    ("link_out/../root/y", None),
    ("link_file", RootEscape),
    ("link_in/y", None),
    ("link_in/../y", None),
    ("dangling_link", RootEscape),
    ("loop", BadTarget),
    ("loop/x", BadTarget),
    ("hard_link", None),
    ("dir", NotAFile),
    ("dir/", NotAFile),
    ("dir/.", NotAFile),
    ("new/", BadTarget),
    ("locked/x", NotAFile),
    ("locked/../y", None),
    ("fifo", NotAFile),
    ("sock", NotAFile),
    ("dev_null", NotAFile),
    ("/dev/null", TargetError),
    ("/dev/fd/0", TargetError),
    ("/dev/stdin", TargetError),
    ("/dev/stdout", TargetError),
    ("/proc/self/fd/1", TargetError),
    ("/proc/self/cwd/x", TargetError),
    ("/proc/self/root/etc/passwd", TargetError),
    ("/sys/kernel/x", TargetError),
    ("a" * 256, BadTarget),
    ("é" * 128, BadTarget),
    ("/".join(["a" * 200] * 25), BadTarget),
    ("n" * 255, None),
    ("e\u0301.py", None),
    ("é.py", None),
    ("a\u202etxt.exe", BadTarget),
    ("a\u200bb", BadTarget),
    ("a\ud800b", BadTarget),
    ("caf\udce9", None),
    ("\ufeffx", BadTarget),
    ("😀.txt", None),
    (".git/config", TargetProtected),
    (".git", TargetProtected),
    (".GIT/config", TargetProtected),
    (".git./config", TargetProtected),
    (".git /config", TargetProtected),
    (".git::$INDEX_ALLOCATION/config", TargetProtected),
    ("git~1/config", TargetProtected),
    (".g\u200dit/config", TargetProtected),
    ("\uff0egit/config", TargetProtected),
    (".ｇit/config", TargetProtected),
    ("\u2024git/config", TargetProtected),
    ("sub/.git/hooks/pre-commit", TargetProtected),
    (".bashrc", TargetProtected),
    (".env", TargetProtected),
    (".env.local", TargetProtected),
    (".env.example", None),
    (".envrc", TargetProtected),
    (".vscode/tasks.json", TargetProtected),
    (".idea/workspace.xml", TargetProtected),
    ("pyproject.toml", None),
    ("package.json", None),
    ("Makefile", None),
    (".gitignore", None),
    (".github/workflows/ci.yml", TargetProtected),
    (".github/ISSUE_TEMPLATE.md", None),
    (".gitlab-ci.yml", TargetProtected),
    ("Jenkinsfile", TargetProtected),
    (".circleci/config.yml", TargetProtected),
    (".claude/settings.json", TargetProtected),
    (".codex/config.toml", TargetProtected),
    ("AGENTS.md", TargetProtected),
    ("docs/CLAUDE.md", TargetProtected),
    ("conftest.py", TargetProtected),
    ("tests/CONFTEST.PY", TargetProtected),
    ("sitecustomize.py", TargetProtected),
    ("x.pth", TargetProtected),
    ("%2e%2e/x", None),
    ("..%2fx", None),
    ("...", None),
    ("~", BadTarget),
    ("~/x", BadTarget),
    ("~root/x", BadTarget),
    ("~backup", None),
    ("$HOME/x", None),
    ("file:///etc/passwd", BadTarget),
    ("https://host/x", BadTarget),
    ("CON", None),
    ("a:b", None),
]


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(("name", "refusal"), NAMES, ids=[ascii(name)[:40] for name, _ in NAMES])
def test_every_name_ends_inside_the_root_or_is_refused(
    house: Path, name: str, refusal: type[TargetError] | None, force: bool
) -> None:
    before = state_of(house.parent / "outside")
    handles = held_handles()
    if refusal:
        inside = state_of(house)
        with pytest.raises(refusal) as caught:
            put(within(str(house), name, str(house)), b"new\n", force=force)
        error = caught.value
        assert error.hint
        said = error.message + error.hint
        assert clean_line(said, 2000) == said
        assert state_of(house) == inside
    elif name == "hard_link" and not force:
        with pytest.raises(TargetExists):
            put(within(str(house), name, str(house)), b"new\n")
    else:
        written = put(within(str(house), name, str(house)), b"new\n", force=force)
        assert Path(written.path).read_bytes() == b"new\n"
        assert Path(written.path).is_relative_to(house)
    assert state_of(house.parent / "outside") == before
    assert held_handles() == handles
    assert not list(house.rglob(".tud-*"))


PIECES = """
.. . / // ~ ~root - -- : \\ \0 \x1b \u202e \ud800 \udcff \xe9 e\u0301 %2e a b x dir new link_out link_in
link_file dangling_link loop hard_link fifo sock dev_null locked .git .GIT .claude .env conftest.py x.pth
/dev /proc /etc /tmp self fd cwd root outside 0 ../outside ../root file:// CON $HOME * ? [ \uff0e \u2024
"""


def test_names_of_any_pieces_change_nothing_outside(house: Path) -> None:
    outside = house.parent / "outside"
    before, handles, dice, pieces = state_of(outside), held_handles(), random.Random(4), PIECES.split()
    written = 0
    said = []
    for _ in range(1500):
        name = dice.choice(["", "/"]).join(dice.choices(pieces, k=dice.randrange(1, 5)))
        for root in (str(house), ""):
            try:
                target = within(root, name, str(house)) if root else free(f"./{name}", str(house))
                put(target, b"%d" % dice.randrange(9), force=True)
                written += 1
            except TargetError as error:
                said.append(error.message)
    assert all(clean_line(message, 2000) == message for message in said)
    assert written > 100
    assert state_of(outside) == before
    assert held_handles() == handles
    assert not list(house.rglob(".tud-*"))
    assert sorted(os.listdir(house.parent)) == ["outside", "root"]
    assert (house / "link_out").is_symlink()


def test_names_that_windows_reads_otherwise_are_known() -> None:
    bad = ("CON", "aux.txt", "dir/nul", "COM1", "com¹.c", "a.", "a ", "dir./a", "a:b", "a?", "x|y", "CONIN$")
    assert all(bad_on_windows(name) for name in bad)
    assert not any(bad_on_windows(name) for name in ("console.py", "../a", "com10", ".gitignore", "a.b/c d"))


def test_without_a_root_a_relative_target_stays_in_the_working_folder(house: Path) -> None:
    for name in ("../x", "link_out/x", "dangling_link", "a/../../outside/x"):
        with pytest.raises(RootEscape) as caught:
            free(name, str(house))
        assert caught.value.code == caught.value.type == "target_root_escape"
    assert put(free("sub/new.txt", str(house)), b"x\n").path == str(house / "sub" / "new.txt")


def test_a_whole_path_is_taken_as_named_and_its_links_are_followed(house: Path) -> None:
    outside = house.parent / "outside"
    assert put(free(str(house / "dangling_link"), str(house)), b"x\n").path == str(outside / "new")
    assert (outside / "new").read_bytes() == b"x\n"
    assert (house / "dangling_link").is_symlink()
    written = put(free(str(house / "link_file"), str(house)), b"y\n", force=True)
    assert (outside / "x").read_bytes() == b"y\n"
    assert (outside / written.backup).read_bytes() == SECRET
    assert written.other_names == 1
    assert (house / "hard_link").read_bytes() == SECRET


def test_a_whole_path_under_the_root_and_a_root_under_the_working_folder_will_do(house: Path) -> None:
    assert put(within(str(house), str(house / "a"), "/"), b"x").path == str(house / "a")
    assert put(within("dir", "dir/a", str(house)), b"x").path == str(house / "dir" / "a")
    assert put(within("..", "b", str(house / "dir")), b"x").path == str(house / "dir" / "b")
    assert put(within("link_in", "dir/c", str(house)), b"x").path == str(house / "dir" / "c")
    for root, name in (("dir", "a2"), ("dir", "dir/../a2"), ("dir", str(house / "a2"))):
        with pytest.raises(RootEscape):
            within(root, name, str(house))


def test_a_root_that_is_missing_is_made_with_the_file_and_not_before(house: Path) -> None:
    with within("new/root", "new/root/sub/a", str(house)) as target:
        target.check()
        assert not (house / "new").exists()
        target.write(b"x\n")
    assert (house / "new/root/sub/a").read_bytes() == b"x\n"
    with pytest.raises(RootEscape):
        within("other", "elsewhere/a", str(house))
    with pytest.raises(RootEscape) as caught:
        within("hard_link", "hard_link/a", str(house))
    assert "no folder" in caught.value.message
    with pytest.raises(NotAFile):
        within("new/root", "new/root", str(house))


def test_a_root_that_was_replaced_meanwhile_is_another_root(house: Path) -> None:
    with within(str(house), "a", str(house)) as target:
        house.rename(house.parent / "moved")
        house.mkdir()
        with pytest.raises(RootEscape):
            target.write(b"x\n")
    assert not list(house.iterdir())


def test_a_folder_that_became_a_link_to_the_outside_is_seen(house: Path) -> None:
    with within(str(house), "dir/a", str(house)) as target:
        target.check()
        (house / "dir").rename(house / "aside")
        (house / "dir").symlink_to(house.parent / "outside")
        with pytest.raises(RootEscape):
            target.write(b"new\n")
    assert not (house.parent / "outside" / "a").exists()


def test_a_link_inside_may_not_lead_to_what_is_protected(house: Path) -> None:
    (house / ".git").mkdir()
    (house / "innocent").symlink_to(".git")
    with pytest.raises(TargetProtected):
        free("innocent/config", str(house))


def test_what_is_protected_is_written_where_the_person_names_it(house: Path) -> None:
    name = ".claude/agents/a.md"
    with pytest.raises(TargetProtected) as caught:
        free(name, str(house))
    assert caught.value.hint.endswith("--allow-protected .claude")
    assert "coding agents" in caught.value.message
    for allow in (
        [],
        ["."],
        [".claude/other"],
        [".claudette"],
        ["sub/.claude"],
        [".claude/agents/a"],
        ["a\0"],
    ):
        with pytest.raises(TargetProtected):
            free(name, str(house), allow=allow)
    for count, allowed in enumerate((".claude", ".claude/", str(house / ".CLAUDE"), ".claude/agents")):
        put(free(f".claude/agents/{count}.md", str(house), allow=["x", allowed]), b"x")
    put(free(name, str(house), allow=[name]), b"x")
    put(within(".claude", ".claude/b.md", str(house)), b"x")
    put(free("c.md", str(house / ".claude")), b"x")
    with pytest.raises(TargetProtected):
        free(str(house / ".claude" / "c.md"), str(house / "dir"))


def test_a_protected_name_that_leads_elsewhere_is_protected_too(house: Path) -> None:
    (house / ".claude").symlink_to("dir")
    for name in (".claude/settings.json", str(house / ".claude" / "settings.json")):
        with pytest.raises(TargetProtected):
            free(name, str(house))
    written = put(free(".claude/settings.json", str(house), allow=[".claude"]), b"x")
    assert written.path == str(house / "dir" / "settings.json")


def test_a_working_folder_inside_what_is_protected_is_like_any_other(house: Path) -> None:
    tree = house / ".claude" / "worktrees" / "one"
    tree.mkdir(parents=True)
    put(free("src/a.py", str(tree)), b"x")
    put(within(".", "src/b.py", str(tree)), b"x")
    put(within(str(house), "src/c.py", str(tree)), b"x")
    put(within(str(tree), str(tree / "d.py"), str(house)), b"x")
    put(free(str(tree / "e.py"), str(tree)), b"x")
    for name in (".claude/settings.json", "src/conftest.py"):
        with pytest.raises(TargetProtected):
            free(name, str(tree))


def test_a_link_that_leads_to_another_place_since_it_was_looked_at_is_not_followed(house: Path) -> None:
    (house / "other").mkdir()
    with free("link_in/a", str(house)) as target:
        target.check()
        (house / "link_in").unlink()
        (house / "link_in").symlink_to("other")
        with pytest.raises(TargetChanged):
            target.write(b"x")
    assert not list((house / "other").iterdir())


def test_errors_say_what_the_seed_s_envelope_says() -> None:
    types = {"missing_target", "target_root_escape", "target_exists", "backend_error"}
    assert {kind.type for kind in TargetError.__subclasses__()} == types
    assert MissingTarget.code == "missing_target"
    with pytest.raises(MissingTarget) as caught:
        free(None)
    assert "--target" in caught.value.hint
