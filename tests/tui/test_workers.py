"""The workers' part of the screen: places that are kept, three modes at three sizes, every key."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from textual._xterm_parser import XTermParser
from textual.events import Key
from textual.pilot import Pilot

from tests.tui.staged import STATES, WorkersStage, at, begun, in_state, opened
from tui_delegate.core.events import Finished, Opened, Wrote
from tui_delegate.core.transcript import Transcript
from tui_delegate.tui.commands import Command
from tui_delegate.tui.reader import mend_reader
from tui_delegate.tui.widgets.keys import ANYWHERE, COMMANDS, PANE
from tui_delegate.tui.widgets.places import shape_of
from tui_delegate.tui.widgets.workers import EMPTY, MOST, Workers

SIZES = [(80, 24), (120, 40), (220, 60)]
Told = Callable[[WorkersStage, Pilot[int]], Awaitable[None]]


def staged(test: Told, size: tuple[int, int] = (120, 40)) -> None:
    async def main() -> None:
        app = WorkersStage()
        async with app.run_test(size=size) as pilot:
            await test(app, pilot)

    asyncio.run(main())


def settle(app: WorkersStage) -> None:
    """Give new delegations their places and show what came, without waiting for the clock."""
    app.crew.flush()
    for pane in app.crew.panes:
        if pane.is_attached:
            pane.flush()
    app.crew.roster.flush()


async def shown(app: WorkersStage, pilot: Pilot[int]) -> str:
    settle(app)
    await pilot.pause()
    settle(app)
    await pilot.pause()
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


def tell_states(app: WorkersStage, *words: str) -> Transcript:
    transcript = Transcript()
    app.tell(transcript, [opened()])
    for place, word in enumerate(words):
        app.tell(transcript, in_state(word, (place,), f"task {place}"))
    return transcript


def test_a_row_is_sent_even_if_a_frame_for_another_part_has_drawn_it_before() -> None:
    async def test(app: WorkersStage, pilot: Pilot[int]) -> None:
        app.crew.mode = "list"
        transcript = tell_states(app, "writing", "writing")
        await shown(app, pilot)
        roster = app.crew.roster
        transcript.apply(Finished(path=(0,), text="that is all", at=9.0))
        roster.render_lines(roster.size.region)
        roster._exchange_repaint_regions()
        roster.flush()
        assert [region.y for region in roster._exchange_repaint_regions()] == [0]

    staged(test)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", ["panes", "list", "tree"])
def test_every_state_has_its_word_in_every_mode_and_size(mode: str, size: tuple[int, int]) -> None:
    async def test(app: WorkersStage, pilot: Pilot[int]) -> None:
        transcript = tell_states(app, *STATES)
        while app.crew.mode != mode:
            app.crew.next_mode()
        await shown(app, pilot)
        words = [*list(STATES)[:6], "queued", *list(STATES)[6:]]
        for path, word in zip(sorted(transcript.nodes)[1:], words, strict=True):
            app.crew.open_path(transcript.run, path)
            await pilot.pause()
            text = await shown(app, pilot)
            assert f" {word}" in text

    staged(test, size)


@pytest.mark.parametrize("size", SIZES)
def test_an_empty_screen_says_what_will_be_there(size: tuple[int, int]) -> None:
    async def test(app: WorkersStage, pilot: Pilot[int]) -> None:
        assert EMPTY[:40] in await shown(app, pilot)
        assert app.crew.current is None
        tell_states(app, "writing")
        assert EMPTY[:40] not in await shown(app, pilot)

    staged(test, size)


@pytest.mark.parametrize("command", PANE, ids=lambda command: command.id)
@pytest.mark.parametrize("mode", ["panes", "list"])
def test_every_key_of_a_pane_reaches_the_screen_from_pane_and_row(command: Command, mode: str) -> None:
    async def test(app: WorkersStage, pilot: Pilot[int]) -> None:
        tell_states(app, "writing", "queued")
        if mode == "list":
            app.crew.next_mode()
        await shown(app, pilot)
        if mode == "panes":
            app.crew.focus_number(1)
        else:
            app.crew.roster.focus()
        await pilot.pause()
        for key in command.keys.split(","):
            await pilot.press(key)
        assert app.asked == [command.id] * len(command.keys.split(","))

    staged(test)


@pytest.mark.parametrize("command", ANYWHERE, ids=lambda command: command.id)
def test_keys_that_work_anywhere_reach_the_screen_without_a_focus(command: Command) -> None:
    async def test(app: WorkersStage, pilot: Pilot[int]) -> None:
        app.screen.set_focus(None)
        await pilot.press(command.keys.split(",")[0])
        assert app.asked == [command.id]

    staged(test)


@pytest.mark.parametrize("digit", "123456789")
def test_alt_and_a_digit_are_what_a_terminal_says_they_are(digit: str) -> None:
    mend_reader()
    parser = XTermParser()
    events = [*parser.feed(f"\x1b{digit}"), *parser.feed("")]
    assert [event.key for event in events if isinstance(event, Key)] == [f"alt+{digit}"]


def test_no_key_is_taken_from_the_prompts_line_editor() -> None:
    keys = {key for command in COMMANDS if command.first for key in command.keys.split(",")}
    assert not keys & {f"ctrl+{letter}" for letter in "aewuky"}
    assert len({command.id for command in COMMANDS}) == len(COMMANDS)


def test_a_new_delegation_gets_its_pane_without_an_await() -> None:
    async def test(app: WorkersStage, pilot: Pilot[int]) -> None:
        tell_states(app, "writing", "queued", "done")
        assert not app.crew.panes
        text = await shown(app, pilot)
        assert len(app.crew.panes) == 3
        assert [place in text for place in ("task 0", "task 1", "task 2")] == [True] * 3

    staged(test)


def test_the_manager_itself_has_no_pane() -> None:
    async def test(app: WorkersStage, pilot: Pilot[int]) -> None:
        app.tell(Transcript(), [opened(), Wrote(text="I manage.")])
        await shown(app, pilot)
        assert not app.crew.panes

    staged(test)


def test_panes_keep_their_places_when_others_end_and_come() -> None:
    async def test(app: WorkersStage, pilot: Pilot[int]) -> None:
        transcript = tell_states(app, "writing", "writing", "writing")
        await shown(app, pilot)
        before = list(app.crew.panes)
        app.tell(transcript, [at(Finished(at=2.0, text="x"), (1,)), *begun((3,), "task 3")])
        await shown(app, pilot)
        assert list(app.crew.panes)[:3] == before
        assert [pane.watched.path for pane in app.crew.panes if pane.watched] == [(0,), (1,), (2,), (3,)]

    staged(test)


def test_alt_and_arrows_go_from_pane_to_pane_and_round() -> None:
    async def test(app: WorkersStage, pilot: Pilot[int]) -> None:
        tell_states(app, "writing", "queued", "done")
        await shown(app, pilot)
        seen = []
        for key in ("alt+1", "alt+right", "alt+right", "alt+right", "alt+left", "alt+2"):
            await pilot.press(key)
            await pilot.pause()
            assert app.crew.current is not None
            seen.append(app.crew.current[1].path[0])
            pane = app.crew.current_pane
            assert pane is not None
            assert app.focused is pane.lines
        assert seen == [0, 1, 2, 0, 2, 1]

    staged(test)


def test_a_click_looks_at_a_pane_and_two_open_it() -> None:
    async def test(app: WorkersStage, pilot: Pilot[int]) -> None:
        tell_states(app, "writing", "queued")
        await shown(app, pilot)
        await pilot.click(app.crew.panes[1].lines)
        await pilot.pause()
        assert app.crew.current is not None
        assert app.crew.current[1].path == (1,)
        assert not app.opened
        await pilot.click(app.crew.panes[1].lines, times=2)
        await pilot.pause()
        assert app.opened == [("r1", (1,))]

    staged(test)


def test_rows_are_gone_through_by_arrows_and_clicked() -> None:
    async def test(app: WorkersStage, pilot: Pilot[int]) -> None:
        tell_states(app, "writing", "queued", "done")
        app.crew.mode = "list"
        await shown(app, pilot)
        roster = app.crew.roster
        roster.focus()
        await pilot.press("down")
        await pilot.pause()
        assert "Waiting" not in await shown(app, pilot)
        assert app.crew.current is not None
        assert app.crew.current[1].path == (1,)
        assert app.focused is roster
        assert "2 in line" in await shown(app, pilot)
        await pilot.press("end")
        await pilot.pause()
        assert app.crew.current[1].path == (2,)
        await pilot.press("home")
        await pilot.pause()
        assert app.crew.current[1].path == (0,)
        await pilot.click(roster, offset=(5, 2), times=2)
        await pilot.pause()
        assert app.crew.current[1].path == (2,)
        assert app.opened == [("r1", (2,))]

    staged(test)


def test_a_narrow_terminal_has_chips_and_one_pane_whatever_the_mode() -> None:
    async def test(app: WorkersStage, pilot: Pilot[int]) -> None:
        tell_states(app, "writing", "queued", "done")
        text = await shown(app, pilot)
        assert "1 ●  2 ◌  3 ✓" in text.split("\n")[0]
        assert len(app.crew.panes) == 1
        await pilot.press("alt+3")
        text = await shown(app, pilot)
        assert "›3 ✓" in text.split("\n")[0]
        assert "All is well." in text
        app.crew.roster.focus()
        await pilot.click(app.crew.roster, offset=(8, 0))
        assert "2 in line" in await shown(app, pilot)

    staged(test, (80, 24))


def test_many_chips_keep_the_chosen_one_in_view() -> None:
    async def test(app: WorkersStage, pilot: Pilot[int]) -> None:
        tell_states(app, *["queued"] * 40)
        await shown(app, pilot)
        for _ in range(35):
            app.crew.step(1)
        text = await shown(app, pilot)
        assert "›36 ◌" in text.split("\n")[0]

    staged(test, (60, 24))


def test_the_tree_has_each_delegation_under_the_one_that_made_it() -> None:
    async def test(app: WorkersStage, pilot: Pilot[int]) -> None:
        transcript = tell_states(app, "waiting", "queued")
        app.tell(transcript, begun((0, 1), "another nested"))
        app.crew.mode = "tree"
        rows = (await shown(app, pilot)).split("\n")[:4]
        places = [row.split()[0].strip("▎›") or row.split()[1] for row in rows]
        assert places == ["1", "1.1", "1.2", "2"]
        assert rows[1].startswith("   1.1")

    staged(test)


def test_a_very_wide_terminal_has_the_tree_beside_the_panes_when_workers_delegate() -> None:
    async def test(app: WorkersStage, pilot: Pilot[int]) -> None:
        tell_states(app, "writing", "queued")
        await shown(app, pilot)
        assert not app.crew.roster.display or not app.crew.roster.region
        tell_states(app, "waiting", "queued")
        await shown(app, pilot)
        assert app.crew.roster.region.x == 0
        assert app.crew.board.region.x > 30

    staged(test, (220, 60))


def test_runs_of_other_processes_are_told_apart_in_rows() -> None:
    async def test(app: WorkersStage, pilot: Pilot[int]) -> None:
        tell_states(app, "writing")
        other = Transcript()
        app.tell(other, [Opened(run="r2", prompt="count"), *begun((0,), "count the lines")])
        app.crew.name_run("r2", "tui-delegate run \x1b[31m'count'")
        app.crew.mode = "list"
        rows = (await shown(app, pilot)).split("\n")
        assert "▸ tui-delegate run 'count'" in rows[1]
        assert "count the lines" in rows[2]

    staged(test)


def test_alt_and_a_digit_go_to_the_pane_that_shows_it_ours_before_that_of_another_process() -> None:
    async def test(app: WorkersStage, pilot: Pilot[int]) -> None:
        other = Transcript()
        app.tell(other, [Opened(run="r2", prompt="count"), *begun((0,), "count the lines")])
        app.crew.name_run("r2", "run in there: count")
        await shown(app, pilot)
        tell_states(app, "waiting", "writing")
        await shown(app, pilot)
        looked = []
        for key in ("alt+1", "alt+1", "alt+1", "alt+2"):
            await pilot.press(key)
            assert app.crew.current is not None
            looked.append((app.crew.current[0].run, app.crew.current[1].path))
        assert looked == [("r1", (0,)), ("r2", (0,)), ("r1", (0,)), ("r1", (1,))]
        assert not app.crew.focus_number(3)

    staged(test, (220, 60))


def test_what_ended_goes_when_its_run_is_over_unless_it_is_pinned_or_works() -> None:
    async def test(app: WorkersStage, pilot: Pilot[int]) -> None:
        tell_states(app, "done", "failed", "writing")
        await shown(app, pilot)
        await pilot.press("alt+2", "p")
        assert app.asked[-1] == "pane.pin"
        assert "2 ◆" in await shown(app, pilot)
        app.crew.drop_ended("other")
        assert len(app.crew.panes) == 3
        app.crew.drop_ended("r1")
        await shown(app, pilot)
        assert [pane.watched.path for pane in app.crew.panes if pane.watched] == [(1,), (2,)]
        app.crew.toggle_pin()
        app.crew.drop_ended("r1")
        assert [pane.watched.path for pane in app.crew.panes if pane.watched] == [(2,)]
        app.crew.close("r1", (2,))
        assert EMPTY[:40] in await shown(app, pilot)

    staged(test)


def test_hundreds_of_delegations_are_a_few_widgets_and_a_line() -> None:
    async def test(app: WorkersStage, pilot: Pilot[int]) -> None:
        transcript = tell_states(app, *["writing"] * 300)
        text = await shown(app, pilot)
        assert len(app.crew.panes) == MOST
        assert f"{300 - MOST} more" in text
        app.tell(transcript, [at(Finished(at=2.0, text="x"), (5,)), *begun((300,), "the newest")])
        await shown(app, pilot)
        paths = [pane.watched.path for pane in app.crew.panes if pane.watched]
        assert paths[5] == (300,)
        assert paths[:5] == [(place,) for place in range(5)]
        app.crew.open_path("r1", (200,))
        await pilot.pause()
        pane = app.crew.current_pane
        assert pane is not None
        assert pane.watched is not None
        assert pane.watched.path == (200,)

    staged(test)


def test_a_pane_that_is_scrolled_out_of_sight_is_not_flushed_until_it_is_seen() -> None:
    async def test(app: WorkersStage, pilot: Pilot[int]) -> None:
        transcript = tell_states(app, *["writing"] * 24)
        await shown(app, pilot)
        last = app.crew.panes[-1]
        assert last.rate == 0
        before = last.lines.text
        app.tell(transcript, [at(Wrote(text="unseen"), (23,))])
        app.clock.tick()
        assert last.lines.text == before
        app.crew.board.scroll_end(animate=False)
        await pilot.pause()
        await pilot.pause()
        assert last.rate > 0
        app.clock.tick()
        assert last.lines.text == before + "unseen"

    staged(test, (100, 24))


def ticks(app: WorkersStage) -> bool:
    return app.clock.ticking


def test_a_pane_that_is_shown_again_ticks_again() -> None:
    async def test(app: WorkersStage, pilot: Pilot[int]) -> None:
        tell_states(app, "queued")
        await shown(app, pilot)
        assert ticks(app)
        app.crew.display = False
        await pilot.pause()
        app.clock.beat()
        assert not ticks(app)
        app.crew.display = True
        await pilot.pause()
        assert ticks(app)

    staged(test)


def test_nothing_runs_when_nothing_works() -> None:
    async def test(app: WorkersStage, pilot: Pilot[int]) -> None:
        tell_states(app, "done", "failed", "cancelled")
        await shown(app, pilot)
        app.clock.tick()
        app.clock.tick()
        app.clock.beat()
        app.clock.beat()
        assert not app.clock.ticking
        app.clock.tick()
        assert not app.clock.running

    staged(test)


def test_a_resize_between_wide_and_narrow_keeps_what_is_looked_at() -> None:
    async def test(app: WorkersStage, pilot: Pilot[int]) -> None:
        tell_states(app, "writing", "queued", "done")
        await shown(app, pilot)
        await pilot.press("alt+2")
        for size in ((80, 24), (220, 60), (60, 20), (120, 40)):
            await pilot.resize_terminal(*size)
            await shown(app, pilot)
            assert app.crew.current is not None
            assert app.crew.current[1].path == (1,)
        assert len(app.crew.panes) == 3

    staged(test)


def test_calls_that_were_refused_at_once_stand_behind_those_that_began() -> None:
    async def test(app: WorkersStage, pilot: Pilot[int]) -> None:
        transcript = Transcript()
        app.tell(transcript, [opened(), *in_state("refused", (2,)), *in_state("refused", (3,))])
        await shown(app, pilot)
        app.tell(transcript, in_state("writing", (0,)))
        app.tell(transcript, in_state("writing", (1,)))
        await shown(app, pilot)
        assert [pane.watched.path for pane in app.crew.panes if pane.watched] == [(0,), (1,), (2,), (3,)]
        assert app.crew.current is not None
        assert app.crew.current[1].path == (0,)

    staged(test)


def test_calls_that_were_refused_at_once_take_no_panes_from_each_other() -> None:
    async def test(app: WorkersStage, pilot: Pilot[int]) -> None:
        tell_states(app, "writing", *["refused"] * 40)
        await shown(app, pilot)
        shown_paths = [pane.watched.path for pane in app.crew.panes if pane.watched]
        assert shown_paths == [(place,) for place in range(MOST)]

    staged(test)


def test_looking_at_another_worker_is_told() -> None:
    looked: list[object] = []

    class Listening(WorkersStage):
        def on_workers_looked(self, message: Workers.Looked) -> None:
            looked.append((message.run, message.path))

    async def main() -> None:
        app = Listening()
        async with app.run_test(size=(120, 40)) as pilot:
            tell_states(app, "writing", "queued")
            await shown(app, pilot)
            await pilot.press("alt+2")
            await pilot.pause()

    asyncio.run(main())
    assert looked == [("r1", (1,))]


def test_a_grid_is_as_wide_as_reading_allows_and_gives_the_focus_more() -> None:
    assert shape_of(1, 100, 40, 0).columns == ("1fr",)
    assert len(shape_of(3, 58, 26, 0).columns) == 1
    assert len(shape_of(16, 200, 50, 0).columns) == 4
    assert len(shape_of(40, 400, 50, 0).columns) == 4
    two = shape_of(4, 200, 60, 3)
    assert two.columns == ("2fr", "3fr")
    assert two.rows == ("2fr", "3fr")
