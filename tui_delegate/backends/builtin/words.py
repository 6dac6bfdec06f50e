"""Words: how a text becomes terms that can be compared, in any language that UTF-8 holds.

English words lose their endings, identifiers are split and also kept whole, scripts without spaces become
pairs of characters. Nothing here knows files, questions or models.
"""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"\w+(?:[.\-/'’]\w+)*")
_PART = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_UNSPACED = re.compile(
    "[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\U00020000-\U0002fa1f]+"
)
_LONGEST = 64

_LITTLE = """
a about all also am an and any are as at be because been but by can could did do does done for from get give
had has have he her him his how i if in into is it its just let like make may me might more most my no not of
on one only or other our out please say says shall she should so some such tell than that the their them then
there these they this those through to up us very want was we were what when where which while who whom whose
why will with within would you your s t re ve ll d m don doesn
describe explain extract file files find list passage passages question quote quoted show text answer answers
line lines much many
"""
STOP = frozenset(_LITTLE.split())


def terms(text: str) -> list[str]:
    """Take a text apart into terms, in order, stop words left out."""
    found: list[str] = []
    for word in _WORD.findall(text):
        found += _terms_of(word[:_LONGEST])
    return found


@lru_cache(maxsize=65_536)
def _terms_of(word: str) -> tuple[str, ...]:
    parts: list[str] = []
    for run in _PART.findall(word.replace("’", "'").removesuffix("'s")):
        if _UNSPACED.search(run):
            parts += _pairs(run)
        else:
            parts += [_stem(piece) for part in _CAMEL.split(run) if (piece := part.casefold()) not in STOP]
    if is_exact(word):
        parts.append(word.casefold())
    return tuple(parts)


def is_exact(word: str) -> bool:
    """Say whether a word is a number, a path or an identifier, which means itself and nothing near it."""
    if any(mark in word for mark in "_./") or any(char.isdigit() for char in word):
        return len(word) > 1
    return bool(_CAMEL.search(word))


def words_of(text: str) -> list[str]:
    """Give the words of a text as they stand in it."""
    return _WORD.findall(text)


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)] or [run]


def _stem(word: str) -> str:
    """Take off an English ending. The rest need not be a word: it must only be the same for kin."""
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    for ending, least in (("ations", 4), ("ation", 4), ("ings", 3), ("ing", 3), ("ed", 3), ("ly", 4)):
        if word.endswith(ending) and len(word) - len(ending) >= least:
            return _evened(word[: -len(ending)])
    if word.endswith("ies") and len(word) > 4:
        return _evened(word[:-3] + "y")
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return _evened(word[:-2])
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    return _evened(word)


def _evened(word: str) -> str:
    if len(word) > 3 and word.endswith("e"):
        word = word[:-1]
    if len(word) > 3 and word.endswith("y"):
        word = word[:-1] + "i"
    if len(word) > 6 and word.endswith("at"):
        word = word[:-2]
    if len(word) > 3 and word[-1] == word[-2]:
        word = word[:-1]
    return word
