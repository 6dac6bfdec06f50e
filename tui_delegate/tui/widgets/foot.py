"""The line of keys at the foot of a screen: what its own commands are reached by, as they are mapped now.

What a command does is the screen's. No screen writes keys at its foot by any other way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.keys import key_to_character
from textual.style import Style
from textual.widget import Widget

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from textual.app import RenderResult
    from textual.geometry import Size

    from tui_delegate.tui.commands import Command

_GAP = "   "


class Foot(Widget):
    """As many lines as the keys need. A click on a command does it."""

    DEFAULT_CSS = """
    Foot { height: auto; max-height: 4; padding: 0 1; color: $dim; }
    """

    def __init__(
        self,
        commands: tuple[Command, ...],
        *hints: tuple[str, str],
        words: Mapping[str, str] | None = None,
        id: str | None = None,
    ) -> None:
        """`hints` are keys that no command has, with what they do; `words` go before a command's label."""
        super().__init__(id=id)
        self.auto_links = False  # keys look alike, whether they can be clicked or not
        self._commands = commands
        self._hints, self._words = hints, dict(words or {})

    def on_mount(self) -> None:
        """Hear when other keys work."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.refresh(layout=True))

    def say(self, *hints: tuple[str, str], words: Mapping[str, str] | None = None) -> None:
        """Show other hints and words."""
        self._hints, self._words = hints, dict(words or {})
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Take as many lines as the keys need."""
        return len(self._lines(width))

    def render(self) -> RenderResult:
        """Draw the keys of the commands that have a label, as far as they work now."""
        return Content("\n").join(self._lines(self.size.width))

    @property
    def plain(self) -> str:
        """What it shows, in lines."""
        return "\n".join(line.plain for line in self._lines(self.size.width))

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

    def _parts(self) -> Iterator[Content]:
        for key, word in self._hints:
            yield Content.assemble((key, "$foreground"), f" {word}")
        keys = self._keys()
        for one in self._commands:
            if one.label and one.id in keys:
                click = Style.from_meta({"@click": f"screen.{one.action}"})
                word = self._words.get(one.id, one.label)
                yield Content.assemble((keys[one.id], "$foreground"), f" {word}").stylize(click)

    def _keys(self) -> dict[str, str]:
        """Give the first key of each command that works now, so that what is typed into a field is none."""
        keys: dict[str, str] = {}
        for key, active in self.screen.active_bindings.items():
            if active.enabled and (active.binding.priority or not self._typed(key)):
                keys.setdefault(active.binding.id or "", self.app.get_key_display(active.binding))
        return keys

    def _typed(self, key: str) -> bool:
        """Whether a key is only a letter for the field that has the focus."""
        focused = self.screen.focused
        return focused is not None and focused.check_consume_key(key, key_to_character(key))
