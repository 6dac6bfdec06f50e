"""One delegation that is shown: its place in its run, and what the person did to it. No widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.core.records import dataclass
from tui_delegate.core.transcript import ENDED

if TYPE_CHECKING:
    from tui_delegate.core.events import RunPath
    from tui_delegate.core.transcript import Node, Transcript

Key = tuple[str, "RunPath"]
"""A run and a path in it."""


@dataclass(slots=True, eq=False)
class Watched:
    """A delegation on the screen, for as long as anybody may look at it."""

    transcript: Transcript
    path: RunPath
    label: str = ""
    """Whose run it is, where it is another process's."""
    pinned: bool = False

    @property
    def key(self) -> Key:
        """What it is known by."""
        return self.transcript.run, self.path

    @property
    def node(self) -> Node:
        """The delegation as far as it has been told."""
        return self.transcript.nodes[self.path]

    @property
    def never_began(self) -> bool:
        """Whether it was refused before anybody took it up."""
        return self.node.state == "refused" and not self.node.started

    @property
    def ended(self) -> bool:
        """Whether nothing more comes from it by itself."""
        return self.node.state in ENDED
