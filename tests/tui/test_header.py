from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tui_delegate.tui.stage import Stage
from tui_delegate.tui.widgets.header import Header, Post, Standing

if TYPE_CHECKING:
    from textual.app import ComposeResult


class Top(Stage):
    def compose(self) -> ComposeResult:
        yield Header()


def shown(standing: Standing, size: tuple[int, int]) -> str:
    async def main() -> str:
        app = Top()
        async with app.run_test(size=size) as pilot:
            header = app.query_one(Header)
            header.show(standing)
            await pilot.pause()
            return "\n".join(header.render_line(y).text for y in range(header.size.height))

    return asyncio.run(main())


@pytest.mark.parametrize(("size", "manager"), [((80, 24), " llamacpp ●"), ((120, 40), "manager llamacpp ●")])
def test_a_profile_stands_for_its_model_until_that_is_known(size: tuple[int, int], manager: str) -> None:
    text = shown(Standing(manager=Post("llamacpp", "", True), worker=Post("ollama", "qwen3", True)), size)
    assert manager in text
    assert "qwen3" in text
    assert "…" not in text


def test_one_line_tells_of_the_window_once_it_runs_out() -> None:
    def standing(context: int) -> Standing:
        return Standing(manager=Post("p", "qwen3", True), context=context, window=1000)

    assert "context" not in shown(standing(100), (80, 24))
    assert "context 91%  qwen3" in shown(standing(910), (80, 24))
    assert "910/1,000" in shown(standing(910), (120, 40))
