"""Ranking: which texts answer some words best (BM25), and which stand in the middle of the others.

Works on terms only. Sums run in the order of their input, so that the same input gives the same order.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SATURATION = 1.2
_BY_LENGTH = 0.6
UNDER_HEADING = 0.7
"""How much a term counts that stands in the heading above a text."""


class Index:
    """Texts as terms, with the terms of the headings that they stand under."""

    def __init__(self, texts: Sequence[Sequence[str]], headings: Sequence[Sequence[str]] = ()) -> None:
        self._texts = texts
        self._headings = headings or [()] * len(texts)
        self._usual = sum(map(len, texts)) / len(texts) if texts else 1.0

    def scores(self, weights: Mapping[str, float]) -> list[float]:
        """Score every text against weighted terms; 0 means that it holds none of them."""
        counts = [self._counts(at, weights) for at in range(len(self._texts))]
        holding = dict.fromkeys(weights, 0)
        for found in counts:
            for term in found:
                holding[term] += 1
        rarity = {
            term: math.log(1 + (len(counts) - held + 0.5) / (held + 0.5)) for term, held in holding.items()
        }
        full = sum(weight * rarity[term] for term, weight in weights.items() if holding[term]) or 1.0
        return [self._score(at, found, weights, rarity, full) for at, found in enumerate(counts)]

    def _counts(self, at: int, weights: Mapping[str, float]) -> dict[str, float]:
        found: dict[str, float] = {}
        for term in self._texts[at]:
            if term in weights:
                found[term] = found.get(term, 0.0) + 1.0
        for term in self._headings[at]:
            if term in weights:
                found[term] = found.get(term, 0.0) + UNDER_HEADING
        return found

    def _score(
        self,
        at: int,
        found: Mapping[str, float],
        weights: Mapping[str, float],
        rarity: Mapping[str, float],
        full: float,
    ) -> float:
        if not found:
            return 0.0
        length = 1 - _BY_LENGTH + _BY_LENGTH * len(self._texts[at]) / (self._usual or 1.0)
        score = sum(
            weights[term] * rarity[term] * count * (_SATURATION + 1) / (count + _SATURATION * length)
            for term, count in found.items()
        )
        covered = sum(weights[term] * rarity[term] for term in found) / full
        return score * (0.5 + covered)


def centrality(texts: Sequence[Sequence[str]]) -> list[float]:
    """Score how much each text says of what all of them say."""
    holding: dict[str, int] = {}
    for text in texts:
        for term in dict.fromkeys(text):
            holding[term] = holding.get(term, 0) + 1
    middle = {term: held * math.log(1 + len(texts) / held) for term, held in holding.items() if held > 1}
    scores = []
    for text in texts:
        own = dict.fromkeys(text)
        shared = sum(middle.get(term, 0.0) for term in own)
        scores.append(shared / math.sqrt(len(own) + 8) if own else 0.0)
    return scores


def alike(one: Sequence[str], other: Sequence[str]) -> float:
    """Say how many of their terms two texts share, from 0 to 1."""
    mine, theirs = frozenset(one), frozenset(other)
    return len(mine & theirs) / len(mine | theirs) if mine and theirs else 0.0
