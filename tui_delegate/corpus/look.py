"""Tells by how a name begins and ends whether anything may be noted against it. Most names need no more.

Nothing is decided here, and nothing is missed: a name that passes is one that no rule can be about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

HEAD: Final = 4
TAIL: Final = 3
"""So much of a name is looked up; what it says is thought about once, and remembered."""


class Look:
    """What names begin with, or end with, that are noted. Letter case is not told apart."""

    __slots__ = ("_ends", "_first", "_heads", "_short_ends", "_starts", "_tails")

    def __init__(self, starts: Iterable[str], ends: Iterable[str], other: Look | None = None) -> None:
        """Note these, and what another one notes."""
        self._starts = tuple(start.casefold() for start in starts)
        ends = [end.casefold() for end in ends]
        self._tails = {end[-TAIL:] for end in ends if len(end) >= TAIL}
        self._short_ends = tuple(end for end in ends if len(end) < TAIL)
        if other:
            self._starts += other._starts
            self._tails |= other._tails
            self._short_ends += other._short_ends
        self._first = _Memo(lambda letter: any(start.startswith(letter) for start in self._starts))
        self._heads = _Memo(
            lambda head: any(start.startswith(head) or head.startswith(start) for start in self._starts)
        )
        self._ends = _Memo(lambda end: end[-TAIL:] in self._tails or end.endswith(self._short_ends))

    def at(self, names: Sequence[str]) -> list[str]:
        """Give the names that need a closer look."""
        first, heads, ends, starts = self._first, self._heads, self._ends, self._starts
        return [
            name
            for name in names
            if (first[name[0]] and heads[name[:HEAD]] and name.casefold().startswith(starts))
            or ends[name[-TAIL:]]
        ]


class _Memo(dict[str, bool]):
    """What was found out about a part of a name."""

    __slots__ = ("_find_out",)

    def __init__(self, find_out: Callable[[str], bool]) -> None:
        self._find_out = find_out

    def __missing__(self, part: str) -> bool:
        self[part] = self._find_out(part.casefold())
        return self[part]
