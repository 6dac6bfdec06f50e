"""Each key of the prompt does what a line editor's does, and those that it has no use for go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual import events
from textual.pilot import Pilot

from tests.tui.prompt_stage import PromptStage
from tui_delegate.tui.history import PromptHistory
from tui_delegate.tui.widgets.line_editor import KillRing, typable
from tui_delegate.tui.widgets.menu import Menu
from tui_delegate.tui.widgets.prompt import COMMANDS, MENU_COMMANDS, PromptBar

SIZES = [(80, 24), (120, 40)]
LINE_KEYS = {
    "ctrl+a": "|one two/three",
    "ctrl+a ctrl+e": "one two/three|",
    "home": "|one two/three",
    "ctrl+b ctrl+b": "one two/thr|ee",
    "left left right": "one two/thre|e",
    "alt+b": "one two/|three",
    "ctrl+a alt+f": "one| two/three",
    "ctrl+left ctrl+left": "one |two/three",
    "ctrl+a ctrl+right": "one| two/three",
    "ctrl+w": "one |",
    "ctrl+w ctrl+w": "|",
    "alt+backspace": "one two/|",
    "ctrl+u": "|",
    "alt+b ctrl+u": "|three",
    "alt+b ctrl+k": "one two/|",
    "ctrl+a alt+d": "| two/three",
    "ctrl+w ctrl+y": "one two/three|",
    "ctrl+w ctrl+w ctrl+y": "one two/three|",
    "ctrl+u ctrl+y ctrl+y": "one two/threeone two/three|",
    "alt+b ctrl+k ctrl+a ctrl+y": "three|one two/",
    "ctrl+w left ctrl+w ctrl+y alt+y": "two/three| ",
    "backspace": "one two/thre|",
    "ctrl+a ctrl+d": "|ne two/three",
    "ctrl+a delete": "|ne two/three",
    "ctrl+w ctrl+z": "one two/three|",
    "x ctrl+z ctrl+shift+z": "one two/threex|",
    "shift+enter x": "one two/three\nx|",
    "ctrl+j x": "one two/three\nx|",
    "ctrl+c": "|",
    "ctrl+c ctrl+y": "one two/three|",
    "alt+z": "one two/three|",
}
Act = Callable[[PromptStage, Pilot[int]], Awaitable[None]]


def play(act: Act, app: PromptStage | None = None, size: tuple[int, int] = (80, 24)) -> PromptStage:
    async def main() -> PromptStage:
        stage = app or PromptStage()
        async with stage.run_test(size=size) as pilot:
            await act(stage, pilot)
            await pilot.pause()
        return stage

    return asyncio.run(main())


def typed(text: str, *keys: str, at: tuple[int, int] | None = None, size: tuple[int, int] = (80, 24)) -> str:
    """Write a text, put the cursor somewhere, press keys; what comes of it, with `|` for the cursor."""

    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        app.bar.draft = text
        if at:
            app.bar.field.move_cursor(at)
        await pilot.press(*keys)
        shown.append(f"{app.bar.field.before}|{app.bar.field.after}")

    shown: list[str] = []
    play(act, size=size)
    return shown[0]


@pytest.mark.parametrize("size", SIZES)
def test_a_line_editors_keys_work(size: tuple[int, int]) -> None:
    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        field = app.bar.field
        for keys in LINE_KEYS:
            field.ring = KillRing()
            app.bar.draft = "one two/three"
            await pilot.press(*keys.split())
            shown[keys] = f"{field.before}|{field.after}"

    shown: dict[str, str] = {}
    play(act, size=size)
    assert shown == LINE_KEYS


def test_kill_and_move_know_lines_and_not_the_rows_that_they_are_wrapped_to() -> None:
    long = "word " * 60
    assert typed(f"first\n{long}", "ctrl+a") == f"first\n|{long}"
    assert typed(f"first\n{long}", "ctrl+u") == "first\n|"
    assert typed(f"first\n{long}", "ctrl+u", "ctrl+u") == "first|"
    assert typed("one\ntwo", "ctrl+k", at=(0, 3)) == "one|two"


@given(
    text=st.text(alphabet="ab c日\n", max_size=30),
    cursor=st.integers(0, 40),
    kill=st.sampled_from(["ctrl+u", "ctrl+k", "ctrl+w", "alt+d", "alt+backspace"]),
)
@settings(max_examples=25, deadline=None)
def test_what_was_cut_is_put_back_whole(text: str, cursor: int, kill: str) -> None:
    rows = text.split("\n")
    row = cursor % len(rows)
    assert typed(text, kill, "ctrl+y", at=(row, cursor % (len(rows[row]) + 1))).replace("|", "") == text


@given(st.lists(st.tuples(st.text(max_size=3), st.booleans(), st.booleans()), max_size=20))
def test_the_ring_holds_texts_in_the_order_in_which_they_stood(kills: list[tuple[str, bool, bool]]) -> None:
    ring, told = KillRing(), [""]
    for text, joins, before in kills:
        ring.kill(text, joins=joins, before=before)
        if joins and len(told) > 1:
            told[-1] = text + told[-1] if before else told[-1] + text
        elif text:
            told.append(text)
    assert ring.yank() == told[-1]
    assert [ring.turn() for _ in told[1:]] == (told[1:-1][::-1] + told[-1:] if len(told) > 1 else [])


@pytest.mark.parametrize("size", SIZES)
def test_enter_sends_and_alt_enter_steers_and_both_leave_an_empty_prompt(size: tuple[int, int]) -> None:
    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        await pilot.press("enter", "space", "enter", *"ask", "enter")
        assert app.text == ""
        await pilot.press(*"now", "alt+enter")

    app = play(act, size=size)
    assert [(type(one), getattr(one, "text", "")) for one in app.posted] == [
        (PromptBar.Submitted, "ask"),
        (PromptBar.Steered, "now"),
    ]


def test_escape_and_keys_without_a_use_here_go_on_to_the_screen() -> None:
    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        await pilot.press(*"text", "escape", "escape")
        assert app.text == "text"
        assert app.stopped == 2
        await pilot.press("alt+up")
        assert app.stopped == 102

    play(act)


def test_keys_are_remapped_by_their_id() -> None:
    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        app.set_keymap({"prompt.send": "ctrl+s", "prompt.newline": "enter", "menu.take": "ctrl+t"})
        await pilot.press("a", "enter", "b")
        assert app.text == "a\nb"
        await pilot.press("ctrl+s")
        assert app.text == ""
        await pilot.press("slash", "l", "enter")  # the list's own key is another
        assert app.text == "/ledger "
        await pilot.press("ctrl+u", "slash", "t")
        assert "^t takes · esc closes" in str(app.query_one(Menu).render())
        await pilot.press("ctrl+t")
        assert app.text == "/theme "

    play(act)


def test_no_command_of_ours_takes_a_line_editors_key() -> None:
    taken = {key for one in (*COMMANDS, *MENU_COMMANDS) for key in one.keys.split(",")}
    assert not taken & {f"ctrl+{letter}" for letter in "abdefhkuwyz"}
    assert all(one.help and one.title for one in (*COMMANDS, *MENU_COMMANDS))


@pytest.mark.parametrize("size", SIZES)
def test_it_grows_with_the_text_to_a_third_of_the_screen_and_then_scrolls(size: tuple[int, int]) -> None:
    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        heights = [app.bar.region.height]
        for _ in range(12):
            await pilot.press("ctrl+j")
            heights.append(app.bar.region.height)
        assert heights == [1, 2, 3, 4, 5, 6, 7, *[8] * 6]
        assert app.bar.region.bottom == size[1]
        await pilot.resize_terminal(size[0], 12)
        await pilot.pause()
        assert app.bar.region.height == 4
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert app.bar.region.height == 1

    play(act, size=size)


def test_a_paste_is_kept_whole_cleaned_and_never_sent() -> None:
    lines = "\r\n".join(f"line {number}\tof \x1b[31mred\x1b[0m [b]\x07" for number in range(500))

    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        app.bar.field.post_message(events.Paste(lines + "\r"))
        await pilot.pause()
        assert app.text == "".join(f"line {number}\tof red [b]\n" for number in range(500))
        assert app.posted == []
        assert app.bar.region.height == 8
        await pilot.press("ctrl+z")
        assert app.text == ""

    play(act)


@given(st.text())
def test_what_can_be_typed_holds_no_control_and_is_so_already(text: str) -> None:
    assert typable(typable(text)) == typable(text)
    assert not set(typable(text)) & set("\x1b\r\u2028\u2029\x9b\x07")


def test_the_cursor_stands_behind_wide_letters() -> None:
    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        field = app.bar.field
        start = field.cursor_screen_offset
        await pilot.press("日", "本", "é")
        assert field.cursor_screen_offset.x == start.x + 5
        assert app.cursor_position == field.cursor_screen_offset
        await pilot.press("left", "left")
        assert field.cursor_screen_offset.x == start.x + 2

    play(act)


def test_the_arrows_walk_the_history_from_the_first_and_the_last_row_and_keep_the_draft(
    tmp_path: Path,
) -> None:
    history = PromptHistory(tmp_path / "history.jsonl")
    for text in ("oldest", "two\nlines"):
        history.add(text)

    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        shown = []
        app.bar.draft = "my\ndraft"
        for key in ("up", "up", "up", "up", "down", "down", "down", "down"):
            await pilot.press(key)
            shown.append(app.text)
            assert app.bar.draft == "my\ndraft"
        assert shown == [
            *("my\ndraft", "two\nlines", "oldest", "oldest"),
            *("two\nlines", "my\ndraft", "my\ndraft", "my\ndraft"),
        ]
        await pilot.press("up", "up", "x")
        assert app.bar.draft == app.text == "twox\nlines"

    play(act, PromptStage(history))


def test_what_was_sent_is_the_first_that_up_brings_back(tmp_path: Path) -> None:
    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        await pilot.press(*"one", "enter", *"two", "enter", "space", *"hid", "enter", "up")
        assert app.text == "two"
        await pilot.press("enter")
        await pilot.press("up", "up")
        assert app.text == "one"

    play(act, PromptStage(PromptHistory(tmp_path / "history.jsonl")))
    assert PromptHistory(tmp_path / "history.jsonl").texts() == ["two", "one"]


def test_hints_give_way_to_what_is_written_and_change_while_a_run_is_at_work() -> None:
    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        def hints() -> str:
            return str(app.bar.query_one("HintLine").render())

        assert hints() == "esc stop · ^p commands · f1 help"
        app.bar.busy = True
        await pilot.pause()
        assert hints() == "esc stops · enter queues"
        app.bar.draft = "x" * 60
        await pilot.pause()
        assert hints() == "esc stops"
        app.bar.draft = "two\nlines"
        await pilot.pause()
        assert hints() == ""

    play(act)
