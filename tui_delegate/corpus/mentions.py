"""Finds the `@path` words of a prompt. Whether they name anything is asked of the disk only at the end."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from tui_delegate.core.errors import InputError
from tui_delegate.core.records import dataclass
from tui_delegate.corpus.find import exists
from tui_delegate.corpus.shelf import expand

if TYPE_CHECKING:
    from pathlib import Path

    from tui_delegate.corpus.shelf import Corpus
    from tui_delegate.corpus.values import Bounds

_MENTION = re.compile(
    r"""(?<![^\s(\[{<"'`,;:|=“‘«])@"""
    r"""(?:"(?P<double>[^"\n]+)"|'(?P<single>[^'\n]+)'|(?P<bare>(?:\\[ ]|[^\s`])+))"""
)
_FENCED = re.compile(r"^ {0,3}(`{3,}|~{3,})[^\n]*\n.*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_ENDS = ".,;:!?\"'”’»…|"
_CLOSES = {")": "(", "]": "[", "}": "{", ">": "<"}


@dataclass(frozen=True, slots=True)
class Mention:
    """A word after `@`, and whether a file must be meant by it."""

    word: str
    sure: bool


def find_mentions(prompt: str) -> tuple[str, ...]:
    """Give the words after `@`, without quotation marks and without what ends the sentence."""
    return tuple(mention.word for mention in _mentions(prompt))


def from_prompt(prompt: str, cwd: Path, bounds: Bounds | None = None) -> Corpus | None:
    """Gather all that a prompt names; None where it names nothing.

    A word that names nothing is an error if it looks like a path or was quoted; else it stays a word.
    """
    words = [
        found.word for found in _mentions(prompt) if found.sure or exists(found.word, os.path.abspath(cwd))
    ]
    try:
        return expand(words, cwd, bounds) if words else None
    except InputError as error:
        raise InputError(error.message, error.hint or "Put it in `backticks` if no file is meant.") from None


def _mentions(prompt: str) -> tuple[Mention, ...]:
    fences = [found.span() for found in _FENCED.finditer(prompt)]
    found: dict[str, bool] = {}
    for match in _MENTION.finditer(prompt):
        quoted = match["double"] or match["single"]
        word = quoted or _trimmed(match["bare"])
        if not word:
            continue
        start = match.start()
        code = prompt[start - 1 : start] == "`" or any(first <= start < last for first, last in fences)
        sure = not code and (bool(quoted) or any(letter in word for letter in "/.*"))
        found[word] = found.get(word, False) or sure
    return tuple(Mention(word, sure) for word, sure in found.items())


def _trimmed(word: str) -> str:
    """Take off what belongs to the sentence: its full stop, a bracket that was opened before the word."""
    while word and word not in (".", ".."):
        last = word[-1]
        opener = _CLOSES.get(last)
        if last not in _ENDS and not (opener and word.count(last) > word.count(opener)):
            break
        word = word[:-1]
    return word.replace("\\ ", " ")
