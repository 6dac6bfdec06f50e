"""The ledger's screen with 100,000 calls: from the key to the shown result, beside bare SQL of the same.

Wall seconds until the rows are drawn (opening: app and all, until the sums stand there too); and the CPU of
one page of scrolling, beside that of Textual's own table.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from textual.app import ComposeResult
from textual.pilot import Pilot
from textual.widgets import DataTable, Input

from tests.bench import ledger as million
from tests.bench.measure import ROUNDS, Row
from tui_delegate.tui.screens.ledger import LedgerScreen
from tui_delegate.tui.stage import Stage
from tui_delegate.tui.widgets.ledger_table import LedgerTable

CALLS = 100_000
GOAL = 6.0
SIZE = (120, 40)
LIKES = " OR ".join(
    f"{name} LIKE '%model-7%'" for name in ("agent", "profile", "model", "answered", "run", "cwd")
)
SQL = {
    "open": "SELECT id FROM calls ORDER BY at DESC",
    "sort by cost": "SELECT id FROM calls ORDER BY cost DESC",
    "sort by model": "SELECT id FROM calls ORDER BY model",
    "filter": f"SELECT id FROM calls WHERE {LIKES} ORDER BY at DESC",
    "group by delegation": "SELECT run, path, sum(prompt + completion) FROM calls GROUP BY 1, 2",
}
PAGES = 50


class Bench(Stage):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ledger = LedgerScreen(path, scope="all")

    def on_mount(self) -> None:
        self.push_screen(self.ledger)


class Bare(Stage):
    """Textual's own table, with one page of rows that change as one would scroll."""

    def compose(self) -> ComposeResult:
        yield DataTable()

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        table.add_columns(*"abcdefghijkl")
        for number in range(1000):
            table.add_row(*(f"cell {number} {column}" for column in range(12)))
        table.focus()


def fill(path: Path) -> None:
    whole, million.CALLS_MADE = (
        million.CALLS_MADE,
        million.CALLS_MADE.replace(f"{million.CALLS}", f"{CALLS}"),
    )
    try:
        million.fill(path)
    finally:
        million.CALLS_MADE = whole


def bare(path: Path, sql: str) -> float:
    begun = time.perf_counter()
    connection = sqlite3.connect(path)
    connection.execute(sql).fetchall()
    connection.close()
    return time.perf_counter() - begun


async def shown(app: Bench, act: Callable[[], object]) -> float:
    """Seconds until the table holds the answer and has been drawn."""
    table = app.ledger.query_one(LedgerTable)
    drawn = asyncio.Event()
    show = table.show

    def watch(*given: object, **named: object) -> None:
        show(*given, **named)  # type: ignore[arg-type]
        table.call_after_refresh(drawn.set)

    table.show = watch  # type: ignore[method-assign]
    begun = time.perf_counter()
    act()
    await asyncio.wait_for(drawn.wait(), 30)
    table.show = show  # type: ignore[method-assign]
    return time.perf_counter() - begun


async def ours(path: Path) -> tuple[dict[str, float], float]:
    times: dict[str, list[float]] = {name: [] for name in SQL}
    for _ in range(ROUNDS):
        app = Bench(path)
        begun = time.perf_counter()
        async with app.run_test(size=SIZE) as pilot:
            times["open"].append(await _opened(pilot, begun))
            for name, act in steps(app).items():
                if name == "group by delegation":
                    app.ledger.query_one(Input).value = ""
                    await settle(pilot)
                times[name].append(await shown(app, act))
                await settle(pilot)
            app.ledger.action_ledger_group()
            await settle(pilot)
            scroll = await pages(pilot)
    return {name: statistics.median(found) for name, found in times.items()}, scroll


def steps(app: Bench) -> dict[str, Callable[[], object]]:
    ledger = app.ledger
    return {
        "sort by cost": lambda: ledger.post_message(LedgerTable.SortPicked("cost")),
        "sort by model": lambda: ledger.post_message(LedgerTable.SortPicked("model")),
        "filter": lambda: setattr(ledger.query_one(Input), "value", "model-7"),
        "group by delegation": ledger.action_ledger_ungroup,
    }


async def _opened(pilot: Pilot[int], begun: float) -> float:
    await settle(pilot)
    return time.perf_counter() - begun


async def settle(pilot: Pilot[int]) -> None:
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def pages(pilot: Pilot[int]) -> float:
    """CPU seconds of one page down."""
    begun = time.process_time()
    for _ in range(PAGES):
        await pilot.press("pagedown")
    return (time.process_time() - begun) / PAGES


async def bare_pages() -> float:
    async with Bare().run_test(size=SIZE) as pilot:
        await pilot.pause()
        return await pages(pilot)


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        fill(path)
        mine, scroll = asyncio.run(ours(path))
        table = []
        for name, sql in SQL.items():
            floor = statistics.median(bare(path, sql) for _ in range(ROUNDS))
            goal = None if name == "open" else GOAL
            table.append(Row(f"ledger of 100,000 calls: {name}", "ms", floor * 1000, mine[name] * 1000, goal))
        floor = asyncio.run(bare_pages())
        table.append(Row("ledger: CPU of a page (floor: DataTable)", "ms", floor * 1000, scroll * 1000, 1.5))
    return table
