"""Paths as a person writes them: with forward slashes, and as a glob. Nothing is walked here."""

from __future__ import annotations

import fnmatch
import os
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

MAGIC: Final = re.compile(r"[*?\[]")


class Pattern:
    """A glob, segment by segment. `**` is any number of folders; no wildcard begins with a dot."""

    def __init__(self, segments: Sequence[str]) -> None:
        self.named = frozenset(segment for segment in segments if not MAGIC.search(segment))
        """What it calls by name: that is wanted, whatever it holds."""
        self._segments = [
            None if segment == "**" else (segment, re.compile(fnmatch.translate(segment)))
            for segment, after in zip(segments, (*segments[1:], ""), strict=True)
            if not segment == after == "**"
        ]

    def leads(self, parts: Sequence[str]) -> bool:
        """Whether something below this folder can match."""
        return self._match(parts, 0, 0, on_the_way=True)

    def takes(self, parts: Sequence[str]) -> bool:
        """Whether this path matches, or a folder above it does: a folder is taken whole."""
        return self._match(parts, 0, 0, on_the_way=False)

    def _match(self, parts: Sequence[str], at: int, segment: int, *, on_the_way: bool) -> bool:
        if segment == len(self._segments):
            return at > 0
        if at == len(parts):
            return on_the_way
        one = self._segments[segment]
        name = parts[at]
        if one is not None:
            hidden = name.startswith(".") and not one[0].startswith(".")
            return (
                not hidden
                and one[1].match(name) is not None
                and self._match(parts, at + 1, segment + 1, on_the_way=on_the_way)
            )
        if segment + 1 == len(self._segments):
            return not name.startswith(".")
        return self._match(parts, at, segment + 1, on_the_way=on_the_way) or (
            not name.startswith(".") and self._match(parts, at + 1, segment, on_the_way=on_the_way)
        )


def slashes(path: str) -> str:
    """Write a path with forward slashes."""
    return path if os.sep == "/" else path.replace(os.sep, "/")
