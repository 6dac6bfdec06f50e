"""What is typed faster than anything is drawn: every key counts in its place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual import events
from textual.pilot import Pilot
from textual.screen import Screen

from tui_delegate.tui.screens.confirm import AskLine
from tui_delegate.tui.screens.ledger_export import ExportScreen, Target
from tui_delegate.tui.stage import Stage

KEYS = {"\r": "enter", "\x15": "ctrl+u", "\x01": "ctrl+a", "\x05": "ctrl+e"}


def answered(question: Screen[Any], typed: str) -> object:
    """Type all at once into a question, and give what it is answered with."""
    given: list[object] = []

    async def main() -> None:
        app = Stage()
        async with app.run_test() as pilot:
            await app.push_screen(question, given.append)
            for letter in typed:
                app.post_message(events.Key(KEYS.get(letter, letter), letter))
            await until(pilot, lambda: given)

    asyncio.run(main())
    return given[0]


async def until(pilot: Pilot[int], there: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not there():
            await pilot.pause(0.01)


def test_a_line_is_taken_with_its_last_letters() -> None:
    assert answered(AskLine("What?", "before"), "\x15a new name\r") == "a new name"


def test_keys_that_move_and_cut_do_it_before_the_next_letter() -> None:
    assert answered(AskLine("What?", "b"), "\x01a\x05c\r") == "abc"


def test_an_export_is_written_to_the_whole_name(tmp_path: Path) -> None:
    question = ExportScreen("Export", tmp_path, "calls")
    assert answered(question, "\x15all.jsonl\r") == Target(tmp_path / "all.jsonl", "jsonl", False)
