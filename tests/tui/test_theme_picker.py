from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual.widgets import OptionList

from tests.tui.standing import SIZES, Standing, seen
from tui_delegate.tui.screens.theme_picker import ThemePicker
from tui_delegate.tui.themes import DEFAULT, Themes, shipped

sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


def standing(worn: str = DEFAULT, own: Path | None = None) -> Standing:
    themes = Themes(own)
    return Standing(lambda: ThemePicker(themes, worn), themes)


@sizes
def test_every_theme_is_listed_with_its_ground_and_what_it_is(size: tuple[int, int]) -> None:
    async def main() -> None:
        app = standing()
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            words = seen(pilot)
            for palette in app.themes.palettes.values():
                assert palette.name in words
                assert palette.description in words
            assert "esc back" in words
            assert app.screen.query_one(OptionList).highlighted_option.id == DEFAULT  # type: ignore[union-attr]

    asyncio.run(main())


@sizes
def test_moving_tries_a_theme_on_and_enter_keeps_it(size: tuple[int, int]) -> None:
    async def main() -> None:
        app = standing()
        async with app.run_test(size=size) as pilot:
            await pilot.press("home")
            assert app.theme == "beacon"
            await pilot.press("down")
            assert app.theme == "ember"
            await pilot.press("enter")
            await pilot.pause()
            assert (app.theme, app.results) == ("ember", ["ember"])

    asyncio.run(main())


def test_esc_puts_the_old_one_on_again() -> None:
    async def main() -> None:
        app = standing("paper")
        async with app.run_test() as pilot:
            await pilot.press("up", "up")
            assert app.theme != "paper"
            await pilot.press("escape")
            await pilot.pause()
            assert (app.theme, app.results) == ("paper", [None])

    asyncio.run(main())


def test_a_click_keeps_a_theme() -> None:
    async def main() -> None:
        app = standing()
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            await pilot.click(OptionList, offset=(4, 2))
            await pilot.pause()
            assert app.results == ["fjord"]

    asyncio.run(main())


def test_a_description_is_text_and_never_markup(tmp_path: Path) -> None:
    text = (shipped() / "paper.toml").read_text().replace("Ink on", "[red]Ink[/red] [on")
    (tmp_path / "a.toml").write_text(text)

    async def main() -> None:
        async with standing(own=tmp_path).run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            assert "[red]Ink[/red] [on warm paper." in seen(pilot)

    asyncio.run(main())


@sizes
def test_trying_on_a_theme_that_uses_the_terminals_own_colours_works(size: tuple[int, int]) -> None:
    async def main() -> None:
        app = standing("terminal-light")
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            assert app.native_ansi_color
            await pilot.press("up")
            assert app.theme == "paper"
            await pilot.press("escape")

    asyncio.run(main())
