"""Hands a text to the person's own editor and takes it back. The screen sleeps meanwhile, the runs do not.

Nothing here knows whose text it is.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from textual.app import SuspendNotSupported

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from textual.app import App

Result = TypeVar("Result")

USUAL: Final = ("vi", "nano", "notepad")
_SET_ONE: Final = "Set $VISUAL or $EDITOR to the command of your editor."


def find_editor(environ: Mapping[str, str]) -> list[str]:
    """Find the command of the person's editor. Raises an InputError where there is none."""
    for name in ("VISUAL", "EDITOR"):
        if told := environ.get(name, "").strip():
            return _words(name, told, environ)
    for usual in USUAL:
        if found := shutil.which(usual, path=environ.get("PATH")):
            return [found]
    raise InputError("There is no editor here.", _SET_ONE)


async def edit_text(app: App[Result], text: str, environ: Mapping[str, str]) -> str:
    """Let the person edit a text. Raises an InputError where it came to nothing."""
    command = find_editor(environ)
    folder = await asyncio.to_thread(tempfile.mkdtemp, prefix="tui-delegate-")
    file = Path(folder, "prompt.md")
    try:
        given = text.encode("utf-8", "surrogatepass")
        await asyncio.to_thread(_write, file, given)
        code = await _run(app, [*command, str(file)])
        if code:
            raise InputError(f"The editor ended with {code}; the draft stays as it was.")
        return await asyncio.to_thread(_taken_back, file, given, text)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _words(name: str, told: str, environ: Mapping[str, str]) -> list[str]:
    try:
        words = shlex.split(told, posix=os.name == "posix")
    except ValueError:
        words = []
    if not words or not shutil.which(words[0], path=environ.get("PATH")):
        raise InputError(f"${name} is {clean_line(told, 60)!r}, and that is no command here.", _SET_ONE)
    return words


async def _run(app: App[Result], command: list[str]) -> int:
    """Run the editor with the terminal to itself. Nothing is painted, and `^C` is the editor's."""
    try:
        with app.batch_update(), app.suspend(), _interrupts_ignored():
            return await asyncio.to_thread(lambda: subprocess.run(command, check=False).returncode)
    except SuspendNotSupported:
        raise InputError("This screen can't hand its terminal to an editor.") from None
    except OSError as error:
        raise InputError(
            f"{clean_line(command[0], 60)} can't be started: {clean_line(error.strerror or str(error))}.",
            _SET_ONE,
        ) from None


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Let `^C` pass by. A handler, not `SIG_IGN`: the editor would inherit that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _write(file: Path, raw: bytes) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(handle, "wb") as opened:
        opened.write(raw)


def _taken_back(file: Path, given: bytes, text: str) -> str:
    """Read what the person made of it; the line end that editors put at a file's end is not theirs."""
    try:
        raw = file.read_bytes()
    except OSError:
        raise InputError("The editor took the file away; the draft stays as it was.") from None
    if raw == given:
        return text
    edited = raw.decode("utf-8", "replace").replace("\r\n", "\n")
    return edited if text.endswith("\n") else edited.removesuffix("\n")
