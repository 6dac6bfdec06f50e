"""A conversation as a fold over its runs: which run follows which, and what a model is told of them.

Pure: runs come in as transcripts. Where they are kept and who shows them is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.core.messages import Message, user

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tui_delegate.core.transcript import Transcript


def chain(transcripts: Mapping[str, Transcript], leaf: str) -> list[Transcript]:
    """Give the runs that lead to one, oldest first."""
    found: list[Transcript] = []
    seen: set[str] = set()
    while leaf in transcripts and leaf not in seen:
        seen.add(leaf)
        found.append(transcripts[leaf])
        leaf = transcripts[leaf].after
    return found[::-1]


def history(runs: Sequence[Transcript], forgets: int = 0, recap: str = "") -> tuple[Message, ...]:
    """Give what the manager is told of earlier runs."""
    told: list[Message] = []
    if recap:
        told += [user("Sum up what we said so far."), Message("assistant", recap)]
    for one in runs[forgets:]:
        if one.root.text.strip():
            told += [user(one.prompt), Message("assistant", one.root.text)]
    return tuple(told)
