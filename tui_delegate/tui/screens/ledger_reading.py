"""Asks the journal for what the ledger's screen shows, off the screen's own thread. Nothing is drawn here."""

from __future__ import annotations

import asyncio
import math
from contextlib import closing
from typing import TYPE_CHECKING

from tui_delegate.journal.browse import Browse
from tui_delegate.journal.export import export_file
from tui_delegate.tui.screens.ledger_charts import charts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tui_delegate.journal.browse import Delegation, Order, Sums, View
    from tui_delegate.journal.ledger import Call, Total
    from tui_delegate.tui.widgets.plot import Chart


class Reading:
    """Two readers: one for the rows in sight, one for sums and plots, which may take longer."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows = Browse(path)
        self._sums = Browse(path)

    def close(self) -> None:
        """Let go of the journal."""
        self._rows.close()
        self._sums.close()

    def hurry(self) -> None:
        """End what is being asked: nobody waits for it any more."""
        self._rows.interrupt()
        self._sums.interrupt()

    async def newest(self) -> int:
        """Give the number of the last call."""
        return await asyncio.to_thread(self._rows.newest)

    async def order(self, view: View) -> Order:
        """Give the numbers of a view's calls."""
        return await asyncio.to_thread(self._rows.order, view)

    async def calls(self, numbers: Sequence[int]) -> dict[int, Call]:
        """Read some calls."""
        return await asyncio.to_thread(self._rows.calls, numbers) if numbers else {}

    async def groups(self, view: View, by: str) -> list[Total]:
        """Sum a view up by something."""
        return await asyncio.to_thread(self._rows.groups, view, by)

    async def delegations(self, view: View) -> list[Delegation]:
        """Give the places of a view's runs."""
        return await asyncio.to_thread(self._rows.delegations, view)

    async def sums(self, view: View) -> Sums:
        """Sum a view up."""
        return await asyncio.to_thread(self._sums.sums, view)

    async def charts(self, view: View, columns: int) -> tuple[Chart, Chart, Chart]:
        """Make a view's plots."""
        return await asyncio.to_thread(_charts, self._sums, view, columns)

    async def export(self, view: View, form: str, path: Path, *, replace: bool) -> int:
        """Write a view's calls to a file; gives how many."""
        return await asyncio.to_thread(_export, self._path, view, form, path, replace=replace)


def _charts(browse: Browse, view: View, columns: int) -> tuple[Chart, Chart, Chart]:
    span = browse.span(view)
    if span is None:
        return charts((), 1, 0.0, 1.0)
    begin, end = span
    width = max((end - begin) / columns, 1.0)
    columns = max(min(columns, math.ceil((end - begin) / width)), 1)
    return charts(browse.slices(view, begin, width), columns, begin, width)


def _export(journal: Path, view: View, form: str, path: Path, *, replace: bool) -> int:
    with closing(Browse(journal)) as browse:
        return export_file(browse.each(view), form, path, replace=replace)
