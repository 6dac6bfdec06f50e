"""What is searched for in a page: the places of it, and the one that is looked at. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tui_delegate.tui.widgets.page import Hit

if TYPE_CHECKING:
    from tui_delegate.tui.widgets.page import Page


class Search:
    """A query over a page that may grow meanwhile."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._pattern: re.Pattern[str] | None = None
        self._now: Hit | None = None

    def begin(self, query: str) -> None:
        """Search for a text, whatever its case; an empty one ends the search."""
        self._pattern = re.compile(re.escape(query), re.IGNORECASE) if query else None
        self._now = None

    def clear(self) -> None:
        """Search for nothing."""
        self.begin("")

    @property
    def count(self) -> int:
        """How many places there are now."""
        return len(self._all())

    def step(self, by: int) -> Hit | None:
        """Go to the next place or the one before, and round."""
        hits = self._all()
        if not hits:
            self._now = None
        elif self._now is None:
            self._now = hits[0 if by > 0 else -1]
        elif self._now in hits:
            self._now = hits[(hits.index(self._now) + by) % len(hits)]
        else:
            self._now = hits[0]
        return self._now

    def on(self, number: int) -> list[tuple[Hit, bool]]:
        """Give the places on one line, and of each whether it is the one that is looked at."""
        if self._pattern is None:
            return []
        hits = (Hit(number, *match.span()) for match in self._pattern.finditer(self._page.line(number).text))
        return [(hit, hit == self._now) for hit in hits]

    def _all(self) -> list[Hit]:
        if self._pattern is None:
            return []
        return [
            Hit(number, *match.span())
            for number, line in enumerate(self._page.lines, self._page.first)
            for match in self._pattern.finditer(line.text)
        ]
