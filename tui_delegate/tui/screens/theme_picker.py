"""Choosing a theme: each is put on while the person moves over it, and taken off again if they leave.

Where the choice is kept is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui_delegate.core.clean import clean_line
from tui_delegate.tui.commands import Command, bindings
from tui_delegate.tui.screens.modal import Modal
from tui_delegate.tui.widgets.foot import Foot

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from tui_delegate.tui.themes import Palette, Themes


class ThemePicker(Modal[str | None]):
    """Gives the name of the theme that was kept, or None."""

    commands: ClassVar[tuple[Command, ...]] = (
        Command("themes.back", "Keep the theme as it was", "Close without a change.", "escape", label="back"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(commands, "themes")]
    DEFAULT_CSS = """
    ThemePicker { align: right middle; background: transparent; }
    ThemePicker > Vertical {
        width: 1fr; max-width: 76; height: auto; max-height: 100%; background: $panel; padding: 1 2;
    }
    ThemePicker OptionList { height: auto; max-height: 100vh; background: $panel; border: none; padding: 0; }
    ThemePicker OptionList:focus { border: none; background-tint: $foreground 0%; }
    ThemePicker .title { height: 1; margin-bottom: 1; }
    ThemePicker Foot { padding: 0; margin-top: 1; }
    """

    def __init__(self, themes: Themes, worn: str) -> None:
        super().__init__()
        self._themes = themes
        self._worn = themes.worn(worn)
        self._palettes = sorted(themes.palettes.values(), key=lambda one: (not one.dark, one.name))

    def compose(self) -> ComposeResult:
        """Lay the list out."""
        with Vertical():
            yield Static(Content.styled("Theme", "bold"), classes="title")
            yield OptionList(*(Option(_row(one), one.name) for one in self._palettes))
            yield Foot(self.commands, ("↑ ↓", "try on"), ("enter", "keep"))

    def on_mount(self) -> None:
        """Begin at the theme that is worn."""
        self._themes.register(self.app)
        names = [one.name for one in self._palettes]
        listing = self.query_one(OptionList)
        listing.styles.max_height = max(self.app.size.height - 6, 3)
        if self._worn in names:
            listing.highlighted = names.index(self._worn)
        listing.focus()

    def on_resize(self) -> None:
        """Leave room for the title and the keys."""
        self.query_one(OptionList).styles.max_height = max(self.app.size.height - 6, 3)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Put the theme on."""
        event.stop()
        self.app.theme = self._themes.worn(event.option.id or "")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Keep it."""
        event.stop()
        self.app.theme = self._themes.worn(event.option.id or "")
        self.dismiss(event.option.id)

    def action_themes_back(self) -> None:
        """Put the old one on again."""
        self.app.theme = self._worn
        self.dismiss(None)


def _row(palette: Palette) -> Content:
    ground = "dark" if palette.dark else "light"
    told = clean_line(palette.description, 46)
    return Content.assemble(f"{clean_line(palette.name):<16}", (f"{ground:<7}", "$dim"), (told, "$dim"))
