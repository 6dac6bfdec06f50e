"""The names `agent-delegate` and `ad`, put into a folder on the PATH so that they start this program.

Only a file that we made is ever replaced or removed; it is known by a line in it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui_delegate.core.errors import FileRefused
from tui_delegate.rules import place
from tui_delegate.rules.apply import Result, refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

NAMES: Final = ("agent-delegate", "ad")
_MARK: Final = "tui-delegate shim: `tui-delegate uninstall --shim` takes it away"
_WINDOWS: Final = os.name == "nt"


def program_folder(program: Sequence[str], home: Path) -> Path:
    """Say where the names go if nobody says: beside our own program, else where a person's programs are."""
    beside = Path(program[0]).parent
    if len(program) == 1 and os.access(beside, os.W_OK):
        return beside
    return home / ".local" / "bin"


def put(folder: Path, program: Sequence[str], environ: Mapping[str, str], *, dry_run: bool) -> list[Result]:
    """Put both names into a folder."""
    return [_safely(name, _path(folder, name), program, environ, dry_run) for name in NAMES]


def take_away(folders: Iterable[Path], *, dry_run: bool) -> list[Result]:
    """Remove what is ours of both names from these folders; what is not ours is left alone without a word."""
    results = []
    for path in dict.fromkeys(_path(folder, name) for folder in folders for name in NAMES):
        try:
            spot = place.look(path)
            if spot.data is None or not _is_ours(spot):
                continue
            if not dry_run:
                place.remove(spot)
        except FileRefused as error:
            if os.path.lexists(path) and not os.path.isdir(path):
                results.append(refusal("shim", path, error))
            continue
        results.append(Result("shim", "would_write" if dry_run else "removed", str(path)))
    return results


def folders_on_path(environ: Mapping[str, str]) -> list[Path]:
    """Give the folders that the shell looks in."""
    return [Path(part) for part in environ.get("PATH", "").split(os.pathsep) if part]


def _safely(
    name: str, path: Path, program: Sequence[str], environ: Mapping[str, str], dry_run: bool
) -> Result:
    try:
        return _put(name, path, program, environ, dry_run)
    except FileRefused as error:
        return refusal("shim", path, error)


def _put(name: str, path: Path, program: Sequence[str], environ: Mapping[str, str], dry_run: bool) -> Result:
    spot = place.look(path)
    if spot.data is not None and (spot.linked or not _is_ours(spot)):
        raise FileRefused(
            f"{path}: is not ours", "Uninstall what made it, or name another folder: --shim DIR."
        )
    text = _script(program)
    if spot.data == text:
        return Result("shim", "unchanged", str(path), _seen(name, path, environ))
    if dry_run:
        return Result("shim", "would_write", str(path), before=spot.data or b"", after=text)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileRefused(f"{path}: can't be made: {error.strerror}") from error
    with place.held(path):
        place.replace(spot._replace(mode=0o755), text, backup=False)
    return Result("shim", "replaced" if spot.data else "wrote_new", str(path), _seen(name, path, environ))


def _path(folder: Path, name: str) -> Path:
    return folder / (f"{name}.cmd" if _WINDOWS else name)


def _is_ours(spot: place.Spot) -> bool:
    return _MARK.encode() in (spot.data or b"")[:400]


def _script(program: Sequence[str]) -> bytes:
    if _WINDOWS:
        words = " ".join(f'"{word}"' for word in program)
        return f"@rem {_MARK}\r\n@{words} %*\r\n".encode()
    import shlex

    return f'#!/bin/sh\n# {_MARK}\nexec {shlex.join(program)} "$@"\n'.encode()


def _seen(name: str, path: Path, environ: Mapping[str, str]) -> str:
    """Say what a shell would start under this name, where it isn't this file."""
    first = shutil.which(name, path=environ.get("PATH", ""))
    if first is None:
        return f"{path.parent} is not on the PATH: add it"
    return "" if os.path.realpath(first) == os.path.realpath(path) else f"the shell finds {first} first"
