from __future__ import annotations

import itertools
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import (
    BadTarget,
    MissingTarget,
    NotAFile,
    NotWritten,
    RootEscape,
    TargetChanged,
    TargetError,
    TargetExists,
    TargetProtected,
)
from tui_delegate.tools import draft, walk
from tui_delegate.tools.target import Target, Written, free, within

SECRET = b"not to be touched\n"


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A root with everything in it that a name could stumble over, and an outside that must stay as it is."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "dir").mkdir(parents=True)
    outside.mkdir()
    (outside / "x").write_bytes(SECRET)
    (root / "link_out").symlink_to(outside, target_is_directory=True)
    (root / "link_in").symlink_to("dir", target_is_directory=True)
    (root / "link_file").symlink_to(outside / "x")
    (root / "dangling_link").symlink_to(outside / "new")
    (root / "loop").symlink_to("loop")
    os.link(outside / "x", root / "hard_link")
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as sock:
        here = Path.cwd()
        os.chdir(root)
        sock.bind("sock")
        os.chdir(here)
    (root / "dev_null").symlink_to("/dev/null")
    (root / "locked").write_text("mine\n")
    (root / "locked").chmod(0)
    return root


def state_of(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }


def put(target: Target, data: bytes, *, force: bool = False, now: float | None = None) -> Written:
    with target:
        target.check(force=force)
        return target.write(data, force=force, now=now)


def held_handles() -> int:
    return len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else 0


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
    ("/dev/null", NotAFile),
    ("/dev/fd/0", NotAFile),
    ("/dev/stdin", NotAFile),
    ("/dev/stdout", NotAFile),
    ("/proc/self/fd/1", NotAFile),
    ("/proc/self/cwd/x", NotAFile),
    ("/proc/self/root/etc/passwd", NotAFile),
    ("/sys/kernel/x", NotAFile),
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


def test_a_file_that_is_there_is_kept_without_force(house: Path) -> None:
    (house / "a").write_bytes(b"old\n")
    with within(str(house), "a", str(house)) as target:
        with pytest.raises(TargetExists) as caught:
            target.check()
        with pytest.raises(TargetExists):
            target.write(b"new\n")
    assert (caught.value.code, caught.value.type) == ("target_exists", "target_exists")
    assert "--force" in caught.value.hint
    assert (house / "a").read_bytes() == b"old\n"


def test_what_force_replaces_is_kept_beside_it_with_its_rights(house: Path) -> None:
    (house / "a").write_bytes(b"old\n")
    (house / "a").chmod(0o750)
    written = put(free("a", str(house)), b"new\n", force=True, now=0.0)
    assert written == Written(str(house / "a"), "a.bak-19700101-000000")
    assert ((house / "a").read_bytes(), stat.S_IMODE((house / "a").stat().st_mode)) == (b"new\n", 0o750)
    backup = house / written.backup
    assert (backup.read_bytes(), stat.S_IMODE(backup.stat().st_mode)) == (b"old\n", 0o750)


def test_five_backups_are_kept_and_no_other_file_is_touched(house: Path) -> None:
    mine = {"a.bak-19700101-0000001": b"1", "a.bak-mine": b"2", "ab.bak-19700101-000000": b"3"}
    for name, data in {**mine, "a": b"0", "a.bak-19700101-000003": b"taken"}.items():
        (house / name).write_bytes(data)
    said = [put(free("a", str(house)), b"%d" % n, force=True, now=3.0 + (n > 2)).backup for n in range(1, 8)]
    assert said[:3] == [f"a.bak-19700101-000003-{n:03d}" for n in (1, 2)] + ["a.bak-19700101-000004"]
    assert {name: (house / name).read_bytes() for name in mine} == mine
    assert sorted(
        path.name for path in house.glob("a.bak-19700101-00000?*") if path.name not in mine
    ) == sorted(said[2:])


def test_the_newest_backup_stays_however_fast_they_come_and_whatever_the_clock_says(house: Path) -> None:
    (house / "a").write_bytes(b"0")
    for number in range(1, 20):
        written = put(free("a", str(house)), b"%d" % number, force=True, now=100.0)
        assert (house / written.backup).read_bytes() == b"%d" % (number - 1)
    kept = sorted(path.read_bytes() for path in house.glob("a.bak-*"))
    assert kept == [b"14", b"15", b"16", b"17", b"18"]
    written = put(free("a", str(house)), b"x", force=True, now=50.0)
    assert (house / written.backup).read_bytes() == b"19"


def test_a_name_too_long_for_a_backup_gets_a_shorter_one(house: Path) -> None:
    name = "é" * 127
    (house / name).write_bytes(b"old")
    written = put(free(name, str(house)), b"new", force=True)
    assert (house / written.backup).read_bytes() == b"old"
    assert written.backup.startswith("é" * 100)


def test_the_same_bytes_again_change_nothing(house: Path) -> None:
    (house / "a").write_bytes(b"old\r\n")
    before = (house / "a").stat()
    assert put(free("a", str(house)), b"old\n", force=True) == Written(str(house / "a"), changed=False)
    assert (house / "a").stat().st_mtime_ns == before.st_mtime_ns


def test_the_ends_of_lines_stay_what_they_were(house: Path) -> None:
    rows = [
        (b"a\r\nb\r\n", b"x\ny\n", b"x\r\ny\r\n"),
        (b"a\r\n", b"x\r\ny\n", b"x\r\ny\r\n"),
        (b"a\nb", b"x\r\ny\r\n", b"x\ny\n"),
        (b"a\nb\r\n", b"x\r\ny\n", b"x\r\ny\n"),
        (b"", b"x\r\n", b"x\r\n"),
        (b"\xef\xbb\xbfa\r\n", b"x\n", b"\xef\xbb\xbfx\r\n"),
        (b"a\r\n\0", b"x\n", b"x\n"),
        (b"a\r\n", b"\0\n", b"\0\n"),
    ]
    for before, data, after in rows:
        (house / "a").write_bytes(before)
        with free("a", str(house)) as target:
            assert target.fit(data) == after
            target.write(data, force=True)
        assert (house / "a").read_bytes() == after


def test_a_new_file_has_the_rights_of_any_new_file(house: Path) -> None:
    mask = os.umask(0o027)
    try:
        put(free("sub/a", str(house)), b"x")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((house / "sub/a").stat().st_mode) == 0o640
    assert stat.S_IMODE((house / "sub").stat().st_mode) == 0o750


def test_a_file_that_appeared_or_changed_since_it_was_looked_at_is_not_replaced(house: Path) -> None:
    with free("a", str(house)) as target:
        target.check(force=True)
        (house / "a").write_bytes(b"theirs\n")
        with pytest.raises(TargetExists):
            target.write(b"new\n", force=True)
    with free("a", str(house)) as target:
        assert target.read() == b"theirs\n"
        (house / "a").write_bytes(b"changed\n")
        with pytest.raises(TargetChanged) as caught:
            target.write(b"new\n", force=True)
    assert (caught.value.code, caught.value.type) == ("target_changed", "target_exists")
    with free("a", str(house)) as target:
        assert target.read() == b"changed\n"
        (house / "other").write_bytes(b"changed\n")
        (house / "other").rename(house / "a")
        with pytest.raises(TargetChanged):
            target.write(b"new\n", force=True)
    assert (house / "a").read_bytes() == b"changed\n"
    assert not list(house.glob("a.bak*")) + list(house.glob(".tud-*"))


def test_a_file_that_is_gone_since_it_was_looked_at_is_not_made_again(house: Path) -> None:
    (house / "a").write_bytes(b"old\n")
    with free("a", str(house)) as target:
        target.check(force=True)
        (house / "a").unlink()
        with pytest.raises(TargetChanged):
            target.write(b"new\n", force=True)


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


def test_what_it_wrote_itself_it_writes_again_without_force_and_without_a_backup(house: Path) -> None:
    with free("a", str(house)) as target:
        target.check()
        target.write(b"1\n")
        assert target.write(b"2\n") == Written(str(house / "a"))
        (house / "a").write_bytes(b"2, tidied\n")
        written = target.write(b"3\n")
        assert (house / written.backup).read_bytes() == b"2, tidied\n"
        assert target.write(b"3\n").changed is False
    (house / "b").write_bytes(b"old\n")
    with free("b", str(house)) as target:
        target.check(force=True)
        backups = [target.write(b"%d\n" % n, force=True).backup for n in range(8)]
    assert (house / backups[0]).read_bytes() == b"old\n"
    assert backups[1:] == [""] * 7


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


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_place_without_the_right_to_write_is_refused_before_the_call(house: Path) -> None:
    (house / "dir").chmod(0o555)
    with free("dir/a", str(house)) as target, pytest.raises(NotWritten):
        target.check()
    with free("locked", str(house)) as target, pytest.raises(NotAFile):
        target.check(force=True)


def test_a_disk_that_says_no_leaves_nothing_behind(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (house / "a").write_bytes(b"old\n")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    before = state_of(house)
    monkeypatch.setattr(os, "write", full)
    for name in ("a", "b", "new/folder/c"):
        with free(name, str(house)) as target, pytest.raises(NotWritten) as caught:
            target.write(b"new\n", force=True)
        assert "No space left" in caught.value.message
    assert state_of(house) == before


@pytest.mark.parametrize(("held", "nameless"), [(True, True), (True, False), (False, False)])
def test_every_way_of_writing_gives_the_same_files(
    house: Path, held: bool, nameless: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "HELD", held)
    if not nameless:
        monkeypatch.setattr(draft, "_NAMELESS", 0)
    put(free("sub/a", str(house)), b"1\n")
    written = put(free("sub/a", str(house)), b"2\n", force=True)
    assert (house / "sub/a").read_bytes() == b"2\n"
    assert (house / "sub" / written.backup).read_bytes() == b"1\n"
    for name in ("../x", "link_out/x", "dangling_link", "link_out/new/x"):
        with pytest.raises(RootEscape):
            free(name, str(house))
    for name in ("locked/x", "fifo", "dir", "new/"):
        with pytest.raises((NotAFile, BadTarget)):
            put(free(name, str(house)), b"x", force=True)
    monkeypatch.setattr(os, "link", _no_links)
    put(free("sub/b", str(house)), b"3\n")
    replaced = put(free("sub/b", str(house)), b"4\n", force=True)
    assert (house / "sub/b").read_bytes() == b"4\n"
    with free("sub/c", str(house)) as target:
        target.check()
        (house / "sub/c").write_bytes(b"theirs")
        with pytest.raises(TargetExists):
            target.write(b"4\n", force=True)
    assert sorted(os.listdir(house / "sub")) == ["a", written.backup, "b", replaced.backup, "c"]


def _no_links(*_: object, **__: object) -> None:
    raise OSError(1, "Operation not permitted")


def test_folders_that_turn_into_links_while_it_writes_lead_nowhere(house: Path) -> None:
    outside = house.parent / "outside"
    before = state_of(outside)
    over = threading.Event()

    def swap() -> None:
        door, aside = house / "dir", house / "aside"
        for number in itertools.count():
            if over.is_set():
                break
            try:
                door.rename(aside)
                door.symlink_to(outside, target_is_directory=True)
                door.unlink()
                aside.rename(door)
            except OSError:  # the writer made the folder anew in between, or took it away again
                if aside.exists():
                    aside.rename(house / f"aside-{number}")

    thief = threading.Thread(target=swap)
    thief.start()
    written = refused = 0
    until = time.monotonic() + 4
    try:
        for number in range(2000):
            try:
                put(within(str(house), f"dir/deep/{number % 50}", str(house)), b"%d\n" % number, force=True)
                written += 1
            except (RootEscape, TargetChanged, NotWritten, TargetExists):
                refused += 1
            if time.monotonic() > until:
                break
    finally:
        over.set()
        thief.join()
    assert state_of(outside) == before
    assert written
    assert refused
    assert not list(house.rglob(".tud-*"))


def test_of_many_writers_of_a_new_file_one_wins(house: Path) -> None:
    for name in ("a", "sub/b"):
        outcomes: list[str] = []

        def write(number: int, name: str = name, outcomes: list[str] = outcomes) -> None:
            try:
                put(free(name, str(house)), b"%d" % number * 50_000)
                outcomes.append(str(number))
            except TargetExists:
                outcomes.append("exists")

        writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert outcomes.count("exists") == 7
        (winner,) = (outcome for outcome in outcomes if outcome != "exists")
        assert (house / name).read_bytes() == winner.encode() * 50_000


def test_of_many_writers_with_force_none_loses_what_another_wrote(house: Path) -> None:
    (house / "a").write_bytes(b"first")
    texts = [b"%d" % number * 50_000 for number in range(5)]
    done: list[bytes] = []

    def write(data: bytes) -> None:
        try:
            put(free("a", str(house)), data, force=True)
            done.append(data)
        except TargetChanged:
            pass

    writers = [threading.Thread(target=write, args=(text,)) for text in texts]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    kept = [path.read_bytes() for path in house.glob("a.bak-*")]
    assert sorted([*kept, (house / "a").read_bytes()]) == sorted([b"first", *done])


KILLED = """
import os, signal, sys
from tui_delegate.tools import draft
from tui_delegate.tools.target import free
real = os.fsync
def stop(handle):
    real(handle)
    os.kill(os.getpid(), signal.SIGKILL)
def stop_before_rename(*words, **named):
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[1] == "fsync":
    os.fsync = stop
else:
    os.replace = stop_before_rename
with free("a", sys.argv[2]) as target:
    target.write(b"new\\n" * 1000, force=True)
"""


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_writer_killed_halfway_leaves_the_old_file_whole(house: Path, moment: str) -> None:
    (house / "a").write_bytes(b"old\n")
    done = subprocess.run([sys.executable, "-c", KILLED, moment, str(house)], cwd=Path.cwd(), check=False)
    assert done.returncode == -signal.SIGKILL
    assert (house / "a").read_bytes() == b"old\n"
    if moment == "fsync" and sys.platform == "linux":
        assert not list(house.glob(".tud-*"))
    for left in house.glob(".tud-*"):
        os.utime(left, (0, 0))
    put(free("a", str(house)), b"again\n", force=True)
    assert (house / "a").read_bytes() == b"again\n"
    assert not list(house.glob(".tud-*"))
