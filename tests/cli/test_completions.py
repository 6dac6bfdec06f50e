"""Completion scripts and the manual page: made of the parser, and taken by the programs that read them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tui_delegate.cli.main import VERBS, main, whole_parser
from tui_delegate.cli.outline import outline

ROOT = Path(__file__).parents[2]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> pytest.CaptureFixture[str]:
    return capsys


def script(said: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(list(words)) == 0
    out, err = said.readouterr()
    assert err == ""
    return out


def run(*command: str, text: str = "", path: str = "/usr/bin:/bin") -> str:
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, check=False, env={"PATH": path, "TERM": "dumb"}
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_bash_offers_what_may_stand_next(said: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    stand_in = tmp_path / "tui-delegate"
    stand_in.write_text("#!/bin/sh\nprintf 'work (default)\\nthe other\\n'\n")
    stand_in.chmod(0o755)
    ask = """
offer() {
  COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
  _tui_delegate
  (IFS=,; echo "${COMPREPLY[*]}")
}
offer tui-delegate le
offer tui-delegate --pro
offer tui-delegate --profile x profi
offer tui-delegate profiles s
offer tui-delegate --profile ""
offer tui-delegate run --worker-profile t
offer tui-delegate --json profiles show --js
offer tui-delegate completions z
offer tui-delegate models --profile x lo
offer tui-delegate run --worker-model ""
offer tui-delegate profiles show ""
offer tui-delegate profiles show --js
offer tui-delegate ledger --export ""
offer tui-delegate ledger --by cl
offer tui-delegate ledger report --since ""
offer tui-delegate ask --fallback w
offer tui-delegate ask --paths a.txt ""
offer tui-delegate ask --paths a.txt b.txt --qu
offer tui-delegate write --context profiles show --target ""
offer tui-delegate ledger import a.log ""
offer tui-delegate ask --paths a.txt --question q --sch
offer tui-delegate "" ""
"""
    out = run("bash", "-eu", text=script(said, "completions", "bash") + ask, path=f"{tmp_path}:/usr/bin:/bin")
    assert out.splitlines() == [
        "ledger",
        "--profile",
        "profiles",
        "show",
        "work,the other",
        "the other",
        "--json",
        "zsh",
        "load",
        "",
        "work,the other",
        "--json",
        "csv,jsonl",
        "claude_session_id",
        "today,30m,2h,7d,2w",
        "work",
        "",
        "--question,--quiet",
        "",
        "",
        "--schema",
        out.splitlines()[-1],
    ]


@pytest.mark.parametrize(("shell", "check"), [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")])
def test_each_script_names_every_verb_and_its_shell_can_read_it(
    shell: str, check: str, said: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    text = script(said, "completions", shell)
    assert all(re.search(rf"\b{verb}\b", text) for verb in VERBS)
    assert "--worker-profile" in text or "-l worker-profile" in text
    assert "%%" not in text
    file = tmp_path / "script"
    file.write_text(text)
    if shutil.which(shell):
        run(shell, check, str(file))


def test_the_page_names_every_verb_flag_and_exit_code(said: pytest.CaptureFixture[str]) -> None:
    page = script(said, "man")
    plain = page.replace("\\-", "-").replace("\\e", "\\")
    assert page.startswith(".TH TUI-DELEGATE 1 ")
    assert not [line for line in page.splitlines() if re.match(r"\.(?!TH|SH|SS|TP|PP|B )", line)]
    for one in outline(whole_parser()).below:
        assert f".SS {one.name}\n" in plain
        assert all(name in plain for flag in one.flags[1:] for name in flag.names)
    assert all(f"\\fB{number}\\fR" in page for number in (0, 1, 2, 65, 69, 74, 77, 78, 124, 130))
    if shutil.which("groff"):
        told = run("groff", "-man", "-ww", "-Tutf8", "-P-c", text=page)
        assert "tui-delegate, tud - hand bounded tasks" in told


def test_hidden_flags_are_written_down_nowhere(said: pytest.CaptureFixture[str]) -> None:
    status = next(one for one in outline(whole_parser()).below if one.name == "status")
    assert [flag.names[-1] for flag in status.flags] == ["--help", "--json", "--quiet", "--verbose"]
    assert main(["--json", "completions", "bash"]) == 2
    assert "unrecognized arguments" in said.readouterr().out


def test_neither_loads_what_draws_or_calls() -> None:
    code = (
        "import sys; from tui_delegate.cli.main import main; main(['completions', 'bash']); main(['man']);"
        "print(sorted({'asyncio', 'httpx', 'textual', 'rich', 'ollama'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
