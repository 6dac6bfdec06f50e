"""The manager's words as Markdown, taken in piece by piece. What is a run, and what comes next, is not known.

One widget, however long the answer: a screen's layout walks every widget that there is, seen or not. Text
passes the cleaner before Markdown sees it; a link opens nothing by itself.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from rich.segment import Segment
from textual.content import Content
from textual.content import Span as Stretch
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget

from tui_delegate.core.clean import Cleaner, clean
from tui_delegate.tui.widgets.colouring import coloured
from tui_delegate.tui.widgets.document import Document

if TYPE_CHECKING:
    from textual.geometry import Size
    from textual.selection import Selection

    from tui_delegate.tui.widgets.prose_line import Line

AT_ONCE: Final = 16_000
"""Characters that are read in one go: what was said long ago comes in pieces too."""
KEPT: Final = 300
"""Rows that are kept as they were drawn: more than any screen has."""
_LINK: Final = "underline $accent"
_CODE: Final = "$text on $panel"
_HIT, _FOUND = "$background on $warn", "bold $background on $accent"


class Answer(Widget):
    """One stretch of an answer. `feed` takes what has come; what is drawn follows when there is time."""

    DEFAULT_CSS = """
    Answer { height: auto; width: 1fr; padding: 0 1 0 2; margin: 0 0 1 0; background: transparent; }
    """
    ALLOW_SELECT = True

    class LinkClicked(Message):
        """A person clicked a link. Where it leads was said by a model."""

        def __init__(self, href: str) -> None:
            super().__init__()
            self.href = href

    def __init__(self, *, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self.document = Document(partial(coloured, self))
        self.auto_links = False
        self._cleaner = Cleaner()
        self._waiting: list[str] = []
        self._over = False
        self._strips: dict[int, Strip] = {}
        self._styles: dict[str, Style] = {}
        self._hits: dict[int, list[tuple[int, int]]] = {}
        self._hit: tuple[int, int] | None = None

    # What is written.

    @property
    def source(self) -> str:
        """All that has been read of it."""
        return self.document.source

    @property
    def waits(self) -> bool:
        """Whether something has come that is not drawn."""
        return bool(self._waiting)

    def feed(self, text: str) -> None:
        """Take in what has come."""
        if cleaned := self._cleaner.feed(text):
            self._waiting.append(cleaned)
            self._over = False

    def draw(self) -> bool:
        """Read and draw what waits, or a good part of it; say whether nothing waits any more."""
        if not self._waiting:
            return True
        if not self.is_mounted:
            return False
        text = "".join(self._waiting)
        text, rest = text[:AT_ONCE], text[AT_ONCE:]
        self._waiting = [rest] if rest else []
        before = len(self.document.rows)
        self._changed(self.document.feed(text), before)
        return not rest

    def finish(self) -> None:
        """Take in what was held back, and what only the end can tell."""
        if self._over:
            return
        if rest := self._cleaner.end():
            self._waiting.append(rest)
        if self.draw() and self.is_mounted:
            self._over = True
            before = len(self.document.rows)
            self._changed(self.document.finish(), before)

    def show(self, text: str) -> None:
        """Show another text, all of it at once."""
        self._cleaner, self._waiting, self._over = Cleaner(), [], True
        self.document = Document(partial(coloured, self), self.document.width)
        self.document.feed(clean(text))
        self.document.finish()
        self._hits, self._hit = {}, None
        self._changed(0, -1)

    def _changed(self, row: int, before: int) -> None:
        """Have rows drawn anew from one on; the screen is laid out again only for another number."""
        now = len(self.document.rows)
        for one in [one for one in self._strips if one >= row]:
            del self._strips[one]
        if now != before:
            self.refresh(layout=True)
        elif row < now:
            self.refresh(Region(0, row + self.styles.padding.top, self.size.width, now - row))

    # Where it stands.

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Give the rows that it takes at a width."""
        self._fit(width)
        return len(self.document.rows)

    def _fit(self, width: int) -> None:
        if width and width != self.document.width:
            self.document.wrap(width)
            self._strips.clear()

    # What is searched for.

    def find(self, words: str) -> list[tuple[int, int]]:
        """Search for words and mark them; gives the lines and places where they are."""
        hits = self.document.find(words) if words else []
        marked: dict[int, list[tuple[int, int]]] = {}
        for line, start, end in hits:
            marked.setdefault(line, []).append((start, end))
        if marked != self._hits or self._hit:
            self._hits, self._hit = marked, None
            self._draw_all()
        return [(line, start) for line, start, _ in hits]

    def show_hit(self, hit: tuple[int, int] | None) -> int:
        """Make a place stand out from the others; gives its row."""
        if hit != self._hit:
            self._hit = hit
            self._draw_all()
        return self.document.row_of(*hit) if hit else 0

    # What is drawn.

    def _draw_all(self) -> None:
        self._strips.clear()
        self.refresh()

    def notify_style_update(self) -> None:
        """Draw in the colours as they are now."""
        super().notify_style_update()
        self._strips.clear()
        self._styles.clear()

    def selection_updated(self, selection: Selection | None) -> None:
        """Show what is selected."""
        self._draw_all()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Give the selected text without the ends of rows."""
        start, end = selection
        first = (0, 0) if start is None else (start.y, start.x)
        last = len(self.document.lines) - 1
        final = (last, len(self.document.lines[last].text)) if end is None and last >= 0 else (0, 0)
        return self.document.between(first, final if end is None else (end.y, end.x)), "\n"

    def action_link(self, href: str) -> None:
        """Say that a link was clicked."""
        self.post_message(self.LinkClicked(href))

    def render_line(self, y: int) -> Strip:
        """Draw a row: what did not change is not made again."""
        self._fit(self.content_size.width)
        strip = self._strips.get(y)
        if strip is None:
            if len(self._strips) >= KEPT:
                self._strips.clear()
            strip = self._strips[y] = self._draw_row(y, self.content_size.width)
        return strip

    def _draw_row(self, row: int, width: int) -> Strip:
        base = self.visual_style
        if row >= len(self.document.rows):
            return Strip.blank(width, base.rich_style)
        line, start, end = self.document.span(row)
        lead = line.hang if start else line.lead
        segments = [Segment(text, (base + self._style(style)).rich_style) for text, style in lead]
        before = Strip(segments)
        room = width - before.cell_length
        if line.kind == "rule":
            rule = [Segment("─" * room, (base + self._style("$line")).rich_style)]
            return Strip.join([before, Strip(rule)])
        under = base + self._style(_CODE) if line.kind == "code" else base
        body = self._content(line, self.document.rows[row][0])[start:end]
        pieces = [
            Segment(text, (under + style).rich_style)
            for text, style in body.render(under, end="", parse_style=self._any_style)
            if text
        ]
        written = Strip(pieces).apply_offsets(start, self.document.rows[row][0])
        if line.kind == "code":
            blank = Strip([Segment(" ", under.rich_style)])
            written = Strip.join([blank, written])
        return Strip.join([before, written.adjust_cell_length(room, under.rich_style)])

    def _content(self, line: Line, number: int) -> Content:
        """Give a line with all that stands out in it."""
        stretches = [Stretch(first, last, self._style(style)) for first, last, style in line.spans]
        for first, last in self._hits.get(number, ()):
            style = _FOUND if (number, first) == self._hit else _HIT
            stretches.append(Stretch(first, last, self._style(style)))
        selection = self.text_selection
        if selection is not None and (span := selection.get_span(number)) is not None:
            chosen = Style.from_styles(self.screen.get_component_styles("screen--selection"))
            stretches.append(Stretch(span[0], len(line.text) if span[1] < 0 else span[1], chosen))
        return Content(line.text, stretches)

    def _any_style(self, style: str | Style) -> Style:
        return style if isinstance(style, Style) else self._style(style)

    def _style(self, words: str) -> Style:
        """Read a style's words once for a theme."""
        style = self._styles.get(words)
        if style is None:
            if words.startswith("@"):
                click = Style.from_meta({"@click": f"link({words[1:]!r})"})
                style = self._style(_LINK) + click
            else:
                style = self.app.stylesheet.parse_style(words) if words else Style.null()
            self._styles[words] = style
        return style
