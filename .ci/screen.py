"""Opens a command's screen in a pseudo-terminal, waits until it stands, and quits: the exit code is its own.

`python .ci/screen.py COMMAND…`. It uses nothing but the standard library and POSIX.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

STANDS = (b"Welcome", b"Ask something")
SECONDS = 30.0
ESCAPES = re.compile(rb"\x1b(?:\[[0-9;?<>=]*[A-Za-z]|[()][A-Z0-9])")


def main() -> int:
    """Open it, look at it, leave it."""
    child, screen = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8")
        os.execv(sys.argv[1], sys.argv[1:])
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    shown = read(screen, lambda told: any(word in told for word in STANDS))
    stands = any(word in shown for word in STANDS)
    read(screen, lambda _: False, seconds=1.0)
    os.write(screen, b"\x11")
    left = read(screen, lambda told: b"\x1b[?1049l" in told, plain=False)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    sys.stdout.write(f"stands: {stands}, terminal given back: {b'?1049l' in left}, exit code: {ended}\n")
    return 0 if stands and b"?1049l" in left and ended == 0 else 1


def read(
    screen: int, enough: Callable[[bytes], bool], seconds: float = SECONDS, *, plain: bool = True
) -> bytes:
    """Read what is drawn until it is enough, or the time is over, or nobody is there any more."""
    told, end = b"", time.monotonic() + seconds
    while not enough(told) and (left := end - time.monotonic()) > 0:
        if not select.select([screen], [], [], left)[0]:
            break
        try:
            told += os.read(screen, 65536)
        except OSError:
            break
        told = ESCAPES.sub(b"", told) if plain else told
    return told


if __name__ == "__main__":
    sys.exit(main())
