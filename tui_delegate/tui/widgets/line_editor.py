"""A text area with the keys of a line editor: kill and yank, moves by word and by line, a safe paste.

It knows no history, no completion and no sending: keys that it has no use for go on to what holds it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.widgets import TextArea

from tui_delegate.core.clean import clean

if TYPE_CHECKING:
    from textual import events
    from textual.document._document import EditResult, Location
    from textual.document._edit import Edit
    from textual.geometry import Size
    from textual.screen import Screen

MOST_ROWS: Final = 8
RING: Final = 30


def typable(text: str) -> str:
    """Make a text one that can stand in an editor: clean, and with one kind of line end."""
    return re.sub("[\u2028\u2029]", "\n", clean(text)).replace("\r", "\n")


class KillRing:
    """What was cut last, the newest at the end."""

    def __init__(self) -> None:
        self._kills: list[str] = []
        self._turned = 0

    def kill(self, text: str, *, joins: bool = False, before: bool = False) -> None:
        """Keep a text; one cut after another joins it, on the side where it stood."""
        self._turned = 0
        if joins and self._kills:
            self._kills[-1] = text + self._kills[-1] if before else self._kills[-1] + text
        elif text:
            self._kills = [*self._kills, text][-RING:]

    def yank(self) -> str:
        """Give the newest."""
        self._turned = 0
        return self._kills[-1] if self._kills else ""

    def turn(self) -> str:
        """Give the one before the one that was given last."""
        if not self._kills:
            return ""
        self._turned = (self._turned + 1) % len(self._kills)
        return self._kills[-1 - self._turned]


class LineEditor(TextArea):
    """The text that is being written."""

    DEFAULT_CSS = """
    LineEditor {
        width: 1fr;
        height: auto;
        min-height: 1;
        border: none;
        padding: 0;
        background: transparent;
        scrollbar-size-vertical: 1;
        scrollbar-color: $dim;
        scrollbar-background: $line;
        &:focus { border: none; }
        & .text-area--placeholder { color: $dim; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+a", "line_begin", "To the line's beginning", show=False),
        Binding("ctrl+e", "line_end", "To the line's end", show=False),
        Binding("ctrl+b", "cursor_left", "Back", show=False),
        Binding("alt+b,alt+left", "cursor_word_left", "A word back", show=False),
        Binding("alt+f,alt+right", "cursor_word_right", "A word on", show=False),
        Binding("ctrl+w", "kill('blank')", "Cut back to the last blank", show=False),
        Binding("alt+backspace,ctrl+backspace", "kill('word')", "Cut the word before", show=False),
        Binding("alt+d,alt+delete", "kill('word_on')", "Cut the word after", show=False),
        Binding("ctrl+u,super+backspace", "kill('begin')", "Cut back to the line's beginning", show=False),
        Binding("ctrl+k", "kill('end')", "Cut to the line's end", show=False),
        Binding("ctrl+y", "yank", "Put back what was cut", show=False),
        Binding("alt+y", "yank_before", "Put back what was cut before that", show=False),
        Binding("ctrl+z,ctrl+underscore,super+z", "undo", "Undo", show=False),
        Binding("ctrl+shift+z,super+y", "redo", "Redo", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(compact=True, highlight_cursor_line=False)
        self.cursor_blink = False  # no timer of its own: the app has one clock
        self.ring = KillRing()
        self._revision = 0
        self._screen_rows = 0
        self._killed_at: tuple[int, Location] | None = None
        self._yanked: tuple[int, Location, Location] | None = None

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Grow with the text, but never take the screen from the conversation."""
        return max(1, min(MOST_ROWS, viewport.height // 3, self.wrapped_document.height))

    def on_mount(self) -> None:
        """Follow the height of the screen: a layout measures anew only for another width."""
        self._screen_rows = self.screen.size.height
        self.screen.screen_layout_refresh_signal.subscribe(self, self._fit_screen)

    def _fit_screen(self, screen: Screen[object]) -> None:
        if screen.size.height != self._screen_rows:
            self._screen_rows = screen.size.height
            self.refresh(layout=True)

    @property
    def before(self) -> str:
        """What stands before the cursor."""
        return self.get_text_range((0, 0), self.cursor_location)

    @property
    def after(self) -> str:
        """What stands after the cursor."""
        return self.get_text_range(self.cursor_location, self.document.end)

    @property
    def on_first_row(self) -> bool:
        """Whether nothing is above the cursor."""
        return self.navigator.is_first_wrapped_line(self.cursor_location)

    @property
    def on_last_row(self) -> bool:
        """Whether nothing is below the cursor."""
        return self.navigator.is_last_wrapped_line(self.cursor_location)

    def write(self, text: str, *, at_end: bool = True) -> None:
        """Put another text here; undo brings the old one back."""
        self.replace(typable(text), (0, 0), self.document.end, maintain_selection_offset=False)
        row = self.document.line_count - 1 if at_end else 0
        self.move_cursor((row, len(self.document[row])))

    def get_cursor_word_left_location(self) -> Location:
        """Say where the word before the cursor begins; what stands between words is passed over."""
        row, column = self.cursor_location
        found = re.search(r"\w+\W*$|\W+$", self.document[row][:column])
        return (row, found.start()) if found else self.get_cursor_left_location()

    def edit(self, edit: Edit) -> EditResult:
        """Do an edit, and know that there was one."""
        self._revision += 1
        return super().edit(edit)

    def find_matching_bracket(self, bracket: str, search_from: Location) -> Location | None:
        """Look for none: in prose it only flickers, and in a long paste it costs."""
        return None

    def _recompute_cursor_offset(self) -> None:
        """Leave the cursor where it is while an undo has taken its line away and not yet moved it."""
        if self.cursor_location[0] < self.document.line_count:
            super()._recompute_cursor_offset()  # type: ignore[no-untyped-call]

    async def _on_key(self, event: events.Key) -> None:
        """Let `enter` and keys with alt be what they are bound to, never text."""
        if event.key == "enter" or event.key.startswith(("alt+", "ctrl+")):
            event.prevent_default()

    async def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        self.paste(event.text)

    def paste(self, text: str) -> None:
        """Put a text in as it is, without what a terminal would obey."""
        if result := self._replace_via_keyboard(typable(text), *self.selection):
            self.move_cursor(result.end_location)

    def action_paste(self) -> None:
        """Paste what was copied in this app."""
        self.paste(self.app.clipboard)

    def action_line_begin(self) -> None:
        """Go to the beginning of the line, over all its rows."""
        self.move_cursor((self.cursor_location[0], 0))

    def action_line_end(self) -> None:
        """Go to the end of the line, over all its rows."""
        row = self.cursor_location[0]
        self.move_cursor((row, len(self.document[row])))

    def action_cursor_up(self, select: bool = False) -> None:
        """Go up a row; above the first it is somebody else's key."""
        if self.on_first_row and not select:
            raise SkipAction
        super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        """Go down a row; below the last it is somebody else's key."""
        if self.on_last_row and not select:
            raise SkipAction
        super().action_cursor_down(select)

    def action_kill(self, what: str) -> None:
        """Cut from the cursor on, or what is selected, and keep it for yank."""
        start, end = self.selection
        if start == end:
            end = self._kill_end(what)
        if start == end:
            return
        joins = self._killed_at == (self._revision, self.cursor_location)
        cut = self.delete(start, end, maintain_selection_offset=False).replaced_text
        self.ring.kill(cut, joins=joins, before=end < start)
        self._killed_at = (self._revision, self.cursor_location)

    def keep_and_clear(self) -> None:
        """Take the whole text away; yank gives it back."""
        self.ring.kill(self.text)
        self.clear()

    def action_yank(self) -> None:
        """Put in what was cut last."""
        self._put(self.ring.yank(), *self.selection)

    def action_yank_before(self) -> None:
        """Put what was cut before in the place of what was just put in."""
        if self._yanked and self._yanked[0] == self._revision and self._yanked[2] == self.cursor_location:
            self._put(self.ring.turn(), *self._yanked[1:])

    def _put(self, text: str, start: Location, end: Location) -> None:
        if not text:
            return
        start, end = sorted((start, end))
        result = self.replace(text, start, end, maintain_selection_offset=False)
        self.move_cursor(result.end_location)
        self._yanked = (self._revision, start, result.end_location)

    def _kill_end(self, what: str) -> Location:
        row, column = self.cursor_location
        line = self.document[row]
        if what == "begin":
            return (row, 0) if column else self.get_cursor_left_location()
        if what == "end":
            return (row, len(line)) if column < len(line) else self.get_cursor_right_location()
        if what == "word":
            return self.get_cursor_word_left_location()
        if what == "word_on":
            found = re.match(r"\W*\w*", line[column:])
            return (row, column + found.end()) if found and found[0] else self.get_cursor_right_location()
        words = re.search(r"\S+\s*$|\s+$", line[:column])
        return (row, words.start()) if words else self.get_cursor_left_location()
