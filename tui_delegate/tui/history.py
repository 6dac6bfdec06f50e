"""The prompts that were sent, on disk: one line of JSON each, shared by all processes of one person.

The caller says where the file is. Which prompt is shown when is the prompt's; nothing is shown here.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tui_delegate import disk
from tui_delegate.core.records import dataclass

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MOST: Final = 2_000
LONGEST: Final = 200_000
"""A longer prompt is a paste that nobody looks for again."""
TAIL: Final = 64_000_000
_SLACK: Final = 2
"""So many times the prompts that are kept may stand in the file before it is written anew."""
_STEP: Final = 250_000
"""Bytes by which the file grows between two looks at how many prompts stand in it."""
_TRIES: Final = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One prompt: what, when and where."""

    text: str
    at: float = 0.0
    cwd: str = ""


class PromptHistory:
    """The prompts of one file, the newest last."""

    def __init__(
        self,
        path: Path,
        *,
        cwd: str = "",
        keep_text: bool = True,
        most: int = MOST,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.path = path
        self.keep_text = keep_text
        self.trouble = ""
        """Why the last prompt could not be kept; empty: it was."""
        self._cwd = cwd
        self._most = most
        self._clock = clock
        self._seen: tuple[int, int, int] | None = None
        self._entries: tuple[Entry, ...] = ()

    def entries(self) -> tuple[Entry, ...]:
        """Give all prompts, read again where another process has written some."""
        try:
            state = os.stat(self.path)
            seen = (state.st_ino, state.st_size, state.st_mtime_ns)
            if seen != self._seen:
                with open(self.path, "rb") as file:
                    file.seek(max(0, state.st_size - TAIL))
                    self._entries = _read(file.read())[-self._most :]
                self._seen = seen
        except OSError:
            self._entries, self._seen = (), None
        return self._entries

    def texts(self) -> list[str]:
        """Give each prompt once, the newest first."""
        return list(dict.fromkeys(entry.text for entry in reversed(self.entries())))

    def add(self, text: str) -> bool:
        """Keep a prompt. One that begins with a space, is empty or stands there already is not kept."""
        if not self.keep_text or not text.strip() or text[0] == " " or len(text) > LONGEST:
            return False
        try:
            kept = self._add(Entry(text, self._clock(), self._cwd))
        except OSError as error:
            self.trouble = f"This prompt is not in the history: {error.strerror or error}."
            return False
        self.trouble = ""
        return kept

    def _add(self, entry: Entry) -> bool:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _opened(self.path) as (handle, alone):
            end = os.lseek(handle, 0, os.SEEK_END)
            start = max(0, end - 2 * LONGEST)
            os.lseek(handle, start, os.SEEK_SET)
            tail = _read_all(handle, end - start)
            last = _read(tail[-_last_line(tail) :])
            if last and last[-1].text == entry.text:
                return False
            broken = bool(tail) and not tail.endswith(b"\n")  # a process died in the middle of its line
            line = b"\n" * broken + _line(entry)
            _write_all(handle, line)
            if alone and end // _STEP != (end + len(line)) // _STEP:
                self._compact()
        return True

    def _compact(self) -> None:
        """Write the newest anew beside the file and put them in its place. The lock is held."""
        with open(self.path, "rb") as file:
            raw = file.read()
        if raw.count(b"\n") <= _SLACK * self._most:
            return
        disk.replace(self.path, b"".join(map(_line, _read(raw)[-self._most :])), 0o600)


class Stroll:
    """A way through the history and back to the draft that it began with."""

    def __init__(self, texts: list[str], draft: str) -> None:
        self._texts = [text for text in texts if text != draft]
        self.draft = draft
        self._at = -1

    @property
    def shown(self) -> str:
        """What is shown now."""
        return self._texts[self._at] if self._at >= 0 else self.draft

    def older(self) -> str | None:
        """Go one back; None where nothing is older."""
        if self._at + 1 >= len(self._texts):
            return None
        self._at += 1
        return self.shown

    def newer(self) -> str | None:
        """Go one on, at last to the draft; None from there."""
        if self._at < 0:
            return None
        self._at -= 1
        return self.shown


@contextmanager
def _opened(path: Path) -> Iterator[tuple[int, bool]]:
    """Open the file for appending, and say whether it is ours alone. One that was replaced is opened anew."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    while True:
        handle = os.open(path, flags, 0o600)
        try:
            alone = _locked(handle)
            if alone and not _is_at(handle, path):
                continue
            if hasattr(os, "fchmod"):
                os.fchmod(handle, 0o600)
            yield handle, alone
            return
        finally:
            os.close(handle)


def _locked(handle: int) -> bool:
    """Take the lock, but never let a process that was stopped with it in its hand hold up a prompt."""
    if sys.platform == "win32":
        return False
    for _ in range(_TRIES):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.005)
        except OSError:  # a file system without locks
            return False
        else:
            return True
    return False


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except FileNotFoundError:
        return False


def _line(entry: Entry) -> bytes:
    return (
        json.dumps({"at": round(float(entry.at), 3), "cwd": entry.cwd, "text": entry.text}).encode() + b"\n"
    )


def _last_line(raw: bytes) -> int:
    return len(raw) - (raw.rstrip(b"\n").rfind(b"\n") + 1)


def _read(raw: bytes) -> tuple[Entry, ...]:
    """Read what can be read; a line that is damaged is passed over."""
    return tuple(entry for line in raw.splitlines() if (entry := _entry(line)))


def _entry(line: bytes) -> Entry | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(row, dict):
        return None
    text, at, cwd = row.get("text"), row.get("at"), row.get("cwd")
    if not isinstance(text, str) or not text:
        return None
    return Entry(text, float(at) if isinstance(at, float) else 0.0, cwd if isinstance(cwd, str) else "")


def _read_all(handle: int, size: int) -> bytes:
    parts = []
    while size > 0 and (part := os.read(handle, size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _write_all(handle: int, raw: bytes) -> None:
    while raw:
        raw = raw[os.write(handle, raw) :]
