"""Writes a profiles file: whole or not at all, its mode kept, what was there before kept beside it.

What may stand in one is not decided here; whatever is written has been read back first.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui_delegate import disk
from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import ConfigError
from tui_delegate.profiles.read import parse, settings_of
from tui_delegate.profiles.table import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

EXAMPLE: Final = "profiles.example.toml"


def save(path: Path, data: Mapping[str, object], now: float | None = None) -> Path | None:
    """Write a profiles file. A link is followed; the file that was there becomes a backup.

    Gives the backup; None: there was no file, or it said the same to the letter.
    """
    import tomli_w

    content = tomli_w.dumps(data).encode()
    source = Source(clean_line(str(path), 300))
    settings_of(parse(content, source), source, {})
    target = Path(os.path.realpath(path))
    try:
        before = target.read_bytes() if target.exists() else None
        if before == content:
            return None
        mode = target.stat().st_mode & 0o777 if before is not None else 0o600
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = None if before is None else disk.keep(target, before, mode, now=now)
        disk.replace(target, content, mode)
        return kept
    except OSError as error:
        raise ConfigError(f"{source.file}: can't be written: {error.strerror}") from None


def init(path: Path) -> bool:
    """Write the starter where there is no file; say whether it was written."""
    target = Path(os.path.realpath(path))
    if target.exists():
        return False
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        disk.write_new(target, starter().encode(), 0o600)
    except FileExistsError:
        return False
    except OSError as error:
        raise ConfigError(f"{clean_line(str(path), 300)}: can't be written: {error.strerror}") from None
    return True


def example() -> str:
    """Give the text of the example: beside the package in a checkout, inside it once installed."""
    package = Path(__file__).parent.parent
    for place in (package / EXAMPLE, package.parent / EXAMPLE):
        if place.is_file():
            return place.read_text(encoding="utf-8")
    raise ConfigError(f"{EXAMPLE} is missing from this installation.", "Install tui-delegate again.")


def starter() -> str:
    """Give the example with every key and table switched off: a file that changes nothing yet."""
    return "".join(
        line if not line.strip() or line.startswith("#") else f"#{line}"
        for line in example().splitlines(keepends=True)
    )
