from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tui_delegate.cli.main import main
from tui_delegate.cli.verbs import profiles as verb
from tui_delegate.profiles import Settings, default_name

CANARY = "sk-canary-4711"
MINE = f"""
default_profile = "work"
[profiles.work]
backend = "openai-compat"
base_url = "https://h.example/v1/"
default_model = "big"
api_key = "{CANARY}"
extra_headers = {{ Authorization = "Bearer {CANARY}" }}
timeout = 120.0
[profiles.ollama]
default_model = "small"
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if (
            name.startswith(("TUI_DELEGATE", "AGENT_DELEGATE"))
            or name.endswith("_API_KEY")
            or name == "OLLAMA_HOST"
        ):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TUI_DELEGATE_HOME", str(tmp_path / "ours"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "ours"


@pytest.fixture
def mine(home: Path) -> Path:
    home.mkdir()
    file = home / "profiles.toml"
    file.write_text(MINE)
    file.chmod(0o600)
    return file


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["profiles", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_list_names_the_profiles_of_the_file_first(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert mine.exists()
    code, out, err = run(capsys, "list")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "work (default)",
        "ollama",
        "lmstudio",
        "llamacpp",
        "openrouter",
        "haiku",
        "builtin",
    ]


def test_list_as_json_is_one_object_without_a_secret(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "list", "--json")
    answer = json.loads(out)
    assert (code, err, answer["ok"], answer["command"], mine.exists()) == (0, "", True, "profiles", True)
    first = answer["content"][0]
    assert (first["name"], first["default"], first["api_key_set"]) == ("work", True, True)
    assert CANARY not in out


def test_show_begins_with_the_seven_lines_that_are_known(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "show", "work")
    assert (code, err) == (0, "")
    assert out.splitlines()[:7] == [
        "name           work",
        "backend        openai-compat",
        "base_url       https://h.example/v1",
        "default_model  big",
        "api_key_env    -",
        "api_key set    yes",
        "timeout        120.0",
    ]
    assert "api_key from   file" in out
    assert "extra_headers  Authorization" in out
    assert f"written in     {mine}" in out
    assert CANARY not in out


def test_show_says_that_a_key_is_in_the_environment_and_not_which(
    mine: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", CANARY)
    assert mine.exists()
    _, out, _ = run(capsys, "show", "openrouter", "--json")
    content = json.loads(out)["content"]
    assert (content["api_key_env"], content["api_key_from"]) == ("OPENROUTER_API_KEY", "environment")
    assert CANARY not in out


def test_show_warns_of_a_key_that_others_may_read(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine.chmod(0o644)
    _, _, err = run(capsys, "show", "work")
    assert err == f"tui-delegate: {mine} holds a key and others may read it (mode 0644): chmod 600 {mine}\n"
    _, _, err = run(capsys, "show", "work", "--json")
    assert err == ""


def test_an_unknown_profile_is_2_as_for_agent_delegate_and_names_the_nearest(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mine.exists()
    assert run(capsys, "show", "wrk") == (
        2,
        "",
        "tui-delegate: There is no profile 'wrk'.\n  Did you mean work?\n",
    )
    code, out, err = run(capsys, "show", "wrk", "--json")
    assert (code, err, json.loads(out)["error"]["code"]) == (2, "", "resolve_error")


def test_a_broken_file_is_78_in_one_line(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine.write_text(f'[profiles.p]\napi_key = "{CANARY}\n')
    code, out, err = run(capsys, "list")
    assert (code, out) == (78, "")
    assert (
        err.splitlines()[0]
        == f"tui-delegate: {mine}:2: [profiles.p] api_key: a character that can't stand there"
    )
    assert CANARY not in err


def test_init_writes_once(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = home / "profiles.toml"
    assert run(capsys, "init") == (0, f"config at {file}\n", f"wrote default config -> {file}\n")
    assert run(capsys, "init") == (0, f"config at {file}\n", "it was there already: nothing was changed\n")
    _, out, _ = run(capsys, "init", "--json")
    assert json.loads(out)["content"] == {"path": str(file), "written": False}
    assert run(capsys, "list")[0] == 0


def test_init_works_where_the_file_is_broken_or_theirs_is(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = home.parent / ".agent-delegate" / "profiles.toml"
    theirs.parent.mkdir()
    theirs.write_text('default_profile = "p"\n[profiles.p]\ncolour = "red"\n')
    code, out, err = run(capsys, "list")
    assert (code, out.splitlines()[0]) == (0, "p (default)")
    assert err == f"tui-delegate: {theirs}: [profiles.p] colour: is not a key here, left alone\n"
    assert run(capsys, "init")[0] == 0
    assert theirs.read_text().startswith("default_profile")


def test_without_an_action_it_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profiles"]) == 2
    assert "usage: tui-delegate profiles" in capsys.readouterr().err


def test_where_no_default_is_written_it_is_agent_delegates(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not home.exists()
    assert run(capsys, "list")[1].splitlines()[0] == "ollama (default)"
    assert default_name(Settings()) == "ollama"
    assert default_name(Settings("work")) == "work"


def test_a_report_is_one_line_a_check_and_fails_if_one_did(capsys: pytest.CaptureFixture[str]) -> None:
    good = [("server", True, "answers"), ("key", True, "\x1b[2Jaccepted")]
    assert verb.report("p", good, as_json=False) == 0
    assert capsys.readouterr().out == "ok  server  answers\nok  key     accepted\n"
    assert verb.report("p", [*good, ("model", False, "not there")], as_json=False) == 1
    assert "FAILED  model" in capsys.readouterr().out
    assert verb.report("p", [("model", False, "not there")], as_json=True) == 1
    answer = json.loads(capsys.readouterr().out)
    assert (answer["ok"], answer["error"]["message"]) == (
        False,
        "Profile 'p' does not work: model: not there",
    )
    assert answer["content"] == [{"check": "model", "ok": False, "detail": "not there"}]


@pytest.mark.parametrize("words", [["list"], ["show", "haiku"], ["init"]])
def test_no_client_and_no_event_loop_is_loaded(words: list[str], home: Path) -> None:
    script = (
        "import sys; from tui_delegate.cli.main import main; code = main(sys.argv[1:]);"
        "heavy = {'httpx', 'asyncio', 'aiohttp', 'ollama', 'ssl', 'tomli_w', 'pathspec'} & set(sys.modules);"
        "print(sorted(heavy), file=sys.stderr); sys.exit(code)"
    )
    command = [sys.executable, "-W", "error", "-c", script, "profiles", *words]
    done = subprocess.run(
        command,
        cwd=Path(__file__).parents[2],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    assert home.name == "ours"
    assert done.stderr.splitlines()[-1] == "[]"


def test_a_key_is_shown_by_no_action_and_no_error(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text in (MINE, MINE + "x", MINE.replace("120.0", "-1"), MINE.replace("api_key =", "api_keys =")):
        mine.write_text(text)
        for words in (
            ["list"],
            ["show", "work"],
            ["list", "--json"],
            ["show", "work", "--json"],
            ["show", "no"],
        ):
            _, out, err = run(capsys, *words)
            assert CANARY not in out + err


def test_init_does_not_put_a_file_before_agent_delegates(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TUI_DELEGATE_HOME", "TUI_DELEGATE_CONFIG", "AGENT_DELEGATE_HOME", "AGENT_DELEGATE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    theirs = Path.home() / ".agent-delegate" / "profiles.toml"
    theirs.parent.mkdir()
    theirs.write_text('default_profile = "p"\n[profiles.p]\nbackend = "ollama"\n')
    said = "it was there already: nothing was changed\n"
    assert run(capsys, "init") == (0, f"config at {theirs}\n", said)
    assert run(capsys, "list")[1].splitlines()[0] == "p (default)"
