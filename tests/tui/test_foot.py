from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual.screen import Screen
from textual.widgets import Input

from tui_delegate.tui.commands import Command, bindings
from tui_delegate.tui.stage import Stage
from tui_delegate.tui.widgets.foot import Foot

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

COMMANDS = (
    Command("desk.save", "Save", "Saves.", "ctrl+s", label="save"),
    Command("desk.drop", "Drop", "Drops.", "d,delete", label="drop"),
    Command("desk.look", "Look", "Looks.", "l", label="look"),
    Command("desk.up", "Up", "Goes up.", "pageup"),
)


class Desk(Screen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(COMMANDS, "desk")]
    blind = False
    looked = 0

    def compose(self) -> ComposeResult:
        yield Input()
        yield Foot(COMMANDS, ("↑ ↓", "choose"), words={"desk.drop": "throw away"})

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return not (action == "desk_look" and self.blind)

    def action_desk_look(self) -> None:
        self.looked += 1


class Office(Stage):
    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk()

    def on_mount(self) -> None:
        self.push_screen(self.desk)


def test_the_foot_shows_what_works_now_by_its_first_key() -> None:
    async def main() -> None:
        async with Office().run_test(size=(80, 10)) as pilot:
            desk = pilot.app.screen
            assert isinstance(desk, Desk)
            foot = desk.query_one(Foot)
            desk.set_focus(None)
            await pilot.pause()
            assert foot.plain == "↑ ↓ choose   ^s save   d throw away   l look"
            desk.blind = True
            desk.refresh_bindings()
            await pilot.pause()
            assert foot.plain == "↑ ↓ choose   ^s save   d throw away"

    asyncio.run(main())


def test_a_letter_that_would_be_typed_into_a_field_is_no_key() -> None:
    async def main() -> None:
        async with Office().run_test(size=(80, 10)) as pilot:
            pilot.app.screen.query_one(Input).focus()
            await pilot.pause()
            assert pilot.app.screen.query_one(Foot).plain == "↑ ↓ choose   ^s save"

    asyncio.run(main())


def test_the_foot_follows_a_key_that_was_given_anew() -> None:
    async def main() -> None:
        async with Office().run_test(size=(80, 10)) as pilot:
            pilot.app.screen.set_focus(None)
            pilot.app.set_keymap({"desk.save": "f9"})
            await pilot.pause()
            assert "f9 save" in pilot.app.screen.query_one(Foot).plain

    asyncio.run(main())


def test_lines_break_between_keys_only() -> None:
    async def main() -> None:
        async with Office().run_test(size=(26, 10)) as pilot:
            pilot.app.screen.set_focus(None)
            await pilot.pause()
            foot = pilot.app.screen.query_one(Foot)
            assert foot.plain.split("\n") == ["↑ ↓ choose   ^s save", "d throw away   l look"]
            assert foot.size.height == 2

    asyncio.run(main())


def test_a_click_on_a_key_does_what_the_key_does() -> None:
    async def main() -> None:
        async with Office().run_test(size=(80, 10)) as pilot:
            desk = pilot.app.screen
            assert isinstance(desk, Desk)
            desk.set_focus(None)
            await pilot.pause()
            foot = desk.query_one(Foot)
            await pilot.click(Foot, offset=(foot.plain.index("look") + 1, 0))
            assert desk.looked == 1

    asyncio.run(main())
