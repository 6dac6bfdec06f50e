from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest
from textual.binding import BindingType
from textual.widgets import Input, OptionList, Static

from tests.tui.standing import SIZES, Standing, lines, seen
from tui_delegate.core.errors import ConfigError
from tui_delegate.core.limits import Limits
from tui_delegate.tui.commands import Command, bindings
from tui_delegate.tui.preferences import ITEMS, Preferences, save_limits
from tui_delegate.tui.screens.settings import SettingsScreen
from tui_delegate.tui.sheet import RESET, SAVE, SECTIONS, Sheet

sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
CANCEL = Command("pane.cancel", "Cancel this worker", "Stops it.", "x")
RETRY = Command("pane.retry", "Try again", "Runs it again.", "r")
PALETTE = Command("app.ping", "Ping", "Says pong.", "f7", first=True)
COMMANDS = (CANCEL, RETRY, PALETTE)


class Setting(Standing):
    """An app that hears what settings say, and applies no more than a test needs."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(COMMANDS, "app")]

    def __init__(
        self, save: Callable[[Limits], None] | None = None, keymap: dict[str, str] | None = None
    ) -> None:
        super().__init__(
            lambda: SettingsScreen(
                Preferences(),
                Limits(),
                themes=self.themes,
                commands=COMMANDS,
                keymap=keymap,
                save_limits=save,
            )
        )
        self.pings = 0
        self.preferences: list[Preferences] = []
        self.limits: list[Limits] = []
        self.keys: list[dict[str, str]] = []

    def action_app_ping(self) -> None:
        self.pings += 1

    def on_settings_screen_changed(self, event: SettingsScreen.Changed) -> None:
        self.preferences.append(event.preferences)

    def on_settings_screen_limits_changed(self, event: SettingsScreen.LimitsChanged) -> None:
        self.limits.append(event.limits)

    def on_settings_screen_keys_changed(self, event: SettingsScreen.KeysChanged) -> None:
        self.keys.append(dict(event.keys))

    def go_to(self, row: str) -> None:
        listing = self.screen.query_one(OptionList)
        listing.highlighted = listing.get_option_index(row)

    @property
    def row(self) -> str:
        option = self.screen.query_one(OptionList).highlighted_option
        return (option.id or "") if option else ""

    @property
    def told(self) -> str:
        return str(self.screen.query_one("#told", Static).content)


@sizes
def test_settings_show_limits_first_and_say_what_each_is_for(size: tuple[int, int]) -> None:
    async def main() -> None:
        app = Setting()
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            words = seen(pilot)
            assert all(section in lines(pilot)[1 if size[1] < 45 else 9] for section in SECTIONS)
            assert "levels of agents" in words
            assert "the manager has workers" in words
            assert "esc close" in words
            assert "save these limits" not in words

    asyncio.run(main())


@sizes
def test_tab_goes_from_section_to_section_and_round(size: tuple[int, int]) -> None:
    async def main() -> None:
        app = Setting()
        async with app.run_test(size=size) as pilot:
            found = []
            for _ in range(6):
                found.append(app.row)
                await pilot.press("tab")
            assert found == [
                "limits.depth",
                "screen.approval",
                "screen.notify",
                "screen.theme",
                "keys.pane.cancel",
                "limits.depth",
            ]
            await pilot.press("shift+tab", "shift+tab")
            assert app.row == "keys.pane.cancel"

    asyncio.run(main())


@sizes
def test_every_row_can_be_reached_and_says_what_it_is(size: tuple[int, int]) -> None:
    async def main() -> None:
        app = Setting(lambda limits: None)
        rows = [
            row
            for section in SECTIONS
            for row in Sheet(commands={c.id: c for c in COMMANDS}, may_save=True).rows(section)
        ]
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            for row in rows:
                assert app.row == row
                await pilot.pause()
                assert app.told
                await pilot.press("down")

    asyncio.run(main())


def test_a_choice_changes_by_enter_and_by_arrows_and_is_told_at_once() -> None:
    async def main() -> None:
        app = Setting()
        async with app.run_test(size=(80, 24)) as pilot:
            app.go_to("screen.approval")
            await pilot.press("enter", "right", "right", "left")
            assert [one.approval for one in app.preferences] == ["tools", "all", "off", "all"]
            app.go_to("screen.mouse")
            await pilot.press("enter")
            assert not app.preferences[-1].mouse
            assert app.preferences[-1].approval == "all"
            await pilot.press("delete")
            assert app.preferences[-1].mouse

    asyncio.run(main())


@pytest.mark.parametrize("name", [name for name, item in ITEMS.items() if item.section])
def test_every_pick_can_be_changed(name: str) -> None:
    async def main() -> None:
        app = Setting()
        async with app.run_test(size=(80, 24)) as pilot:
            app.go_to(f"screen.{name}")
            await pilot.press("enter")
            await pilot.pause()
            if name == "theme":
                await pilot.press("up", "enter")
            elif Sheet().choices(f"screen.{name}") == ():
                await pilot.press("2", "2", "enter")
            await pilot.pause()
            assert getattr(app.preferences[-1], name) != getattr(Preferences(), name)
            await pilot.press("backspace")
            await pilot.pause()
            assert app.preferences[-1] == Preferences()
            assert app.theme == Preferences().theme

    asyncio.run(main())


@sizes
def test_a_limit_is_typed_and_one_that_cannot_be_is_said_where_it_is(size: tuple[int, int]) -> None:
    async def main() -> None:
        app = Setting()
        async with app.run_test(size=size) as pilot:
            await pilot.press("enter")
            assert app.screen.query_one(Input).display
            await pilot.press("0", "enter")
            await pilot.pause()
            assert "levels of agents: must be a whole number, 1 or above" in seen(pilot)
            assert app.limits == []
            await pilot.press("backspace", "5", "enter")
            await pilot.pause()
            assert [one.depth for one in app.limits] == [5]
            assert not app.screen.query_one(Input).display
            app.go_to("limits.cost")
            await pilot.press("enter", *"0.25", "enter")
            assert app.limits[-1] == Limits(depth=5, cost=0.25)
            app.go_to("limits.nested")
            await pilot.press("enter")
            assert app.limits[-1].nested
            app.go_to("limits.depth")
            await pilot.press("delete")
            assert app.limits[-1] == Limits(cost=0.25, nested=True)

    asyncio.run(main())


def test_esc_leaves_what_is_typed_first_and_settings_next() -> None:
    async def main() -> None:
        app = Setting()
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("enter", "9", "escape")
            assert (app.results, app.limits) == ([], [])
            await pilot.press("escape")
            await pilot.pause()
            assert app.results == [None]

    asyncio.run(main())


def test_moving_to_another_row_with_the_mouse_leaves_what_is_typed() -> None:
    async def main() -> None:
        app = Setting()
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("enter", "9")
            await pilot.click(OptionList, offset=(4, 3))
            await pilot.press("escape")
            await pilot.pause()
            assert app.limits == []
            assert app.row == "limits.max_tasks"

    asyncio.run(main())


def test_a_click_on_a_sections_name_goes_there() -> None:
    async def main() -> None:
        app = Setting()
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            await pilot.click("#sections", offset=(12, 0))
            assert app.row == "screen.approval"

    asyncio.run(main())


def test_limits_are_saved_only_when_it_is_said_twice() -> None:
    saved: list[Limits] = []

    async def main() -> None:
        app = Setting(saved.append)
        async with app.run_test(size=(80, 24)) as pilot:
            app.go_to(SAVE)
            await pilot.press("enter")
            assert saved == []
            assert "comments are lost" in app.told
            await pilot.press("up", "down", "enter")
            assert saved == []
            await pilot.press("enter")
            assert saved == [Limits()]
            assert app.told.startswith("Saved as default.")

    asyncio.run(main())


def test_saved_limits_stand_in_the_profiles_file(tmp_path: Path) -> None:
    path = tmp_path / "profiles.toml"
    path.write_text("default_profile = 'builtin'\n")

    async def main() -> None:
        app = Setting(lambda limits: save_limits(path, limits))
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("enter", "4", "enter")
            app.go_to(SAVE)
            await pilot.press("enter", "enter")
            await pilot.pause()

    asyncio.run(main())
    assert tomllib.loads(path.read_text()) == {"default_profile": "builtin", "limits": {"depth": 4}}


def test_limits_that_cannot_be_saved_are_a_line() -> None:
    def refuse(limits: Limits) -> None:
        raise ConfigError("profiles.toml: can't be [b]written\x1b[0m", "Look at its mode.")

    async def main() -> None:
        app = Setting(refuse)
        async with app.run_test(size=(80, 24)) as pilot:
            app.go_to(SAVE)
            await pilot.press("enter", "enter")
            await pilot.pause()
            assert "profiles.toml: can't be [b]written Look at its mode." in seen(pilot)

    asyncio.run(main())


def test_a_new_key_holds_at_once_and_can_be_set_back() -> None:
    async def main() -> None:
        app = Setting()
        async with app.run_test(size=(80, 24)) as pilot:
            app.go_to("keys.app.ping")
            await pilot.press("enter")
            assert "Press the new key for: Ping" in seen(pilot)
            await pilot.press("f8")
            await pilot.pause()
            assert app.keys == [{"app.ping": "f8"}]
            assert "f8" in seen(pilot)
            await pilot.press("delete")
            assert app.keys[-1] == {}
            await pilot.press("enter", "f8")
            await pilot.press("enter", "f7")
            assert app.keys[-1] == {}
            await pilot.press("enter", "f8")
            app.go_to(RESET)
            await pilot.press("enter")
            assert app.keys[-1] == {}
            await pilot.press("enter")
            await pilot.press("escape", "f7")
            await pilot.pause()

    asyncio.run(main())


def test_a_key_that_is_taken_is_refused_with_who_has_it() -> None:
    async def main() -> None:
        app = Setting()
        async with app.run_test(size=(80, 24)) as pilot:
            app.go_to("keys.pane.cancel")
            await pilot.press("enter", "r")
            await pilot.pause()
            assert "r does this already: Try again." in seen(pilot)
            assert app.keys == []
            await pilot.press("enter", "escape")
            await pilot.pause()
            assert app.keys == []
            assert app.results == []

    asyncio.run(main())


def test_a_remapped_key_does_what_the_old_one_did() -> None:
    async def main() -> None:
        app = Setting()
        async with app.run_test(size=(80, 24)) as pilot:
            app.go_to("keys.app.ping")
            await pilot.press("enter", "f8")
            await pilot.press("escape")
            await pilot.pause()
            await pilot.press("f7")
            assert app.pings == 0
            await pilot.press("f8")
            assert app.pings == 1

    asyncio.run(main())


def test_a_key_of_the_apps_own_is_caught_and_does_nothing_else() -> None:
    async def main() -> None:
        app = Setting()
        async with app.run_test(size=(80, 24)) as pilot:
            app.go_to("keys.pane.cancel")
            await pilot.press("enter", "f7")
            await pilot.pause()
            assert app.pings == 0
            assert "f7 does this already: Ping." in seen(pilot)
            await pilot.press("enter", "ctrl+q")
            await pilot.pause()
            assert "has its own use" in seen(pilot)
            await pilot.press("f7")
            assert app.pings == 1

    asyncio.run(main())


def test_keys_that_were_given_before_are_shown() -> None:
    async def main() -> None:
        app = Setting(keymap={"pane.cancel": "ctrl+x"})
        async with app.run_test(size=(80, 24)) as pilot:
            app.go_to("keys.pane.cancel")
            await pilot.pause()
            assert any("Cancel this worker" in line and "^x" in line for line in lines(pilot))

    asyncio.run(main())
