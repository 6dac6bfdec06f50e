"""The plot: its columns are as high as its figures, whatever the room; and it can do with plain ASCII."""

from __future__ import annotations

import asyncio

import pytest
from textual.app import ComposeResult

from tests.tui.ledger_stage import HOSTILE, lines_of
from tui_delegate.journal.browse import Slice
from tui_delegate.tui.screens.ledger_charts import charts
from tui_delegate.tui.stage import Stage
from tui_delegate.tui.widgets.plot import Chart, Plot, Series


def drawn(chart: Chart, size: tuple[int, int] = (40, 8), *, plainly: bool = False) -> list[str]:
    class PlotStage(Stage):
        def compose(self) -> ComposeResult:
            yield Plot()

    async def main() -> list[str]:
        app = PlotStage()
        app.sign_plainly(plainly)
        async with app.run_test(size=size) as pilot:
            app.query_one(Plot).show(chart)
            await pilot.pause()
            return lines_of(app.query_one(Plot))

    return asyncio.run(main())


def test_columns_are_as_high_as_their_figures() -> None:
    lines = drawn(Chart("tokens", (Series("m", (0, 1, 2, 3, 4, 5, 6, 0.5)),), "00:00", "08:00"))
    assert lines[0].strip() == "tokens"
    heights = [
        sum(line[10 + column : 11 + column] not in ("", " ") for line in lines[1:-1]) for column in range(8)
    ]
    assert heights == [0, 1, 2, 3, 4, 5, 6, 1]
    assert lines[1].strip().startswith("6 │")
    assert lines[-1].strip().startswith("└00:00")
    assert lines[-1].endswith("08:00")


def test_series_stand_one_upon_the_other_each_with_its_own_filling() -> None:
    lines = drawn(Chart("tokens", (Series("low", (3.0,)), Series("high", (3.0,)))))
    assert [line[10] for line in lines[1:-1]] == ["▓", "▓", "▓", "█", "█", "█"]
    assert "█ low" in lines[0]
    assert "▓ high" in lines[0]


def test_a_terminal_without_blocks_gets_ascii() -> None:
    lines = drawn(
        Chart("tokens", (Series("low", (3.0, 0.2)), Series("high", (3.0, 0.0))), "a", "b"), plainly=True
    )
    assert all(line.isascii() for line in lines)
    assert "#" in lines[-2]


@pytest.mark.parametrize("size", [(1, 1), (5, 3), (12, 5), (200, 50)])
def test_any_room_will_do(size: tuple[int, int]) -> None:
    for chart in (Chart(""), Chart("x", (Series("m", (1e18, 0.0, 1e-9)),)), Chart("x", (Series("m", ()),))):
        assert len(drawn(chart, size)) == max(size[1], 5) or size[1] < 5


def test_models_beyond_the_first_share_a_series_and_lose_nothing() -> None:
    slices = [Slice(slot, f"m{model}", 10 * model, 0.5, 0, 0, 0) for slot in range(3) for model in range(12)]
    tokens, cost, speed = charts(slices, 3, 0.0, 60.0)
    assert [one.name for one in tokens.series] == ["m11", "m10", "m9", "m8", "m7", "others"]
    assert sum(sum(one.figures) for one in tokens.series) == sum(one.tokens for one in slices)
    assert sum(sum(one.figures) for one in cost.series) == pytest.approx(18)
    assert speed.peak == 0


def test_speed_is_of_the_calls_whose_speed_is_known() -> None:
    slices = [
        Slice(0, "a", 9, 0, 0, 100.0, 2.0),
        Slice(0, "b", 9, 0, 1, 50.0, 3.0),
        Slice(9, "b", 9, 0, 0, 0, 0),
    ]
    _, cost, speed = charts(slices, 2, 0.0, 60.0)
    assert speed.series[0].figures == (30.0, 0.0)
    assert cost.note == "1 call of unknown cost is not in it"


def test_where_there_is_nothing_to_show_a_plot_says_so() -> None:
    for chart in charts([], 3, 0.0, 1.0):
        assert (chart.note, chart.begins, chart.ends) == ("no call to show", "", "")
    assert drawn(charts([], 3, 0.0, 1.0)[0])[0].strip() == "tokens  no call to show"
    assert charts([Slice(0, "m", 5, 0, 0, 0, 0)], 1, 0.0, 60.0)[1].note == "nothing was paid"


def test_the_name_of_a_model_reaches_the_legend_clean() -> None:
    tokens, _, _ = charts([Slice(0, HOSTILE, 5, 0, 0, 0, 0), Slice(0, "b", 5, 0, 0, 0, 0)], 1, 0.0, 60.0)
    text = "\n".join(drawn(tokens, (90, 8)))
    assert "[red]漢字" in text
    assert "\x1b" not in text
