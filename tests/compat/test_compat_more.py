"""What agent-delegate has no word for: the journal, streams on a terminal, many inputs, completions."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import time

import pytest

from tests.desk import Desk
from tests.scripted import Chat, Raw, Scripted

posix = pytest.mark.skipif(os.name != "posix", reason="a terminal is POSIX's here")


def on_a_terminal(desk: Desk, *words: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start the program with a terminal for its stdout and stderr; gives the terminal's other end."""
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        desk.command(*words),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        cwd=desk.folder,
        env=desk.env({"TERM": "xterm-256color"}),
        start_new_session=True,
    )
    os.close(theirs)
    return process, ours


def seen(terminal: int, until: bytes, patience: float = 15.0) -> bytes:
    """Read the terminal until these bytes come, or it is closed."""
    import select

    text, end = b"", time.monotonic() + patience
    while until not in text and time.monotonic() < end:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                more = os.read(terminal, 65536)
            except OSError:
                break
            if not more:
                break
            text += more
    return text


@pytest.mark.better("on a terminal the answer streams as it comes")
@posix
def test_streams_on_a_terminal(desk: Desk, server: Scripted) -> None:
    desk.file("a.py")
    hold = threading.Event()
    server.say(Chat("first " + "and more " * 100 + "second", hold=hold))
    process, terminal = on_a_terminal(desk, "ask", "--paths", "a.py", "--question", "q")
    early = seen(terminal, b"first")
    hold.set()
    rest = seen(terminal, b"\0")
    os.close(terminal)
    assert process.wait(20) == 0
    assert b"first" in early
    assert b"second" in rest


@pytest.mark.better("Ctrl-C ends a call with 130 and a row in the ledger, the terminal left alone")
@posix
def test_ctrl_c(desk: Desk, server: Scripted) -> None:
    desk.file("a.py")
    server.say(Raw(silent=True))
    process, terminal = on_a_terminal(desk, "ask", "--paths", "a.py", "--question", "q")
    server.wait()
    process.send_signal(signal.SIGINT)
    said = seen(terminal, b"\0", 10)
    os.close(terminal)
    assert process.wait(20) == 130
    assert b"Traceback" not in said
    assert "cancelled" in desk.run("ledger", "--json").out


@pytest.mark.better("Ctrl-C under --json gives what was spent and what had come, and the run it is in")
@posix
@pytest.mark.parametrize(
    "words", [("summarize",), ("write", "--target", "b", "--spec", "s", "--context", "a.py")]
)
def test_ctrl_c_for_a_program(desk: Desk, server: Scripted, words: tuple[str, ...]) -> None:
    desk.file("a.py")
    server.say(Chat("first " + "and more " * 100 + "last", hold=threading.Event()))
    process = subprocess.Popen(
        desk.command(*words, "--json"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=desk.folder,
        env=desk.env(),
    )
    assert process.stdin
    process.stdin.write(b"text")
    process.stdin.close()
    process.stdin = None
    server.wait()
    process.send_signal(signal.SIGINT)
    out, said = process.communicate(timeout=20)
    told = json.loads(out)
    assert (process.returncode, told["ok"], told["error"]["code"], said) == (130, False, "cancelled", b"")
    content = desk.run("ledger", "--json").envelope["content"]
    assert isinstance(content, dict)
    (call,) = content["entries"]
    assert (told["run"], told["calls"], told["model"]) == (call["run"], 1, call["model"])
    assert told["usage"]["prompt_tokens"] == call["prompt_eval_count"] > 0


@pytest.mark.better("each call is a run in the journal with its events")
def test_a_run_in_the_journal(desk: Desk) -> None:
    desk.summarize()
    content = desk.run("ledger", "--json").envelope["content"]
    assert isinstance(content, dict)
    (entry,) = content["entries"]
    assert entry["run"]


@pytest.mark.better("no colour and no progress on a pipe, -q says nothing on stderr")
def test_pipes(desk: Desk) -> None:
    desk.file("a.py")
    plain = desk.run("ask", "--paths", "a.py", "--question", "q", env={"TERM": "xterm-256color"})
    quiet = desk.run("ask", "-q", "--paths", "a.py", "--question", "q")
    assert (plain.code, "\x1b" in plain.out + plain.err) == (0, False)
    assert (quiet.code, quiet.out, quiet.err) == (0, "the answer\n", "")


@pytest.mark.better("--raw gives a pipe the very bytes of the answer")
def test_raw(desk: Desk, server: Scripted) -> None:
    server.say(Chat("\x1b[1mbold\x1b[0m"))
    assert desk.run("summarize", "--raw", stdin="x").out == "\x1b[1mbold\x1b[0m\n"
    assert desk.run("summarize", stdin="x").out == "bold\n"


@pytest.mark.better("map: one question over many inputs, resumable")
def test_map(desk: Desk, server: Scripted) -> None:
    for place in range(4):
        desk.file(f"docs/{place}.md", f"# Title {place}\n")
    words = ("map", "--input", "docs/**/*.md", "--question", "title?", "--out", "results.jsonl")
    assert desk.run(*words).code == 0
    lines = (desk.folder / "results.jsonl").read_text().splitlines()
    assert len([json.loads(line) for line in lines]) == len(server.asked) == 4
    assert desk.run(*words).code == 0
    assert len(server.asked) == 4


@pytest.mark.better("completions for three shells, and a man page")
def test_completions(desk: Desk) -> None:
    for shell in ("bash", "zsh", "fish"):
        ended = desk.run("completions", shell)
        assert (ended.code, "summarize" in ended.out) == (0, True)
        if shell == "bash" and shutil.which("bash"):
            subprocess.run(["bash", "-n"], input=ended.out.encode(), check=True)
    page = desk.run("man")
    assert (page.code, page.out.startswith((".TH", "'\\\"", '.\\"'))) == (0, True)


@pytest.mark.better("two shells at once both end well, and both are in the journal")
def test_two_shells(desk: Desk) -> None:
    desk.file("a.py")
    ended: list[int] = []

    def call() -> None:
        ended.append(desk.ask("a.py").code)

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended == [0] * 4
    content = desk.run("ledger", "--json").envelope["content"]
    assert isinstance(content, dict)
    assert content["summary"]["total_calls"] == 4


@pytest.mark.better("an unwritable home ends no call; what is not kept is said")
@pytest.mark.skipif(os.name != "posix", reason="a folder in the way of the journal")
def test_no_place_for_a_journal(desk: Desk) -> None:
    (desk.home / "blocked").write_text("a file, where a folder should be")
    ended = desk.run("summarize", stdin="x", env={"TUI_DELEGATE_HOME": str(desk.home / "blocked" / "in")})
    assert (ended.code in (0, 74), ended.out) == (True, "the answer\n")
    assert ended.err


@pytest.mark.better("a reader that goes away is no failure")
@posix
def test_a_reader_that_goes_away(desk: Desk, server: Scripted) -> None:
    server.say(Chat("a long answer\n" + "".join(f"line {place}\n" for place in range(50_000))))
    command = " ".join(f"'{word}'" for word in desk.command("summarize"))
    done = subprocess.run(
        ["sh", "-c", f"echo text | {command} | head -n 1"],
        cwd=desk.folder,
        env=desk.env(),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (done.stdout, done.stderr) == ("a long answer\n", "")


@pytest.mark.better("a full disk behind stdout is one plain error")
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_full_disk_behind_stdout(desk: Desk) -> None:
    asked = (("summarize",), ("summarize", "--json"), ("status",), ("--version",), ("--help",), ("ask", "-h"))
    for words in asked:
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                desk.command(*words),
                input="text",
                stdout=full,
                stderr=subprocess.PIPE,
                cwd=desk.folder,
                env=desk.env(),
                text=True,
                check=False,
                timeout=30,
            )
        assert (done.returncode, "No space left" in done.stderr) == (1, True)
        assert not {"Traceback", "Exception ignored", "bug"} & set(done.stderr.replace(":", " ").split())
        assert "Exception ignored" not in done.stderr


@pytest.mark.better("TERM and HUP end a call at once, also where a shell had it ignore Ctrl-C")
@posix
@pytest.mark.parametrize("ignored", ["INT", "USR1"])
def test_terminated(desk: Desk, server: Scripted, ignored: str) -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):
        server.say(Raw(silent=True))
        process = subprocess.Popen(
            ["sh", "-c", f'trap "" {ignored}; exec "$@"', "sh", *desk.command("summarize")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=desk.folder,
            env=desk.env(),
        )
        assert process.stdin
        process.stdin.write(b"text")
        process.stdin.close()
        process.stdin = None
        server.wait()
        process.send_signal(number)
        _, said = process.communicate(timeout=10)
        assert (process.returncode, b"Traceback" in said) == (-number, False)
    rows = desk.run("ledger", "--json").out
    assert rows.count('"status": "cancelled"') == 2
