"""What keys do, in the room that is left beside a text. Which hints there are is the screen's to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.widgets import Static

from tui_delegate.core.clean import clean_line

if TYPE_CHECKING:
    from collections.abc import Sequence


class HintLine(Static):
    """Hints, the most useful first."""

    DEFAULT_CSS = """
    HintLine { width: auto; height: 1; color: $dim; padding: 0 0 0 1; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)

    def fit(self, hints: Sequence[str], room: int) -> None:
        """Show as many as there is room for."""
        shown = [clean_line(hint) for hint in hints]
        while shown and cell_len(" · ".join(shown)) > room:
            shown.pop()
        self.update(" · ".join(shown))
