"""The prompts that wait for the run to end: a line for each, to be taken back or dropped.

It holds no queue: it is told what waits, and says what was clicked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from rich.cells import set_cell_size
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from tui_delegate.core.clean import clean_line
from tui_delegate.core.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.geometry import Size

MOST_ROWS: Final = 3
EDIT: Final = " edit "
DROP: Final = " drop "


class QueueStrip(Widget):
    """Seen only while something waits."""

    can_focus = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"queue-strip--note"}
    DEFAULT_CSS = """
    QueueStrip {
        width: 100%;
        height: auto;
        display: none;
        padding: 0 1;
        & .queue-strip--note { color: $dim; }
    }
    """

    @dataclass
    class Chosen(Message):
        """A word at a row's end was clicked."""

        index: int
        drop: bool

    def __init__(self) -> None:
        super().__init__()
        self._waiting: tuple[str, ...] = ()

    @property
    def waiting(self) -> tuple[str, ...]:
        """What waits, the next one first."""
        return self._waiting

    def show(self, waiting: Sequence[str]) -> None:
        """Show what waits."""
        self._waiting = tuple(waiting)
        self.display = bool(self._waiting)
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A row for each of the first, and one that says how many are not seen."""
        return min(len(self._waiting), MOST_ROWS) + (len(self._waiting) > MOST_ROWS)

    def render(self) -> Content:
        """Draw the rows."""
        width = self.content_size.width
        note = self.get_visual_style("queue-strip--note", partial=True)
        ends = EDIT + DROP
        rows = []
        for number, text in enumerate(self._waiting[:MOST_ROWS], 1):
            head = f"queued {number}  "
            room = max(width - len(head) - len(ends) - 1, 1)
            line = set_cell_size(clean_line(text, room), room)
            rows.append(
                Content.styled(head, note) + Content(line + " ") + Content.styled(ends, note),
            )
        if len(self._waiting) > MOST_ROWS:
            rows.append(Content.styled(f"and {len(self._waiting) - MOST_ROWS} more", note))
        return Content("\n").join(rows)

    def on_click(self, event: events.Click) -> None:
        """Take back or drop what was clicked."""
        event.stop()
        spot = event.get_content_offset_capture(self)
        from_end = self.content_size.width - spot.x
        if spot.y < min(len(self._waiting), MOST_ROWS) and from_end <= len(EDIT + DROP):
            self.post_message(self.Chosen(spot.y, drop=from_end <= len(DROP)))
