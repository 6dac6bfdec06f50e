"""A command on a pseudo-terminal of its own: what it draws, and what it costs until then.

Processor time is counted by the kernel in nanoseconds, over all threads that are alive.
"""

from __future__ import annotations

import fcntl
import os
import pty
import resource
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

COLUMNS, ROWS = 120, 40
PATIENCE = 30.0
QUIET = 0.05
LONG = 0.5
BARE = (sys.executable, "-m", "tests.bench.bare")
OURS = (sys.executable, "-m", "tui_delegate")
READY = b"Ask the manager"
"""What stands in the prompt before anything is written: with it, the screen is painted."""


@dataclass(frozen=True)
class Painted:
    """What it took until the first picture stood."""

    seconds: float
    cpu: float
    memory: float
    """MiB."""
    settled: float
    """Seconds until nothing more was drawn for a moment."""
    settled_cpu: float
    started_cpu: float
    """Until nothing was drawn for longer: with all that is loaded behind the first picture."""


@dataclass
class Terminal:
    """A process and the terminal that it draws on."""

    process: subprocess.Popen[bytes]
    master: int
    began: float
    drawn: bytes = b""

    def read(self, wait: float) -> bool:
        """Take in what is drawn within this time; say whether there was anything."""
        if not select.select([self.master], [], [], wait)[0]:
            return False
        try:
            piece = os.read(self.master, 65536)
        except OSError:
            piece = b""
        if not piece:
            raise RuntimeError(f"it ended early: {self.drawn[-2000:].decode(errors='replace')}")
        self.drawn += piece
        return True

    def wait_for_picture(self) -> None:
        while READY not in self.drawn:
            if not self.read(PATIENCE):
                raise RuntimeError("nothing was drawn")

    def first_picture(self) -> Painted:
        self.wait_for_picture()
        seconds, cpu, memory = time.monotonic() - self.began, self.cpu(), self.memory()
        settled, settled_cpu = seconds, cpu
        while self.read(QUIET):
            settled, settled_cpu = time.monotonic() - self.began, self.cpu()
        while self.read(LONG):
            pass
        return Painted(seconds, cpu, memory, settled, settled_cpu, self.cpu())

    def cpu(self) -> float:
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(one.read_text().split()[0]) for one in threads) / 1e9

    def memory(self) -> float:
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 2**20


def wait_together(terminals: Sequence[Terminal], seconds: float) -> None:
    """Let time pass, and take in all that is drawn meanwhile."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        ready = select.select([one.master for one in terminals], [], [], left)[0]
        for one in terminals:
            if one.master in ready:
                one.read(0)


@contextmanager
def opened(command: Sequence[str], environ: Mapping[str, str]) -> Iterator[Terminal]:
    """Start a command; it is ended with the block."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=dict(environ), start_new_session=True
    )
    os.close(slave)
    try:
        yield Terminal(process, master, time.monotonic())
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        os.close(master)


def environment(home: Path) -> dict[str, str]:
    """A terminal as people have it, a home, and byte code that is kept."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("TEXTUAL", "TMUX"))}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    return {
        **environ,
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "TUI_DELEGATE_HOME": str(home),
        "PYTHONPATH": str(Path(__file__).parent.parent.parent),
    }
