"""A journal to look at, an app that holds only the ledger's screen, and what stands on its lines."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.journal.samples import NOON, call, commit, opened, spent
from tui_delegate.core.calls import RunContext
from tui_delegate.core.usage import LOCAL, Price, Usage
from tui_delegate.journal.store import Journal
from tui_delegate.tui.screens.ledger import LedgerScreen
from tui_delegate.tui.stage import Stage
from tui_delegate.tui.widgets.ledger_table import LedgerTable

if TYPE_CHECKING:
    from textual.pilot import Pilot
    from textual.widget import Widget

    from tui_delegate.core.calls import ModelCall

SIZES = ((80, 24), (120, 40), (220, 60))
DEAR = Price(10.0, 20.0, 1.0)
HOSTILE = "\x1b]0;owned\x07\x1b[31m[red]漢字[/red]\u202e\x9b2J"
SHOWN = "[red]漢字[/red]"
"""What of it may reach a screen."""


def filled(path: Path, calls: int = 30) -> Path:
    """Make a journal: a dear manager and cheap workers in run `r1`, and another day's run `r0`."""
    with closing(Journal.open(path)) as journal:
        commit(
            journal, "r0", [opened("r0", RunContext("ask", "old", "/home/me/old")), spent(at=NOON - 90_000)]
        )
        commit(
            journal,
            "r1",
            [opened("r1", RunContext("tui", "s1", "/home/me/new")), spent(manager(), path=(), at=NOON)],
        )
        workers = [spent(worker(number), path=(number % 3,), at=NOON + number) for number in range(1, calls)]
        assert commit(journal, "r1", workers) is None
    return path


def manager() -> ModelCall:
    """A call whose price is known and dear."""
    return replace(call(agent="manager", model="dear", cost=0.5), price=DEAR)


def worker(number: int) -> ModelCall:
    """A call of a server of one's own; each fifth failed, each seventh is of unknown price and use."""
    if number % 7 == 0:
        return call(model="unknown", usage=Usage(0, 0, 0, 0, "unknown"), cost=None)
    made = call(
        model=f"local-{number % 3}",
        usage=Usage(100 + number, 10, number),
        status="ok" if number % 5 else "failed",
    )
    return replace(made, price=LOCAL, cost=0.0)


class LedgerStage(Stage):
    """The ledger and nothing else; keeps what it was told."""

    def __init__(self, path: Path, **given: str) -> None:
        super().__init__()
        self.ledger = LedgerScreen(path, run="r1", session="s1", now=lambda: NOON + 3600, **given)
        self.specs: list[str] = []
        self.closed = False

    def on_mount(self) -> None:
        """Open it."""
        self.push_screen(self.ledger, self._close)

    def on_ledger_screen_columns_changed(self, event: LedgerScreen.ColumnsChanged) -> None:
        """Keep the spec."""
        self.specs.append(event.spec)

    def _close(self, _: None) -> None:
        self.closed = True

    @property
    def table(self) -> LedgerTable:
        """The table."""
        return self.ledger.query_one(LedgerTable)


async def settled(pilot: Pilot[int]) -> None:
    """Wait until every question that the screen asked has its answer on the screen."""
    await pilot.pause()
    while [one for one in pilot.app.workers if not one.is_finished]:
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()


async def press(pilot: Pilot[int], *keys: str) -> None:
    """Press keys, each after the last one's answer."""
    for key in keys:
        await pilot.press(key)
        await settled(pilot)


def lines_of(widget: Widget) -> list[str]:
    """Give the lines of a widget as they stand on the screen."""
    region = widget.region
    strips = widget.app.screen._compositor.render_strips(widget.app.size)
    return [strip.crop(region.x, region.right).text.rstrip() for strip in strips[region.y : region.bottom]]


def screen_text(pilot: Pilot[int]) -> str:
    """Give all lines of the screen."""
    strips = pilot.app.screen._compositor.render_strips(pilot.app.size)
    return "\n".join(strip.text.rstrip() for strip in strips)
