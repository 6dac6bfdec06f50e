"""What settings list: each row's words and value, made of what declares it. Pure: it draws and keeps nothing.

A row is named by the kind of thing that it sets, a dot, and the thing's own name: `limits.depth`.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Final

from tui_delegate.core.errors import InputError
from tui_delegate.core.limits import Limits
from tui_delegate.core.records import dataclass, field, replace
from tui_delegate.tui.keys import keys_of, shown
from tui_delegate.tui.preferences import (
    ITEMS,
    Preferences,
    choices_of,
    limit_text,
    text_of,
    with_limit,
    with_text,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_delegate.tui.commands import Command

SECTIONS: Final = ("Limits", "Approval", "Notifications", "Appearance", "Keys")
SAVE: Final = "save-limits"
RESET: Final = "reset-keys"
THEME: Final = "screen.theme"
SAVE_HELP: Final = "Writes them into the profiles file. Its comments are lost; a backup stays beside it."
_LIMITS: Final[Mapping[str, tuple[str, str]]] = {
    "depth": ("levels of agents", "With 2, the manager has workers; with 3, its workers may have their own."),
    "max_uses": ("tasks of one turn", "How many tasks one turn of an agent may hand out."),
    "max_tasks": ("tasks of a run", "How many tasks a whole run may have."),
    "max_parallel": ("calls at once", "How many calls of models may be in flight together."),
    "max_steps": ("calls of one turn", "How often one turn may ask its model."),
    "tokens": ("tokens of a run", "All tokens in and out; none: no bound."),
    "cost": ("dollars of a run", "What a run may cost; none: no bound."),
    "seconds": ("seconds of a run", "How long a run may take; none: no bound."),
    "nested": ("workers may delegate", "Whether workers may hand tasks to workers of their own."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it is read."""

    title: str
    value: str = ""
    changed: bool = False
    """Whether the value is another than the usual one."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that can be set, as it is set now; made new for every change."""

    preferences: Preferences = field(default_factory=Preferences)
    limits: Limits = field(default_factory=Limits)
    commands: Mapping[str, Command] = field(default_factory=dict)
    """By id."""
    keymap: Mapping[str, str] = field(default_factory=dict)
    may_save: bool = False
    """Whether limits can be made the usual ones."""

    def rows(self, section: str) -> tuple[str, ...]:
        """Name the rows of a section."""
        if section == "Limits":
            return (*(f"limits.{one.name}" for one in fields(Limits)), *((SAVE,) if self.may_save else ()))
        if section == "Keys":
            return (*(f"keys.{id}" for id in self.commands), RESET)
        return tuple(f"screen.{name}" for name, item in ITEMS.items() if item.section == section)

    def section_of(self, row: str) -> str:
        """Say which section a row stands in."""
        return next((section for section in SECTIONS if row in self.rows(section)), SECTIONS[0])

    def line(self, row: str) -> Line:
        """Write a row."""
        kind, _, name = row.partition(".")
        if row == SAVE:
            return Line("save these limits as default")
        if row == RESET:
            return Line("give every command its own key again")
        if kind == "keys":
            one = self.commands[name]
            return Line(one.title, shown(keys_of(one, self.keymap)) or "–", name in self.keymap)
        title = _LIMITS[name][0] if kind == "limits" else ITEMS[name].title
        return Line(title, self.text(row), self.text(row) != Sheet().text(row))

    def help(self, row: str) -> str:
        """Say what a row is for."""
        kind, _, name = row.partition(".")
        if row == SAVE:
            return SAVE_HELP
        if row == RESET:
            return "All keys that you gave to commands are forgotten."
        if kind == "keys":
            return f"{self.commands[name].help} Enter, then press the new key."
        if kind == "limits":
            return f"{_LIMITS[name][1]} For this session, until you save it."
        choices = choices_of(name)
        return ITEMS[name].help + (f" {' · '.join(choices)}." if choices and choices[0] != "on" else "")

    def text(self, row: str) -> str:
        """Write the value of a limit or a pick."""
        kind, _, name = row.partition(".")
        return limit_text(self.limits, name) if kind == "limits" else text_of(self.preferences, name)

    def with_text(self, row: str, told: str) -> Sheet:
        """Change a limit or a pick. Raises an InputError that says what it may be."""
        kind, _, name = row.partition(".")
        if kind == "limits":
            try:
                return replace(self, limits=with_limit(self.limits, name, told))
            except InputError as error:
                words = error.message.removeprefix(f"{name}: ")
                raise InputError(f"{_LIMITS[name][0]}: {words}") from None
        return replace(self, preferences=with_text(self.preferences, name, told))

    def choices(self, row: str) -> tuple[str, ...]:
        """Name what a row may be; none where it is typed or pressed."""
        kind, _, name = row.partition(".")
        if kind == "screen":
            return choices_of(name)
        return ("on", "off") if row == "limits.nested" else ()
