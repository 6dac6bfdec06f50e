"""The command palette: everything that can be done where the person is, found by a few letters.

It is made of the commands that the app and the screen list; what they do is not known here.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from tui_delegate.tui.keys import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.dom import DOMNode

    from tui_delegate.tui.commands import Command


EXACT: Final = 1000.0
"""The score of what was asked for by its name: above all that only holds the letters."""


@runtime_checkable
class Commanded(Protocol):
    """A screen or an app that lists what can be done on it."""

    @property
    def commands(self) -> Sequence[Command]:
        """What can be done, first what is wanted most."""


@runtime_checkable
class Ordered(Protocol):
    """A screen some of whose commands are carried out by a widget on it."""

    def who_does(self, command: Command) -> DOMNode:
        """Give the widget, or the screen itself."""


class Commands(Provider):
    """Every command of the screen and of the app."""

    async def search(self, query: str) -> Hits:
        """Give what matches, by its title first."""
        matcher = self.matcher(query)
        words = query.casefold().strip()
        for command, node in self._all():
            score = matcher.match(command.title)
            if words and words in (command.slash, command.title.casefold()):
                score = EXACT
            elif not score and matcher.match(f"{command.help} {command.slash} {command.id}"):
                score = matcher.match(f"{command.help} {command.slash} {command.id}") / 4
            if score > 0:
                yield Hit(
                    score, _shown(command), partial(self._do, command, node), command.title, command.help
                )

    async def discover(self) -> Hits:
        """Give everything, in its own order."""
        for command, node in self._all():
            yield DiscoveryHit(_shown(command), partial(self._do, command, node), command.title, command.help)

    def _all(self) -> list[tuple[Command, str]]:
        nodes = (("screen", self.screen), ("app", self.app))
        return [
            (command, name)
            for name, node in nodes
            if isinstance(node, Commanded)
            for command in node.commands
        ]

    async def _do(self, command: Command, node: str) -> None:
        owner: DOMNode = self.screen if node == "screen" else self.app
        if isinstance(owner, Ordered):
            owner = owner.who_does(command)
        await self.app.run_action(command.action, owner)


def _shown(command: Command) -> Content:
    keys = shown(command.keys)
    slash = f"/{command.slash}" if command.slash else ""
    return Content.assemble(command.title, ("   ".join(["", *filter(None, (keys, slash))]), "$dim"))


class Palette(CommandPalette):
    """The palette in our colours."""

    DEFAULT_CSS = """
    Palette { & > Vertical { border: none; background: $surface; } }
    """

    def __init__(self) -> None:
        super().__init__(providers=[Commands], placeholder="What would you like to do?")
