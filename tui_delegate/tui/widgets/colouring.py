"""The colours of code in an answer, in the words of a style sheet; what reads code is loaded when met."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from textual.widget import Widget

    from tui_delegate.tui.widgets.prose_line import Span

_LONGEST: Final = 60_000
"""Characters of code that are coloured at all."""


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
    return [(one.start, one.end, str(one.style)) for one in spans if one.style != "$text"]
