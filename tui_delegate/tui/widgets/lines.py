"""The view of a growing text: line-virtual, cheap to add to, followed until the person scrolls up.

It knows text and kinds of text, never who said it. Whatever is written to it is cleaned here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from tui_delegate.core.clean import Cleaner, clean, clean_line
from tui_delegate.tui.figures import cut
from tui_delegate.tui.widgets import marks
from tui_delegate.tui.widgets.page import Hit, Kind, Page
from tui_delegate.tui.widgets.search import Search
from tui_delegate.tui.widgets.tones import Palette, Tones

if TYPE_CHECKING:
    from rich.style import Style
    from textual import events
    from textual.binding import BindingType
    from textual.selection import Selection

CARET: Final = "▌"
BADGE: Final = " ↓ new below "
FOOT_ROWS: Final = 3


class Lines(ScrollView, can_focus=True):
    """Text that is added to at its end."""

    DEFAULT_CSS = """
    Lines { overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("end", "follow", "Follow", show=False)]
    ALLOW_SELECT = True
    indent: ClassVar[int] = 2
    """Columns to the left of the text; one is left to its right, for the caret."""

    def __init__(self, *, most: int = 20_000, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.page = Page(most=most)
        self.following = True
        self._cleaner = Cleaner()
        self._kind: Kind = "text"
        self._live = self._news = self._moving = False
        self._fitted: Size | None = None
        self._foot: list[str] = []
        self._foot_text, self._foot_tone = "", "dim"
        self._search = Search(self.page)
        self._strips: dict[int, Strip] = {}
        self._palette = Palette(self, self._strips.clear)

    # What is written.

    def write(self, text: str, kind: Kind = "text") -> None:
        """Add text; what ends in the middle of a line is gone on with by the next text of its kind."""
        if kind != self._kind:
            self._end_stretch()
            self._kind = kind
        text = self._cleaner.feed(text)
        if text:
            self._add(text, kind)

    def divide(self, label: str) -> None:
        """Part what is above from what comes."""
        self._end_stretch()
        last = self._last_row
        self._grew(min(self.page.divide(clean_line(label)), last))

    def settle(self) -> None:
        """Show what was held back as the beginning of a control sequence: nothing more comes."""
        self._end_stretch()

    def part(self) -> None:
        """Let what comes next begin on a line of its own."""
        self._end_stretch()
        self.page.part()

    def clear(self) -> None:
        """Show nothing, and follow again."""
        self._cleaner = Cleaner()
        self.page.clear()
        self._search.clear()
        self.following, self._news = True, False
        self._foot, self._foot_text = [], ""
        self._strips.clear()
        self._grew(0)
        self.refresh()

    def foot(self, text: str, tone: str = "dim") -> None:
        """Show a line or two after the text that are not part of it; an empty text takes them away."""
        text = clean(text)
        if (text, tone) == (self._foot_text, self._foot_tone):
            return
        self._foot_text, self._foot_tone = text, tone
        self._wrap_foot()
        self._grew(len(self.page.rows))

    @property
    def live(self) -> bool:
        """Whether more text is on its way: a caret stands at the end."""
        return self._live

    @live.setter
    def live(self, live: bool) -> None:
        if live != self._live:
            self._live = live
            self._refresh_from(self._last_row)

    @property
    def _last_row(self) -> int:
        """Where the caret stands: whatever comes, it leaves this row."""
        return max(len(self.page.rows) - 1, 0)

    @property
    def text(self) -> str:
        """All of it, as it was written."""
        return self.page.between((self.page.first, 0), (self.page.end, 0))

    def _end_stretch(self) -> None:
        held = self._cleaner.end()
        if held:
            self._add(held, self._kind)

    def _add(self, text: str, kind: Kind) -> None:
        top = None if self.following or not self._total else self._place()
        first = self.page.first
        last = self._last_row
        changed = min(self.page.write(text, kind), last)
        if self.page.first != first and top is not None:
            self._grew(0)
            self._go(self.page.row_of(max(top[0], self.page.first), top[1]))
        else:
            self._grew(changed)

    # Where it stands.

    @property
    def _total(self) -> int:
        return len(self.page.rows) + len(self._foot)

    def _place(self) -> tuple[int, int]:
        """The place in the text that is at the top of the view."""
        row = min(self.scroll_offset.y, len(self.page.rows) - 1)
        if row < 0:
            return self.page.first, 0
        number, part = self.page.rows[row]
        return number, self.page.line(number).starts[part]

    def _grew(self, changed: int) -> None:
        """Take in that rows from one on are new. No layout: a pane's size never depends on its text."""
        self.set_reactive(Widget.virtual_size, Size(self.size.width, self._total))
        if not self.is_attached or not self.size:
            self._strips.clear()
            return
        if self.scrollbar_size_vertical:
            self.vertical_scrollbar.window_virtual_size = self._total
        end = self.max_scroll_y
        if self.following and end != self.scroll_offset.y:
            self._forget_strips(changed)
            self._go(end)
            return
        if not self.following and not self._news and self._total > self.scroll_offset.y + self.size.height:
            self._news = True
            self.refresh(Region(0, self.size.height - 1, self.size.width, 1))
        self._refresh_from(changed)

    def _forget_strips(self, changed: int) -> None:
        top, height = self.scroll_offset.y, self.size.height
        low = top - height if len(self._strips) > 3 * height else 0
        for row in [row for row in self._strips if row >= changed or row < low]:
            del self._strips[row]

    def _refresh_from(self, row: int) -> None:
        self._forget_strips(row)
        top = max(row - self.scroll_offset.y, 0)
        if top < self.size.height:
            self.refresh(Region(0, top, self.size.width, self.size.height - top))

    def _go(self, row: int) -> None:
        self._moving = True
        self.scroll_target_y = self.scroll_y = row
        self._moving = False

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow at the end only, and only by the person's own will anywhere else."""
        super().watch_scroll_y(old_value, new_value)
        if not self._moving:
            self._follow(new_value >= self.max_scroll_y)

    def _follow(self, follow: bool) -> None:
        self.following = follow
        if follow:
            self._news = False

    def action_follow(self) -> None:
        """Go to the end and follow what comes."""
        self._follow(True)
        self._go(self.max_scroll_y)
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Follow again where the badge is clicked."""
        if self._news and event.y == self.size.height - 1 and event.x >= self.size.width - len(BADGE) - 1:
            event.stop()
            self.action_follow()

    def on_resize(self) -> None:
        """Fit the text to the room."""
        self.fit()

    def fit(self) -> None:
        """Wrap at the width that there is now, with the same text at the top."""
        width = max(self.scrollable_content_region.width - self.indent - 1, 2)
        if not self.size:
            return
        self._fitted = self.size
        if width != self.page.width:
            place = self._place()
            self.page.wrap(width)
            self._wrap_foot()
            self._strips.clear()
            self._grew(0)
            if not self.following:
                self._go(self.page.row_of(*place))
        elif self.following:
            self._go(self.max_scroll_y)

    def _wrap_foot(self) -> None:
        page = Page(self.page.width)
        if self._foot_text:
            page.write(self._foot_text, "note")
        rows = [page.span(row) for row in range(len(page.rows))]
        self._foot = [line.text[start:end] for line, start, end in rows[:FOOT_ROWS]]
        if len(rows) > FOOT_ROWS:
            self._foot[-1] = cut(self._foot[-1] + "……", self.page.width)

    # What is searched for.

    def find(self, query: str) -> int:
        """Search for a text, whatever its case, and go to the last place of it; gives how many there are."""
        self._search.begin(query)
        self._strips.clear()
        self._show_hit(self._search.step(-1))
        self.refresh()
        return self._search.count

    def find_next(self) -> Hit | None:
        """Go to the next place, down the text and round."""
        return self._show_hit(self._search.step(1))

    def _show_hit(self, hit: Hit | None) -> Hit | None:
        if hit is not None:
            row = self.page.row_of(hit.line, hit.start)
            self._strips.clear()
            if not self.scroll_offset.y <= row < self.scroll_offset.y + self.size.height:
                self._go(max(min(row - self.size.height // 2, self.max_scroll_y), 0))
            self._follow(self.scroll_offset.y >= self.max_scroll_y)
            self.refresh()
        return hit

    # What is drawn.

    def notify_style_update(self) -> None:
        """Draw in the colours as they are now."""
        super().notify_style_update()
        self._palette.forget()

    def selection_updated(self, selection: Selection | None) -> None:
        """Show what is selected."""
        self._strips.clear()
        self.refresh()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Give the selected text as it was written, without the ends of rows."""
        start, end = selection
        first = (self.page.first, 0) if start is None else (start.y, start.x)
        last = (self.page.end, 0) if end is None else (end.y, end.x)
        return self.page.between(first, last), "\n"

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw rows of the view: what did not change is not made again."""
        tones = self._palette.tones
        if self._fitted != self.size:
            # Not every new size comes with an event.
            self.call_next(self.fit)
        top, width = self.scroll_offset.y, self.size.width
        strips = [self._strip(top + y, width) for y in crop.line_range]
        if self._news and not self.following and crop.bottom >= self.size.height and strips:
            strips[-1] = _badge(strips[-1], width, tones)
        if filters := self.get_line_filters():
            background = self.background_colors[1]
            for one in filters:
                strips = [strip.apply_filter(one, background) for strip in strips]
        if crop.column_span != (0, width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def render_line(self, y: int) -> Strip:
        """Give one row with the places in the text that selecting by mouse needs."""
        row = self.scroll_offset.y + y
        strip = self._strip(row, self.size.width)
        if row >= len(self.page.rows):
            return strip
        number, part = self.page.rows[row]
        start = self.page.line(number).starts[part]
        left = self.indent + (self.page.line(number).hang if part else 0)
        before, rest = strip.divide([left, strip.cell_length])
        return Strip.join([before, rest.apply_offsets(start, number)])

    def _strip(self, row: int, width: int) -> Strip:
        strip = self._strips.get(row)
        if strip is None:
            strip = self._strips[row] = self._draw(row, width)
        return strip

    def _draw(self, row: int, width: int) -> Strip:
        tones = self._palette.tones
        base = tones["text"]
        page = self.page
        if row >= len(page.rows):
            foot = row - len(page.rows)
            text = self._foot[foot] if foot < len(self._foot) else ""
            return _filled(
                [Segment(" " * self.indent, base), Segment(text, tones[self._foot_tone])], width, base
            )
        line, start, end = page.span(row)
        if line.kind == "divider":
            return _filled(_ruled(line.text, width, self.indent, tones), width, base)
        number, part = page.rows[row]
        segments = [Segment(" " * (self.indent + (line.hang if part else 0)), base)]
        for first, last, tone in marks.cut(start, end, marks.spans(line), marks.tone_of(line)):
            segments += self._overlaid(number, first, last, tones[tone], tones)
        if self._live and row == len(page.rows) - 1:
            segments.append(Segment(CARET, tones["live"]))
        return _filled(segments, width, base)

    def _overlaid(self, number: int, start: int, end: int, style: Style, tones: Tones) -> list[Segment]:
        """Draw a stretch, with what is found and what is selected in it."""
        text = self.page.line(number).text
        over = [
            (hit.start, hit.end, tones["found" if now else "hit"]) for hit, now in self._search.on(number)
        ]
        selection = self.text_selection
        span = selection.get_span(number) if selection is not None else None
        if span is not None:
            chosen = self.screen.get_component_rich_style("screen--selection")
            over = [(span[0], len(text) if span[1] < 0 else span[1], chosen)]
        segments = []
        at = start
        for first, last, more in over:
            first, last = max(first, at), min(last, end)
            if first < last:
                segments.append(Segment(text[at:first], style))
                segments.append(Segment(text[first:last], style + more))
                at = last
        segments.append(Segment(text[at:end], style))
        return [segment for segment in segments if segment.text]


def _ruled(label: str, width: int, indent: int, tones: Tones) -> list[Segment]:
    label = cut(label, max(width - indent - 6, 0))
    rest = max(width - indent - cell_len(label) - 5, 0)
    return [
        Segment(" " * indent + "── ", tones["line"]),
        Segment(label + " ", tones["divider"]),
        Segment("─" * rest, tones["line"]),
    ]


def _filled(segments: list[Segment], width: int, base: Style) -> Strip:
    """Make a strip of exactly this width."""
    taken = sum(cell_len(segment.text) for segment in segments)
    if taken > width:
        return Strip(segments, taken).adjust_cell_length(width, base)
    if taken < width:
        segments.append(Segment(" " * (width - taken), base))
    return Strip([segment for segment in segments if segment.text], width)


def _badge(strip: Strip, width: int, tones: Tones) -> Strip:
    left = max(width - len(BADGE) - 1, 0)
    badge = Strip([Segment(BADGE, tones["badge"]), Segment(" ", tones["text"])])
    return Strip.join([strip.crop(0, left), badge])
