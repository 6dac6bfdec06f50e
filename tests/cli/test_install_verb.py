"""`install` and `uninstall` as agent-delegate has them, and what is told of each file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tui_delegate.cli.main import main
from tui_delegate.rules import texts

REPO = Path(__file__).parent.parent.parent
HOSTS = ["CLAUDE_CONFIG_DIR", "CODEX_HOME", "COPILOT_HOME", "GEMINI_CLI_HOME", "OPENCODE_CONFIG_DIR"]
BLOCK = "<!-- tui-delegate:begin v2 -->"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (*HOSTS, "OPENCODE_DISABLE_CLAUDE_CODE", "OPENCODE_DISABLE_CLAUDE_CODE_PROMPT"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    (home / ".claude").mkdir(parents=True)
    (home / ".codex").mkdir()
    monkeypatch.setenv("HOME", str(home))
    return home


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main([*words])
    out, err = capsys.readouterr()
    return code, out, err


def told(out: str, tool: str) -> str:
    """The first line about a tool, without its name."""
    return next(line for line in out.splitlines() if line.split()[0] == tool)[19:]


def test_it_says_what_became_of_each_file_and_how_to_undo_it(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / ".codex/AGENTS.md").write_text("mine\n")
    code, out, err = run(capsys, "install")
    assert code == 0
    assert told(out, "claude-code") == f"wrote_new          {home}/.claude/CLAUDE.md"
    assert told(out, "codex-cli").startswith(f"appended           {home}/.codex/AGENTS.md  (a copy is kept: ")
    assert told(out, "gemini-cli") == f"SKIPPED — tool not detected ({home}/.gemini missing)"
    assert told(out, "codex-app") == "print only         tui-delegate install --print codex-app"
    assert err == "to undo this: tui-delegate uninstall\n"
    code, out, err = run(capsys, "install")
    assert (code, told(out, "codex-cli"), err) == (0, f"unchanged          {home}/.codex/AGENTS.md", "")
    code, out, _ = run(capsys, "uninstall")
    assert code == 0
    assert told(out, "claude-code").startswith(f"removed            {home}/.claude/CLAUDE.md")
    assert told(out, "codex-cli").startswith(f"removed            {home}/.codex/AGENTS.md")
    assert (home / ".codex/AGENTS.md").read_text() == "mine\n"
    code, out, _ = run(capsys, "uninstall")
    assert (code, told(out, "codex-cli")) == (
        0,
        f"noop               {home}/.codex/AGENTS.md  (no markers found)",
    )


def test_agent_delegates_block_is_taken_over_in_its_place(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = home / ".codex/AGENTS.md"
    theirs = "<!-- agent-delegate:begin v1.0.0-rc1 -->\nq\n<!-- agent-delegate:end -->"
    file.write_text(f"mine\n\n{theirs}\n\nmore\n")
    code, out, _ = run(capsys, "uninstall", "--tool", "codex-cli")
    assert (code, told(out, "codex-cli")[:4]) == (0, "noop")
    assert "agent-delegate's; --force takes it out" in out
    code, out, _ = run(capsys, "install", "--tool", "codex-cli")
    assert (code, told(out, "codex-cli")[:8]) == (0, "replaced")
    assert file.read_bytes() == b"mine\n\n" + texts.block("codex") + b"\n\nmore\n"
    run(capsys, "uninstall", "--tool", "codex-cli")
    assert file.read_text() == "mine\n\nmore\n"


def test_a_dry_run_shows_the_diff_and_writes_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / ".codex/AGENTS.md").write_bytes(b"caf\xe9 \x1b[31m\n")
    before = sorted(home.rglob("*"))
    code, out, err = run(capsys, "install", "--dry-run")
    assert (code, err) == (0, "nothing was changed; without --dry-run this is done\n")
    assert told(out, "codex-cli").startswith(f"would_write        {home}/.codex/AGENTS.md  (would append")
    assert f"+{BLOCK}" in out.splitlines()
    assert out.splitlines()[-1] == "+<!-- tui-delegate:end -->"
    assert "\x1b" not in out
    code, out, _ = run(capsys, "install", "--dry-run", "--json")
    rows = json.loads(out)["content"]["results"]
    assert BLOCK in next(row["diff"] for row in rows if row["tool"] == "codex-cli")
    assert sorted(home.rglob("*")) == before
    run(capsys, "install")
    _, out, _ = run(capsys, "uninstall", "--dry-run")
    assert f"-{BLOCK}" in out.splitlines()
    assert BLOCK.encode() in (home / ".codex/AGENTS.md").read_bytes()


def test_an_unknown_tool_is_a_usage_error_for_both(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ("install", "--tool", "foo"),
        ("uninstall", "--tool", "foo"),
        ("install", "--print", "foo"),
    ):
        code, out, err = run(capsys, *words)
        assert (code, out) == (2, "")
        assert err.startswith("tui-delegate: unknown tool: foo\n  The tools are: claude-code, codex-cli,")
    code, out, err = run(capsys, "uninstall", "--tool", "foo", "--json")
    assert (code, err) == (2, "")
    assert json.loads(out)["error"]["type"] == "resolve_error"


def test_the_text_of_one_tool_is_printed_for_pasting(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "install", "--print", "claude-desktop")
    assert (code, out, err) == (0, texts.block("chat").decode() + "\n", "")
    _, out, _ = run(capsys, "install", "--print", "codex", "--json")
    assert json.loads(out)["content"] == texts.block("codex").decode()
    code, out, _ = run(capsys, "install", "--tool", "claude-desktop,codex-app")
    assert (code, out.count(BLOCK)) == (0, 2)
    assert not list(home.rglob("*.md"))


def test_what_one_file_refuses_does_not_keep_the_others_back(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / ".codex/AGENTS.md").write_text(f"a\n{BLOCK}\nkeep\n")
    code, out, err = run(capsys, "install")
    assert code == 1
    assert told(out, "codex-cli").endswith("AGENTS.md  (line 2 begins a block that no line ends)")
    assert told(out, "claude-code").startswith("wrote_new")
    assert "Put those lines right by hand" in err
    code, out, err = run(capsys, "uninstall", "--json")
    answer = json.loads(out)
    assert (code, err, answer["ok"]) == (1, "", False)
    assert (answer["error"]["type"], answer["error"]["code"]) == ("backend_error", "file_refused")
    assert "line 2 begins a block that no line ends" in answer["error"]["message"]
    assert (home / ".codex/AGENTS.md").read_text() == f"a\n{BLOCK}\nkeep\n"


def test_what_was_edited_by_hand_is_replaced_only_by_force(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = home / ".codex/AGENTS.md"
    run(capsys, "install", "--tool", "codex")
    edited = file.read_text().replace("### Two roles", "### Three roles")
    file.write_text(edited)
    for verb in ("install", "uninstall"):
        code, out, err = run(capsys, verb, "--tool", "codex")
        assert (code, file.read_text()) == (1, edited)
        assert "was edited by hand" in told(out, "codex-cli")
        assert "--force" in err
    code, out, _ = run(capsys, "install", "--tool", "codex", "--force")
    assert (code, told(out, "codex-cli")[:8]) == (0, "replaced")
    copy = next(file.parent.glob("AGENTS.md.*.bak"))
    assert copy.read_text() == edited
    file.write_text(edited)
    assert run(capsys, "uninstall", "--tool", "codex", "--force")[0] == 0
    assert not file.exists()


def test_a_block_of_an_older_version_is_brought_up_to_date(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = home / ".codex/AGENTS.md"
    file.write_text("a\n\n<!-- tui-delegate:begin v0 -->\nold\n<!-- tui-delegate:end -->\n")
    code, out, _ = run(capsys, "install", "--tool", "codex")
    assert (code, told(out, "codex-cli")[:8]) == (0, "replaced")
    run(capsys, "uninstall", "--tool", "codex")
    assert file.read_text() == "a\n"


def test_an_open_editor_and_a_pipe_in_the_way_are_told_with_the_reason(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / ".claude/CLAUDE.md").write_text("mine\n")
    (home / ".claude/.CLAUDE.md.swp").touch()
    os.mkfifo(home / ".codex/AGENTS.md")
    code, out, _ = run(capsys, "install")
    assert code == 1
    assert "an editor has it open (.CLAUDE.md.swp is beside it)" in told(out, "claude-code")
    assert "is a named pipe, not a file" in told(out, "codex-cli")
    assert (home / ".claude/CLAUDE.md").read_text() == "mine\n"


def test_the_old_names_start_this_program(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a bin"
    folder.mkdir()
    (folder / "ad").write_text("#!/bin/sh\necho another\n")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    code, out, _ = run(capsys, "install", "--tool", "codex-app", "--shim", str(folder))
    assert code == 1
    assert told(out, "shim") == f"wrote_new          {folder}/agent-delegate"
    assert f"refused            {folder}/ad  (is not ours)" in out
    assert (folder / "ad").read_text() == "#!/bin/sh\necho another\n"
    done = subprocess.run(
        ["agent-delegate", "--version"], capture_output=True, text=True, check=False, cwd=REPO
    )
    assert (done.returncode, done.stdout.split()[0]) == (0, "tui-delegate")
    code, out, _ = run(capsys, "uninstall", "--tool", "codex-app", "--shim")
    assert (code, told(out, "shim")) == (0, f"removed            {folder}/agent-delegate")
    assert [path.name for path in folder.iterdir()] == ["ad"]


FAKE = """#!/bin/sh
echo "$0 $* $TUI_DELEGATE_DEPTH" >> {log}
case "$0" in *codex) echo "boom" >&2; exit 3;; esac
"""


def test_the_server_is_registered_by_the_hosts_own_command_or_in_plain_json(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    commands, log = tmp_path / "bin", tmp_path / "log"
    commands.mkdir()
    for name in ("claude", "codex"):
        (commands / name).write_text(FAKE.format(log=log))
        (commands / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{commands}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("TUI_DELEGATE_DEPTH", "2")
    for name in (".cursor", ".gemini", ".config/opencode", ".copilot"):
        (home / name).mkdir(parents=True)
    mine = '{\n  "mcpServers": {\n    "x": {\n      "command": "x"\n    }\n  }\n}\n'
    (home / ".cursor/mcp.json").write_text(mine)
    (home / ".config/opencode/opencode.json").write_text('{\n  // mine\n  "mcp": {}\n}\n')
    code, out, _ = run(capsys, "install", "--mcp", "--json")
    rows = {row["tool"]: row for row in json.loads(out)["content"]["results"]}
    assert (code, rows["claude-code"]["action"]) == (1, "ran")
    assert log.read_text().startswith(f"{commands}/claude mcp add --scope user tui-delegate -- ")
    assert log.read_text().splitlines()[0].endswith(" mcp 3")
    assert (rows["codex-cli"]["action"], rows["codex-cli"]["detail"]) == ("refused", "it ended with 3: boom")
    assert (rows["cursor"]["action"], rows["copilot"]["action"]) == ("replaced", "wrote_new")
    assert list(json.loads((home / ".cursor/mcp.json").read_text())["mcpServers"]) == ["x", "tui-delegate"]
    assert (rows["opencode"]["action"], rows["gemini-cli"]["action"]) == ("print only", "print only")
    assert "is not plain JSON" in rows["opencode"]["detail"]
    assert '"tui-delegate"' in rows["gemini-cli"]["snippet"]
    run(capsys, "uninstall", "--mcp")
    assert f"{commands}/claude mcp remove --scope user tui-delegate 3" in log.read_text()
    assert (home / ".cursor/mcp.json").read_text() == mine
    assert not (home / ".copilot/mcp-config.json").exists()


def test_two_shells_at_once_leave_one_block(home: Path) -> None:
    (home / ".codex/AGENTS.md").write_text("mine\n")
    words = [sys.executable, "-m", "tui_delegate", "install", "--tool", "codex-cli"]
    both = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=REPO) for _ in range(2)]
    said = [told(child.communicate(timeout=60)[0], "codex-cli").split()[0] for child in both]
    assert sorted(said) == ["appended", "unchanged"]
    assert [child.returncode for child in both] == [0, 0]
    assert (home / ".codex/AGENTS.md").read_bytes() == b"mine\n\n" + texts.block("codex") + b"\n"
