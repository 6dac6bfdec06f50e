"""The log line that agent-delegate writes, and how it gets into a file that other tools read.

One line for each call that succeeded: names and figures, never a word of what was said. Nothing here opens
the journal, and no failure here ends the work that was logged: it is told instead.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_delegate.core.calls import RunContext
    from tui_delegate.core.usage import Usage

FILE: Final = "agent-delegate.log"
PLACES: Final = (
    ("AGENT_DELEGATE_LOG", ""),
    ("AGENT_DELEGATE_LOG_DIR", FILE),
    ("OLLAMA_DELEGATE_USAGE_LOG", ""),
    ("TOKEN_METER_HOME", FILE),
)
"""Which variable of the environment names the log, the first that is set, and the file's name in a folder."""
PATIENCE: Final = 2.0
"""Seconds to wait for another process's line. After that ours is appended all the same, in one write."""
_FLAGS: Final = (
    os.O_APPEND
    | os.O_CREAT
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a pipe that nobody reads must not hold up the verb
    | getattr(os, "O_NOCTTY", 0)
)


def log_path(environ: Mapping[str, str]) -> str | None:
    """Find the log; None: none is wanted."""
    for variable, file in PLACES:
        if place := environ.get(variable):
            return os.path.join(place, file) if file else place
    return None


def line_of(
    context: RunContext,
    *,
    at: float,
    profile: str,
    backend: str,
    host: str,
    model: str,
    usage: Usage,
    total_ms: int,
) -> str:
    """Make the line of one verb's call, without its newline.

    `at` is the moment of the verb's last model call: by it an import finds that the journal has the call.
    `model` is the one that was asked for. The target stands there only where there is one.
    """
    import json

    record: dict[str, object] = {
        "ts": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)),
        "command": context.command,
        "profile": profile,
        "backend": backend,
        "model": model,
        "prompt_eval_count": usage.prompt,
        "eval_count": usage.completion,
        "cached_tokens": usage.cached,
        "reasoning_tokens": usage.reasoning,
        "total_duration_ms": total_ms,
        "cwd": context.cwd,
        "claude_session_id": context.claude_session_id,
        "codex_session_id": context.codex_session_id,
        "parent_pid": context.parent_pid,
        "host": host,
    }
    if context.target:
        record["target"] = context.target
    return json.dumps(record)


def append(path: str, line: str) -> str:
    """Append one line; gives what went wrong in one sentence, and nothing where nothing did."""
    try:
        if folder := os.path.dirname(path):
            os.makedirs(folder, mode=0o700, exist_ok=True)
        handle = _open(path)
        try:
            locked = _lock(handle)
            _write(handle, _after_half_a_line(handle) + line.encode("utf-8", "replace") + b"\n")
            if locked:
                _unlock(handle)
        finally:
            os.close(handle)
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or str(error)
        return f"The usage log {path} can't be written: {words}. The journal has the call."
    return ""


def _open(path: str) -> int:
    try:
        return os.open(path, os.O_RDWR | _FLAGS, 0o600)
    except PermissionError:  # it may be for writing only
        return os.open(path, os.O_WRONLY | _FLAGS, 0o600)


def _after_half_a_line(handle: int) -> bytes:
    """Give what ends a line that a crash left half; where the end can't be read it is taken as whole."""
    try:
        size = os.lseek(handle, 0, os.SEEK_END)
        if not size:
            return b""
        os.lseek(handle, size - 1, os.SEEK_SET)
        return b"" if os.read(handle, 1) in (b"\n", b"") else b"\n"
    except OSError:
        return b""


def _write(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


def _lock(handle: int) -> bool:
    """Wait for our turn among processes, where the system and the file know of turns."""
    try:
        import fcntl
    except ImportError:
        return False
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
        except OSError:
            return False
        time.sleep(0.005)


def _unlock(handle: int) -> None:
    import fcntl

    fcntl.flock(handle, fcntl.LOCK_UN)
