"""The line of keys at the foot of a screen: what its own commands are reached by, as they are mapped now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget

if TYPE_CHECKING:
    from textual.app import RenderResult
    from textual.geometry import Size

    from tui_delegate.tui.commands import Command

_GAP = "   "


class Foot(Widget):
    """One line, or two where one is too short."""

    DEFAULT_CSS = """
    Foot { height: auto; max-height: 3; padding: 0 1; color: $dim; }
    """

    def __init__(self, commands: tuple[Command, ...], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._commands = commands

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Take as many lines as the keys need."""
        return len(self._lines(width))

    def render(self) -> RenderResult:
        """Draw the keys of the commands that have a label, as far as they work now."""
        return Content("\n").join(self._lines(self.size.width))

    def _lines(self, width: int) -> list[Content]:
        """Break between keys only: a key stays beside its word."""
        lines = [Content("")]
        for part in self._parts():
            longer = Content(_GAP).join([lines[-1], part]) if lines[-1].plain else part
            if longer.cell_length <= width or not lines[-1].plain:
                lines[-1] = longer
            else:
                lines.append(part)
        return lines

    def _parts(self) -> list[Content]:
        known = {one.id: one.label for one in self._commands if one.label}
        keys: dict[str, str] = {}
        for active in self.screen.active_bindings.values():
            if active.binding.id in known and active.enabled:
                keys.setdefault(active.binding.id, self.app.get_key_display(active.binding))
        return [
            Content.assemble((keys[one], "$foreground"), f" {known[one]}") for one in known if one in keys
        ]
