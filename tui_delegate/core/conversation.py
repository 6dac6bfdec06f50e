"""A conversation: which run follows which, and what of it a manager is told again.

Pure folds over transcripts; how they are loaded, and when a window is full, is decided elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui_delegate.core.messages import Message, user
from tui_delegate.core.transcript import ENDED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tui_delegate.core.transcript import Node, Transcript

RECAP: Final = "Sum up what we have said so far."
"""What the manager is told that it was asked, where its answer is the recap."""
SUMS_UP: Final = "recap"
"""The command of runs that sum up. Nobody said their prompts, and no run goes on from them."""


def chain(transcripts: Mapping[str, Transcript], leaf: str) -> list[Transcript]:
    """Give the runs that led to one, that one last; as far back as they are there."""
    found: dict[str, Transcript] = {}
    while leaf in transcripts and leaf not in found:
        found[leaf] = transcripts[leaf]
        leaf = found[leaf].after
    return list(reversed(found.values()))


def leaves(transcripts: Mapping[str, Transcript], session: str = "") -> list[str]:
    """Give the runs that no other run goes on from, in the order given; of one session, if it is named.

    The last one is where a session stands. Runs of another session that went on from here do not count: a
    fork ends nothing.
    """
    here = {
        run: one
        for run, one in transcripts.items()
        if (not session or one.session == session) and one.context.command != SUMS_UP
    }
    followed = {one.after for run, one in here.items() if one.after != run}
    return [run for run in here if run not in followed] or list(here)[-1:]


def given_way(transcripts: Mapping[str, Transcript], runs: Sequence[Transcript]) -> tuple[int, str]:
    """Say how many of the first runs the manager is not told any more, and the recap in their place.

    The last run holds both, as they were when it began; what was summed up since then counts too.
    """
    if not runs:
        return 0, ""
    last = runs[-1]
    forgets, recap = last.forgets, last.recap
    places = {one.run: place for place, one in enumerate(runs, 1)}
    names = list(transcripts)
    for one in map(transcripts.__getitem__, names[names.index(last.run) + 1 :]):
        summed = one.context.command == SUMS_UP and one.root.state == "done" and one.root.text.strip()
        if summed and one.after in places:
            forgets, recap = places[one.after], one.root.text
    return forgets, recap


def history(runs: Sequence[Transcript], forgets: int = 0, recap: str = "") -> tuple[Message, ...]:
    """Make what a manager is told of the runs before: prompt and answer of each, the first ones left out.

    A run that gave no text is left out as well. Roles alternate: every server takes that.
    """
    told = [pair for run in runs[max(forgets, 0) :] for pair in _pair(run)]
    if recap.strip():
        told = [user(RECAP), Message("assistant", recap.strip()), *told]
    return tuple(told)


def _pair(run: Transcript) -> tuple[Message, ...]:
    answer = run.root.text.strip()
    if not answer or not run.prompt.strip():
        return ()
    return user(run.prompt), Message("assistant", answer + _mark(run.root))


def _mark(root: Node) -> str:
    """Say of an answer that it is not whole, so that the model does not take it for one."""
    if root.state == "done":
        return ""
    if root.state == "cancelled":
        return "\n\n[stopped here by the user]"
    return "\n\n[broke off here]" if root.state in ENDED else "\n\n[not finished]"
