"""The styles that lines are drawn in: made once for a theme and a background, not once for each line."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from rich.style import Style
from textual.color import Color, ColorParseError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.color import Color as RichColor
    from textual.widget import Widget

Tones = dict[str, Style]
"""By the name of a tone: of a line, of a stretch in it, or of a theme's colour."""

_COLOURS: Final = ("foreground", "accent", "dim", "line", "ok", "warn", "bad", "live", "think")
_LINES: Final = {
    "text": ("foreground", ""),
    "thought": ("think", "italic"),
    "call": ("dim", ""),
    "note": ("accent", ""),
    "error": ("bad", ""),
    "divider": ("dim", ""),
    "gap": ("dim", "italic"),
    "heading": ("foreground", "bold"),
    "code": ("accent", ""),
    "fence": ("line", ""),
    "quote": ("dim", "italic"),
    "bullet": ("accent", ""),
    "strong": ("foreground", "bold"),
    "sign": ("dim", ""),
    "title": ("foreground", "bold"),
}
"""A theme's colour and what else, by tone."""


class Palette:
    """The styles of one widget: made anew when the theme or what it stands on is another one."""

    def __init__(self, widget: Widget, changed: Callable[[], object]) -> None:
        self._widget, self._changed = widget, changed
        self._variables: dict[str, str] = {}
        self._tones: Tones | None = None

    def forget(self) -> None:
        """Look at the colours again when they are needed next."""
        self._tones = None

    @property
    def tones(self) -> Tones:
        """The styles as they are now."""
        variables = self._widget.app.theme_variables
        if self._tones is None or variables is not self._variables:
            self._tones, self._variables = tones_of(self._widget), variables
            self._changed()
        return self._tones


def tones_of(widget: Widget) -> Tones:
    """Give the styles for what stands on this widget's background. The same ones are the same object."""
    variables = widget.app.theme_variables
    colours = tuple(variables.get(name, "") for name in (*_COLOURS, "panel", "surface"))
    return _make(colours, widget.background_colors[1])


@lru_cache(64)
def _make(colours: tuple[str, ...], background: Color) -> Tones:
    base = Style(bgcolor=background.rich_color)
    plain = {name: base + Style(color=_colour(text)) for name, text in zip(_COLOURS, colours, strict=False)}
    tones = dict(plain)
    for name, (colour, more) in _LINES.items():
        tones[name] = plain[colour] + Style.parse(more)
    tones["hit"] = Style(color=background.rich_color, bgcolor=plain["warn"].color)
    tones["found"] = Style(color=background.rich_color, bgcolor=plain["accent"].color, bold=True)
    tones["badge"] = Style(color=background.rich_color, bgcolor=plain["live"].color)
    return tones


def _colour(text: str) -> RichColor | None:
    try:
        return Color.parse(text).rich_color
    except ColorParseError:
        return None
