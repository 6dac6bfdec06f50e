"""`write`, and what its draft has to pass before it stays: a check, a schema, a person."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Here
from tests.desk import Ended
from tests.scripted import Chat, Scripted
from tui_delegate.tools.check import run_check

OLD = b"\xef\xbb\xbfold = 1\r\nby hand\r\n"
SCHEMA = '{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}'


@pytest.fixture
def old(here: Here) -> Path:
    """A file that is there already, as only its person writes it."""
    path = here.file("out.py", OLD)
    path.chmod(0o640)
    here.file("a.py", "print(1)\n")
    return path


def draft(here: Here, *flags: str, target: str = "out.py") -> Ended:
    return here.call("write", "--context", "a.py", "--spec", "a test", "--target", target, *flags)


def untouched(path: Path) -> bool:
    return (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (OLD, 0o640)


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_check_that_passes_leaves_the_draft_and_a_backup(here: Here, old: Path, server: Scripted) -> None:
    server.say(Chat("new = 2"))
    ended = draft(here, "--force", "--json", "--verify", 'grep -q "new = 2" "$TUI_DELEGATE_TARGET"')
    body = ended.envelope
    assert (ended.code, body["written"], len(server.asked)) == (0, True, 1)
    assert b"new = 2" in old.read_bytes()
    assert (here.folder / str(body["backup"])).read_bytes() == OLD
    checks = body["checks"]
    assert isinstance(checks, list)
    assert [(one["status"], one["timed_out"]) for one in checks] == [(0, False)]


def test_what_a_check_says_goes_back_to_the_model_at_most_so_often(
    here: Here, old: Path, server: Scripted
) -> None:
    server.say(Chat("try 1"), Chat("try 2"), Chat("try 3"), Chat("try 4"))
    ended = draft(here, "--force", "--verify", "cat out.py; echo it is wrong; exit 3")
    assert (ended.code, ended.out, len(server.asked)) == (1, "", 3)
    assert untouched(old)
    assert left_in(here.folder) == ["a.py", "out.py"]
    last = server.messages[-1][1]
    assert "it ended with 3" in last
    assert "try 2" in last
    assert "it is wrong" in last
    assert "it is wrong" in ended.err
    assert "The draft did not pass" in ended.err
    server.say(Chat("try 1"))
    never = draft(here, "--force", "--json", "--rounds", "0", "--verify", "exit 3")
    assert (never.code, never.error["code"], len(server.asked), untouched(old)) == (1, "unfit", 1, True)
    assert never.envelope["content"] == "try 1\n"
    assert draft(here, "--force", "--rounds", "-1", "--verify", "true").code == 2


def test_a_new_file_that_does_not_pass_is_gone_again_with_its_folders_list_as_before(
    here: Here, old: Path, server: Scripted
) -> None:
    ended = draft(here, "--rounds", "0", "--verify", "test ! -e sub/new.py", target="sub/new.py")
    assert ended.code == 1
    assert not (here.folder / "sub" / "new.py").exists()
    assert untouched(old)


def test_a_check_that_takes_too_long_is_ended_and_told(
    here: Here, old: Path, server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    defaults = run_check.__kwdefaults__
    assert defaults
    monkeypatch.setitem(defaults, "seconds", 0.2)
    ended = draft(here, "--force", "--json", "--rounds", "1", "--verify", "sleep 30 & sleep 30")
    assert (ended.code, len(server.asked), untouched(old)) == (1, 2, True)
    checks = ended.envelope["checks"]
    assert isinstance(checks, list)
    assert [(one["status"], one["timed_out"]) for one in checks] == [(124, True)] * 2
    assert "it took too long" in server.messages[-1][1]


def test_what_a_check_that_passed_made_of_the_draft_is_what_is_told(
    here: Here, old: Path, server: Scripted
) -> None:
    server.say(Chat("draft"))
    ended = draft(here, "--force", "--json", "--verify", "echo formatted > out.py")
    assert (ended.code, ended.content, old.read_text()) == (0, "formatted\n", "formatted\n")
    assert (here.folder / str(ended.envelope["backup"])).read_bytes() == OLD


def test_a_check_that_takes_the_file_away_has_not_passed(here: Here, old: Path, server: Scripted) -> None:
    ended = draft(here, "--force", "--json", "--rounds", "0", "--verify", "rm out.py")
    assert (ended.code, ended.error["code"], untouched(old)) == (1, "unfit", True)
    assert "took the file away" in str(ended.error["message"])


def test_a_schema_may_begin_with_a_byte_order_mark(here: Here, old: Path, server: Scripted) -> None:
    here.file("s.json", b"\xef\xbb\xbf" + SCHEMA.encode())
    server.say(Chat('{"n": 1}'))
    assert draft(here, "--json", "--schema", "s.json", target="n.json").envelope["data"] == {"n": 1}


@pytest.mark.parametrize("flag", ["--verify", "--schema", "--diff-only"])
def test_a_flag_that_bounds_an_answer_is_not_taken_empty(
    here: Here, old: Path, server: Scripted, flag: str
) -> None:
    ended = draft(here, "--force", flag, "")
    assert (ended.code, server.asked, untouched(old)) == (2, [], True)
    assert f"argument {flag}: may not be empty" in ended.err


def test_what_a_check_made_of_the_draft_is_kept_beside_when_it_does_not_pass(
    here: Here, old: Path, server: Scripted
) -> None:
    server.say(Chat("draft"))
    ended = draft(here, "--force", "--rounds", "0", "--verify", "echo formatted > out.py; exit 1")
    assert (ended.code, untouched(old)) == (1, True)
    beside = [path for path in here.folder.iterdir() if path.name not in ("a.py", "out.py")]
    assert [path.read_text() for path in beside] == ["formatted\n"]


def test_a_check_that_passes_may_have_changed_the_draft(here: Here, old: Path, server: Scripted) -> None:
    server.say(Chat("draft"))
    assert draft(here, "--force", "-q", "--verify", "echo formatted > out.py").code == 0
    assert old.read_text() == "formatted\n"


def test_a_check_knows_how_deep_it_is_and_a_call_in_it_is_refused_at_the_limit(
    here: Here, old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUI_DELEGATE_DEPTH", "2")
    monkeypatch.setenv("PYTHONPATH", here.env()["PYTHONPATH"])
    call = f"echo text | {sys.executable} -m tui_delegate summarize --json"
    ended = draft(here, "--force", "--json", "--rounds", "0", "--verify", f'{call}; test "$?" = 9')
    output = str(ended.envelope["check_output"])
    assert json.loads(output)["error"]["code"] == "subagent_depth_exceeded"


def test_a_schema_makes_the_target_json_that_fits(here: Here, old: Path, server: Scripted) -> None:
    here.file("schema.json", SCHEMA)
    server.say(Chat('{"n": "three"}'), Chat("Here:\n```json\n{'n': 3,}\n```"))
    ended = draft(here, "--json", "--schema", "schema.json", target="out.json")
    assert (ended.code, ended.envelope["data"], len(server.asked)) == (0, {"n": 3}, 2)
    assert json.loads((here.folder / "out.json").read_text()) == {"n": 3}
    assert "That does not fit" in server.messages[-1][1]
    server.say(Chat("no JSON"))
    never = draft(here, "--json", "--force", "--schema", "schema.json")
    assert (never.code, never.error["code"], len(server.asked), untouched(old)) == (1, "unfit", 3, True)
    for bad in ("missing.json", "a.py"):
        assert draft(here, "--force", "--schema", bad).code == 2


def test_a_dry_run_shows_the_diff_runs_nothing_and_writes_nothing(
    here: Here, old: Path, server: Scripted
) -> None:
    server.say(Chat("old = 1\nby model"))
    ended = draft(here, "--dry-run", "--verify", "touch it-ran")
    assert (ended.code, untouched(old), left_in(here.folder)) == (0, True, ["a.py", "out.py"])
    assert "-by hand" in ended.out
    assert "+by model" in ended.out
    assert "not written: out.py" in ended.err
    as_json = draft(here, "--dry-run", "--json").envelope
    assert (as_json["written"], as_json["dry_run"], untouched(old)) == (False, True, True)


@pytest.mark.parametrize(
    ("typed", "code", "verify"), [("y", 0, ""), ("n", 0, ""), ("", 0, "true"), ("Yes", 0, "true")]
)
def test_on_a_terminal_the_diff_is_shown_and_asked_about(
    here: Here, old: Path, server: Scripted, typed: str, code: int, verify: str
) -> None:
    import pty

    server.say(Chat("by \x1b[31mmodel"))
    words = ["--context", "a.py", "--spec", "s", "--target", "out.py", "--force", "--diff"]
    words += ["--verify", verify] if verify else []
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        here.command("write", *words),
        cwd=here.folder,
        env=here.env({"TERM": "xterm-256color"}),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = read_until(ours, b"[y/N] ")
    os.write(ours, typed.encode() + b"\n")
    rest = read_until(ours, b"\0")
    os.close(ours)
    assert (process.wait(), b"-by hand" in shown, b"\x1b[31mmodel" not in shown) == (code, True, True)
    if typed.lower().startswith("y"):
        assert b"wrote out.py" in rest
        assert b"model" in old.read_bytes()
    else:
        assert b"not written: out.py" in rest
        assert untouched(old)
        assert left_in(here.folder) == ["a.py", "out.py"]


def read_until(terminal: int, mark: bytes) -> bytes:
    """Read until the mark comes, or the other end is closed."""
    said, end = b"", time.monotonic() + 15
    while mark not in said and time.monotonic() < end:
        try:
            more = os.read(terminal, 4096)
        except OSError:
            break
        if not more:
            break
        said += more
    return said


def test_the_builtin_engine_drafts_nothing_but_shows_what_it_would_send(here: Here, old: Path) -> None:
    refused = draft(here, "--profile", "builtin", "--force", "--json")
    assert (refused.code, refused.error["type"], untouched(old)) == (2, "resolve_error", True)
    spare = draft(here, "--fallback", "builtin", "--force", "--json")
    assert (spare.code, spare.error["type"], untouched(old)) == (2, "resolve_error", True)
    shown = draft(here, "--profile", "builtin", "--preview")
    assert (shown.code, "a.py" in shown.out) == (0, True)


def test_what_can_be_refused_is_refused_before_anybody_is_paid(
    here: Here, old: Path, server: Scripted
) -> None:
    call = ("write", "--context", "a.py", "--spec")
    for words in (
        (*call, "s"),
        (*call, " ", "--stdout"),
        (*call, "s", "--stdout", "--verify", "true"),
        (*call, "s", "--target", "out.py"),
        (*call, "s", "--target", "../x.py"),
        ("write", "--context", "missing.py", "--spec", "s", "--stdout"),
    ):
        assert (here.call(*words).code, server.asked) == (2, [])
    assert untouched(old)
