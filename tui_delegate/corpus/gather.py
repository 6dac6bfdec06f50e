"""From the words that name files to what is taken of them: each file once, bounded, in one order.

How a file is looked at is the caller's: a shelf keeps its measures, a packet its text.
"""

from __future__ import annotations

import os
from itertools import chain
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from tui_delegate.corpus.find import Search
from tui_delegate.corpus.refusals import too_much
from tui_delegate.corpus.values import LeftOut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence, Set
    from typing import Protocol

    from tui_delegate.core.errors import InputError
    from tui_delegate.corpus.values import Bounds
    from tui_delegate.corpus.walk import Batch

    class Taken(Protocol):
        """What is kept of a file."""

        @property
        def name(self) -> str:
            """What it is called."""

        @property
        def size(self) -> int:
            """Its bytes."""

    Take = Callable[[str, str, bool, bool], "T | LeftOut"]
    """Looks at a file by its name and path; whether it was named exactly, and whether a link leads to it."""

MOST_COUNTED: Final = 20_000
"""So many more files are counted, but not read, to say by how much all of it is too large."""


T = TypeVar("T", bound="Taken")


class Gathering(Generic[T]):
    """What was taken and left out so far."""

    def __init__(self, cwd: str, bounds: Bounds, skip: Set[str], hint: str) -> None:
        self.taken: dict[str, T] = {}
        """By the real path: a file is there once, under the name that it was first met by."""
        self.left_out: dict[LeftOut, None] = {}
        self.barren: dict[str, list[LeftOut]] = {}
        """The words that gave no file, and what was met instead."""
        self.total = 0
        self._cwd, self._bounds, self._skip, self._hint = cwd, bounds, skip, hint

    def add_all(self, words: Sequence[str], take: Take[T]) -> None:
        """Take what the words name, until it is more than the bounds allow: then an InputError."""
        searches = [Search(word, self._cwd, self._skip) for word in words]
        for at, search in enumerate(searches):
            batches = search.batches()
            left: list[LeftOut] = []
            given = 0
            for batch in batches:
                given += self._add(batch, take, left)
                if self.total > self._bounds.total_bytes:
                    later = (batch for later in searches[at + 1 :] for batch in later.batches())
                    raise self._too_much(chain(batches, later))
            left += search.left_out
            self.left_out.update(dict.fromkeys(left))
            if not given:
                self.barren[search.word] = left

    def add(self, key: str, item: T) -> None:
        """Take what is no file of this machine."""
        self.taken.setdefault(key, item)
        self.total += item.size

    def in_order(self) -> tuple[T, ...]:
        """Give what was taken in the order of the names; of two that differ in case only, the first first."""
        return tuple(sorted(self.taken.values(), key=lambda item: item.name.casefold()))

    def _add(self, batch: Batch, take: Take[T], left: list[LeftOut]) -> int:
        """Look at the files of one folder; say how many of them are in, now or before."""
        show, path, real, names, links, exact = batch
        taken = self.taken
        given = len(names)
        for name in names:
            key = real + name if name not in links else links[name]
            if key in taken:
                continue
            item = take(show + name, path + name, exact, name in links)
            if isinstance(item, LeftOut):
                left.append(item)
                given -= 1
            else:
                taken[key] = item
                self.total += item.size
        return given

    def _too_much(self, rest: Iterable[Batch]) -> InputError:
        """Count on without reading, so that a person knows how far off this is."""
        sizes = [(item.size, item.name) for item in self.taken.values()]
        enough = len(sizes) + MOST_COUNTED
        for batch in rest:
            sizes += _sizes(batch, self.taken, self._bounds.file_bytes)
            if len(sizes) > enough:
                break
        total = sum(size for size, _ in sizes)
        return too_much(total, self._bounds.total_bytes, "bytes", sizes, self._hint, more=len(sizes) > enough)


def _sizes(batch: Batch, taken: Set[str] | dict[str, T], most: int) -> list[tuple[int, str]]:
    found = []
    for name in batch.names:
        if (batch.links.get(name) or batch.real + name) in taken:
            continue
        try:
            size = os.stat(batch.path + name).st_size
        except (OSError, ValueError):
            continue
        if size <= most:
            found.append((size, batch.show + name))
    return found
