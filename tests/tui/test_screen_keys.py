from __future__ import annotations

import pytest
from textual.binding import Binding
from textual.screen import ModalScreen

from tui_delegate.tui.commands import Command
from tui_delegate.tui.screens.help import PARTS, HelpScreen, part_of
from tui_delegate.tui.screens.key_catcher import KeyCatcher
from tui_delegate.tui.screens.settings import SettingsScreen
from tui_delegate.tui.screens.theme_picker import ThemePicker
from tui_delegate.tui.screens.welcome import WelcomeScreen

SCREENS = (HelpScreen, KeyCatcher, SettingsScreen, ThemePicker, WelcomeScreen)
each = pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.__name__)


def commands_of(screen: type[ModalScreen[object]]) -> tuple[Command, ...]:
    found = screen.commands  # type: ignore[attr-defined]
    assert isinstance(found, tuple)
    return found


@each
def test_every_key_of_a_screen_is_a_commands(screen: type[ModalScreen[object]]) -> None:
    commands = {command.id: command for command in commands_of(screen)}
    bound = [binding for binding in screen.BINDINGS if isinstance(binding, Binding)]
    assert len(bound) == len(screen.BINDINGS) == len(commands)
    for binding in bound:
        command = commands[binding.id or ""]
        assert (binding.key, binding.action) == (command.keys, command.action)


@each
def test_every_command_can_be_done_and_says_what_it_does(screen: type[ModalScreen[object]]) -> None:
    for command in commands_of(screen):
        assert callable(getattr(screen, f"action_{command.action}"))
        assert command.title
        assert command.help.endswith(".")
        assert part_of(command.part).title


def test_every_part_has_a_name_and_whole_sentences() -> None:
    assert all(part.title and (not part.text or part.text.endswith(".")) for part in PARTS.values())
    assert part_of("never-heard-of").title == "Never heard of"
