"""1A.9: the rules that `install` puts into other tools' files, and how `uninstall` takes them out again."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path

import pytest

from tests.desk import Desk

BEGIN = re.compile(rb"<!-- [a-z]+-delegate:begin v\S+ -->")
END = re.compile(rb"<!-- [a-z]+-delegate:end -->")
MINE = b"# Mine\n\n\n\nkept as it is\n"
THEIRS = b"<!-- agent-delegate:begin v0.2.0 -->\nold words\n<!-- agent-delegate:end -->\n"
posix = pytest.mark.skipif(os.name != "posix", reason="modes and links are POSIX's here")


def codex(desk: Desk, content: bytes | None = None, name: str = "AGENTS.md") -> Path:
    folder = desk.home / ".codex"
    folder.mkdir(exist_ok=True)
    path = folder / name
    if content is not None:
        path.write_bytes(content)
    return path


def blocks(path: Path) -> int:
    text = path.read_bytes()
    assert len(BEGIN.findall(text)) == len(END.findall(text))
    return len(BEGIN.findall(text))


def line_of(out: str, tool: str) -> str:
    """The first line of a tool, its spaces made one; further lines are of files that are ours alone."""
    return " ".join(next(line for line in out.splitlines() if line.startswith(tool)).split())


@pytest.mark.same("1A.9 install: wrote_new, unchanged, appended, and the user's text stays")
def test_install(desk: Desk) -> None:
    path = codex(desk)
    first = desk.run("install", "--tool", "codex-cli")
    assert (first.code, line_of(first.out, "codex-cli")) == (0, f"codex-cli wrote_new {path}")
    assert blocks(path) == 1
    again = desk.run("install", "--tool", "codex-cli")
    assert line_of(again.out, "codex-cli") == f"codex-cli unchanged {path}"
    codex(desk, MINE)
    appended = desk.run("install", "--tool", "codex-cli")
    assert line_of(appended.out, "codex-cli").startswith(f"codex-cli appended {path}")
    assert path.read_bytes().startswith(MINE)
    assert blocks(path) == 1


@pytest.mark.same("1A.9 an old block is replaced in its place")
def test_replaced(desk: Desk) -> None:
    path = codex(desk, b"# Mine\n\n" + THEIRS + b"\nafter\n")
    ended = desk.run("install", "--tool", "codex-cli")
    assert line_of(ended.out, "codex-cli").startswith(f"codex-cli replaced {path}")
    text = path.read_bytes()
    assert (blocks(path), b"old words" in text) == (1, False)
    assert text.startswith(b"# Mine\n\n<!--")
    assert text.endswith(b"-->\n\nafter\n")


@pytest.mark.same("1A.9 the legacy file of Codex where only that exists")
def test_the_legacy_file(desk: Desk) -> None:
    path = codex(desk, b"mine\n", "instructions.md")
    assert desk.run("install", "--tool", "codex-cli").code == 0
    assert (blocks(path), (path.parent / "AGENTS.md").exists()) == (1, False)


@pytest.mark.same("1A.9 a tool that is not there is skipped, the rest is done")
def test_detection(desk: Desk) -> None:
    ended = desk.run("install", "--tool", "claude-code,codex-cli")
    assert ended.code == 0
    line = line_of(ended.out, "claude-code")
    assert line == f"claude-code SKIPPED — tool not detected ({desk.home / '.claude'} missing)"
    assert not list(desk.home.glob(".c*"))
    (desk.home / ".claude").mkdir()
    assert desk.run("install", "--tool", "claude-code").code == 0
    assert (desk.home / ".claude" / "CLAUDE.md").exists()


@pytest.mark.same("1A.9 --print and what it says")
@pytest.mark.parametrize("tool", ["claude-code", "codex-cli", "claude-desktop", "codex-app"])
def test_print(desk: Desk, tool: str) -> None:
    ended = desk.run("install", "--print", tool)
    text = ended.out
    assert (ended.code, ended.err) == (0, "")
    assert BEGIN.search(text.encode())
    assert END.search(text.encode())
    assert not list(desk.home.glob(".c*"))
    words = ["--json", "--target-root .", "ask", "write", "summarize", "profile=", "model=", "task="]
    words += ["secret", "migration", "boilerplate", "review"]
    if tool in ("claude-code", "codex-cli"):
        words += ["--profile"]
    assert [word for word in words if word not in text.lower()] == []


@pytest.mark.same("1A.9 an unknown tool is exit code 2 for install and --print")
def test_unknown_tools(desk: Desk) -> None:
    for words in (("--print", "nobody"), ("--tool", "nobody")):
        ended = desk.run("install", *words)
        assert (ended.code, ended.out, "nobody" in ended.err) == (2, "", True)


@pytest.mark.same("1A.9 --dry-run writes nothing and says would_write")
def test_dry_run(desk: Desk) -> None:
    path = codex(desk, MINE)
    ended = desk.run("install", "--dry-run", "--tool", "codex-cli")
    assert (ended.code, path.read_bytes()) == (0, MINE)
    assert line_of(ended.out, "codex-cli").startswith(f"codex-cli would_write {path}")
    desk.run("install", "--tool", "codex-cli")
    installed = path.read_bytes()
    ended = desk.run("uninstall", "--dry-run", "--tool", "codex-cli")
    assert (ended.code, path.read_bytes()) == (0, installed)


@pytest.mark.same("1A.9 uninstall: removed, noop")
def test_uninstall(desk: Desk) -> None:
    path = codex(desk, b"# Mine\n")
    desk.run("install", "--tool", "codex-cli")
    ended = desk.run("uninstall", "--tool", "codex-cli")
    assert ended.code == 0
    assert line_of(ended.out, "codex-cli").startswith(f"codex-cli removed {path}")
    assert path.read_bytes() == b"# Mine\n"
    again = desk.run("uninstall", "--tool", "codex-cli")
    assert line_of(again.out, "codex-cli").startswith(f"codex-cli noop {path}")


@pytest.mark.same("1A.9 status says whether the rule is installed")
def test_status(desk: Desk) -> None:
    codex(desk)
    before = desk.run("status").out
    desk.run("install", "--tool", "codex-cli")
    after = desk.run("status").out
    assert line_of(before.replace("  codex", "codex"), "codex-cli") != line_of(
        after.replace("  codex", "codex"), "codex-cli"
    )


@pytest.mark.better("install then uninstall gives the very bytes back")
@pytest.mark.parametrize(
    "content",
    [
        MINE,
        b"# Mine\n\n\n\n\n",
        b"no end of line",
        b"\xef\xbb\xbf# Mine\r\nwindows\r\n\r\n\r\nlines\r\n",
        b"caf\xe9 in latin-1\n",
        b"",
    ],
)
def test_a_round_trip(desk: Desk, content: bytes) -> None:
    path = codex(desk, content)
    assert desk.run("install", "--tool", "codex-cli").code == 0
    assert (blocks(path), path.read_bytes().startswith(content)) == (1, True)
    assert desk.run("uninstall", "--tool", "codex-cli").code == 0
    assert path.read_bytes() == content


@pytest.mark.better("what install made, uninstall takes away")
def test_a_round_trip_without_a_file(desk: Desk) -> None:
    path = codex(desk)
    desk.run("install", "--tool", "codex-cli")
    desk.run("uninstall", "--tool", "codex-cli")
    assert not path.exists() or path.read_bytes() == b""


@pytest.mark.better("a link is followed, the mode stays, a backup is kept")
@posix
def test_links_and_modes(desk: Desk) -> None:
    path = codex(desk)
    dotfile = desk.home / "dotfiles.md"
    dotfile.write_bytes(MINE)
    dotfile.chmod(0o600)
    path.symlink_to(dotfile)
    assert desk.run("install", "--tool", "codex-cli").code == 0
    assert (path.is_symlink(), blocks(dotfile), stat.S_IMODE(dotfile.stat().st_mode)) == (True, 1, 0o600)
    others = [one.read_bytes() for one in desk.home.rglob("*") if one.is_file() and one != dotfile]
    assert MINE in others


@pytest.mark.better("a pre-release block is upgraded, not doubled")
def test_a_pre_release(desk: Desk) -> None:
    path = codex(desk, THEIRS.replace(b"v0.2.0", b"v1.0.0-rc1"))
    assert desk.run("install", "--tool", "codex-cli").code == 0
    assert (blocks(path), b"old words" in path.read_bytes()) == (1, False)


@pytest.mark.better("an orphan marker is refused with its line, nothing is written")
@pytest.mark.parametrize("orphan", [b"begin v0.2.0", b"end"])
def test_orphans(desk: Desk, orphan: bytes) -> None:
    content = b"one\ntwo\n<!-- agent-delegate:" + orphan + b" -->\nfour\n"
    path = codex(desk, content)
    ended = desk.run("install", "--tool", "codex-cli")
    assert (ended.code != 0, path.read_bytes()) == (True, content)
    assert "3" in ended.out + ended.err


@pytest.mark.better("markers inside a code fence are the user's text")
def test_fenced_markers(desk: Desk) -> None:
    content = b"```\n" + THEIRS + b"```\n"
    path = codex(desk, content)
    assert desk.run("install", "--tool", "codex-cli").code == 0
    assert path.read_bytes().startswith(content)


@pytest.mark.better("several hard links, a fifo, a folder and a loop are refused with the reason")
@posix
@pytest.mark.parametrize("kind", ["hard links", "fifo", "folder", "loop"])
def test_odd_files(desk: Desk, kind: str) -> None:
    path = codex(desk)
    if kind == "hard links":
        path.write_bytes(MINE)
        os.link(path, desk.home / "other.md")
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(path.name)
    ended = desk.run("install", "--tool", "codex-cli")
    assert ended.code in (1, 2)
    assert str(path) in ended.out + ended.err
    assert kind != "hard links" or path.read_bytes() == MINE


@pytest.mark.better("an unknown tool is exit code 2 for uninstall too")
def test_unknown_tool_of_uninstall(desk: Desk) -> None:
    assert desk.run("uninstall", "--tool", "nobody").code == 2


@pytest.mark.better("more tools: Cursor, Gemini CLI, opencode, Copilot, Aider")
@pytest.mark.parametrize("tool", ["cursor", "gemini-cli", "opencode", "copilot", "aider"])
def test_more_tools(desk: Desk, tool: str) -> None:
    ended = desk.run("install", "--print", tool)
    assert (ended.code, "summarize" in ended.out) == (0, True)


@pytest.mark.better("--dry-run shows the diff")
def test_dry_run_diff(desk: Desk) -> None:
    codex(desk, MINE)
    ended = desk.run("install", "--dry-run", "--tool", "codex-cli")
    assert re.search(r"^\+<!-- \S+:begin", ended.out, re.MULTILINE)


@pytest.mark.better("install --json is an envelope")
def test_install_json(desk: Desk) -> None:
    codex(desk)
    envelope = desk.run("install", "--json", "--tool", "codex-cli").envelope
    assert (envelope["ok"], envelope["command"]) == (True, "install")
    assert "codex-cli" in json.dumps(envelope)


@pytest.mark.better("install --shim puts agent-delegate and ad on the PATH; they are this program")
@posix
def test_shim(desk: Desk) -> None:
    folder = desk.home / "bin"
    folder.mkdir()
    assert desk.run("install", "--shim", str(folder)).code == 0
    assert sorted(path.name for path in folder.iterdir()) == ["ad", "agent-delegate"]
    assert os.access(folder / "ad", os.X_OK)
    assert desk.run("uninstall", "--shim", str(folder)).code == 0
    assert list(folder.iterdir()) == []


@pytest.mark.better("the block tells of the final report that is computed")
def test_the_report_is_told(desk: Desk) -> None:
    assert "ledger report" in desk.run("install", "--print", "claude-code").out
