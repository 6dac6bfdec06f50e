"""Every key of every screen has a command, and every command its key, palette entry, help line and deed."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.binding import Binding, BindingType
from textual.command import DiscoveryHit
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget

from tests.tui.driver import Stand, drive, house_in
from tui_delegate import tui
from tui_delegate.tui.app import DelegateApp
from tui_delegate.tui.commands import Command
from tui_delegate.tui.keys import keys_of
from tui_delegate.tui.palette import Commands
from tui_delegate.tui.screens.help import part_of, text_of
from tui_delegate.tui.screens.main import MainScreen
from tui_delegate.tui.widgets.line_editor import LineEditor
from tui_delegate.tui.widgets.prompt import PromptBar

OF_LINE_EDITORS = frozenset(
    {"ctrl+a", "ctrl+e", "ctrl+w", "ctrl+u", "ctrl+k", "ctrl+y", "alt+b", "alt+f", "alt+d"}
)
"""What fingers do without asking, in whatever a line is written."""


def classes() -> Iterator[type[Widget]]:
    """All widgets and screens that are ours."""
    for module in pkgutil.walk_packages(tui.__path__, f"{tui.__name__}."):
        for found in vars(importlib.import_module(module.name)).values():
            if inspect.isclass(found) and issubclass(found, Widget) and found.__module__ == module.name:
                yield found


def commands_of(place: type[DOMNode]) -> tuple[Command, ...]:
    """What can be done in a place."""
    return tuple(getattr(place, "commands", ()))


SCREENS: tuple[type[Screen[object]], ...] = tuple(
    one for one in classes() if issubclass(one, Screen) and vars(one).get("BINDINGS")
)
PLACES: tuple[type[DOMNode], ...] = (DelegateApp, *SCREENS)
ALL = {one.id: one for place in PLACES for one in commands_of(place)}
each_place = pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
each_command = pytest.mark.parametrize("command", ALL.values(), ids=lambda one: one.id)


def bindings_of(place: type[DOMNode]) -> list[Binding]:
    """The keys that a class of ours brings itself."""
    own: list[BindingType] = list(vars(place).get("BINDINGS", ()))
    assert all(isinstance(one, Binding) for one in own)
    return [one for one in own if isinstance(one, Binding)]


def keys(command: Command) -> list[str]:
    return [key.strip() for key in command.keys.split(",") if key.strip()]


def test_no_screen_is_left_out() -> None:
    assert {MainScreen, *SCREENS} == {
        one for one in classes() if issubclass(one, Screen) and bindings_of(one)
    }
    assert len(SCREENS) > 15


@each_place
def test_every_key_is_a_commands_with_title_and_help(place: type[DOMNode]) -> None:
    for binding in bindings_of(place):
        command = ALL[binding.id or ""]
        assert (binding.tooltip, binding.priority) == (command.help, command.first)
        assert set(binding.key.split(",")) <= set(keys(command)), "a place may leave some keys to another"


def test_every_key_of_a_widget_is_a_commands_of_its_screen_or_moves_a_cursor() -> None:
    moving = {"up", "down", "left", "right", "home", "end", "pageup", "pagedown"}
    for widget in classes():
        if issubclass(widget, Screen | LineEditor):
            continue
        for binding in bindings_of(widget):
            if binding.id:
                assert binding.id in ALL, (widget, binding)
            else:
                assert set(binding.key.split(",")) <= moving, (widget, binding)


@each_command
def test_a_command_says_what_it_is_and_what_it_does(command: Command) -> None:
    assert command.title[0].isupper()
    assert command.help.endswith(".")
    assert command.part
    assert part_of(command.part).title
    shown = text_of([command], command.part, {}, 118).plain
    assert command.title in shown
    assert " ".join(command.help.split()[:4]) in " ".join(shown.split())


@each_place
def test_every_command_can_be_done_where_it_is_listed(place: type[DOMNode]) -> None:
    for command in commands_of(place):
        does: type[DOMNode] = PromptBar if command.part == "prompt" else place
        assert callable(getattr(does, f"action_{command.action}", None)), command.id


@each_place
def test_no_two_commands_of_one_part_have_the_same_key(place: type[DOMNode]) -> None:
    taken = Counter((one.part, key) for one in commands_of(place) for key in keys(one))
    assert [twice for twice, times in taken.items() if times > 1] == []


def test_what_works_everywhere_shares_its_key_with_nothing_on_the_main_screen() -> None:
    here = (*commands_of(MainScreen), *commands_of(DelegateApp))
    for first in (one for one in here if one.first):
        for other in here:
            assert other is first or not set(keys(first)) & set(keys(other)), (first.id, other.id)


def test_no_screen_has_a_key_that_the_app_takes_before_it() -> None:
    taken = {key for one in commands_of(DelegateApp) if one.first for key in keys(one)}
    for place in SCREENS:
        for command in commands_of(place):
            assert not taken & set(keys(command)), command.id


@each_command
def test_no_command_takes_a_key_of_line_editors(command: Command) -> None:
    if command.first or command.part in ("prompt", "line"):
        assert not OF_LINE_EDITORS & set(keys(command))
        assert all(len(key) > 1 for key in keys(command))


def test_no_word_after_a_slash_is_given_twice() -> None:
    words = Counter(one.slash for one in (*commands_of(MainScreen), *commands_of(DelegateApp)) if one.slash)
    assert [word for word, times in words.items() if times > 1] == []
    assert all(word.isascii() and word.isalpha() and word.islower() for word in words)


def test_ids_are_given_once() -> None:
    ids = Counter(one.id for place in PLACES for one in commands_of(place))
    assert [id for id, times in ids.items() if times > 1] == []


async def offered(screen: Screen[Any], query: str = "") -> list[str]:
    """What the palette offers on a screen, best first."""
    provider = Commands(screen)
    if not query:
        return [str(hit.text) async for hit in provider.discover() if isinstance(hit, DiscoveryHit)]
    hits = [hit async for hit in provider.search(query)]
    return [str(hit.text) for hit in sorted(hits, key=lambda hit: -hit.score)]


def test_the_palette_lists_every_command_and_finds_each_by_its_title(tmp_path: Path) -> None:
    async def part(stand: Stand) -> None:
        everything = await offered(stand.main)
        for command in (*stand.main.commands, *stand.app.commands):
            assert command.title in everything
            assert (await offered(stand.main, command.title))[0] == command.title

    drive(house_in(tmp_path), part)


def test_the_palettes_first_hit_for_ledger_opens_the_ledger_of_today(tmp_path: Path) -> None:
    async def part(stand: Stand) -> None:
        await stand.press("ctrl+p")
        await stand.type("ledger")
        await stand.until("the full ledger of every model call")
        await stand.press("enter")
        await stand.until("[today]")

    drive(house_in(tmp_path), part)


def test_a_command_goes_to_the_key_that_it_was_given_and_leaves_the_old_one(tmp_path: Path) -> None:
    house = house_in(tmp_path, picks={"keys": json.dumps({"main.strip": "f9", "pane.cancel": "c"})})

    async def part(stand: Stand) -> None:
        await stand.press("ctrl+l")
        assert "no model call yet" in stand.text
        await stand.press("f9")
        assert "no model call yet" not in stand.text
        tape = await stand.play("states")
        await stand.press("alt+4", "x")
        assert tape.commands == []
        await stand.press("c")
        assert tape.commands == [("cancel", (3,))]
        await stand.press("f1")
        await stand.until("Cancel this worker")
        assert "c Cancel this worker" in " ".join(stand.text.split())
        assert keys_of(ALL["pane.cancel"], stand.house.keys) == "c"

    drive(house, part)
