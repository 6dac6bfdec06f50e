"""The line of keys at the foot of a screen: what its own commands are reached by, as they are mapped now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget

if TYPE_CHECKING:
    from textual.app import RenderResult

    from tui_delegate.tui.commands import Command


class Foot(Widget):
    """One line, or two where one is too short."""

    DEFAULT_CSS = """
    Foot { height: auto; max-height: 3; padding: 0 1; color: $dim; }
    """

    def __init__(self, commands: tuple[Command, ...], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._commands = commands

    def render(self) -> RenderResult:
        """Draw the keys of the commands that have a label, as far as they work now."""
        known = {one.id: one.label for one in self._commands if one.label}
        keys: dict[str, str] = {}
        for active in self.screen.active_bindings.values():
            if active.binding.id in known and active.enabled:
                keys.setdefault(active.binding.id, self.app.get_key_display(active.binding))
        # Spaces that don't break keep a key beside its word.
        parts = [
            Content.assemble(
                (keys[one].replace(" ", "\xa0"), "$foreground"), "\xa0", known[one].replace(" ", "\xa0")
            )
            for one in known
            if one in keys
        ]
        return Content("   ").join(parts)
