"""1A.5: what `write` makes of an answer, and where it may put it; and where ours is better."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.desk import Desk, Ended
from tests.scripted import Chat, Scripted

posix = pytest.mark.skipif(os.name != "posix", reason="modes and links are POSIX's here")


def drafted(desk: Desk, server: Scripted, answer: str, *flags: str) -> str:
    server.say(Chat(answer))
    return desk.write("--stdout", *flags).content


@pytest.mark.same("1A.5 one fence around everything is taken off, and the end is one newline")
@pytest.mark.parametrize(
    ("answer", "content"),
    [
        ("```python\nprint(1)\n```", "print(1)\n"),
        ("\n\n```\nprint(1)\n```\n\n", "print(1)\n"),
        ("```python\nprint(1)\n\n\n```", "print(1)\n"),
        ("print(1)", "print(1)\n"),
        ("print(1)\n\n\n", "print(1)\n"),
        ("  indented\n", "  indented\n"),
        ("print('```')\n", "print('```')\n"),
        ("a\n```\nb\n```\nc\n\n```\nd\n```\ne", "a\n```\nb\n```\nc\n\n```\nd\n```\ne\n"),
    ],
)
def test_fences(desk: Desk, server: Scripted, answer: str, content: str) -> None:
    assert drafted(desk, server, answer) == content


@pytest.mark.same("1A.5 --no-strip-fences leaves fences, but for the end")
def test_no_strip_fences(desk: Desk, server: Scripted) -> None:
    assert drafted(desk, server, "```\nx\n```\n\n\n", "--no-strip-fences") == "```\nx\n```\n"
    assert drafted(desk, server, "```\nx\n```", "--strip-fences") == "x\n"


@pytest.mark.same("1A.5 --target-root holds a target inside, links followed, before the model is asked")
@posix
def test_target_root(desk: Desk, server: Scripted) -> None:
    root = desk.folder / "root"
    root.mkdir()
    (root / "out").symlink_to(desk.home)
    (root / "here").symlink_to("real")
    (root / "real").mkdir()
    escapes = ("../x.py", "root/../../x.py", "root/out/x.py", str(desk.home / "x.py"), "x.py")
    for target in escapes:
        ended = desk.write("--target", target, "--target-root", "root")
        assert (ended.code, ended.error["type"], ended.envelope["target"]) == (
            2,
            "target_root_escape",
            target,
        )
        forced = desk.write("--force", "--target", target, "--target-root", "root")
        assert forced.error["type"] == "target_root_escape"
    assert not server.asked
    for target in ("root/a/b.py", str(root / "c.py"), "root/a/../d.py"):
        assert desk.write("--target", target, "--target-root", "root").code == 0
    assert sorted(path.name for path in root.rglob("*.py")) == ["b.py", "c.py", "d.py"]
    assert desk.write("--target", "here.py", "--target-root", ".").code == 0


@pytest.mark.same("1A.5 an empty --target-root is the working folder, and holds")
def test_an_empty_target_root(desk: Desk, server: Scripted, tmp_path: Path) -> None:
    outside = tmp_path / "out.py"
    ended = desk.write("--target-root", "", "--target", str(outside))
    assert (ended.code, ended.error["type"], outside.exists()) == (2, "target_root_escape", False)
    assert desk.write("--target-root", "", "--target", "in.py").code == 0


@pytest.mark.same("1A.5 with --stdout no target is looked at")
def test_stdout_writes_nothing(desk: Desk, server: Scripted) -> None:
    desk.file("there.py", "old\n")
    ended = desk.write("--stdout", "--target", "there.py", "--target-root", "nowhere")
    assert (ended.code, ended.envelope["target"], ended.content) == (0, "there.py", "the answer\n")
    assert (desk.folder / "there.py").read_text() == "old\n"


@pytest.mark.same("1A.5 an existing target is refused unless --force")
def test_force(desk: Desk, server: Scripted) -> None:
    there = desk.file("there.py", "old\n")
    assert desk.write("--target", "there.py").code == 2
    assert (there.read_text(), server.asked) == ("old\n", [])
    assert desk.write("--target", "there.py", "--force").code == 0
    assert there.read_text() == "the answer\n"


@pytest.mark.same("1A.5 --diff prints a unified diff before it writes, and nothing of it as JSON")
def test_diff(desk: Desk, server: Scripted) -> None:
    desk.file("a.py")
    there = desk.file("there.py", "old\n")
    words = ("write", "--context", "a.py", "--spec", "s", "--target", "there.py", "--force", "--diff")
    ended = desk.run(*words)
    assert (ended.code, there.read_text()) == (0, "the answer\n")
    assert "-old\n+the answer\n" in ended.out
    assert ended.out.endswith("wrote there.py\n")
    assert "there.py" in ended.out.splitlines()[0]
    assert desk.write("--target", "new.py", "--diff").content == "the answer\n"


@pytest.mark.same("1A.5 an absolute target is taken as named, parents are made")
def test_an_absolute_target(desk: Desk) -> None:
    target = desk.home / "deep" / "er" / "x.py"
    ended = desk.write("--target", str(target))
    assert (ended.code, ended.envelope["target"], target.read_text()) == (0, str(target), "the answer\n")


@pytest.mark.better("fences are taken off in every form that models use")
@pytest.mark.parametrize(
    "answer",
    [
        "````python\nprint(1)\n````",
        "~~~python\nprint(1)\n~~~",
        "Here is the file:\n\n```python\nprint(1)\n```\n",
        "Sure!\n\n```python\nprint(1)\n```\n\nThis prints one.",
        "```python\nprint(1)\n````",
        "   ```python\n   print(1)\n   ```",
        "```python\nprint(1)\n",
    ],
)
def test_more_fences(desk: Desk, server: Scripted, answer: str) -> None:
    assert drafted(desk, server, answer, "--target", "b.py") == "print(1)\n"


@pytest.mark.better("where it isn't clear which part of an answer is the file, all stays and that is said")
@pytest.mark.parametrize(
    "answer",
    [
        "```python\na = 1\n```\n\nand\n\n```python\nb = 2\n```\n",
        "```python\na = 1\n```\nEnjoy\n",
    ],
)
def test_more_than_a_file(desk: Desk, server: Scripted, answer: str) -> None:
    server.say(Chat(answer))
    told = desk.write("--target", "b.py")
    assert (told.code, told.content, (desk.folder / "b.py").read_text()) == (0, answer, answer)
    assert "with its code fences" in str(told.envelope["notes"])
    plain = desk.run("write", "--context", "a.py", "--spec", "s", "--target", "c.py")
    assert (plain.code, "with its code fences" in plain.err) == (0, True)
    assert "notes" not in desk.write("--target", "d.md").envelope


@pytest.mark.better("a relative target never leaves the working folder, with or without --target-root")
@posix
def test_a_relative_target_stays(desk: Desk, server: Scripted) -> None:
    (desk.folder / "out").symlink_to(desk.home)
    for target in ("../x.py", "out/x.py", "a/../../x.py"):
        ended = desk.write("--target", target)
        assert (ended.code, ended.error["type"]) == (2, "target_root_escape")
    assert not server.asked
    assert not list(desk.home.glob("*.py"))


@pytest.mark.better("a target that is no regular file is refused with the reason")
@posix
def test_odd_targets(desk: Desk, server: Scripted) -> None:
    (desk.folder / "folder").mkdir()
    os.mkfifo(desk.folder / "pipe")
    for target in ("folder", "pipe"):
        ended = desk.write("--force", "--target", target)
        assert (ended.code, ended.envelope["ok"], ended.err) == (2, False, "")
        assert ended.error["type"] in ("target_exists", "target_root_escape", "missing_target")
    assert not server.asked
    for target in ("a\nb.py", "x" * 300):
        assert desk.write("--target", target).envelope["ok"] in (True, False)


@pytest.mark.better("--force keeps the mode and a backup, and Windows line ends")
@posix
def test_force_keeps(desk: Desk, server: Scripted) -> None:
    there = desk.file("run.sh", "old\r\nlines\r\n")
    there.chmod(0o750)
    server.say(Chat("one\ntwo\n"))
    ended = desk.write("--force", "--target", "run.sh")
    assert (ended.code, there.read_bytes()) == (0, b"one\r\ntwo\r\n")
    assert stat.S_IMODE(there.stat().st_mode) == 0o750
    backups = [path for path in desk.folder.iterdir() if path.name.startswith("run.sh.")]
    assert [path.read_bytes() for path in backups] == [b"old\r\nlines\r\n"]


@pytest.mark.better("places that make programs run are refused unless they are allowed")
@pytest.mark.parametrize(
    "target", [".git/hooks/pre-commit", ".GIT/config", ".claude/settings.json", ".github/workflows/x.yml"]
)
def test_protected_places(desk: Desk, server: Scripted, target: str) -> None:
    ended = desk.write("--target", target, "--target-root", ".")
    assert (ended.code, ended.envelope["ok"]) == (2, False)
    assert not server.asked
    assert not (desk.folder / target).exists()


@pytest.mark.better("--dry-run with --diff shows and does not write")
def test_dry_run(desk: Desk, server: Scripted) -> None:
    desk.file("a.py")
    there = desk.file("there.py", "old\n")
    words = ("--context", "a.py", "--spec", "s", "--target", "there.py", "--force")
    ended = desk.run("write", *words, "--diff", "--dry-run")
    assert (ended.code, there.read_text()) == (0, "old\n")
    assert "-old\n+the answer\n" in ended.out
    assert "wrote" not in ended.out


@pytest.mark.better("writing is atomic: a full disk leaves what was there")
@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_FSIZE stands in for a full disk")
def test_a_full_disk(desk: Desk, server: Scripted) -> None:
    there = desk.file("there.py", "old\n")
    desk.file("a.py")
    server.say(Chat("x" * 3_000_000))
    words = ("write", "--json", "--context", "a.py", "--spec", "s", "--force", "--target", "there.py")
    limited = ["sh", "-c", 'ulimit -f 3000; trap "" XFSZ; exec "$@"', "sh", *desk.command(*words)]
    done = subprocess.run(
        limited, cwd=desk.folder, env=desk.env(), capture_output=True, text=True, check=False, timeout=60
    )
    ended = Ended(done.returncode, done.stdout, done.stderr)
    assert (ended.code != 0, there.read_text()) == (True, "old\n")
    assert sorted(path.name for path in desk.folder.iterdir()) == ["a.py", "there.py"]


@pytest.mark.better("--verify runs a check and hands its output back to the worker")
def test_verify(desk: Desk, server: Scripted) -> None:
    desk.file("a.py")
    server.say(Chat("broken ("), Chat("print(1)"))
    check = f"{sys.executable} -m py_compile b.py"
    ended = desk.write("--target", "b.py", "--verify", check)
    assert (ended.code, (desk.folder / "b.py").read_text()) == (0, "print(1)\n")
    assert len(server.asked) == 2
    assert "SyntaxError" in server.asked[1].raw.decode()


@pytest.mark.better("--schema makes the worker answer JSON that validates")
def test_schema(desk: Desk, server: Scripted) -> None:
    schema = '{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}'
    desk.file("schema.json", schema)
    server.say(Chat('{"n": "three"}'), Chat('```json\n{"n": 3}\n```'))
    ended = desk.run("summarize", "--json", "--schema", "schema.json", stdin="text")
    assert (ended.code, ended.content.replace(" ", "").strip()) == (0, '{"n":3}')
    assert len(server.asked) == 2
    server.say(Chat("no JSON at all"))
    never = desk.run("summarize", "--json", "--schema", "schema.json", stdin="text")
    assert (never.code, never.error["type"], len(server.asked)) == (1, "backend_error", 3)


@pytest.mark.better("a write that runs again and again leaves no temp files")
def test_no_leftovers(desk: Desk, server: Scripted) -> None:
    server.say(Chat("one"), Chat("two"))
    for _ in range(2):
        assert desk.write("--target", "b.py", "--force").code == 0
    left = {path.name for path in Path(desk.folder).iterdir() if ".bak-" not in path.name}
    assert left == {"a.py", "b.py"}
    assert any(".bak-" in path.name for path in desk.folder.iterdir())
