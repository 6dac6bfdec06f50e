"""The ledger's screen: every key, at three sizes; it follows the journal; trouble is one calm line."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.journal.samples import CANARY, NOON, call, child, commit, opened, spent
from tests.tui.ledger_stage import (
    HOSTILE,
    SHOWN,
    SIZES,
    LedgerStage,
    filled,
    lines_of,
    press,
    screen_text,
    settled,
)
from tui_delegate.core.calls import RunContext
from tui_delegate.journal.store import Journal
from tui_delegate.tui.screens.ledger import LedgerScreen
from tui_delegate.tui.screens.ledger_call import CallScreen
from tui_delegate.tui.screens.ledger_columns import ColumnsScreen
from tui_delegate.tui.screens.ledger_export import ExportScreen

Story = Callable[[LedgerStage, Pilot[int]], Awaitable[None]]


def play(path: Path, story: Story, size: tuple[int, int] = (120, 40), **given: str) -> LedgerStage:
    app = LedgerStage(path, **given)

    async def main() -> None:
        async with app.run_test(size=size, notifications=True) as pilot:
            await settled(pilot)
            await story(app, pilot)

    asyncio.run(main())
    return app


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return filled(tmp_path / "journal.db")


@pytest.mark.parametrize("size", SIZES)
def test_it_opens_on_today_newest_first_with_its_sums(path: Path, size: tuple[int, int]) -> None:
    async def story(app: LedgerStage, pilot: Pilot[int]) -> None:
        text = screen_text(pilot)
        assert "[today]" in text
        assert "calls 30" in text
        assert "saved ~$0." in text
        assert "$?" in text, "a call of unknown price is not for nothing"
        rows = lines_of(app.table)
        assert "time↓" in rows[0]
        assert rows[1].split()[1:] != rows[2].split()[1:]

    play(path, story, size)


@pytest.mark.parametrize("size", SIZES)
def test_scopes_change_by_key(path: Path, size: tuple[int, int]) -> None:
    async def story(app: LedgerStage, pilot: Pilot[int]) -> None:
        for key, word, calls in (
            ("a", "[all]", 31),
            ("r", "[run]", 30),
            ("s", "[session]", 30),
            ("t", "[today]", 30),
        ):
            await press(pilot, key)
            assert word in screen_text(pilot)
            assert f"calls {calls}" in screen_text(pilot)

    play(path, story, size)


def test_a_scope_that_is_not_there_is_said_and_changes_nothing(path: Path) -> None:
    app = LedgerStage(path)
    app.ledger = LedgerScreen(path, now=lambda: NOON + 60)

    async def main() -> None:
        async with app.run_test(size=(100, 30), notifications=True) as pilot:
            await press(pilot, "r")
            assert "There is no run here yet." in screen_text(pilot)
            assert "[today]" in screen_text(pilot)

    asyncio.run(main())


@pytest.mark.parametrize("size", SIZES)
def test_typing_filters_and_escape_takes_it_back(path: Path, size: tuple[int, int]) -> None:
    async def story(app: LedgerStage, pilot: Pilot[int]) -> None:
        await press(pilot, "slash", *"failed")
        assert "calls 5 " in screen_text(pilot)
        await press(pilot, *" zq")
        assert "No call of today, with 'failed zq'." in screen_text(pilot)
        await press(pilot, "backspace", "backspace", "backspace", "enter")
        assert app.focused is app.table
        assert "calls 5 " in screen_text(pilot)
        await press(pilot, "escape")
        assert "calls 30" in screen_text(pilot)
        assert not app.closed
        await press(pilot, "escape")

    assert play(path, story, size).closed


def test_letters_that_are_keys_go_into_the_filter_while_it_is_typed(path: Path) -> None:
    async def story(app: LedgerStage, pilot: Pilot[int]) -> None:
        await press(pilot, "slash", *"aqgopx")
        assert app.ledger.query_one(Input).value == "aqgopx"
        assert not app.closed

    play(path, story)


@pytest.mark.parametrize("size", SIZES)
def test_groups_go_round_and_open_to_the_calls_behind_them(path: Path, size: tuple[int, int]) -> None:
    async def story(app: LedgerStage, pilot: Pilot[int]) -> None:
        for group in ("agent", "profile", "model", "run", "day", "delegation"):
            await press(pilot, "g")
            assert f"by {group}" in screen_text(pilot)
        await press(pilot, "g")
        assert " by " not in lines_of(app.ledger.query_one("#ledger-head"))[0]
        await press(pilot, "G", "G", "G", "G")
        assert "by model" in screen_text(pilot)
        await press(pilot, "end", "enter")
        assert "model = " in screen_text(pilot)
        await press(pilot, "escape")
        assert "model = " not in screen_text(pilot)

    play(path, story, size)


def test_own_delegated_and_total_tokens_of_each_place_are_shown(path: Path) -> None:
    async def story(app: LedgerStage, pilot: Pilot[int]) -> None:
        await press(pilot, "G")
        rows = [line.split() for line in lines_of(app.table)]
        assert rows[0][-4:] == ["own", "delegated", "total", "cost"]
        manager = next(row for row in rows if "manager" in row)
        own, delegated, total = (int(figure.replace(",", "").strip("~")) for figure in manager[-4:-1])
        assert (own, own + delegated) == (150, total)
        await press(pilot, "enter")
        assert "place = " in screen_text(pilot)

    play(path, story)


@pytest.mark.parametrize("size", SIZES)
def test_o_sorts_by_the_next_column_and_a_click_on_a_head_by_that_one(
    path: Path, size: tuple[int, int]
) -> None:
    async def story(app: LedgerStage, pilot: Pilot[int]) -> None:
        await press(pilot, "o")
        assert "time↓" not in lines_of(app.table)[0]
        head = lines_of(app.table)[0]
        await pilot.click(app.table, offset=(head.index(" out") + 2, 0))
        await settled(pilot)
        assert "out↓" in lines_of(app.table)[0]
        await press(pilot, "O")
        assert "out↑" in lines_of(app.table)[0]
        await press(pilot, *"ooooooooooooo")

    play(path, story, size)


@pytest.mark.parametrize("size", SIZES)
def test_columns_are_chosen_moved_and_handed_to_whoever_keeps_them(path: Path, size: tuple[int, int]) -> None:
    async def story(app: LedgerStage, pilot: Pilot[int]) -> None:
        await press(pilot, "c")
        assert isinstance(app.screen, ColumnsScreen)
        assert "enter take them" in screen_text(pilot)
        await press(
            pilot, "down", "space", "space", "K", "J", "alt+down", "alt+up", "home", "alt+down", "enter"
        )
        assert app.specs
        second = "agent" if size[0] < 110 else "place"
        assert app.specs[0].split(",")[:2] == [second, "time"]
        assert lines_of(app.table)[0].split()[:2] == [second, "time↓"]
        await press(pilot, "c", "d", "enter", "c", "space", "escape")

    app = play(path, story, size)
    assert len(app.specs) == 2
    assert app.specs[1] == "", "the usual columns are those that suit the width"


def test_columns_that_were_kept_are_shown_again(path: Path) -> None:
    async def story(app: LedgerStage, pilot: Pilot[int]) -> None:
        assert lines_of(app.table)[0].split() == ["session", "code", "in"]

    play(path, story, columns="session,code,nothing,prompt,code")


@pytest.mark.parametrize("size", SIZES)
def test_an_export_asks_where_and_never_writes_over_a_file_unasked(
    path: Path, size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def story(app: LedgerStage, pilot: Pilot[int]) -> None:
        await press(pilot, "x", "tab", "enter")
        written = tmp_path / "ledger-2026-11-17.jsonl"
        assert len([json.loads(line) for line in written.read_text().splitlines()]) == 30
        assert "Wrote 30 calls to" in screen_text(pilot)
        written.write_text("mine")
        await press(pilot, "slash", *"failed", "enter", "x", "tab", "enter")
        assert isinstance(app.screen, ExportScreen)
        assert "is there already" in screen_text(pilot)
        assert written.read_text() == "mine"
        await press(pilot, "enter")
        assert len(written.read_text().splitlines()) == 5

    play(path, story, size)


def test_an_export_to_nowhere_is_one_line(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def story(app: LedgerStage, pilot: Pilot[int]) -> None:
        await press(pilot, "x")
        field = app.screen.query_one(Input)
        for name, said in (
            ("none/a.csv", "There is no folder"),
            ("a.xml", "The name ends in"),
            (".csv", "The name ends in"),
            ("", "The name ends in"),
        ):
            field.value = name
            await press(pilot, "enter")
            assert said in screen_text(pilot)
        await press(pilot, "escape")
        assert app.screen is app.ledger

    play(path, story)


@pytest.mark.parametrize("size", SIZES)
def test_plots_take_the_place_of_the_table_and_give_it_back(path: Path, size: tuple[int, int]) -> None:
    async def story(app: LedgerStage, pilot: Pilot[int]) -> None:
        await press(pilot, "p")
        text = screen_text(pilot)
        for word in ("tokens", "cost", "speed", "└", "calls 30", "local-1"):
            assert word in text
        assert "calls of unknown cost are not in it" in text
        await press(pilot, "a", "p")
        assert app.focused is app.table
        await press(pilot, "p", "escape")
        assert "time↓" in screen_text(pilot)
        assert not app.closed

    play(path, story, size)


def test_keys_work_on_over_the_plots_after_another_screen_stood_in_front(path: Path) -> None:
    async def story(app: LedgerStage, pilot: Pilot[int]) -> None:
        await press(pilot, "p", "c", "escape", "p")
        text = screen_text(pilot)
        assert "time↓" in text
        assert "calls 30" in text

    play(path, story)


@pytest.mark.parametrize("size", SIZES)
def test_enter_and_a_double_click_open_a_call(path: Path, size: tuple[int, int]) -> None:
    async def story(app: LedgerStage, pilot: Pilot[int]) -> None:
        await press(pilot, "end", "enter")
        assert isinstance(app.screen, CallScreen)
        text = screen_text(pilot)
        assert "manager · dear" in text
        assert "own 150" in text
        await press(pilot, "y", "escape")
        await pilot.click(app.table, offset=(3, 2), times=2)
        await settled(pilot)
        assert isinstance(app.screen, CallScreen)
        await press(pilot, "q")

    play(path, story, size)


def test_q_closes(path: Path) -> None:
    async def story(app: LedgerStage, pilot: Pilot[int]) -> None:
        await press(pilot, "q")

    assert play(path, story).closed


def test_new_calls_appear_and_the_cursor_stays_on_its_call(path: Path) -> None:
    async def story(app: LedgerStage, pilot: Pilot[int]) -> None:
        await press(pilot, *["down"] * 4)
        before = lines_of(app.table)[1 + app.table.cursor]
        with closing(Journal.open(path)) as journal:
            commit(journal, "r1", [spent(call(model="newcomer"), at=NOON + 500)])
        app.ledger.refresh_rows()
        await settled(pilot)
        assert "newcomer" in lines_of(app.table)[1]
        assert app.table.cursor == 5
        assert lines_of(app.table)[1 + app.table.cursor] == before
        assert "calls 31" in screen_text(pilot)

    play(path, story)


def test_what_is_read_further_down_does_not_jump_when_calls_are_added(tmp_path: Path) -> None:
    path = filled(tmp_path / "journal.db", 400)

    async def story(app: LedgerStage, pilot: Pilot[int]) -> None:
        await press(pilot, *["pagedown"] * 5)
        before = lines_of(app.table)
        with closing(Journal.open(path)) as journal:
            commit(journal, "r1", [spent(at=NOON + 5000), spent(at=NOON + 5001)])
        app.ledger.changed()
        app.ledger.refresh_rows()
        await settled(pilot)
        assert lines_of(app.table) == before

    play(path, story)


def test_every_row_in_sight_is_read_wherever_one_scrolls(tmp_path: Path) -> None:
    path = filled(tmp_path / "journal.db", 1500)

    async def story(app: LedgerStage, pilot: Pilot[int]) -> None:
        for key in ("end", "pageup", "home", "pagedown", "end"):
            await press(pilot, key)
            assert " ·" not in lines_of(app.table)
            assert all(line.strip() for line in lines_of(app.table)[:30])

    play(path, story, scope="all")


def test_calls_of_two_other_processes_appear(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    Journal.open(path).close()

    async def story(app: LedgerStage, pilot: Pilot[int]) -> None:
        assert "No model call yet." in screen_text(pilot)
        writers = [child("some", str(path), run, "5") for run in ("p1", "p2")]
        for writer in writers:
            await asyncio.to_thread(writer.communicate, "\n", 60)
        app.ledger.refresh_rows()
        await settled(pilot)
        assert "calls 10" in screen_text(pilot)

    play(path, story, scope="all")


@pytest.mark.parametrize("size", SIZES)
def test_a_journal_that_is_not_there_is_a_calm_word_and_is_not_made(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async def story(app: LedgerStage, pilot: Pilot[int]) -> None:
        text = screen_text(pilot)
        assert "No model call today." in text
        assert "tui-delegate run PROMPT" in text
        await press(pilot, "g", "p", "p", "o", "enter", "a", "end", "c", "escape")
        assert "No model call yet." in screen_text(pilot)

    play(tmp_path / "none.db", story, size)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", SIZES)
def test_a_damaged_journal_is_a_line_that_says_what_to_do(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"nothing of the kind" * 50)

    async def story(app: LedgerStage, pilot: Pilot[int]) -> None:
        await press(pilot, "g", "o", "a", "p", "p", "enter", "slash", "x", "escape")
        text = screen_text(pilot)
        assert "is damaged" in text
        assert "Move it away" in text

    play(path, story, size)


def test_a_journal_without_text_has_the_same_ledger(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with closing(Journal.open(path, keep_text=False)) as journal:
        commit(journal, "r1", [opened("r1"), spent(at=NOON)])

    async def story(app: LedgerStage, pilot: Pilot[int]) -> None:
        assert "qwen3:4b" in screen_text(pilot)
        assert CANARY not in screen_text(pilot)
        await press(pilot, "enter")

    play(path, story)


@pytest.mark.parametrize("size", SIZES)
def test_names_that_want_to_be_more_than_names_are_shown_as_text(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    path = tmp_path / "journal.db"
    made = call(model=HOSTILE, agent=HOSTILE, status="failed")
    with closing(Journal.open(path)) as journal:
        commit(
            journal,
            HOSTILE,
            [opened(HOSTILE, RunContext(HOSTILE, HOSTILE, HOSTILE, HOSTILE)), spent(made, at=NOON)],
        )

    async def story(app: LedgerStage, pilot: Pilot[int]) -> None:
        seen = [screen_text(pilot)]
        for key in (
            "enter",
            "escape",
            "g",
            "g",
            "g",
            "enter",
            "g",
            "g",
            "g",
            "g",
            "p",
            "p",
            "escape",
            "x",
            "escape",
            "G",
            "enter",
            "x",
        ):
            await press(pilot, key)
            seen.append(screen_text(pilot))
        text = "\n".join(seen)
        assert SHOWN[:6] in text
        assert "owned" not in text
        assert not [sign for sign in text if sign != "\n" and (ord(sign) < 32 or 127 <= ord(sign) < 160)]
        assert "\u202e" not in text

    play(path, story, size)


def test_what_is_told_at_once_many_times_is_looked_at_once(path: Path) -> None:
    async def story(app: LedgerStage, pilot: Pilot[int]) -> None:
        app.ledger.refresh_rows()
        await settled(pilot)
        for _ in range(100):
            app.ledger.changed()
        assert not [one for one in app.workers if not one.is_finished]

    play(path, story)


def test_a_journal_that_was_mended_is_shown_at_the_next_change(path: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"nothing of the kind" * 50)

    async def story(app: LedgerStage, pilot: Pilot[int]) -> None:
        assert "is damaged" in screen_text(pilot)
        os.replace(path, broken)
        app.ledger.refresh_rows()
        await settled(pilot)
        assert "is damaged" not in screen_text(pilot)
        assert "calls 30" in screen_text(pilot)
        assert app.focused is app.table

    play(broken, story)


@pytest.mark.parametrize("screen", [LedgerScreen, CallScreen, ColumnsScreen, ExportScreen])
def test_every_command_has_an_action_and_a_help_line(
    screen: type[LedgerScreen | CallScreen | ColumnsScreen | ExportScreen],
) -> None:
    for one in screen.commands:
        assert callable(getattr(screen, f"action_{one.action}"))
        assert one.help.endswith(".")
        assert one.keys
    assert len({one.id for one in screen.commands}) == len(screen.commands)
