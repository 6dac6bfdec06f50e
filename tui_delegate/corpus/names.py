"""The names that a person may choose from after `@`: a walk that answers early, bounded, kept a while.

What is left out is what `walk` leaves out. Nothing is opened here; which name fits best is asked elsewhere.
"""

from __future__ import annotations

import os
import time
from collections import deque
from typing import TYPE_CHECKING, Final

from tui_delegate.core.records import dataclass
from tui_delegate.corpus.gitfiles import ignores_above
from tui_delegate.corpus.guard import JUNK
from tui_delegate.corpus.pattern import slashes
from tui_delegate.corpus.walk import DEEPEST, Sieve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MOST_NAMES: Final = 50_000
FIRST: Final = 400
"""So many names are given at once; each next answer holds four times as many as the one before."""
KEPT_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Name:
    """A file or folder below the working folder."""

    path: str
    """With forward slashes; a folder's ends with one."""
    size: int | None = None
    """In bytes; None for a folder, and where nobody can say."""


@dataclass(frozen=True, slots=True)
class Names:
    """All names that were met so far."""

    names: tuple[Name, ...] = ()
    whole: bool = False
    """The walk is over."""
    cut: bool = False
    """The walk is over because of the bound: there are more."""


@dataclass(frozen=True, slots=True)
class _Folder:
    prefix: str
    sieve: Sieve
    depth: int


class NameShelf:
    """The names below one folder. Reading is slow for a big tree: it is done in a thread of the caller's."""

    def __init__(
        self,
        folder: Path,
        *,
        most: int = MOST_NAMES,
        kept: float = KEPT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = folder
        self._most = most
        self._kept = kept
        self._clock = clock
        self._last: Names | None = None
        self._read_at = 0.0

    def read(self) -> Iterator[Names]:
        """Give what is known at once, then more and more, the whole at the end."""
        if self._last is not None:
            yield self._last
            if self._clock() - self._read_at < self._kept:
                return
        for names in self._read():
            if names.whole or self._last is None:  # half a new list is no better than all of the old one
                yield names
        self._last, self._read_at = names, self._clock()

    def _read(self) -> Iterator[Names]:
        met: list[Name] = []
        due = FIRST
        for name in _walk(self.folder):
            if len(met) >= self._most:
                yield Names(tuple(met), whole=True, cut=True)
                return
            met.append(name)
            if len(met) >= due:
                due *= 4
                yield Names(tuple(met))
        yield Names(tuple(met), whole=True)


def _walk(folder: Path) -> Iterator[Name]:
    """Walk level by level, so that what is near comes first and a bound cuts off what is deep."""
    path = slashes(os.path.abspath(folder))
    top = slashes(os.path.realpath(path)).rstrip("/") + "/"
    waiting = deque([_Folder("", Sieve(ignores_above(path, path), top, JUNK), 1)])
    while waiting:
        here = waiting.popleft()
        place = f"{path.rstrip('/')}/{here.prefix}"
        found = here.sieve.sift(place)
        folders = set(found.folders)
        for name in sorted((*found.files, *folders)):
            if name not in folders:
                yield Name(here.prefix + name, _size(place + name))
                continue
            prefix = f"{here.prefix}{name}/"
            yield Name(prefix)
            if here.depth < DEEPEST:
                waiting.append(_Folder(prefix, found.below, here.depth + 1))


def _size(path: str) -> int | None:
    try:
        return os.stat(path).st_size
    except (OSError, ValueError):
        return None
