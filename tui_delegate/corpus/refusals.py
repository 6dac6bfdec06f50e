"""What is said of a corpus that can't be sent: by how much, because of what, and what to do next. Pure."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InputError
from tui_delegate.corpus.values import say_left_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tui_delegate.corpus.values import LeftOut

FEWER: Final = "Name fewer files, or set AGENT_DELEGATE_MAX_CORPUS_BYTES."
SPLIT_OR_BYTES: Final = (
    "Name fewer files, or let --split ask part by part, or set AGENT_DELEGATE_MAX_CORPUS_BYTES."
)
SPLIT_OR_FILE_BYTES: Final = "Let --split ask part by part, or set AGENT_DELEGATE_MAX_FILE_BYTES."


def too_much(
    total: int, most: int, unit: str, sizes: Iterable[tuple[int, str]], hint: str, *, more: bool = False
) -> InputError:
    """Say by how much a corpus is too large, and what makes it so."""
    biggest = heapq.nlargest(3, sizes)
    names = ", ".join(f"{clean_line(name)} ({size})" for size, name in biggest)
    count = f"{'more than ' if more else ''}{'about ' if unit == 'tokens' else ''}{total}"
    return InputError(
        f"corpus too large: {count} {unit} > {most}, {total - most} too many. The biggest: {names}.", hint
    )


def nothing(words: Sequence[str], left: Sequence[LeftOut]) -> InputError:
    """Say that words give nothing, and why, so that nothing is ever asked of an empty corpus."""
    named = clean_line(", ".join(words))
    if not left:
        return InputError(f"{named} gives no file: nothing is in there.")
    return InputError(
        f"{named} gives no file. Left out: {clean_line(say_left_out(list(left)), 600)}.",
        "Name a file exactly to have it all the same.",
    )
