"""What a person can do on a screen: one value for each thing, from which key, palette and help are made.

A screen lists its commands in `commands`; what a command does is the action of its name on that screen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.binding import Binding, BindingType

from tui_delegate.core.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to do. `pane.cancel` is a key on a pane and the action `pane_cancel` of its screen."""

    id: str
    """The part of the screen that the key works in, a dot, and what it does. People remap keys by it."""
    title: str
    """As the palette lists it: `Cancel this worker`."""
    help: str
    """One line: what happens."""
    keys: str = ""
    """As Textual writes them, with commas between; empty: palette only."""
    slash: str = ""
    """The word after `/` in the prompt; empty: there is none."""
    first: bool = False
    """Whether the key comes before what has the focus, so that it works in the prompt too."""
    label: str = ""
    """The word beside its key in the line of keys; empty: it is not shown there."""

    @property
    def part(self) -> str:
        """The part of the screen that the key works in."""
        return self.id.partition(".")[0]

    @property
    def action(self) -> str:
        """The name of the action."""
        return self.id.replace(".", "_").replace("-", "_")


def bindings(commands: Iterable[Command], part: str, *, owner: str = "") -> list[BindingType]:
    """Make the bindings of one part. `owner` is `screen` or `app` where a widget hands its keys up."""
    prefix = f"{owner}." if owner else ""
    return [
        Binding(
            one.keys,
            prefix + one.action,
            one.label or one.title,
            show=bool(one.label),
            priority=one.first,
            tooltip=one.help,
            id=one.id,
        )
        for one in commands
        if one.keys and one.part == part
    ]


EVERYWHERE: Final = (
    Command(
        "app.palette",
        "Commands",
        "List everything that can be done here.",
        "ctrl+p",
        first=True,
        label="commands",
    ),
    Command(
        "app.help",
        "Help",
        "Show the keys of what has the focus, then all others.",
        "f1,question_mark",
        slash="help",
        label="help",
    ),
)
"""What every screen of ours can do, questions too."""
