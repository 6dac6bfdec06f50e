"""Signals: what is under way is written down first, then the process ends as whoever sent them expects."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence

import pytest

from tests.cli.conftest import Here
from tests.scripted import Chat, Raw, Scripted
from tui_delegate.cli.stopping import Stoppable

LONG = "".join(f"line {number} of a long log\n" for number in range(600))
PLAIN = ("ask", "--paths", "a.md", "--question", "why?")
SPLIT = ("ask", "--split", "--profile", "narrow", "--paths", "long.md", "--question", "why?")
MAP = ("map", "--input", "a.md", "long.md", "--question", "why?", "--parallel", "2", "--out", "r.jsonl")
WRITE = ("write", "--context", "a.md", "--spec", "s", "--target", "new.md", "--verify")
TERM, INT = signal.SIGTERM, signal.SIGINT


@pytest.fixture
def silent(here: Here, server: Scripted) -> Here:
    """A desk whose server takes every request and never answers."""
    here.file("a.md", "short\n")
    here.file("long.md", LONG)
    server.say(Raw(silent=True))
    return here


def until(ready: Callable[[], bool], patience: float = 15.0) -> None:
    end = time.monotonic() + patience
    while not ready():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


def stopped(
    here: Here,
    words: Sequence[str],
    sent: signal.Signals,
    under_way: Callable[[], bool],
    ignored: Sequence[signal.Signals] = (),
) -> tuple[int, str]:
    """Start a call, send it a signal when it is under way; gives how it ended and what it said."""

    def ignore() -> None:
        for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(one, signal.SIG_IGN if one in ignored else signal.SIG_DFL)

    process = subprocess.Popen(
        here.command(*words),
        cwd=here.folder,
        env=here.env(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=ignore,
        start_new_session=True,
    )
    until(under_way)
    process.send_signal(sent)
    said, _ = process.communicate(timeout=10)
    assert "Traceback" not in said
    assert nobody_left(process.pid), "somebody of its group lives on"
    return process.returncode, said


def nobody_left(group: int) -> bool:
    done = subprocess.run(["ps", "-o", "pid=", "-s", str(group)], capture_output=True, text=True, check=False)
    return not done.stdout.strip()


def ends_in_the_journal(here: Here) -> list[tuple[str, str]]:
    """The commands and states of all calls, by their rows."""
    content = here.call("ledger", "--json").envelope["content"]
    assert isinstance(content, dict)
    return [(one["command"], one["status"]) for one in content["entries"]]


@pytest.mark.parametrize(
    ("words", "calls", "sent", "code"),
    [
        (PLAIN, 1, TERM, -TERM),
        (PLAIN, 1, signal.SIGHUP, -signal.SIGHUP),
        (PLAIN, 1, INT, 130),
        (SPLIT, 2, TERM, -TERM),
        (SPLIT, 2, INT, 130),
        (MAP, 2, signal.SIGHUP, -signal.SIGHUP),
        (MAP, 2, INT, 130),
    ],
)
def test_a_call_that_is_stopped_is_cancelled_in_the_journal_and_ends_by_the_signal(
    silent: Here, server: Scripted, words: tuple[str, ...], calls: int, sent: signal.Signals, code: int
) -> None:
    ended, _ = stopped(silent, words, sent, lambda: len(server.asked) >= calls)
    assert ended == code
    states = ends_in_the_journal(silent)
    assert len(states) >= calls
    assert set(states) == {(words[0], "cancelled")}


@pytest.mark.parametrize(("words", "calls"), [(PLAIN, 1), (MAP, 2)])
def test_in_the_background_of_a_script_where_ctrl_c_is_ignored_term_still_ends_it(
    silent: Here, server: Scripted, words: tuple[str, ...], calls: int
) -> None:
    ended, _ = stopped(silent, words, TERM, lambda: len(server.asked) >= calls, (INT,))
    assert ended == -TERM
    assert set(ends_in_the_journal(silent)) == {(words[0], "cancelled")}


def test_a_hangup_that_nohup_has_turned_off_stays_off(silent: Here, server: Scripted) -> None:
    hold = threading.Event()
    server.say(Chat("the whole answer", hold=hold))
    process = subprocess.Popen(
        silent.command(*PLAIN),
        cwd=silent.folder,
        env=silent.env(),
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    until(lambda: bool(server.asked))
    process.send_signal(signal.SIGHUP)
    hold.set()
    out, _ = process.communicate(timeout=10)
    assert (process.returncode, out) == (0, "the whole answer\n")


@pytest.mark.parametrize(("sent", "code"), [(INT, 130), (TERM, -TERM)])
def test_a_draft_under_its_check_is_taken_out_again_and_the_check_is_ended(
    silent: Here, server: Scripted, sent: signal.Signals, code: int
) -> None:
    server.say(Chat("a draft"))
    check = f"touch {silent.folder}/on; sleep 60"
    ended, _ = stopped(silent, (*WRITE, check), sent, (silent.folder / "on").exists)
    assert ended == code
    assert not (silent.folder / "new.md").exists()
    left = subprocess.run(["ps", "-eo", "args="], capture_output=True, text=True, check=False).stdout
    assert check not in left


def test_ctrl_c_as_json_is_one_object(silent: Here, server: Scripted) -> None:
    ended, said = stopped(silent, (*PLAIN, "--json"), INT, lambda: bool(server.asked))
    body = json.loads(said)
    assert (ended, body["ok"], body["error"]["code"]) == (130, False, "cancelled")
    assert body["model"] == "small"


def test_signals_are_as_they_were_when_the_work_is_over() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGHUP)
    with Stoppable():
        if before[0] is signal.SIG_DFL:
            assert signal.getsignal(signal.SIGTERM) is not before[0]
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGHUP)) == before
