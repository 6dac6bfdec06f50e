"""What stands for a sign in a terminal that lacks it: one table, put over every line on its way out.

Widgets draw with the signs that they like and know nothing of this. A sign is as wide as what stands for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.segment import Segment
from textual.filter import LineFilter

if TYPE_CHECKING:
    from textual.color import Color

_INSTEAD: Final = {
    "◌◍◔●○◷⁇": ".%?*o~!",
    "✓✗⊘■⚙✎⇄◆": "+x-#&er@",
    "▸▾▴▲▼›❯→←↑↓": ">v^^v>>><^v",
    "·•…–—“”‘’⟨⟩": "-*~--\"\"''<>",
    "‣▪◦⭑": "*-o*",
    "▰▱█▓▒░╱": "=-#=+:/",
    "▁▂▃▄▅▆▇": "...::::",
    "▎▌▐▍▊▔▀": "|||||--",
    "─━│┃┌┐└┘├┤┬┴┼": "--||+++++++++",
    "╭╮╰╯╸╺╴╶": "++++----",
}
_TABLE: Final = str.maketrans(
    {sign: letter for signs, letters in _INSTEAD.items() for sign, letter in zip(signs, letters, strict=True)}
    | {"🔎": "? ", "🖼": "@"}
)


def plain(text: str) -> str:
    """Write a text without our signs."""
    return text if text.isascii() else text.translate(_TABLE)


class PlainSigns(LineFilter):
    """Puts plain letters in the place of signs."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Rewrite the texts of a line."""
        return [Segment(plain(text), style, control) for text, style, control in segments]
