"""Finds what a person means by a few letters: among many paths, among words, among earlier prompts. Pure.

All paths stand in one long string, one to a line, so that one search in it takes the place of one per path.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Final

from tui_delegate.core.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

POOL: Final = 200
"""So many of one kind of match are weighed against each other; the nearest and shortest paths come first."""
SHORT: Final = 200
"""Letters of an earlier prompt in which single letters are looked for."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found: its number in what was given, and which of its letters were meant."""

    at: int
    lit: tuple[int, ...] = ()


class Ranker:
    """Paths or words, made ready to be searched."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._order = sorted(range(len(paths)), key=lambda at: _nearness(paths[at]))
        self._paths = [paths[at] for at in self._order]
        low = [_lowered(path) for path in self._paths]
        self._whole = _Lines(low)
        self._names = _Lines([path[_name_at(path) :] for path in low])

    def find(self, query: str, limit: int = 50) -> list[Hit]:
        """Give the best matches, the best first. The name counts for more than the folders before it."""
        if not query:
            return [Hit(at) for at in self._nearest(limit)]
        low = _lowered(query)
        weighed: dict[int, tuple[int, ...]] = {}
        lit: dict[int, tuple[int, ...]] = {}
        for kind, found in enumerate(self._kinds(low)):
            for number in islice(found, POOL):
                if number not in lit:
                    lit[number] = _letters(low, self._paths[number], by_name=kind in (0, 1, 3))
                    weighed[number] = (kind, *_weight(lit[number], self._paths[number]), number)
            if len(lit) >= limit:
                break
        best = sorted(lit, key=weighed.__getitem__)[:limit]
        return [Hit(self._order[number], lit[number]) for number in best]

    def _kinds(self, low: str) -> Iterator[Iterator[int]]:
        """Give the kinds of match, the best first; the dear ones only where the rest is too little."""
        yield self._names.having("\n" + low)
        yield self._names.having(low)
        yield self._whole.having(low)
        yield self._names.strewn(low)
        yield self._whole.strewn(low)

    def _nearest(self, limit: int) -> list[int]:
        near = sorted(
            range(min(len(self._paths), 2000)),
            key=lambda number: (
                self._paths[number].count("/", 0, -1),
                self._paths[number].startswith("."),
                self._paths[number].casefold(),
            ),
        )
        return [self._order[number] for number in near[:limit]]


class _Lines:
    """Many short texts in one long one."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._text = "".join(f"\n{line}" for line in lines)
        self._starts = list(accumulate((len(line) + 1 for line in lines), initial=0))

    def having(self, part: str) -> Iterator[int]:
        """Give the lines that hold a part; one that begins with a line break stands at the beginning."""
        at = self._text.find(part)
        while at >= 0:
            number = bisect_right(self._starts, at) - 1
            yield number
            at = self._text.find(part, self._starts[number + 1])

    def strewn(self, letters: str) -> Iterator[int]:
        """Give the lines that hold these letters in this order, whatever is between them."""
        steps = "".join(f"[^{re.escape(one)}\n]*+{re.escape(one)}" for one in letters)
        for found in re.finditer(f"\n{steps}", self._text):
            yield bisect_right(self._starts, found.start()) - 1


def sift(query: str, texts: Sequence[str], limit: int = 50) -> list[Hit]:
    """Give the texts that fit, in their own order: first those that hold each word, then looser ones."""
    words = _lowered(query).split()
    if not words:
        return [Hit(at) for at in range(min(len(texts), limit))]
    sure: list[Hit] = []
    loose: list[Hit] = []
    letters = "".join(words)
    strewn = re.compile("".join(f"[^{re.escape(one)}]*+{re.escape(one)}" for one in letters))
    for at, text in enumerate(texts):
        low = _lowered(text)
        if all(word in low for word in words):
            sure.append(Hit(at, tuple(sorted({spot for word in words for spot in _span(low, word)}))))
            if len(sure) >= limit:
                break
        elif len(loose) < limit and strewn.match(low[:SHORT]):
            loose.append(Hit(at, _letters(letters, text[:SHORT], by_name=False)))
    return [*sure, *loose][:limit]


def _span(low: str, word: str) -> range:
    return range(low.index(word), low.index(word) + len(word))


def _lowered(text: str) -> str:
    """Make a text small without moving a letter, and one line."""
    low = text.lower()
    if len(low) != len(text):
        low = "".join(one.lower() if len(one.lower()) == 1 else one for one in text)
    return low.replace("\n", " ")


def _name_at(path: str) -> int:
    return path.rfind("/", 0, len(path) - 1) + 1


def _nearness(path: str) -> tuple[int, int, str]:
    return path.count("/", 0, -1), len(path), path


def _weight(lit: tuple[int, ...], path: str) -> tuple[int, int]:
    """Weigh one match: in how many pieces it is, and how many of these begin inside a word."""
    begins = [at for before, at in zip((-2, *lit), lit, strict=False) if at != before + 1]
    return len(begins), sum(not _begins_word(path, at) for at in begins)


def _begins_word(path: str, at: int) -> bool:
    before = path[at - 1] if at else "/"
    return not before.isalnum() or (before.islower() and path[at].isupper())


def _letters(low: str, path: str, *, by_name: bool) -> tuple[int, ...]:
    """Say which letters of a path are meant: the whole in one piece if it is there, else by word."""
    text = _lowered(path)
    start = _name_at(path) if by_name else 0
    whole = [found.start() for found in re.finditer(f"(?={re.escape(low)})", text[start:])]
    if whole:
        first = next((at for at in whole if _begins_word(path, start + at)), whole[0])
        return tuple(range(start + first, start + first + len(low)))
    latest = _latest(low, text)
    spots: list[int] = []
    at = start
    for letter, last in zip(low, latest, strict=False):
        at = _next_spot(path, text, letter, at, last)
        spots.append(at)
        at += 1
    return tuple(spots)


def _latest(low: str, text: str) -> list[int]:
    """Say for each letter where it may stand at the latest, so that those after it still find a place."""
    spots: list[int] = []
    end = len(text)
    for letter in reversed(low):
        end = max(text.rfind(letter, 0, end), 0)
        spots.append(end)
    return spots[::-1]


def _next_spot(path: str, text: str, letter: str, at: int, last: int) -> int:
    if text[at : at + 1] == letter:
        return at
    spot = first = text.find(letter, at, last + 1)
    while spot >= 0:
        if _begins_word(path, spot):
            return spot
        spot = text.find(letter, spot + 1, last + 1)
    return first if first >= 0 else last
