from __future__ import annotations

import pytest

from tui_delegate.tui.commands import Command
from tui_delegate.tui.keys import keys_of, refusal, shown

CANCEL = Command("pane.cancel", "Cancel this worker", "Stops it.", "x")
RETRY = Command("pane.retry", "Try again", "Runs it again.", "r,f9")
SORT = Command("ledger.sort", "Sort", "Sorts.", "x")
PALETTE = Command("app.palette", "Palette", "Lists all.", "ctrl+p", first=True)
STEER = Command("prompt.steer", "Steer", "Steers.", "alt+enter")
ALL = (CANCEL, RETRY, SORT, PALETTE, STEER)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("ctrl+l", "^l"),
        ("ctrl+l,question_mark", "^l ?"),
        ("shift+enter, ctrl+j", "shift+enter ^j"),
        ("alt+1", "alt+1"),
        ("ctrl+shift+left", "ctrl+shift+←"),
        ("upper_x", "X"),
        ("escape", "esc"),
        ("", ""),
    ],
)
def test_keys_are_written_as_people_read_them(keys: str, words: str) -> None:
    assert shown(keys) == words


def test_a_given_key_stands_for_the_commands_own() -> None:
    assert keys_of(CANCEL, {}) == "x"
    assert keys_of(CANCEL, {"pane.cancel": "c"}) == "c"


def test_a_key_of_the_same_part_is_refused_and_one_of_another_part_is_not() -> None:
    assert refusal(CANCEL, "f9", ALL, {}) == "f9 does this already: Try again."
    assert refusal(RETRY, "x", ALL, {}) == "x does this already: Cancel this worker."
    assert refusal(SORT, "r", ALL, {}) == ""
    assert refusal(RETRY, "x", ALL, {"pane.cancel": "c"}) == ""
    assert refusal(CANCEL, "x", ALL, {}) == ""


def test_a_key_that_works_everywhere_is_taken_everywhere() -> None:
    assert refusal(CANCEL, "ctrl+p", ALL, {}) == "^p does this already: Palette."
    assert refusal(PALETTE, "f9", ALL, {}) == "f9 does this already: Try again."


@pytest.mark.parametrize("key", ["escape", "tab", "ctrl+c", "ctrl+q"])
def test_keys_that_every_screen_uses_cannot_be_given(key: str) -> None:
    assert "has its own use" in refusal(CANCEL, key, ALL, {})


@pytest.mark.parametrize("key", ["a", "space", "left"])
def test_what_works_in_the_prompt_takes_no_letter_from_it(key: str) -> None:
    assert "would be lost to the prompt" in refusal(PALETTE, key, ALL, {})
    assert refusal(PALETTE, "f7", ALL, {}) == ""


@pytest.mark.parametrize("key", ["ctrl+a", "ctrl+e", "ctrl+w", "ctrl+u", "ctrl+k", "ctrl+y"])
def test_the_prompt_keeps_the_keys_of_a_line_editor(key: str) -> None:
    assert "needed to edit" in refusal(PALETTE, key, ALL, {})
    assert "needed to edit" in refusal(STEER, key, ALL, {})
    assert refusal(CANCEL, key, ALL, {}) == ""


def test_a_command_can_always_have_its_own_key_back() -> None:
    stop = Command("main.stop", "Stop", "Stops.", "escape", first=True)
    send = Command("prompt.send", "Send", "Sends.", "enter")
    assert refusal(stop, "escape", (*ALL, stop), {"main.stop": "f12"}) == ""
    assert refusal(send, "enter", (*ALL, send), {"prompt.send": "ctrl+s"}) == ""
    assert "own use" in refusal(send, "escape", (*ALL, send), {})
