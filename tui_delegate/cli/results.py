"""The file that `map` writes: one JSON object a line, each with the key of what was asked of which contents.

A file that is there is gone on with: what it holds is not done again. Nobody else writes it meanwhile.
"""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InputError, NotWritten

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType


class Results:
    """What is done, by key; and the file where more is added. Use it in a `with`."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.done: dict[str, dict[str, object]] = {}
        self.bad_lines = 0
        self._results = 0
        self._handle = -1

    def __enter__(self) -> Results:
        """Open the file, making it where needed. Raises an InputError."""
        if self.path:
            try:
                if folder := os.path.dirname(self.path):
                    os.makedirs(folder, exist_ok=True)
                flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
                self._handle = os.open(self.path, flags, 0o666)
                if not stat.S_ISREG(os.fstat(self._handle).st_mode):
                    raise InputError(
                        f"--out {clean_line(self.path)} is no regular file.",
                        "Without --out the answers go to stdout.",
                    )
                self._lock()
                self._read()
            except InputError:
                self.close()
                raise
            except OSError as error:
                self.close()
                raise InputError(
                    f"--out {clean_line(self.path)} can't be written: {error.strerror}."
                ) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let others write the file."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def add(self, record: Mapping[str, object]) -> None:
        """Add a line, whole; it is on the disk when this returns. Raises a NotWritten."""
        if self._handle < 0:
            return
        rest = memoryview((json.dumps(record, ensure_ascii=False) + "\n").encode("utf-8", "replace"))
        try:
            while rest:
                rest = rest[os.write(self._handle, rest) :]
            os.fsync(self._handle)
        except OSError as error:
            raise NotWritten(
                f"--out {clean_line(self.path)} can't be written: {error.strerror}.",
                "Make room: the same call again goes on where this one stopped.",
            ) from None

    def _lock(self) -> None:
        try:
            import fcntl
        except ImportError:  # a system without such locks: two writers at once are the person's to avoid
            return
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise InputError(
                f"Another process writes {clean_line(self.path)} now.", "Wait for it, or name another --out."
            ) from None

    def _read(self) -> None:
        with open(os.dup(self._handle), "rb") as file:
            file.seek(0)
            last = b"\n"
            for last in file:
                self._take(last)
        if self.bad_lines > (not last.endswith(b"\n")) and not self._results:
            raise InputError(
                f"{clean_line(self.path)} holds something else than results: it is left as it is.",
                "Name another --out.",
            )
        if not last.endswith(b"\n"):  # a crash left half a line: it ends here, and counts as not done
            os.write(self._handle, b"\n")

    def _take(self, line: bytes) -> None:
        if not line.strip():
            return
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            self.bad_lines += 1
            return
        if not (isinstance(record, dict) and isinstance(key := record.get("key"), str)):
            self.bad_lines += 1
            return
        self._results += 1
        if record.get("ok") is True:
            self.done[key] = record
