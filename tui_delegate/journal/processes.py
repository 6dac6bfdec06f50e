"""Whether the process that a run was begun by is still there. Looks at this machine only, and ends nothing.

What a run without a process means is for whoever asked.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tui_delegate.journal.sessions import RunRow

SLACK: Final = 60.0
"""Seconds by which a machine's clock may have been set since: a process that began later than a run by more
than that has only got the number of the one that is gone."""


def machine() -> str:
    """Name this machine. `platform` knows no more where the system tells, and costs an import."""
    if hasattr(os, "uname"):
        return os.uname().nodename
    import platform

    return platform.node()


def is_live(run: RunRow) -> bool:
    """Say whether a run is at work now, as far as this machine can know."""
    if run.status != "open" or run.machine != machine():
        return False
    return is_alive(run.pid, run.started)


def is_alive(pid: int, by: float) -> bool:
    """Say whether a process is there and was there at a moment."""
    if pid <= 0:
        return False
    if os.name != "posix":  # to ask is to end it there
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    state, begun = _seen(pid)
    return state not in ("Z", "X") and (begun is None or begun <= by + SLACK)


def _seen(pid: int) -> tuple[str, float | None]:
    """Give a process's state and the moment of its start, where the system tells."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as told:
            words = told.read().rpartition(b")")[2].split()
        return words[0].decode(), _boot() + int(words[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return "", None


@cache
def _boot() -> float:
    with open("/proc/stat", "rb") as told:
        for line in told:
            if line.startswith(b"btime "):
                return float(line.split()[1])
    raise ValueError("the system does not say when it began")
