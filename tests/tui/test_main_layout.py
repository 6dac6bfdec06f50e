"""How the main screen stands in terminals of different sizes, by what a person sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.driver import Stand, drive, house_in


@pytest.mark.parametrize("size", [(80, 24), (99, 30), (100, 30), (220, 60)], ids=str)
def test_no_word_of_the_chat_is_cut_off(tmp_path: Path, size: tuple[int, int]) -> None:
    async def part(stand: Stand) -> None:
        await stand.play("failed")
        words = " ".join(line.strip("│ ") for line in stand.text.replace("│", "\n│").splitlines())
        for word in ("There", "http://127.0.0.1:11434.", "ollama pull"):
            assert word in words

    drive(house_in(tmp_path), part, size)


def test_a_terminal_that_is_made_smaller_keeps_all_words_in_sight(tmp_path: Path) -> None:
    async def part(stand: Stand) -> None:
        await stand.play("failed")
        await stand.pilot.resize_terminal(80, 24)
        await stand.settle()
        assert "ollama pull" in stand.text
        await stand.pilot.resize_terminal(160, 40)
        await stand.settle()
        assert "Workers appear here" in stand.text.splitlines()[4]

    drive(house_in(tmp_path), part, (160, 40))


def test_keys_of_the_arrangement_say_where_it_shows_if_it_cant_here(tmp_path: Path) -> None:
    async def part(stand: Stand) -> None:
        await stand.press("ctrl+t")
        await stand.until(lambda: "Workers as list, where the screen has 100 columns or more." in stand.said)
        await stand.press("alt+shift+right")
        await stand.until(lambda: "The chat has 55 % of the width where" in stand.said)
        await stand.press("alt+shift+up")
        await stand.until(lambda: "room for 2 rows of the strip." in stand.said)
        await stand.press("alt+shift+down")
        assert stand.app.house.preferences.strip_rows == 1

    drive(house_in(tmp_path), part, (80, 24))


def test_a_wide_screen_just_follows_them(tmp_path: Path) -> None:
    async def part(stand: Stand) -> None:
        await stand.press("alt+shift+right", "alt+shift+down", "ctrl+t")
        await stand.until(lambda: "Workers as list." in stand.said)
        assert "where" not in stand.said
        assert "room" not in stand.said
        assert stand.app.house.preferences.strip_rows == 5

    drive(house_in(tmp_path), part, (160, 50))


def test_to_add_a_server_opens_the_form_for_it(tmp_path: Path) -> None:
    async def part(stand: Stand) -> None:
        await stand.ask("/servers")
        await stand.until("add a server")
        await stand.press("a")
        await stand.until("A new profile", "base_url")
        await stand.press("escape")
        await stand.until("Profiles", lambda: "A new profile" not in stand.text)

    drive(house_in(tmp_path), part, (120, 40))
