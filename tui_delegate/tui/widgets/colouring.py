"""The colours of code in an answer, in the words of a style sheet; what reads code is loaded when met."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from textual.widget import Widget

    from tui_delegate.tui.widgets.prose_line import Span

_LONGEST: Final = 60_000
"""Characters of code that are coloured at all."""
_MEANT: Final = {
    "ansi_greenb": "ansi_green",
    "ansi_yelllow": "ansi_yellow",
    "ansi_blow": "ansi_blue",
    "ans_red": "ansi_red",
}
"""Colours as the themes for terminals of Textual 8.2.8 spell them, which it can't read itself."""


def coloured(widget: Widget, code: str, language: str) -> list[Span]:
    """Give the colours of code. Code that does not say its language has none: to guess takes too long."""
    if not language or len(code) > _LONGEST:
        return []
    from textual.highlight import (
        ANSIDarkHighlightTheme,
        ANSILightHighlightTheme,
        HighlightTheme,
        highlight,
    )

    theme = HighlightTheme
    if widget.app.native_ansi_color:
        theme = ANSIDarkHighlightTheme if widget.app.current_theme.dark else ANSILightHighlightTheme
    spans = highlight(code, language=language, theme=theme).spans
    styled = [(one.start, one.end, str(one.style)) for one in spans if one.style != "$text"]
    if theme is HighlightTheme:
        return styled
    return [(start, end, readable) for start, end, style in styled if (readable := _readable(style))]


@cache
def _readable(style: str) -> str:
    """Give a style of the terminal's colours as it can be read; empty: it can't."""
    from textual.color import ColorParseError
    from textual.style import Style

    meant = _MEANT.get(style, style)
    try:
        Style.parse(meant)
    except ColorParseError:
        return ""
    return meant
