"""The question before something is done, and the screen that opens a text: keys, verdicts, what is seen."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from textual.screen import Screen
from textual.widgets import OptionList, TextArea

from tui_delegate.core.approval import APPROVED, Question, Verdict
from tui_delegate.tui.screens.approval import ApprovalScreen
from tui_delegate.tui.screens.edit import EditScreen
from tui_delegate.tui.stage import Stage

TASK = "list the changes\x1b[2J\u202e\nand quote [red]lines[/]"
QUESTION = Question(
    (0, 2),
    task_name="find [b]reaks",
    task=TASK,
    agent="worker",
    profile="lmstudio",
    model="qwen",
    files=("a.md", "b.md"),
)
PLACES = ("worker", "reviewer", "ollama", "ollama/big")


def pressed(screen: Screen[Any], *keys: str, size: tuple[int, int] = (100, 30)) -> tuple[object, str]:
    """Press keys on a screen; give what it was dismissed with, and what was seen before the last key."""
    given: list[object] = []

    async def main() -> str:
        app = Stage()
        async with app.run_test(size=size) as pilot:
            app.push_screen(screen, given.append)
            await pilot.pause()
            await pilot.press(*keys[:-1])
            await pilot.pause()
            seen = app.export_screenshot(simplify=True) if app.screen is screen else ""
            await pilot.press(*keys[-1:])
            await pilot.pause()
        return seen.replace("&#160;", " ")

    seen = asyncio.run(main())
    assert len(given) <= 1
    return (given[0] if given else "open"), seen


def asked(*keys: str, question: Question = QUESTION, guard: float = 0.0, waiting: int = 0) -> object:
    return pressed(ApprovalScreen(question, PLACES, guard=guard, waiting=waiting), *keys)[0]


@pytest.mark.parametrize(
    ("keys", "verdict"),
    [
        (["enter"], APPROVED),
        (["a"], APPROVED),
        (["A"], Verdict(approved=True, whole_run=True)),
        (["escape"], Verdict()),
        (["n", "enter"], Verdict()),
        (["n", *"no", "enter"], Verdict(reason="no")),
        (["n", "escape", "enter"], APPROVED),
        (["r", *"rev", "enter", "enter"], Verdict(approved=True, agent="reviewer")),
        (["r", *"big", "enter", "enter"], Verdict(approved=True, agent="ollama/big")),
        (["r", *"ollama", "enter", "enter"], Verdict(approved=True, agent="ollama")),
        (["r", *"new/one", "enter", "a"], Verdict(approved=True, agent="new/one")),
        (["r", "down", "enter", "enter"], Verdict(approved=True, agent="reviewer")),
        (["r", "enter", "enter"], APPROVED),
        (["e", "ctrl+s", "enter"], APPROVED),
        (["e", "x", "escape", "enter"], APPROVED),
    ],
)
def test_keys_make_a_verdict(keys: Sequence[str], verdict: Verdict) -> None:
    assert asked(*keys) == verdict


def test_an_edited_task_is_approved_as_it_is_seen() -> None:
    verdict = asked("e", "x", "ctrl+s", "r", *"rev", "enter", "A")
    assert verdict == Verdict(
        approved=True,
        whole_run=True,
        agent="reviewer",
        task="xlist the changes␛[2J⟨U+202E⟩\nand quote [red]lines[/]",
    )


def test_keys_that_were_typed_before_it_opened_answer_nothing() -> None:
    for key in ("enter", "a", "A", "escape", "n", "e", "r"):
        assert asked(key, guard=60.0) == "open"


def test_code_can_be_approved_or_refused_and_not_sent_elsewhere() -> None:
    code = Question((0,), kind="code", task="print(1)")
    assert asked("r", "e", "enter", question=code) == APPROVED


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40), (220, 60)])
def test_what_is_asked_is_seen_at_every_size(size: tuple[int, int]) -> None:
    long = Question((0,), task_name="long", task="line\n" * 300, agent="worker", note="It was not found.")
    for question, words in (
        (QUESTION, ("list the changes␛[2J⟨U+202E⟩", "[red]lines[/]", "a.md, b.md")),
        (long, ()),
    ):
        _, seen = pressed(ApprovalScreen(question, PLACES, waiting=2), "enter", "escape", size=size)
        for word in (*words, "May this be delegated?", "approve", "esc"):
            assert word in seen, word
    assert "It was not found." in seen


def test_the_list_of_places_leaves_the_keys_in_sight() -> None:
    long = Question((0,), task_name="long", task="line\n" * 300, agent="worker")
    _, seen = pressed(ApprovalScreen(long, PLACES * 9, guard=0), "r", "o", "escape", size=(80, 24))
    assert "ollama/big" in seen
    assert "esc" in seen
    assert "back" in seen


def test_a_name_with_brackets_stays_a_name() -> None:
    async def main() -> None:
        app = Stage()
        async with app.run_test() as pilot:
            screen = ApprovalScreen(QUESTION, ["[red]x[/]", "ok\x1b[2J"], guard=0)
            app.push_screen(screen)
            await pilot.press("r")
            await pilot.pause()
            options = screen.query_one("#places", OptionList)
            assert [str(options.get_option_at_index(place).prompt) for place in (0, 1)] == ["[red]x[/]", "ok"]

    asyncio.run(main())


def edited(text: str, *keys: str) -> object:
    return pressed(EditScreen("Result of [1] x", text, hint="as [its] own"), *keys)[0]


def test_a_text_is_saved_as_it_was_typed() -> None:
    assert edited("old", "x", "enter", "ctrl+s") == "x\nold"


def test_a_text_that_was_not_changed_comes_back_as_it_was_given() -> None:
    text = "one\x1b[2J\r\ntwo\u2028three\x00"
    assert edited(text, "ctrl+s") == text
    assert edited("a\x1bb", "x", "ctrl+s") == "xa␛b"


def test_going_back_drops_a_changed_text_by_the_second_key_only() -> None:
    assert edited("old", "escape") is None
    assert edited("old", "x", "escape") == "open"
    assert edited("old", "x", "escape", "escape") is None
    assert edited("old", "x", "escape", "y", "escape") == "open"
    _, seen = pressed(EditScreen("t", "old"), "x", "escape", "y")
    assert "the same key again drops it" in seen


def test_a_text_of_any_bytes_is_opened_without_one_control_in_it() -> None:
    async def main() -> str:
        app = Stage()
        async with app.run_test() as pilot:
            screen = EditScreen("t", "".join(map(chr, range(256))) + "\ud800\u202e")
            app.push_screen(screen)
            await pilot.pause()
            return screen.query_one(TextArea).text

    text = asyncio.run(main())
    assert all(one.isprintable() or one in "\t\n\xa0\xad" for one in text)
