"""From a word that a person wrote to the files that it names. Which of them are read is decided elsewhere."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InputError
from tui_delegate.corpus.pattern import MAGIC, Pattern, slashes
from tui_delegate.corpus.values import LeftOut
from tui_delegate.corpus.walk import Batch, Walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

_LINES = re.compile(r"(.+):\d+(?:-\d*)?", re.DOTALL)


class Search:
    """Finds what one word names: a file, a folder, a pattern. Raises an InputError where that is nothing."""

    def __init__(self, word: str, cwd: str, skip: Set[str]) -> None:
        self.word = word
        self.left_out: list[LeftOut] = []
        """Grows while the batches are read."""
        self._cwd = cwd
        self._skip = skip
        self._place = locate(word, cwd)
        self._pattern: Pattern | None = None
        self.show = shown(word, cwd)
        if not os.path.lexists(self._place):
            self._look_again()

    def batches(self) -> Iterator[Batch]:
        """Give the files, folder by folder."""
        if not self._pattern and not os.path.isdir(self._place):
            yield Batch(self.show, self._place, "", [""], {"": os.path.realpath(self._place)}, exact=True)
            return
        walk = Walk(self._place, self._cwd, self._skip, self._pattern)
        show = "" if self.show == "." else self.show.rstrip("/") + "/"
        yield from walk.batches(show)
        self.left_out += [LeftOut(clean_line(show + name), why) for name, why in walk.left_out]
        if self._pattern and not walk.met and not self.left_out:
            raise InputError(f"missing file: {clean_line(self.word)}", "Nothing is there that matches.")

    def _look_again(self) -> None:
        """Take a word that is not there as a name with lines after it, or as a pattern."""
        if base := without_lines(self.word, self._cwd):
            self._start_at(base)
        elif MAGIC.search(self.word):
            parts = slashes(os.path.expanduser(self.word)).split("/")
            plain = next(number for number, part in enumerate(parts) if MAGIC.search(part))
            self._pattern = Pattern([part for part in parts[plain:] if part not in ("", ".")])
            self._start_at("/".join((*parts[:plain], "")) or ".")
        else:
            raise missing(self.word, self._place)

    def _start_at(self, word: str) -> None:
        self._place, self.show = locate(word, self._cwd), shown(word, self._cwd)


def exists(word: str, cwd: str) -> bool:
    """Whether a word names something that is there, as it stands or as a pattern."""
    if os.path.lexists(locate(word, cwd)) or without_lines(word, cwd):
        return True
    try:
        return bool(MAGIC.search(word)) and any(Search(word, cwd, frozenset()).batches())
    except InputError:
        return False


def locate(word: str, cwd: str) -> str:
    """Say where a word leads. `..` is taken where it is, not where a link says that it is."""
    if "\0" in word or not word:
        raise InputError("A file's name can't be empty, or hold a zero byte.")
    path = os.path.join(cwd, os.path.expanduser(word))
    return os.path.realpath(path) if ".." in slashes(path).split("/") else os.path.abspath(path)


def shown(word: str, cwd: str) -> str:
    """Say what a file is called: from the working folder on, if an absolute word leads in there."""
    path = slashes(os.path.expanduser(word))
    if not os.path.isabs(path):
        return "/".join(part for part in path.split("/") if part not in ("", ".")) or "."
    place = os.path.abspath(path)
    for one, base in ((place, cwd), (os.path.realpath(place), os.path.realpath(cwd))):
        if one == base:
            return "."
        if one.startswith(os.path.join(base, "")):
            return slashes(os.path.relpath(one, base))
    return slashes(place)


def without_lines(word: str, cwd: str) -> str:
    """Take `:10-80` off a word; the file is given whole, and the manager reads the lines in the prompt."""
    found = _LINES.fullmatch(word)
    return found[1] if found and os.path.isfile(locate(found[1], cwd)) else ""


def missing(word: str, place: str) -> InputError:
    """Say that nothing is there, and what is."""
    import difflib

    folder = os.path.dirname(place)
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    wanted = slashes(os.path.relpath(place, folder)).split("/")[0]
    try:
        names = os.listdir(folder)
    except OSError:
        names = []
    hint = ""
    if close := difflib.get_close_matches(wanted, names, 1, 0.5):
        near = slashes(os.path.join(os.path.dirname(word), close[0]))
        hint = f"{clean_line(wanted)} is not there either; {clean_line(close[0])} is."
        if folder == os.path.dirname(place):
            hint = f"Did you mean {clean_line(near)}?"
    return InputError(f"missing file: {clean_line(word)}", hint)
