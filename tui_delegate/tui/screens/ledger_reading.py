"""Asks the journal for what the ledger's screen shows, off the screen's own thread. Nothing is drawn here."""

from __future__ import annotations

import asyncio
import math
from contextlib import closing
from typing import TYPE_CHECKING, Final

from tui_delegate.journal.browse import Browse
from tui_delegate.journal.export import export_file
from tui_delegate.journal.ledger import midnight
from tui_delegate.tui.screens.ledger_charts import charts
from tui_delegate.tui.widgets.ledger_columns import call_columns, chosen, delegation_columns, group_columns
from tui_delegate.tui.widgets.ledger_sheets import CallSheet, ListSheet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tui_delegate.journal.browse import Delegation, Sums, View
    from tui_delegate.journal.ledger import Call
    from tui_delegate.tui.screens.ledger_wish import Wish
    from tui_delegate.tui.widgets.ledger_table import Sheet
    from tui_delegate.tui.widgets.plot import Chart

WINDOW: Final = 200
"""Rows that are read before a table is shown."""


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

    async def calls(self, numbers: Sequence[int]) -> dict[int, Call]:
        """Read some calls."""
        return await asyncio.to_thread(self._rows.calls, numbers) if numbers else {}

    async def sheet(
        self, wish: Wish, view: View, spec: str, known: dict[int, Call], *, top: int, now: float
    ) -> Sheet:
        """Give what a table shows of a view, with the rows from `top` on read already."""
        today = midnight(now)
        if wish.group == "delegation":
            places = wish.places(await asyncio.to_thread(self._rows.delegations, view))
            return ListSheet(delegation_columns(today), places, lambda one: (one.run, one.path))
        if wish.group:
            totals = wish.totals(await asyncio.to_thread(self._rows.groups, view, wish.group))
            return ListSheet(group_columns(wish.group), totals, lambda one: one.key)
        sheet = CallSheet(chosen(spec, call_columns(today, only_today=wish.scope == "today")), known)
        sheet.put(await asyncio.to_thread(self._rows.order, view))
        sheet.take(await self.calls(sheet.lacking(top, top + WINDOW)))
        return sheet

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
