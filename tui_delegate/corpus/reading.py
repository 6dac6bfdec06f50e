"""Reads one file: a plain one, bounded, and never through a link that a walk did not meet."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InputError
from tui_delegate.corpus.guard import is_binary

if TYPE_CHECKING:
    import io

    from tui_delegate.corpus.values import Bounds

CHUNK: Final = 65536
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK: Final = _FLAGS | getattr(os, "O_NOFOLLOW", 0)


OTHER_BOUND: Final = "AGENT_DELEGATE_MAX_FILE_BYTES sets another bound."


def read_small(path: str) -> bytes | None:
    """Read a file that a walk met as a plain one; None: empty, larger than one read, or plain no more.

    The shortest way that there is: three calls of the system.
    """
    try:
        handle = os.open(path, _NO_LINK)
    except (OSError, ValueError):
        return None
    try:
        raw = os.read(handle, CHUNK)
    except OSError:
        return None
    finally:
        os.close(handle)
    return raw if raw and len(raw) < CHUNK else None


def look_into(
    name: str, path: str, exact: bool, bounds: Bounds, larger: str = OTHER_BOUND
) -> tuple[bytes, tuple[int, int]]:
    """Read a file that may be handed on; raises an InputError that says why one may not."""
    try:
        _writable(name)
        raw, seen = read_bytes(path, bounds.file_bytes, larger)
        if not exact and is_binary(raw):
            raise InputError("binary")
    except InputError as error:
        raise InputError(
            f"{clean_line(name)}: {error.message}" if exact else error.message, error.hint
        ) from None
    return raw, seen


def read_bytes(path: str, most: int, larger: str = OTHER_BOUND) -> tuple[bytes, tuple[int, int]]:
    """Read a plain file, and say in which state it was. A pipe or a device is not waited for."""
    try:
        handle = os.open(path, _FLAGS)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a name that a file can have"
        raise InputError(f"can't be read: {reason}") from None
    state = os.fstat(handle)
    if not stat.S_ISREG(state.st_mode):
        os.close(handle)
        raise InputError("not a file")
    with os.fdopen(handle, "rb", buffering=0) as file:
        try:
            raw = _all(file, most + 1)
        except OSError as error:
            raise InputError(f"can't be read: {error.strerror}") from None
    size = max(state.st_size, len(raw))
    if size > most:
        raise InputError(f"too large: {size} bytes > {most}", larger)
    return raw, (state.st_size, state.st_mtime_ns)


def _all(file: io.FileIO, most: int) -> bytes:
    """Read to the end: the files that the system makes up give a page at a time."""
    raw = b""
    while len(raw) < most and (more := file.read(most - len(raw))):
        raw += more
    return raw


def _writable(name: str) -> None:
    """Refuse a name that is no text: it could neither be shown nor stored."""
    try:
        name.encode()
    except UnicodeEncodeError:
        raise InputError("its name is not UTF-8") from None
