"""How many panes stand side by side and how high each row is. Pure: sizes in, sizes out."""

from __future__ import annotations

from math import ceil
from typing import Final

from tui_delegate.core.records import dataclass

LEAST_WIDTH: Final = 40
"""Columns that a pane has at least where another one stands beside it."""
LEAST_HEIGHT: Final = 6
"""Rows that a pane has at least; beyond that the grid scrolls."""
GOOD_HEIGHT: Final = 10
"""Rows below which another column is opened first, where there is room for one."""
WIDE_ENOUGH: Final = 90
"""Columns from which a pane has more than reading needs."""
MOST_COLUMNS: Final = 4
LARGER, SMALLER = "3fr", "2fr"


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns and the rows of a grid, as style sheets write them."""

    columns: tuple[str, ...] = ("1fr",)
    rows: tuple[str, ...] = ("1fr",)

    def seen(self, top: int, height: int) -> tuple[int, int]:
        """Say which panes are seen, from the first to before the last, when scrolled by `top` rows."""
        if not self.rows[0].isdecimal():
            return 0, len(self.rows) * len(self.columns)
        row = int(self.rows[0])
        return top // row * len(self.columns), -(-(top + height) // row) * len(self.columns)


def shape_of(number: int, width: int, height: int, focused: int) -> Shape:
    """Lay out so many panes; the one that is looked at gets more room."""
    if number < 2 or not width or not height:
        return Shape()
    columns = _columns(number, width, height)
    rows = ceil(number / columns)
    if rows * LEAST_HEIGHT > height:
        return Shape(_weights(columns, focused % columns, width >= WIDE_ENOUGH * 2), (str(LEAST_HEIGHT),))
    return Shape(
        _weights(columns, focused % columns, width >= WIDE_ENOUGH * 2),
        _weights(rows, focused // columns, rows * GOOD_HEIGHT <= height),
    )


def _columns(number: int, width: int, height: int) -> int:
    most = max(min(width // LEAST_WIDTH, MOST_COLUMNS, number), 1)
    fitting = next((one for one in range(1, most) if ceil(number / one) * GOOD_HEIGHT <= height), most)
    return max(fitting, min(number, width // WIDE_ENOUGH, most))


def _weights(number: int, focused: int, uneven: bool) -> tuple[str, ...]:
    if not uneven or number < 2:
        return ("1fr",) * number
    return tuple(LARGER if at == focused else SMALLER for at in range(number))
