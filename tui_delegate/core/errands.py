"""Which runs have no manager of ours. Imports nothing: the ledger's verbs load it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from tui_delegate.core.events import RunPath

ERRANDS: Final = frozenset({"ask", "write", "summarize", "map"})
"""Verbs that an agent or a person calls for one piece of work: whoever called is the manager, so that the
root of such a run is a worker."""


def is_delegated(command: str, path: RunPath) -> bool:
    """Say whether a call was a worker's, by the verb of its run and its place in it."""
    return bool(path) or command in ERRANDS
