"""The lists over the prompt open by themselves, follow what is written, and never take the focus."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual import events
from textual.geometry import Offset
from textual.pilot import Pilot

from tests.assets import bad_inputs
from tests.tui.prompt_stage import PromptStage
from tests.tui.test_prompt_keys import SIZES, play
from tui_delegate.core.clean import clean
from tui_delegate.corpus.names import Name, Names, NameShelf
from tui_delegate.tui.history import PromptHistory
from tui_delegate.tui.widgets.completion import FileNames
from tui_delegate.tui.widgets.menu import Menu
from tui_delegate.tui.widgets.prompt import PromptBar
from tui_delegate.tui.widgets.queue_strip import QueueStrip


class Shelf:
    """Names that are there at once."""

    def __init__(self, *paths: str) -> None:
        self.names = Names(
            tuple(Name(path, None if path.endswith("/") else 10) for path in paths), whole=True
        )
        self.read_often = 0

    def read(self) -> Iterator[Names]:
        self.read_often += 1
        yield self.names


def labels(app: PromptStage) -> list[str]:
    menu = app.query_one(Menu)
    return [choice.label for choice in menu.choices] if menu.is_open else []


def slashed(app: PromptStage) -> list[tuple[str, str]]:
    return [(one.word, one.rest) for one in app.posted if isinstance(one, PromptBar.Slashed)]


@pytest.mark.parametrize("size", SIZES)
def test_a_slash_opens_the_commands_above_the_prompt(size: tuple[int, int]) -> None:
    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        await pilot.press("slash")
        assert labels(app) == ["/ledger", "/model", "/models", "/theme"]
        menu = app.query_one(Menu)
        assert menu.region.bottom == app.bar.field.region.y
        assert menu.region.height == 5
        assert app.bar.region.height == 1
        assert app.focused is app.bar.field
        await pilot.press(*"mo")
        assert labels(app) == ["/model", "/models"]
        await pilot.press("down", "tab")
        assert app.text == "/models "
        assert labels(app) == []
        await pilot.press("enter")
        assert slashed(app) == [("models", "")]
        assert app.text == ""

    play(act, size=size)


def test_a_word_that_is_complete_is_run_by_one_enter_with_what_stands_behind_it() -> None:
    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        await pilot.press("slash", *"model", "enter", "slash", *"theme", "space", *"dark", "enter")
        await pilot.press("slash", *"led", "enter", "enter")

    assert slashed(play(act)) == [("model", ""), ("theme", "dark"), ("ledger", "")]


def press_at_once(app: PromptStage, text: str) -> None:
    """Type faster than anything is drawn or told."""
    for letter in text:
        app.post_message(events.Key({"\r": "enter", "\n": "ctrl+j"}.get(letter, letter), letter))


def test_keys_that_come_all_at_once_are_taken_in_their_order() -> None:
    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        press_at_once(app, "/models\rone\ntwo\rrest")
        await pilot.pause()
        await pilot.pause()
        assert app.text == "rest"

    app = play(act)
    assert slashed(app) == [("models", "")]
    assert [one.text for one in app.posted if isinstance(one, PromptBar.Submitted)] == ["one\ntwo"]


def test_an_unknown_command_is_said_and_not_sent() -> None:
    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        await pilot.press("slash", *"modle", "escape", "enter")
        assert app.posted == []
        assert app.text == "/modle"
        assert app.said[0].startswith("There is no command /modle; did you mean /model?")

    play(act)


def test_escape_closes_the_list_first_and_leaves_the_word_alone() -> None:
    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        await pilot.press("slash", "m", "escape")
        assert (labels(app), app.stopped, app.text) == ([], 0, "/m")
        await pilot.press("o")
        assert labels(app) == []
        await pilot.press("escape")
        assert app.stopped == 1
        await pilot.press("ctrl+u", "slash")
        assert labels(app)

    play(act)


def test_no_list_stands_over_what_has_the_focus_now() -> None:
    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        await pilot.press("slash")
        app.screen.set_focus(None)
        await pilot.pause()
        assert labels(app) == []
        app.bar.focus()
        await pilot.pause()
        assert labels(app)
        app.bar.draft = "/mod"
        await pilot.pause()
        assert labels(app) == []

    play(act)


def test_a_path_in_the_prompt_is_words_for_the_model() -> None:
    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        app.bar.draft = "/etc/hosts says what?"
        await pilot.press("enter")
        assert [type(one) for one in app.posted] == [PromptBar.Submitted]

    play(act)


@pytest.mark.parametrize("size", SIZES)
def test_an_at_sign_opens_the_files_and_folders_can_be_gone_into(size: tuple[int, int]) -> None:
    shelf = Shelf("src/", "src/two words.py", "README.md", "src/deep/", "src/deep/x.py")

    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        await pilot.press(*"see ", "at")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert labels(app)[:2] == ["README.md", "src/"]
        await pilot.press("s", "tab")
        assert app.text == "see @src/"
        assert "src/two words.py" in labels(app)
        await pilot.press(*"tw", "enter")
        assert app.text == "see @src/two\\ words.py "
        assert labels(app) == []
        await pilot.press("enter")
        assert [getattr(one, "text", "") for one in app.posted] == ["see @src/two\\ words.py"]
        assert shelf.read_often == 1

    play(act, PromptStage(files=shelf), size)


def test_a_name_that_stands_there_whole_is_sent_by_one_enter_and_lines_are_typed_freely() -> None:
    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        for text in ("@README.md", "@README.md:10-80"):
            await pilot.press(*text)
            await app.workers.wait_for_complete()
            await pilot.pause()
            await pilot.press("enter")
        assert [getattr(one, "text", "") for one in app.posted] == ["@README.md", "@README.md:10-80"]

    play(act, PromptStage(files=Shelf("README.md", "README.md.old")))


def test_files_are_looked_for_on_the_disk_in_a_thread(tmp_path: Path) -> None:
    (tmp_path / "one.md").write_text("x")
    (tmp_path / ".env").write_text("x")

    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        await pilot.press("at")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert labels(app) == ["one.md"]

    play(act, PromptStage(files=NameShelf(tmp_path)))


def test_names_come_under_the_mark_without_moving_it() -> None:
    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        await pilot.press("at", "a")
        await app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.press("down")
        marked = app.query_one(Menu).marked
        app.bar.post_message(PromptBar._Named(shelf, FileNames(more)))
        await pilot.pause()
        assert app.query_one(Menu).marked == marked
        assert len(labels(app)) == 3

    shelf = Shelf("a1", "a2")
    more = Names((Name("a0", 10), Name("a1", 10), Name("a2", 10)), whole=True)
    play(act, PromptStage(files=shelf))


def test_a_row_is_taken_by_a_click() -> None:
    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        await pilot.press("slash")
        menu = app.query_one(Menu)
        await pilot.click(menu, offset=Offset(4, 2))
        assert app.text == "/models "
        assert app.focused is app.bar.field

    play(act)


def test_a_long_list_is_a_window_that_follows_the_mark() -> None:
    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        await pilot.press("at")
        await app.workers.wait_for_complete()
        await pilot.pause()
        menu = app.query_one(Menu)
        assert menu.region.height == 9
        await pilot.press(*["down"] * 10)
        assert "▸ f10" in str(menu.render())
        assert "11 of 30" in str(menu.render())
        await pilot.press(*["up"] * 11)
        assert "▸ f29" in str(menu.render())

    play(act, PromptStage(files=Shelf(*(f"f{number:02}" for number in range(30)))))


def past(tmp_path: Path, *texts: str) -> PromptHistory:
    history = PromptHistory(tmp_path / "history.jsonl")
    for text in texts:
        history.add(text)
    return history


@pytest.mark.parametrize("size", SIZES)
def test_the_history_is_searched_and_what_is_found_is_not_sent(size: tuple[int, int], tmp_path: Path) -> None:
    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        await pilot.press(*"draft", "ctrl+r")
        assert labels(app) == ["/model x", "third", "second", "first"]
        await pilot.press(*"ir")
        assert labels(app) == ["third", "first"]
        assert app.bar.draft == "draft"
        await pilot.press("ctrl+r", "enter")
        assert app.text == "first"
        assert app.posted == []
        await pilot.press("ctrl+r", "enter")
        assert (app.text, labels(app)) == ("/model x", [])

    play(act, PromptStage(past(tmp_path, "first", "second", "third", "/model x")), size)


def test_escape_leaves_the_search_with_the_draft(tmp_path: Path) -> None:
    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        await pilot.press(*"draft", "ctrl+r", *"zzz")
        assert "nothing fits" in str(app.query_one(Menu).render())
        await pilot.press("enter")
        assert app.posted == []
        await pilot.press("escape")
        assert (app.text, app.stopped) == ("draft", 0)

    play(act, PromptStage(past(tmp_path, "first")))


def test_hostile_names_and_prompts_are_shown_clean(tmp_path: Path) -> None:
    hostile = "[red]x[/red]\x1b]0;owned\x07\u202eevil"

    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        await pilot.press("at")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "[red]x[/red]" in str(app.query_one(Menu).render())
        app.bar.queued = [hostile]
        await pilot.press("ctrl+r")
        for widget in (app.query_one(Menu), app.query_one(QueueStrip)):
            shown = str(widget.render())
            assert "[red]x[/red]evil" in shown
            assert not set(shown) & set("\x1b\x07\u202e")
        await pilot.press("enter")
        assert app.text == "[red]x[/red]evil"

    play(act, PromptStage(past(tmp_path, hostile), Shelf(hostile)))


def test_no_hostile_text_reaches_the_screen_by_a_name_a_prompt_or_a_queue(tmp_path: Path) -> None:
    hostile = ["a" + str(row["input"]) for row in bad_inputs("ansi") if row.get("input")]

    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        menu = app.query_one(Menu)
        for at in range(0, len(hostile), 40):
            some = hostile[at : at + 40]
            app.bar.set_files(Shelf(*some))
            app.bar.set_history(past(tmp_path / str(at), *some))
            for key in ("at", "ctrl+r"):
                await pilot.press(key)
                await app.workers.wait_for_complete()
                await pilot.pause()
                assert len(labels(app)) > len(some) // 2
                for row in range(0, len(some), 8):
                    menu.mark(row)
                    await pilot.pause()
                    assert unclean(app) == set()
                await pilot.press("escape", "ctrl+u")
            for row in range(0, len(some), 3):
                app.bar.queued = some[row : row + 3]
                app.bar.draft = "\n".join(some[row : row + 3])
                await pilot.pause()
                assert unclean(app) == set()
            app.bar.draft = ""

    play(act, PromptStage(past(tmp_path), Shelf()), (120, 40))


def unclean(app: PromptStage) -> set[str]:
    """The characters on the whole screen that a terminal would obey."""
    shown = {letter for strip in app.screen._compositor.render_strips() for letter in strip.text}
    return {letter for letter in shown if clean(letter) != letter}


@pytest.mark.parametrize("size", SIZES)
def test_the_last_queued_prompt_is_taken_back_before_the_draft(size: tuple[int, int]) -> None:
    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        app.bar.queued = ["one", "two"]
        await pilot.press(*"draft", "alt+up")
        assert app.text == "two\ndraft"
        assert app.bar.queued == ("one",)
        await pilot.press("ctrl+c", "alt+up")
        assert app.text == "one"
        assert app.query_one(QueueStrip).display is False
        assert [getattr(one, "index", None) for one in app.posted] == [1, 0]

    play(act, size=size)


def test_a_queued_prompt_is_edited_or_dropped_by_a_click() -> None:
    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        app.bar.queued = ["one", "two", "three", "four", "five"]
        await pilot.pause()
        strip = app.query_one(QueueStrip)
        assert strip.region.height == 4
        assert "and 2 more" in str(strip.render())
        await pilot.click(strip, offset=Offset(strip.region.width - 4, 0))
        await pilot.click(strip, offset=Offset(strip.region.width - 10, 1))
        await pilot.click(strip, offset=Offset(4, 0))
        assert list(app.bar.queued) == ["two", "four", "five"]
        assert app.text == "three"
        assert [type(one) for one in app.posted] == [PromptBar.Unqueued, PromptBar.TakenBack]
        await app.bar.run_action("prompt_unqueue")
        await pilot.press("ctrl+u", "ctrl+y", "ctrl+y")
        assert list(app.bar.queued) == ["two", "four"]

    play(act)


def test_enter_while_busy_posts_the_prompt_and_the_screen_queues_it() -> None:
    async def act(app: PromptStage, pilot: Pilot[int]) -> None:
        app.bar.busy = True
        await pilot.press(*"one", "enter", *"two", "enter")
        assert app.bar.queued == ("one", "two")
        assert app.bar.region.height == 3

    play(act)
