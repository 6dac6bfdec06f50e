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
