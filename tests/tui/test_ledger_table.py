"""The table: it draws what is in sight, keeps its cursor on its row, and asks for rows that it lacks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest
from textual.app import ComposeResult
from textual.pilot import Pilot

from tests.tui.ledger_stage import lines_of
from tui_delegate.tui.figures import fit
from tui_delegate.tui.stage import Stage
from tui_delegate.tui.widgets.ledger_columns import Cell, Column, Head
from tui_delegate.tui.widgets.ledger_sheets import ListSheet
from tui_delegate.tui.widgets.ledger_table import LedgerTable

Story = Callable[["TableStage", Pilot[int]], Awaitable[None]]
COLUMNS: list[Column[int]] = [
    Column(Head("n", "number", 8), lambda row: f"{row:,}"),
    Column(Head("word", "word", 10, 20, right=False), lambda row: f"wörd {row} 漢字", lambda row: "bad"),
    Column(Head("far", "far", 200, right=False), lambda row: "x" * 199 + "!"),
]


def sheet(rows: Sequence[int]) -> ListSheet[int]:
    return ListSheet(COLUMNS, rows, lambda row: row)


class Counted(ListSheet[int]):
    """Says which of its rows were written, and that some are not read yet."""

    def __init__(self, rows: Sequence[int]) -> None:
        super().__init__(COLUMNS, rows, lambda row: row)
        self.written: set[int] = set()
        self.lacks: set[int] = set()

    def cells(self, index: int) -> Sequence[Cell]:
        self.written.add(index)
        return None if index in self.lacks else super().cells(index)  # type: ignore[return-value]


class TableStage(Stage):
    def __init__(self) -> None:
        super().__init__()
        self.told: list[object] = []

    def compose(self) -> ComposeResult:
        yield LedgerTable()

    @property
    def table(self) -> LedgerTable:
        return self.query_one(LedgerTable)

    def on_ledger_table_wants(self, event: LedgerTable.Wants) -> None:
        self.told.append((event.first, event.last))

    def on_ledger_table_sort_picked(self, event: LedgerTable.SortPicked) -> None:
        self.told.append(event.key)

    def on_ledger_table_picked(self, event: LedgerTable.Picked) -> None:
        self.told.append(event.index)


def play(story: Story, size: tuple[int, int] = (60, 12)) -> None:
    async def main() -> None:
        app = TableStage()
        async with app.run_test(size=size) as pilot:
            app.table.focus()
            await story(app, pilot)

    asyncio.run(main())


def test_of_a_hundred_thousand_rows_only_those_in_sight_are_written() -> None:
    async def story(app: TableStage, pilot: Pilot[int]) -> None:
        rows = Counted(range(100_000))
        app.table.show(rows)
        await pilot.pause()
        await pilot.press("end")
        await pilot.pause()
        assert "99,999" in lines_of(app.table)[-2]
        assert len(rows.written) < 60

    play(story)


def test_the_cursor_goes_where_keys_send_it_and_stays_in_sight() -> None:
    async def story(app: TableStage, pilot: Pilot[int]) -> None:
        app.table.show(sheet(range(100)))
        await pilot.pause()
        for key, cursor in (
            ("down", 1),
            ("pagedown", 11),
            ("up", 10),
            ("end", 99),
            ("down", 99),
            ("pageup", 89),
            ("home", 0),
            ("up", 0),
        ):
            await pilot.press(key)
            await pilot.pause()
            assert app.table.cursor == cursor
            assert any(line.split()[:1] == [str(cursor)] for line in lines_of(app.table)[1:])

    play(story)


def test_the_head_stays_while_rows_and_columns_scroll() -> None:
    async def story(app: TableStage, pilot: Pilot[int]) -> None:
        app.table.show(sheet(range(100)), "n", descending=True)
        await pilot.press("end")
        await pilot.pause()
        assert lines_of(app.table)[0].split()[:2] == ["number↓", "word"]
        for _ in range(4):
            await pilot.press("right")
        app.table.scroll_to(x=400, animate=False)
        await pilot.pause()
        assert any("!" in line for line in lines_of(app.table)[1:])

    play(story)


def test_a_click_picks_a_row_its_second_opens_it_and_one_on_the_head_sorts() -> None:
    async def story(app: TableStage, pilot: Pilot[int]) -> None:
        app.table.show(sheet(range(100)))
        await pilot.click(app.table, offset=(3, 4))
        assert app.table.cursor == 3
        await pilot.click(app.table, offset=(3, 6), times=2)
        await pilot.click(app.table, offset=(12, 0))
        await pilot.pause()
        assert app.told == [5, "word"]

    play(story)


def test_rows_that_are_not_read_yet_are_asked_for_and_drawn_when_they_are() -> None:
    async def story(app: TableStage, pilot: Pilot[int]) -> None:
        rows = Counted(range(1000))
        rows.lacks = set(range(400, 600))
        app.table.show(rows)
        await pilot.pause()
        assert app.told == []
        app.table.put_cursor(500)
        await pilot.pause()
        first, last = app.told[-1]  # type: ignore[misc]
        assert first < 491 <= 500 < last  # type: ignore[has-type]
        assert lines_of(app.table)[5].split()[0] == "·"
        rows.lacks = set()
        app.table.fill()
        await pilot.pause()
        assert "wörd" in lines_of(app.table)[5]

    play(story)


def test_a_row_keeps_the_cursor_and_its_line_when_others_come_before_it() -> None:
    async def story(app: TableStage, pilot: Pilot[int]) -> None:
        app.table.show(sheet(range(100, 200)))
        app.table.put_cursor(50)
        await pilot.pause()
        before = [line[:50] for line in lines_of(app.table)]
        app.table.show(sheet(range(95, 200)))
        await pilot.pause()
        assert app.table.cursor == 55
        assert [line[:50] for line in lines_of(app.table)][1:-1] == before[1:-1]
        app.table.show(sheet([7]))
        await pilot.pause()
        assert app.table.cursor == 0

    play(story)


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (60, 12), (300, 60)])
def test_any_room_and_no_rows_at_all_will_do(size: tuple[int, int]) -> None:
    async def story(app: TableStage, pilot: Pilot[int]) -> None:
        for rows in ([], [1], list(range(50))):
            app.table.show(sheet(rows))
            for key in ("down", "end", "pageup", "home", "left", "right"):
                await pilot.press(key)
        app.table.pick()

    play(story, size)


@pytest.mark.parametrize("text", ["", "abc", "漢字漢字", "a漢", "é́", "👩‍👩‍👧x"])
@pytest.mark.parametrize("width", [0, 1, 2, 3, 5, 9])
def test_a_text_is_fitted_to_exactly_its_cells(text: str, width: int) -> None:
    from rich.cells import cell_len

    assert cell_len(fit(text, width)) == width
    assert cell_len(fit(text, width, right=True)) == width
