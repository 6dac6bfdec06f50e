"""The list of sessions: what it shows, what its keys do, and what it never lets happen."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from tests.assets import bad_inputs
from tests.journal.samples import CONTEXT, NOON, begun, call, child, commit, opened, spent
from tui_delegate.core import events
from tui_delegate.core.clean import clean
from tui_delegate.journal.store import Journal
from tui_delegate.tui.screens.confirm import AskLine, Confirm
from tui_delegate.tui.screens.sessions import SessionChoice, SessionsScreen
from tui_delegate.tui.screens.sessions_words import preview_of, sign_of, when
from tui_delegate.tui.stage import Stage

HOSTILE = "\x1b[31mred\x1b[0m [bold red]loud[/] \u202egnp\x07 [@click=app.quit]x[/]"


@dataclass
class Scene:
    """A journal, a folder for exports, and what the screen was left with."""

    journal: Journal
    folder: Path
    left: list[SessionChoice | None] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def session(self, name: str, prompt: str, *more: events.Event, at: float = NOON) -> None:
        """Store a session of one run."""
        run = f"{name}-run-{prompt[:8]}"
        first = replace(opened(run, replace(CONTEXT, session=name)), prompt=prompt, at=at)
        assert commit(self.journal, run, [first, spent(call()), *more]) is None


class SessionsApp(Stage):
    def __init__(self, scene: Scene, current: str) -> None:
        super().__init__()
        self._scene = scene
        self._current = current

    def on_mount(self) -> None:
        screen = SessionsScreen(
            self._scene.journal, current=self._current, folder=self._scene.folder, now=lambda: NOON + 120
        )
        self.push_screen(screen, self._scene.left.append)

    def notify(self, message: str, **_: object) -> None:
        self._scene.said.append(message)


def play(
    scene: Scene,
    part: Callable[[Pilot[int]], Awaitable[None]],
    *,
    current: str = "",
    size: tuple[int, int] = (120, 40),
) -> None:
    async def main() -> None:
        async with SessionsApp(scene, current).run_test(size=size) as pilot:
            await settle(pilot)
            await part(pilot)
            await settle(pilot)

    asyncio.run(main())


async def settle(pilot: Pilot[int]) -> None:
    """Wait until nothing is asked of the journal any more."""
    await pilot.pause()
    while workers := [one for one in pilot.app.workers if one.is_running and one.group != "change"]:
        await pilot.app.workers.wait_for_complete(workers)
        await pilot.pause()


async def answered(pilot: Pilot[int], *keys: str) -> None:
    """Press keys that end a question, and wait for what follows."""
    await pilot.press(*keys)
    await pilot.app.workers.wait_for_complete()
    await settle(pilot)


def shown(pilot: Pilot[int]) -> list[str]:
    rows = pilot.app.screen.query_one("#rows", OptionList)
    return [str(option.prompt) for option in rows.options]


def words(pilot: Pilot[int], place: str) -> str:
    return str(pilot.app.screen.query_one(place, Static).content)


@pytest.fixture
def scene(tmp_path: Path) -> object:
    with closing(Journal.open(tmp_path / "journal.db", now=lambda: NOON)) as journal:
        yield Scene(journal, tmp_path)


def two(scene: Scene) -> None:
    scene.session("old", "Read the notes", events.Finished(at=NOON, text="They say nothing."))
    scene.session("new", "Count the files", events.Failed(at=NOON, code="timeout", message="Too late."))


def test_sessions_stand_in_the_list_with_how_they_ended_and_what_they_cost(scene: Scene) -> None:
    two(scene)

    async def part(pilot: Pilot[int]) -> None:
        assert shown(pilot) == [
            "Read the notes\n✓ done · 2 min ago · 1 run · $0.2500 · qwen3:4b",
            "Count the files\n✗ failed · 2 min ago · 1 run · $0.2500 · qwen3:4b",
        ]
        assert words(pilot, "#count") == "2"
        assert "They say nothing." in words(pilot, "#said")
        await pilot.press("down")
        await settle(pilot)
        assert "Too late." in words(pilot, "#said")
        assert "can be resumed" in words(pilot, "#note")

    play(scene, part)


def test_an_empty_journal_is_a_calm_line(scene: Scene) -> None:
    async def part(pilot: Pilot[int]) -> None:
        assert shown(pilot) == []
        assert "No sessions yet" in words(pilot, "#said")
        await pilot.press("enter", "f6", "f7", "f8", "up", "down", "pageup", "pagedown", "shift+up")
        assert isinstance(pilot.app.screen, SessionsScreen)

    play(scene, part)
    assert scene.left == []


def test_typing_filters_and_escape_clears_before_it_leaves(scene: Scene) -> None:
    two(scene)

    async def part(pilot: Pilot[int]) -> None:
        await pilot.press(*"COUNT")
        await settle(pilot)
        assert [row.split("\n")[0] for row in shown(pilot)] == ["Count the files"]
        assert words(pilot, "#count") == "1 of 2"
        await pilot.press(*"zzz")
        await settle(pilot)
        assert words(pilot, "#said") == "Nothing holds these words."
        await pilot.press("escape")
        await settle(pilot)
        assert len(shown(pilot)) == 2
        assert scene.left == []
        await pilot.press("escape")

    play(scene, part)
    assert scene.left == [None]


@pytest.mark.parametrize(
    ("keys", "choice"),
    [
        (["enter"], SessionChoice("resume", "old")),
        (["down", "enter"], SessionChoice("resume", "new")),
        (["down", "up", "enter"], SessionChoice("resume", "old")),
        (["pagedown", "enter"], SessionChoice("resume", "new")),
        (["pagedown", "pageup", "enter"], SessionChoice("resume", "old")),
        (["ctrl+n"], SessionChoice("new")),
        (["f2"], None),
    ],
)
def test_a_key_leaves_with_what_was_chosen(
    scene: Scene, keys: list[str], choice: SessionChoice | None
) -> None:
    two(scene)

    async def part(pilot: Pilot[int]) -> None:
        await pilot.press(*keys)

    play(scene, part)
    assert scene.left == [choice]


def test_the_session_that_is_open_is_only_gone_back_to_and_never_deleted(scene: Scene) -> None:
    two(scene)

    async def part(pilot: Pilot[int]) -> None:
        assert "▸ open here" in shown(pilot)[0]
        await answered(pilot, "f8")
        assert "This session is open" in scene.said[0]
        await pilot.press("enter")

    play(scene, part, current="old")
    assert scene.left == [None]


def test_one_click_chooses_and_two_go_on(scene: Scene) -> None:
    two(scene)

    async def part(pilot: Pilot[int]) -> None:
        await pilot.click("#rows", offset=(4, 2))
        await settle(pilot)
        assert scene.left == []
        assert "Too late." in words(pilot, "#said")
        await pilot.click("#rows", offset=(4, 2), times=2)

    play(scene, part)
    assert scene.left == [SessionChoice("resume", "new")]


def test_a_session_at_work_elsewhere_can_be_watched_but_not_deleted(scene: Scene, tmp_path: Path) -> None:
    process = child("forever", str(tmp_path / "journal.db"), "theirs")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    process.stdout.readline()

    async def part(pilot: Pilot[int]) -> None:
        assert "● at work elsewhere" in shown(pilot)[0]
        assert "watched now, and continued when that has ended" in words(pilot, "#note")
        await pilot.press("f8")
        await pilot.pause()
        await answered(pilot, "y")
        assert f"at work in process {process.pid}" in scene.said[0]
        assert len(shown(pilot)) == 1
        await pilot.press("enter")

    try:
        play(scene, part)
    finally:
        process.kill()
        process.communicate(timeout=60)
    assert scene.left == [SessionChoice("watch", CONTEXT.session)]


def test_a_killed_session_says_that_it_can_be_resumed(scene: Scene, tmp_path: Path) -> None:
    assert commit(scene.journal, "r1", [begun("r1"), events.Wrote(text="as far as it came")]) is None
    with closing(sqlite3.connect(tmp_path / "journal.db")) as other:
        other.execute("UPDATE runs SET pid=0")
        other.commit()

    async def part(pilot: Pilot[int]) -> None:
        assert "■ killed" in shown(pilot)[0]
        assert words(pilot, "#note") == "Its process was killed. It can be resumed."
        assert "as far as it came" in words(pilot, "#said")
        await pilot.press("enter")

    play(scene, part)
    assert scene.left == [SessionChoice("resume", CONTEXT.session)]


def test_a_session_is_renamed_and_the_cursor_stays_on_it(scene: Scene) -> None:
    two(scene)

    async def part(pilot: Pilot[int]) -> None:
        await pilot.press("down", "f6")
        await pilot.pause()
        field = pilot.app.screen.query_one(Input)
        assert field.value == "Count the files"
        await answered(pilot, "ctrl+u", *"Files", "enter")
        assert shown(pilot)[1].startswith("Files\n")
        assert pilot.app.screen.query_one("#rows", OptionList).highlighted == 1
        await pilot.press("f6")
        await pilot.pause()
        await answered(pilot, "ctrl+u", "enter")
        assert "needs a title" in scene.said[0]
        await pilot.press("f6")
        await pilot.pause()
        await answered(pilot, *"never", "escape")
        assert shown(pilot)[1].startswith("Files\n")

    play(scene, part)


def test_a_session_is_deleted_only_after_a_yes(scene: Scene) -> None:
    two(scene)

    async def part(pilot: Pilot[int]) -> None:
        for no in ("n", "escape"):
            await pilot.press("f8")
            await pilot.pause()
            assert isinstance(pilot.app.screen, Confirm)
            await pilot.press("enter")
            assert isinstance(pilot.app.screen, Confirm)
            assert "forked from it loses its beginning" in pilot.app.screen._question
            await answered(pilot, no)
            assert len(shown(pilot)) == 2
        await pilot.press("f8")
        await pilot.pause()
        await answered(pilot, "y")
        assert [row.split("\n")[0] for row in shown(pilot)] == ["Count the files"]

    play(scene, part)


@pytest.mark.parametrize("ending", ["md", "json"])
def test_an_export_is_written_where_it_was_asked_for_and_never_over_another(
    scene: Scene, tmp_path: Path, ending: str
) -> None:
    two(scene)
    place = tmp_path / f"out.{ending}"

    async def part(pilot: Pilot[int]) -> None:
        await pilot.press("f7")
        await pilot.pause()
        field = pilot.app.screen.query_one(Input)
        assert field.value == str(tmp_path / "read-the-notes.md")
        field.value = str(place)
        await answered(pilot, "enter")
        assert scene.said == [f"Written to {place}"]
        before = place.read_text()
        assert "They say nothing." in before
        place.write_text("somebody's")
        for answer, after in (("n", "somebody's"), ("y", before)):
            await pilot.press("f7")
            await pilot.pause()
            pilot.app.screen.query_one(Input).value = str(place)
            await pilot.press("enter")
            while not isinstance(pilot.app.screen, Confirm):
                await pilot.pause()
            await answered(pilot, answer)
            assert place.read_text() == after

    play(scene, part)
    if ending == "json":
        assert [run["prompt"] for run in json.loads(place.read_text())["runs"]] == ["Read the notes"]


@pytest.mark.parametrize("told", ["missing/folder/a.md", ".", "~nobody-of-that-name/a.md", "a\0b.md"])
def test_an_export_to_nowhere_is_a_readable_line(scene: Scene, tmp_path: Path, told: str) -> None:
    two(scene)

    async def part(pilot: Pilot[int]) -> None:
        await pilot.press("f7")
        await pilot.pause()
        pilot.app.screen.query_one(Input).value = told if told[0] == "~" else str(tmp_path / told)
        await answered(pilot, "enter")
        assert "can't be written" in scene.said[0] or "is there already" in scene.said[0]

    play(scene, part)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (220, 60)])
def test_hostile_titles_and_words_reach_the_screen_as_plain_text(scene: Scene, size: tuple[int, int]) -> None:
    scene.session("bad", HOSTILE, events.Finished(at=NOON, text=HOSTILE * 100))
    scene.session("\x1b[2J", "\x07")

    async def part(pilot: Pilot[int]) -> None:
        drawn = "".join([*shown(pilot), words(pilot, "#said")])
        assert not any(sign in drawn for sign in "\x1b\x07\u202e\x9b")
        assert "red [bold red]loud[/] gnp [@click=app.quit]x[/]" in drawn
        await pilot.press("f8")
        await pilot.pause()
        await answered(pilot, "n")
        await pilot.press("f6")
        await pilot.pause()
        assert isinstance(pilot.app.screen, AskLine)
        assert "\x1b" not in pilot.app.screen.query_one(Input).value
        await answered(pilot, "escape")

    play(scene, part, size=size)


def test_not_one_control_character_of_a_terminals_worst_inputs_is_drawn(scene: Scene) -> None:
    inputs = [str(row.get("input", row.get("b", ""))) for row in bad_inputs("ansi")]
    for number, text in enumerate(inputs):
        ending = events.Failed(at=NOON, code="x", message=text, text=text)
        scene.session(f"s{number}", f"{number} {text}", ending)

    async def part(pilot: Pilot[int]) -> None:
        drawn = [*shown(pilot), words(pilot, "#said")]
        for row in scene.journal.sessions(len(inputs)):
            drawn.append(str(preview_of(row, scene.journal.exchanges(row.id), NOON)))
        assert [text for text in drawn if clean(text) != text] == []
        assert len(drawn) > len(inputs)

    play(scene, part)


def test_a_journal_that_cannot_be_read_is_one_line_in_place_of_the_list(scene: Scene, tmp_path: Path) -> None:
    two(scene)
    with closing(sqlite3.connect(tmp_path / "journal.db")) as other:
        other.execute("DROP TABLE totals")
        other.commit()

    async def part(pilot: Pilot[int]) -> None:
        assert "can't be used" in words(pilot, "#said")

    play(scene, part)


def test_of_very_many_sessions_the_last_ones_stand_there_and_the_others_are_found(scene: Scene) -> None:
    with closing(sqlite3.connect(scene.folder / "journal.db")) as other:
        other.executemany(
            "INSERT INTO sessions VALUES(?, ?, ?, ?)",
            [(f"s{n}", f"title {n}", NOON + n, NOON + n) for n in range(5000)],
        )
        other.commit()

    async def part(pilot: Pilot[int]) -> None:
        assert len(shown(pilot)) == 200
        assert words(pilot, "#count") == "the last 200 of 5,000"
        pilot.app.screen.query_one("#filter", Input).value = "title 17"
        await settle(pilot)
        assert "title 17" in shown(pilot)[-1]

    play(scene, part)


def test_every_state_has_a_glyph_and_a_word(scene: Scene) -> None:
    two(scene)
    row = scene.journal.sessions()[0]
    states = [replace(row, status=status) for status in ("ok", "failed", "cancelled", "open", "")]
    signs = [sign_of(one) for one in [*states, replace(row, live=True)]] + [sign_of(row, is_open=True)]
    assert len({sign.word for sign in signs}) == len(signs) == 7


@pytest.mark.parametrize(
    ("passed", "said"),
    [(5, "just now"), (600, "10 min ago"), (-50, "just now"), (3600 * 24 * 400, "13 Oct 2025")],
)
def test_a_moment_is_told_as_exactly_as_it_matters(passed: float, said: str) -> None:
    assert when(NOON - passed, NOON) == said
