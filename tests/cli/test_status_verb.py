"""`status`: agent-delegate's lines first, ours after them, and no server is asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tui_delegate import __version__
from tui_delegate.cli.main import main
from tui_delegate.cli.verbs.status import state_words
from tui_delegate.journal.store import Journal

MINE = """
default_profile = "work"
[profiles.work]
backend = "openai-compat"
base_url = "https://h.example/v1/"
default_model = "big"
api_key = "sk-canary-4711"
"""


def status(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[str], str]:
    code = main(["status", *words])
    out, err = capsys.readouterr()
    assert "canary" not in out + err
    return code, out.splitlines(), err


def test_the_first_lines_are_agent_delegates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "profiles.toml").write_text(MINE)
    code, lines, err = status(capsys)
    assert (code, err) == (0, "")
    assert lines[:6] == [
        f"tui-delegate v{__version__}",
        "default profile: work",
        "profiles:        work, ollama, lmstudio, llamacpp, openrouter, haiku, builtin",
        "default backend: openai-compat",
        "default model:   big",
        "default host:    https://h.example/v1",
    ]
    assert lines[6:9] == [
        f"config file:     {tmp_path / 'profiles.toml'}",
        f"journal:         {tmp_path / 'journal.db'} (not there yet)",
        "log:             off",
    ]
    after = lines[lines.index("install state:") + 1 :]
    assert after[0].startswith("  claude-code        config directory not found — ")
    assert "  codex-app          (manual paste) — see `tui-delegate install --print codex-app`" in after


def test_a_fresh_home_means_ollama_and_nothing_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, lines, _ = status(capsys)
    assert lines[1] == "default profile: ollama"
    assert lines[3:6] == [
        "default backend: ollama",
        "default model:   (the one that its server has loaded, else its first)",
        "default host:    http://127.0.0.1:11434",
    ]
    assert f"config file:     {tmp_path / 'profiles.toml'} (not there)" in lines
    assert not (tmp_path / "profiles.toml").exists()
    assert not (tmp_path / "journal.db").exists()


def test_a_default_that_is_not_there_is_unavailable_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "profiles.toml").write_text('default_profile = "gone"\n[roles]\nworker = "haiku"\n')
    _, lines, _ = status(capsys)
    assert lines[3:7] == [
        "default backend: unavailable",
        "default model:   unavailable",
        "default host:    unavailable",
        "worker:          haiku",
    ]


def test_programs_get_one_object(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "profiles.toml").write_text(MINE)
    with closing(Journal.open(tmp_path / "journal.db")):
        pass
    monkeypatch.setenv("AGENT_DELEGATE_LOG_DIR", str(tmp_path / "logs"))
    monkeypatch.setenv("TUI_DELEGATE_DEPTH", "2")
    code, lines, err = status(capsys, "--json")
    answer = json.loads(lines[0])
    content = answer["content"]
    assert (code, err, len(lines), answer["ok"], answer["command"]) == (0, "", 1, True, "status")
    assert (content["version"], content["default_profile"], content["profiles"][:2]) == (
        __version__,
        "work",
        ["work", "ollama"],
    )
    assert (content["default_model"], content["default_host"]) == ("big", "https://h.example/v1")
    assert content["journal_bytes"] == (tmp_path / "journal.db").stat().st_size
    assert content["log"] == str(tmp_path / "logs" / "agent-delegate.log")
    assert content["depth"] == 2
    assert {"claude-code", "codex-cli", "claude-desktop"} <= {one["tool"] for one in content["install"]}


def test_what_a_file_says_wrongly_is_told_beside_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "no address")
    code, lines, err = status(capsys)
    assert (code, err) == (0, "tui-delegate: OLLAMA_HOST: is not an address that can be read, left alone\n")
    assert status(capsys, "-q")[2] == ""
    assert status(capsys, "--json")[2] == ""
    (tmp_path / "profiles.toml").write_text("x = [")
    code, lines, err = status(capsys)
    assert (code, lines, "profiles.toml:1" in err) == (78, [], True)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("installed v3", "rule installed — /x/\u00e9.md"),
        ("not installed", "rule not installed — /x/\u00e9.md"),
        ("not detected", "config directory not found — /x/\u00e9.md"),
        ("print only", "(manual paste) — see `/x/\u00e9.md`"),
        ("agent-delegate's block", "agent-delegate's block — /x/\u00e9.md"),
        ("broken: a\x1b[2J line", "broken: a line — /x/\u00e9.md"),
    ],
)
def test_how_a_tool_stands_is_said_in_agent_delegates_words(state: str, words: str) -> None:
    assert state_words(state, "/x/\x1b[31m\u00e9.md") == words
    assert state_words("installed v3", "/x", verbose=True) == "rule installed v3 — /x"


def test_it_loads_nothing_that_could_ask_a_server(tmp_path: Path) -> None:
    code = (
        "import sys; from tui_delegate.cli.main import main; main(['status']);"
        "heavy = {'asyncio', 'http', 'socket', 'ssl', 'httpx', 'sqlite3', 'json', 'tempfile'};"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "[]\n"
