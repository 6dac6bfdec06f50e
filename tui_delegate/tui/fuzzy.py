"""Finding by typing a few letters: which texts fit, how well, and where. Pure, and never slow on odd names.

Each word of the query has to be found: as it is, or at least its letters in their order.
"""

from __future__ import annotations

from tui_delegate.core.records import dataclass

_WHOLE, _START, _WORD, _INSIDE, _LETTERS = 5.0, 4.0, 3.0, 2.0, 0.5


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a text fits."""

    score: float
    at: tuple[int, ...] = ()
    """The letters that were found."""


def fit(query: str, text: str) -> Fit | None:
    """Fit a query to a text; None: it does not."""
    folded = text.lower()
    if len(folded) != len(text):  # some letters have a longer small form: positions would not be the text's
        folded = text
    score, at = 0.0, set[int]()
    for word in query.lower().split():
        found = _word(word, folded)
        if found is None:
            return None
        score += found.score
        at.update(found.at)
    return Fit(score - len(text) / 1000, tuple(sorted(at)))


def _word(word: str, text: str) -> Fit | None:
    start = text.find(word)
    if start < 0:
        return _letters(word, text)
    best = start
    while start >= 0 and not _begins(text, start):
        start = text.find(word, start + 1)
    best = start if start >= 0 else best
    value = _WHOLE if word == text else _START if best == 0 else _WORD if _begins(text, best) else _INSIDE
    return Fit(value, tuple(range(best, best + len(word))))


def _letters(word: str, text: str) -> Fit | None:
    at: list[int] = []
    for letter in word:
        start = text.find(letter, at[-1] + 1 if at else 0)
        if start < 0:
            return None
        at.append(start)
    gaps = at[-1] - at[0] + 1 - len(word)
    return Fit(_LETTERS + len(word) / (len(word) + gaps), tuple(at))


def _begins(text: str, at: int) -> bool:
    return at == 0 or not text[at - 1].isalnum()
