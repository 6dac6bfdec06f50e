"""Which sandboxes this machine has for code that a model wrote. Each is tried, since many are there and fail.

Nothing runs in one yet. Probing is all that is done here.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import Final, NamedTuple

PATIENCE: Final = 5.0
_BWRAP: Final = (
    *("--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--clearenv"),
    *("--cap-drop", "ALL", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"),
)
_LANDLOCK_CREATE: Final = 444
"""The number of the system call: the same on every architecture that we know of but Alpha."""


class Sandbox(NamedTuple):
    """One kind, and whether it works here."""

    name: str
    works: bool
    detail: str


def probe() -> list[Sandbox]:
    """Try them, the strongest first."""
    system = str(sys.platform)  # as a plain text: a type checker knows this machine's, and no other
    if system.startswith("linux"):
        return [_bubblewrap(), _landlock()]
    if system == "darwin":
        return [_try("seatbelt", "sandbox-exec", "-p", "(version 1)(allow default)", "/usr/bin/true")]
    return []


def best(found: list[Sandbox]) -> str:
    """Name what works best; `none` where nothing does."""
    return next((one.name for one in found if one.works), "none")


def _bubblewrap() -> Sandbox:
    return _try("bwrap", "bwrap", *_BWRAP, "true")


def _try(name: str, *command: str) -> Sandbox:
    program = shutil.which(command[0])
    if program is None:
        return Sandbox(name, False, "not installed")
    try:
        done = subprocess.run(
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Sandbox(name, False, f"did not end within {PATIENCE:g} s")
    except OSError as error:
        return Sandbox(name, False, error.strerror or "can't be started")
    said = done.stderr.strip().splitlines()
    return Sandbox(name, done.returncode == 0, said[-1] if said and done.returncode else "")


def _landlock() -> Sandbox:
    import ctypes
    import os

    try:
        call = ctypes.CDLL(None, use_errno=True).syscall
    except (OSError, AttributeError):
        return Sandbox("landlock", False, "the C library has no system calls for it")
    call.restype = ctypes.c_long
    version = int(call(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1)))
    if version < 1:
        return Sandbox("landlock", False, os.strerror(ctypes.get_errno()))
    return Sandbox("landlock", True, f"ABI {version}")
