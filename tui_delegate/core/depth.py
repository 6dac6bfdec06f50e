"""How deep in other calls of ours a process is, and what a process that it starts is told of it. Pure."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

DEPTH: Final = "TUI_DELEGATE_DEPTH"
ENDLESS: Final = 9999
"""Deeper than this is as deep as anything."""


def depth_of(environ: Mapping[str, str]) -> int:
    """Say how many of our calls this process is inside of. What can't be read counts as one."""
    told = environ.get(DEPTH, "").strip()
    if not told:
        return 0
    if not (told.isascii() and told.isdecimal()):
        return 1
    return int(told) if len(told) < 5 else ENDLESS


def deeper(environ: Mapping[str, str]) -> dict[str, str]:
    """Give the environment of a process that may call us again."""
    return {**environ, DEPTH: str(min(depth_of(environ) + 1, ENDLESS))}
