from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tui_delegate.tools.check import run_check


def is_gone(number: int) -> bool:
    """Whether a process ended; its parent may not have asked for it yet."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            if "\nState:\tZ" in Path(f"/proc/{number}/status").read_text():
                return True
            os.kill(number, 0)
        except (ProcessLookupError, FileNotFoundError):
            return True
        threading.Event().wait(0.01)
    return False


def test_a_command_is_run_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "a b").write_text("x\n")
    checked = run_check('cat "a b" | tr x y; echo no >&2; exit 3', "t", cwd=str(tmp_path))
    assert (checked.status, checked.output, checked.passed) == (3, "y\nno\n", False)
    assert run_check("true", "t").passed
    assert 0 <= checked.seconds < 30


def test_it_knows_the_target_and_how_deep_it_is() -> None:
    command = 'echo "$TUI_DELEGATE_TARGET $TUI_DELEGATE_DEPTH $MINE"; cat'
    for depth, deeper in (("", "1"), ("2", "3"), ("x", "2")):
        environ = {**os.environ, "TUI_DELEGATE_DEPTH": depth, "MINE": "m"}
        assert run_check(command, "/a/b c.py", environ=environ).output == f"/a/b c.py {deeper} m\n"


def test_of_much_output_the_beginning_and_the_end_are_kept() -> None:
    code = "print('first'); print('x' * 1_000_000); print('last')"
    output = run_check(f'"{sys.executable}" -c "{code}"', "t", most=1000).output
    assert output.startswith("first\nxxx")
    assert output.endswith("xxx\nlast\n")
    assert "[... 999012 bytes left out ...]" in output
    assert len(output) < 1100
    assert run_check("printf '\\377a'", "t").output == "\ufffda"


@pytest.mark.skipif(sys.platform == "win32", reason="no process groups")
def test_a_command_that_takes_too_long_ends_with_all_its_children() -> None:
    checked = run_check("echo begun; sleep 60 & echo $!; wait", "t", seconds=0.3)
    assert (checked.status, checked.timed_out) == (124, True)
    begun, child = checked.output.split()
    assert begun == "begun"
    assert is_gone(int(child))
    assert checked.seconds < 20
    stubborn = run_check("trap '' TERM; while :; do sleep 1; done", "t", seconds=0.2)
    assert stubborn.timed_out


@pytest.mark.skipif(sys.platform == "win32", reason="no process groups")
def test_what_a_command_leaves_running_is_ended_and_not_waited_for() -> None:
    checked = run_check("sleep 60 & echo $!", "t")
    assert checked.status == 0
    assert checked.seconds < 20
    assert is_gone(int(checked.output))


def test_a_command_that_dies_of_a_signal_says_so_as_a_shell_does() -> None:
    assert run_check("kill -9 $$", "t").status == 128 + 9


def test_a_command_that_cannot_be_started_is_a_check_that_failed(tmp_path: Path) -> None:
    gone = run_check("true", "t", cwd=str(tmp_path / "gone"))
    assert gone.status == 126
    assert "gone" in gone.output
    assert run_check("tru\0e", "t").status == 126
    assert run_check("no-such-command-here", "t").status == 127


INTERRUPTED = """
import sys
from tui_delegate.tools.check import run_check
run_check("echo $$ > " + sys.argv[1] + "; exec sleep 60", "t")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no process groups")
def test_an_interrupt_ends_the_command_too(tmp_path: Path) -> None:
    told = tmp_path / "number"
    process = subprocess.Popen([sys.executable, "-c", INTERRUPTED, str(told)], stderr=subprocess.PIPE)
    until = time.monotonic() + 20
    while time.monotonic() < until and not (told.exists() and told.read_text().strip()):
        threading.Event().wait(0.01)
    process.send_signal(signal.SIGINT)
    assert b"KeyboardInterrupt" in process.communicate(timeout=20)[1]
    assert is_gone(int(told.read_text()))
