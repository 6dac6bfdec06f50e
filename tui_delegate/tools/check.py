"""Runs a person's own command on what a worker made, and says how it went. No event loop.

The command is run as the person wrote it, by their shell, with their environment. What its output is used
for is not known here; it is untrusted text, and is given as it came.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from tui_delegate.core.depth import deeper

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping
    from typing import IO

SECONDS: Final = 300.0
MOST_OUTPUT: Final = 64 * 1024
TIMED_OUT: Final = 124
CANT_RUN: Final = 126
_GRACE: Final = 2.0
_LAST_WORDS: Final = 1.0
_PIECE: Final = 65536


class Checked(NamedTuple):
    """How a command went. `status` is what a shell would say: 124 for a time-out, 128+n for a signal."""

    status: int
    output: str
    seconds: float
    timed_out: bool = False

    @property
    def passed(self) -> bool:
        """Whether the command was content."""
        return self.status == 0


class Output:
    """What a command says: its beginning and its end, where it says more than is kept."""

    def __init__(self, most: int) -> None:
        self._half = most // 2
        self._head = bytearray()
        self._tail = bytearray()
        self._dropped = 0

    def add(self, piece: bytes) -> None:
        """Keep what there is room for."""
        room = self._half - len(self._head)
        self._head += piece[:room]
        self._tail += piece[room:]
        over = len(self._tail) - self._half
        if over > 0:
            self._dropped += over
            del self._tail[:over]

    def text(self) -> str:
        """Give what was kept, and say what was not."""
        gap = b"\n[... %d bytes left out ...]\n" % self._dropped if self._dropped else b""
        return bytes(self._head + gap + self._tail).decode("utf-8", errors="replace")


def run_check(
    command: str,
    target: str,
    *,
    cwd: str = "",
    seconds: float = SECONDS,
    most: int = MOST_OUTPUT,
    environ: Mapping[str, str] | None = None,
) -> Checked:
    """Run a command to its end, or until its time is over; nothing that it started lives on in its group."""
    began = time.monotonic()
    output = Output(most)
    try:
        process = _start(command, cwd or None, _environment(environ, target))
    except (OSError, ValueError) as error:
        return Checked(CANT_RUN, f"The check can't be run: {error}\n", time.monotonic() - began)
    assert process.stdout
    reader = threading.Thread(target=_read, args=(process.stdout, output), daemon=True)
    waiter = threading.Thread(target=_wait, args=(process,), daemon=True)
    timed_out = False
    try:
        reader.start()
        waiter.start()
        waiter.join(seconds)
        if timed_out := waiter.is_alive():
            _end_group(process, gently=True)
            waiter.join(_GRACE)
    finally:
        _end_group(process)
        if waiter.ident is not None:  # Ctrl-C may have come before it was started
            waiter.join()
        process.wait()
    # A grandchild that left the group may hold the pipe: its words are not waited for.
    reader.join(_LAST_WORDS)
    status = TIMED_OUT if timed_out else process.returncode
    return Checked(
        status if status >= 0 else 128 - status, output.text(), time.monotonic() - began, timed_out
    )


def _start(command: str, cwd: str | None, environ: dict[str, str]) -> subprocess.Popen[bytes]:
    import subprocess

    return subprocess.Popen(
        command,
        shell=True,
        cwd=cwd,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        bufsize=0,
    )


def _environment(environ: Mapping[str, str] | None, target: str) -> dict[str, str]:
    return {**deeper(os.environ if environ is None else environ), "TUI_DELEGATE_TARGET": target}


def _read(pipe: IO[bytes], output: Output) -> None:
    with pipe:
        while piece := pipe.read(_PIECE):
            output.add(piece)


def _wait(process: subprocess.Popen[bytes]) -> None:
    """Wait for the end, and leave the number taken, so that the group can be ended under it."""
    if hasattr(os, "waitid"):
        try:
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        except ChildProcessError:  # Ctrl-C: whoever joins this thread went on before it
            return
    else:
        process.wait()


def _end_group(process: subprocess.Popen[bytes], *, gently: bool = False) -> None:
    if sys.platform == "win32":
        process.kill()
        return
    import signal

    try:
        os.killpg(process.pid, signal.SIGTERM if gently else signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # all of them are gone
        pass
