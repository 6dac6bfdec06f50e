"""A list over the prompt that never takes the focus: rows, the marked one, a line of keys at its foot.

What the rows mean is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from rich.cells import cell_len, set_cell_size
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from tui_delegate.core.records import dataclass
from tui_delegate.tui.figures import cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.geometry import Size

    from tui_delegate.tui.widgets.completion import Choice

MOST_ROWS: Final = 8


class Menu(Widget):
    """The rows that are seen are a window on all choices."""

    can_focus = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"menu--note", "menu--lit", "menu--marked"}
    DEFAULT_CSS = """
    Menu {
        overlay: screen;
        constrain: none inside;
        offset-y: -100%;
        width: 100%;
        height: auto;
        display: none;
        background: $panel;
        padding: 0 1;
        & .menu--note { color: $dim; }
        & .menu--lit { color: $accent; text-style: bold; }
        & .menu--marked { background: $line; text-style: bold; }
    }
    """

    @dataclass
    class Picked(Message):
        """A row was clicked."""

        at: int

    def __init__(self) -> None:
        super().__init__()
        self._choices: tuple[Choice, ...] = ()
        self._foot = ""
        self._beside = 0
        """The width of the labels, where the notes stand beside them."""
        self._at = 0
        self._top = 0

    @property
    def is_open(self) -> bool:
        """Whether it is seen."""
        return self.display

    @property
    def marked(self) -> Choice | None:
        """The choice that a key would take."""
        return self._choices[self._at] if self.is_open and self._choices else None

    @property
    def choices(self) -> tuple[Choice, ...]:
        """All choices, seen or not."""
        return self._choices

    def open(self, choices: Sequence[Choice], foot: str, *, beside: bool = False, more: bool = False) -> None:
        """Show choices, their notes at the right or beside the labels. The first is marked.

        With `more` they answer what was asked before: a mark that was moved stays with its row.
        """
        self._beside = max((cell_len(choice.label) for choice in choices), default=0) if beside else 0
        kept = self.marked if more and self._at else None
        self._choices, self._foot = tuple(choices), foot
        self._at = self._choices.index(kept) if kept and kept in self._choices else 0
        self._top = 0
        self._show_marked()
        self.display = True
        self.refresh(layout=True)

    def close(self) -> None:
        """Take it off the screen."""
        self._choices, self._at = (), 0
        self.display = False

    def move(self, step: int) -> None:
        """Move the mark; past the end it comes round."""
        if self._choices:
            self._at = (self._at + step) % len(self._choices)
            self._show_marked()
            self.refresh()

    def mark(self, at: int) -> None:
        """Put the mark on one row."""
        self._at = min(max(at, 0), max(len(self._choices) - 1, 0))
        self._show_marked()
        self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One line for each row, and the foot."""
        return min(len(self._choices), self._rows) + 1

    def render(self) -> Content:
        """Draw the window on the choices."""
        width = self.content_size.width
        seen = self._choices[self._top : self._top + self._rows]
        rows = [
            self._row(choice, width, self._top + number == self._at) for number, choice in enumerate(seen)
        ]
        more = f"{self._at + 1} of {len(self._choices)}" if len(self._choices) > self._rows else ""
        foot = "  ".join(part for part in (more, self._foot) if part)
        rows.append(Content.styled(cut(foot, width), self.get_visual_style("menu--note", partial=True)))
        return Content("\n").join(rows)

    def on_click(self, event: events.Click) -> None:
        """Take the row under the pointer."""
        event.stop()
        at = self._top + event.get_content_offset_capture(self).y
        if self._top <= at < min(len(self._choices), self._top + self._rows):
            self.post_message(self.Picked(at))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move the mark down without coming round."""
        event.stop()
        self.mark(self._at + 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move the mark up without coming round."""
        event.stop()
        self.mark(self._at - 1)

    @property
    def _rows(self) -> int:
        return max(1, min(MOST_ROWS, self.screen.size.height // 3))

    def _show_marked(self) -> None:
        self._top = max(self._at - self._rows + 1, min(self._top, self._at))

    def _row(self, choice: Choice, width: int, marked: bool) -> Content:
        note_width = min(cell_len(choice.note), max(width // 2, width - cell_len(choice.label) - 4))
        room = max(width - 2 - (note_width + 2 if note_width else 0), 8)
        room = min(room, self._beside or room)
        label, left_off = _cut(choice.label, room, from_left=choice.label.count("/") > 1)
        text = Content(set_cell_size(label, room))
        for spot in choice.lit:
            at = spot - left_off + (1 if left_off else 0)
            if (1 if left_off else 0) <= at < len(label):
                text = text.stylize(self.get_visual_style("menu--lit", partial=True), at, at + 1)
        note = Content.styled(cut(choice.note, note_width), self.get_visual_style("menu--note", partial=True))
        row = Content("▸ " if marked else "  ") + text + Content("  " if note_width else "") + note
        row = row.pad_right(max(width - row.cell_length, 0))
        return row.stylize_before(self.get_visual_style("menu--marked")) if marked else row


def _cut(text: str, width: int, *, from_left: bool) -> tuple[str, int]:
    """Cut a text to a width; of a path the end is worth more. Say how many letters went on the left."""
    if cell_len(text) <= width:
        return text, 0
    if not from_left:
        return cut(text, width), 0
    gone = 1
    while cell_len(text[gone:]) > width - 1:
        gone += 1
    return f"…{text[gone:]}", gone
