"""The panes side by side and below one another: how many columns, how high, which of them are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import VerticalScroll

from tui_delegate.tui.widgets.places import Shape, shape_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_delegate.tui.widgets.pane import Pane


class Board(VerticalScroll, can_focus=False):
    """A grid of panes, in the order in which they were mounted."""

    DEFAULT_CSS = """
    Board {
        layout: grid; grid-size: 1; grid-gutter: 0 2; height: 1fr; width: 1fr;
        scrollbar-size-vertical: 1;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._shape = Shape()

    def lay_out(self, panes: Sequence[Pane], focused: int) -> None:
        """Give these panes their room, the one that is looked at more of it."""
        shape = shape_of(len(panes), self.size.width, self.size.height, focused)
        if shape != self._shape:
            self._shape = shape
            self.styles.grid_size_columns = len(shape.columns)
            self.styles.grid_columns = shape.columns
            self.styles.grid_rows = shape.rows
        first, last = shape.seen(round(self.scroll_y), self.size.height)
        for place, pane in enumerate(panes):
            pane.in_view = first <= place < last
