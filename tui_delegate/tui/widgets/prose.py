"""Markdown as lines: what each line says, what stands before it, which stretches of it stand out.

Pure: tokens in, lines out. How wide the room is, is asked only of tables; nothing here draws, and nothing
remembers: a text that grows is `document.py`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from tui_delegate.core.clean import clean, clean_line
from tui_delegate.core.records import dataclass
from tui_delegate.tui.widgets.prose_line import Kind, Line, Pieces, Span
from tui_delegate.tui.widgets.prose_table import Cell, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from markdown_it import MarkdownIt
    from markdown_it.token import Token

BULLETS: Final = ("• ", "▪ ", "‣ ", "⭑ ", "◦ ")
CODE: Final = "$accent on $panel"
_STYLES: Final = {"em_open": "italic", "strong_open": "bold", "s_open": "strike"}
TAB: Final = 4


Item = Line | Table


@cache
def parser() -> MarkdownIt:
    """The reader of Markdown. What looks like HTML is text here: nobody is to miss a `List<int>`."""
    from markdown_it import MarkdownIt

    made = MarkdownIt("gfm-like", {"html": False})
    # A word like README.md is a file here, not a place on the web.
    assert made.linkify is not None
    made.linkify.set({"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
    return made


@dataclass(slots=True)
class _Frame:
    """A quote or a list's item that blocks stand in."""

    first: Pieces
    rest: Pieces
    mark: str
    mark_rest: str
    listed: bool = False
    fresh: bool = True
    """Whether nothing stands in it yet."""


@dataclass(slots=True)
class _List:
    """A list that items stand in: the next one's number, or None for bullets."""

    number: int | None


class Reader:
    """Reads blocks one after the other. `number` is the next one of a list that goes on with them."""

    def __init__(self, paint: Callable[[str, str], list[Span]]) -> None:
        self._paint = paint
        self.items: list[Item] = []
        self.first = True
        """Whether nothing stands above."""
        self.goes_on = False
        """Whether the first block goes on with the one above."""
        self.number: int | None = None
        self._frames: list[_Frame] = []
        self._lists: list[_List] = []

    def read(self, tokens: Sequence[Token]) -> list[Item]:
        """Read whole blocks."""
        self.items = []
        at = 0
        while at < len(tokens):
            at = self._block(tokens, at)
        return self.items

    def _block(self, tokens: Sequence[Token], at: int) -> int:
        """Read the token at a place; gives the next place."""
        token = tokens[at]
        kind = token.type
        if kind in ("paragraph_open", "heading_open"):
            self._begin()
            self._inline(tokens[at + 1], "bold" if kind == "heading_open" else "")
            return at + 3
        if kind in ("fence", "code_block"):
            self._begin()
            self.code(token.content, token.info.strip().split(" ")[0] if kind == "fence" else "")
        elif kind == "hr":
            self._begin()
            self._put("", kind="rule")
        elif kind == "table_open":
            self._begin()
            return self._table(tokens, at)
        elif kind == "blockquote_open":
            self._begin()
            self._frames.append(_Frame((("▌ ", "$line"),), (("▌ ", "$line"),), "> ", "> "))
        elif kind in ("bullet_list_open", "ordered_list_open"):
            self._open_list(token, ordered=kind == "ordered_list_open")
        elif kind == "list_item_open":
            self._open_item()
        elif kind in ("blockquote_close", "list_item_close"):
            if (frame := self._frames.pop()).fresh:
                self._frames.append(frame)
                self._put("")
                self._frames.pop()
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self.number = self._lists.pop().number
        return at + 1

    def _begin(self) -> None:
        """Leave a line free above a block, but not at the top and not within lists."""
        if self._frames:
            fresh, self._frames[-1].fresh = self._frames[-1].fresh, False
        else:
            fresh, self.first, self.goes_on = self.first or self.goes_on, False, False
        if not fresh and not self._lists:
            self._put("", kind="gap")

    def _open_list(self, token: Token, *, ordered: bool) -> None:
        number = int(token.attrs.get("start", 1)) if ordered else None
        if self.goes_on and not self._frames and ordered and self.number is not None:
            number = self.number
        self._begin()
        self._lists.append(_List(number))

    def _open_item(self) -> None:
        one = self._lists[-1]
        if one.number is None:
            depth = sum(other.number is None for other in self._lists) - 1
            sign = BULLETS[depth % len(BULLETS)]
            mark = "- "
        else:
            mark = f"{one.number}. "
            sign = mark.rjust(4)
            one.number += 1
        blank = " " * len(sign)
        self._frames.append(
            _Frame(((sign, "$text-primary"),), ((blank, ""),), mark, " " * len(mark), listed=True)
        )

    def _inline(self, token: Token, style: str) -> None:
        for text, spans in inline(token):
            self._put(text, [(0, len(text), style), *spans] if style else spans)

    def code(self, code: str, language: str) -> None:
        """Put lines of code."""
        code = code.removesuffix("\n").expandtabs(TAB)
        for text, spans in painted(code, self._paint(code, language)):
            self._put(text, spans, kind="code", language=language)

    def _table(self, tokens: Sequence[Token], at: int) -> int:
        rows: list[list[Cell]] = []
        aligns: list[str] = []
        while tokens[at].type != "table_close":
            token = tokens[at]
            if token.type == "tr_open":
                rows.append([])
            elif token.type in ("th_open", "td_open"):
                text, spans = inline(tokens[at + 1])[0]
                rows[-1].append(
                    Cell(text, [(0, len(text), "bold $primary"), *spans] if token.tag == "th" else spans)
                )
                if token.tag == "th":
                    aligns.append(str(token.attrs.get("style", "")).removeprefix("text-align:"))
            at += 1
        lead, hang, _ = self._take()
        self.items.append(Table(rows, aligns, lead, hang))
        return at + 1

    def _take(self) -> tuple[Pieces, Pieces, str]:
        """What stands before a line, before its other rows, and before its copy."""
        lead = tuple(piece for frame in self._frames for piece in frame.first)
        hang = tuple(piece for frame in self._frames for piece in frame.rest)
        mark = "".join(frame.mark for frame in self._frames)
        for frame in self._frames:
            frame.first, frame.mark = frame.rest, frame.mark_rest
        return lead, hang, mark

    def _put(
        self, text: str, spans: list[Span] | None = None, kind: Kind = "text", language: str = ""
    ) -> None:
        lead, hang, mark = self._take()
        self.items.append(Line(text, spans or [], kind, lead, hang, mark, language))


def inline(token: Token) -> list[tuple[str, list[Span]]]:
    """Read what stands in one block: its lines, and what stands out in them."""
    lines: list[tuple[str, list[Span]]] = []
    text, spans = "", list[Span]()
    opened: list[tuple[str, int]] = []
    for child in token.children or ():
        kind = child.type
        if kind == "text":
            # What was written as `&#x202e;` becomes a sign only here.
            text += re.sub(r"\s+", " ", clean(child.content))
        elif kind in ("softbreak", "hardbreak"):
            # A line ends where whoever wrote it ended it: quotes and figures stand one below the other.
            spans += [(start, len(text), style) for style, start in opened]
            lines.append((text, spans))
            text, spans, opened = "", [], [(style, 0) for style, _ in opened]
        elif kind == "code_inline":
            spans.append((len(text), len(text) + len(child.content), CODE))
            text += child.content
        elif kind == "link_open":
            opened.append((f"@{child.attrs.get('href', '')}", len(text)))
        elif kind == "image":
            told = clean_line("".join(one.content for one in child.children or ()))
            words = f"🖼  {told}" if told else "🖼"
            spans.append((len(text), len(text) + len(words), f"@{child.attrs.get('src', '')}"))
            text += words
        elif kind in _STYLES:
            opened.append((_STYLES[kind], len(text)))
        elif kind.endswith("_close"):
            style, start = opened.pop()
            spans.append((start, len(text), style))
        else:
            text += child.content
    return [*lines, (text, spans)]


def painted(code: str, spans: Sequence[Span]) -> list[tuple[str, list[Span]]]:
    """Part code into its lines, each with its own colours."""
    lines: list[tuple[str, list[Span]]] = []
    start = at = 0
    for text in code.split("\n"):
        end = start + len(text)
        while at < len(spans) and spans[at][1] <= start:
            at += 1
        own: list[Span] = []
        for first, last, style in spans[at:]:
            if first >= end:
                break
            own.append((max(first, start) - start, min(last, end) - start, style))
        lines.append((text, own))
        start = end + 1
    return lines
