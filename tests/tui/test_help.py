from __future__ import annotations

import asyncio

import pytest
from textual.containers import VerticalScroll

from tests.tui.standing import SIZES, Standing, seen
from tui_delegate.tui.commands import Command
from tui_delegate.tui.screens.help import PARTS, HelpScreen, matching, text_of

sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
COMMANDS = (
    Command("app.palette", "Command palette", "Everything there is to do, by name.", "ctrl+p", first=True),
    Command("app.export", "Export as Markdown", "Writes the conversation to a file.", slash="export"),
    *(Command(f"chat.do-{index}", f"Chat thing {index}", "Does it.", f"f{index}") for index in range(1, 41)),
    Command("pane.cancel", "Cancel this worker", "Stops it; what it wrote is kept.", "x"),
    Command("pane.retry", "Try again", "Runs the task once more.", "r"),
    Command("odd-part.thing", "Odd thing", "Is odd.", "question_mark"),
)


def standing(focused: str = "pane", keymap: dict[str, str] | None = None) -> Standing:
    return Standing(lambda: HelpScreen(COMMANDS, focused, keymap))


@sizes
def test_help_begins_with_the_part_that_has_the_focus(size: tuple[int, int]) -> None:
    async def main() -> None:
        async with standing().run_test(size=size) as pilot:
            await pilot.pause()
            words = seen(pilot)
            assert (
                words.index(PARTS["pane"].title)
                < words.index("Cancel this worker")
                < words.index("Try again")
            )
            assert words.index("Try again") < words.index(PARTS["app"].title)
            assert "^p" in words

    asyncio.run(main())


@sizes
def test_typing_finds_keys_words_and_slash_words(size: tuple[int, int]) -> None:
    async def main() -> None:
        async with standing().run_test(size=size) as pilot:
            await pilot.press(*"/exp")
            await pilot.pause()
            words = seen(pilot)
            assert "Export as Markdown" in words
            assert "Cancel this worker" not in words
            await pilot.press(*"zzz")
            await pilot.pause()
            assert "Nothing here is called that." in seen(pilot)

    asyncio.run(main())


@sizes
def test_arrows_and_pages_scroll_while_one_types(size: tuple[int, int]) -> None:
    async def main() -> None:
        app = standing()
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            scroll = app.screen.query_one(VerticalScroll)
            await pilot.press("down", "down")
            assert scroll.scroll_y == (2 if scroll.max_scroll_y > 1 else scroll.max_scroll_y)
            await pilot.press("up")
            await pilot.press("pagedown")
            assert scroll.scroll_y == min(1 + scroll.size.height, scroll.max_scroll_y)
            await pilot.press("pageup")
            assert scroll.scroll_y <= 1
            await pilot.press(*"retry")
            assert scroll.scroll_y == 0

    asyncio.run(main())


@pytest.mark.parametrize("key", ["escape", "f1"])
def test_help_closes(key: str) -> None:
    async def main() -> None:
        app = standing()
        async with app.run_test() as pilot:
            await pilot.press("a", key)
            await pilot.pause()
            assert app.results == [None]

    asyncio.run(main())


def test_every_command_stands_in_help_once_with_the_key_that_it_has_now() -> None:
    text = text_of(COMMANDS, "pane", {"pane.cancel": "ctrl+x"}, 118).plain
    for command in COMMANDS:
        assert text.count(f" {command.title} ") == 1
    assert "^x   Cancel this worker" in text
    assert "/export" in text
    assert "Odd part" in text


@pytest.mark.parametrize("width", [30, 74, 91, 92, 118])
def test_no_line_of_help_is_wider_than_the_screen(width: int) -> None:
    assert all(
        line.cell_length <= max(width, 48) for line in text_of(COMMANDS, "chat", {}, width).split("\n")
    )


def test_a_part_without_commands_has_no_section() -> None:
    assert "prompt" not in text_of(COMMANDS, "prompt", {}, 80).plain.splitlines()[0].casefold()


def test_all_words_have_to_be_found() -> None:
    assert [one.id for one in matching(COMMANDS, "worker cancel", {})] == ["pane.cancel"]
    assert [one.id for one in matching(COMMANDS, "^p", {})] == ["app.palette"]
    assert len(matching(COMMANDS, " ", {})) == len(COMMANDS)
