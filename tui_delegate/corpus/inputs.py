"""The files that one question is asked of, one by one: listed first, each read when its turn comes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InputError
from tui_delegate.corpus.find import Search
from tui_delegate.corpus.guard import MADE
from tui_delegate.corpus.packing import look_at
from tui_delegate.corpus.refusals import nothing
from tui_delegate.corpus.values import LeftOut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_delegate.corpus.packet import Sheet
    from tui_delegate.corpus.values import Bounds


class Input(NamedTuple):
    """One file."""

    name: str
    path: str
    exact: bool
    link: bool

    def read(self, bounds: Bounds) -> Sheet:
        """Read it. Raises an InputError where it is too large, no text, or not there any more."""
        looked = look_at(self.name, self.path, self.exact, self.link, bounds)
        if isinstance(looked, LeftOut):
            raise InputError(f"{looked.name} was left out: {looked.why}.", "Name it exactly to have it.")
        return looked


def inputs(words: Sequence[str], cwd: str) -> tuple[list[Input], list[LeftOut]]:
    """List what the words name, each file once, in the order of the names; and what is left out.

    Raises an InputError for a word that names nothing.
    """
    found: dict[str, Input] = {}
    left: dict[LeftOut, None] = {}
    for search in [Search(word, os.path.abspath(cwd), MADE) for word in words]:
        before = len(found)
        for show, path, real, names, links, exact in search.batches():
            for name in names:
                key = links.get(name, real + name)
                found.setdefault(key, Input(show + name, path + name, exact, name in links))
        left.update(dict.fromkeys(search.left_out))
        if len(found) == before and not found:
            raise nothing([clean_line(search.word)], tuple(search.left_out))
    return sorted(found.values(), key=lambda one: one.name.casefold()), list(left)
