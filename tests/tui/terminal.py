"""Runs the product in a pseudo-terminal and looks at it as a terminal does: every byte that arrives is kept,
told apart into text and sequences, and drawn on a small screen. It knows the terminal's language, no product.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.cells import cell_len

ROOT = Path(__file__).parents[2]
PATIENCE = 25.0
"""Seconds that nothing here takes."""
TOKEN = re.compile(
    r"(?P<csi>\x1b\[[0-?]*[ -/]*[@-~])"
    r"|(?P<osc>\x1b\][^\x07\x1b]*(?:\x07|\x1b\\))"
    r"|(?P<other>\x1b[PX^_][^\x1b]*(?:\x1b\\)?|\x1b[ -/]*[0-~]|\x1b)"
    r"|(?P<control>[\x00-\x1f\x7f-\x9f])"
    r"|(?P<text>[^\x00-\x1f\x7f-\x9f]+)",
    re.DOTALL,
)


def tokens(said: str) -> Iterator[tuple[str, str]]:
    """Tell sequences, control characters and text apart, in their order."""
    for found in TOKEN.finditer(said):
        yield str(found.lastgroup), found[0]


@dataclass
class Glass:
    """What a person would see."""

    width: int
    height: int
    x: int = 0
    y: int = 0
    rows: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rows = [[" "] * self.width for _ in range(self.height)]

    def take(self, kind: str, token: str) -> None:
        """Draw one token."""
        if kind == "text":
            self._write(token)
        elif token == "\n":
            self.y = min(self.y + 1, self.height - 1)
        elif token == "\r":
            self.x = 0
        elif kind == "csi" and token.endswith("H"):
            line, _, column = token[2:-1].partition(";")
            self.y, self.x = int(line or 1) - 1, int(column or 1) - 1
        elif kind == "csi" and token.endswith("J"):
            self.__post_init__()

    def _write(self, text: str) -> None:
        for letter in text:
            room = cell_len(letter)
            if not room or self.y >= self.height or self.x >= self.width:
                continue
            self.rows[self.y][self.x] = letter
            for after in range(self.x + 1, min(self.x + room, self.width)):
                self.rows[self.y][after] = ""
            self.x += room

    @property
    def text(self) -> str:
        """The rows."""
        return "\n".join("".join(row).rstrip() for row in self.rows).replace("\xa0", " ")


def _whole(raw: bytes) -> bool:
    """Whether no letter and no sequence is cut in its middle."""
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return error.end < len(raw)
    return re.search(rb"\x1b(\[[0-?]*[ -/]*|\][^\x07\x1b]*)?\Z", raw) is None


@dataclass
class Terminal:
    """A process in a pseudo-terminal."""

    process: subprocess.Popen[bytes]
    master: int
    slave: int
    before: list[object]
    """How the terminal was set when the process came."""
    glass: Glass
    said: bytearray = field(default_factory=bytearray)
    _drawn: int = 0

    def read(self) -> None:
        """Take what there is."""
        try:
            self.said += os.read(self.master, 1 << 16)
        except (BlockingIOError, OSError):
            return

    def press(self, keys: str) -> None:
        """Send keys as a terminal does."""
        os.write(self.master, keys.encode())

    @property
    def text(self) -> str:
        """What stands on the glass now."""
        raw = bytes(self.said[self._drawn :])
        new = raw.decode("utf-8", "ignore") if _whole(raw) else ""
        started = new.rfind("\x1b")
        if started >= 0 and not TOKEN.match(new, started):
            new = ""
        self._drawn += len(new.encode())
        for kind, token in tokens(new):
            self.glass.take(kind, token)
        return self.glass.text

    async def until(self, *words: str | Callable[[], object]) -> None:
        """Wait until all of this is on the glass, or holds."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not all(word in self.text if isinstance(word, str) else word() for word in words):
                    await asyncio.sleep(0.02)
                    self.read()
        except TimeoutError:
            raise AssertionError(f"{words} never came:\n{self.text}\n{bytes(self.said[-2000:])!r}") from None

    async def end(self) -> int:
        """Wait for the process's end; gives its exit code."""
        await self.until(lambda: self.process.poll() is not None)
        self.read()
        return self.process.returncode

    def hang_up(self) -> None:
        """Close the terminal as a person closes its window."""
        for one in (self.slave, self.master):
            os.close(one)
        self.master = self.slave = -1

    @property
    def now(self) -> list[object]:
        """How the terminal is set now."""
        return termios.tcgetattr(self.slave)

    @property
    def alone(self) -> bool:
        """Whether nothing is left of what was started."""
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return True
        return False


@contextmanager
def terminal(
    *words: str,
    home: Path,
    size: tuple[int, int] = (120, 40),
    program: Sequence[str] = (sys.executable, "-m", "tui_delegate"),
    **environ: str,
) -> Iterator[Terminal]:
    """Start the product in a terminal of its own; whatever is left of it at the end is ended."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    before = termios.tcgetattr(slave)
    process = subprocess.Popen(
        [*program, *words],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=home,
        env=_environ(home, environ),
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0) and None,
    )
    os.set_blocking(master, False)
    made = Terminal(process, master, slave, before, Glass(*size))
    try:
        yield made
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
        for one in (made.master, made.slave):
            if one >= 0:
                os.close(one)


def _environ(home: Path, more: Mapping[str, str]) -> dict[str, str]:
    usual = {"PYTHONPATH": str(ROOT), "TUI_DELEGATE_HOME": str(home), "HOME": str(home)}
    looks = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
    return {**os.environ, **usual, **looks, **more}
