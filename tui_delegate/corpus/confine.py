"""Whether a word that names files leads out of the folders that may be read. Nothing is read here.

From inside a folder nothing leads out: a walk follows no link that does.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tui_delegate.corpus.find import locate, without_lines

if TYPE_CHECKING:
    from collections.abc import Sequence


def leads_out(word: str, folder: str, roots: Sequence[str]) -> bool:
    """Whether what a word names, read from `folder`, lies in none of the roots. Links are followed."""
    places = [locate(word, folder)]
    if base := without_lines(word, folder):
        places.append(locate(base, folder))
    return not all(inside(place, roots) for place in places)


def inside(path: str, roots: Sequence[str]) -> bool:
    """Whether a path lies in one of the roots, or is one. Links are followed."""
    real = os.path.realpath(path)
    tops = [os.path.realpath(root) for root in roots]
    return any(real == top or real.startswith(os.path.join(top, "")) for top in tops)
