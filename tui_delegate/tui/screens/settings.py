"""Settings: one list of everything that can be set, made of what declares it. Each change holds at once.

What a value may be is said where it is declared; applying and keeping it is the app's, told by messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import DelegateError
from tui_delegate.core.records import replace
from tui_delegate.tui.commands import Command, bindings
from tui_delegate.tui.figures import fit
from tui_delegate.tui.keys import refusal
from tui_delegate.tui.screens.key_catcher import KeyCatcher
from tui_delegate.tui.screens.modal import Modal
from tui_delegate.tui.screens.theme_picker import ThemePicker
from tui_delegate.tui.sheet import RESET, SAVE, SAVE_HELP, SECTIONS, THEME, Sheet
from tui_delegate.tui.widgets.foot import Foot
from tui_delegate.tui.widgets.obeying import TypedLine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from tui_delegate.core.limits import Limits
    from tui_delegate.tui.preferences import Preferences
    from tui_delegate.tui.themes import Themes

_TITLES: Final = 34
_HINTS: Final = (("↑ ↓", "choose"), ("enter ← →", "change"))


class SettingsScreen(Modal[None]):
    """Everything that can be set. It changes nothing but its own copy: the app hears of each change."""

    class Changed(Message):
        """The person picked something else for the screen."""

        def __init__(self, preferences: Preferences) -> None:
            super().__init__()
            self.preferences = preferences

    class LimitsChanged(Message):
        """The person set another limit, for the rest of this session."""

        def __init__(self, limits: Limits) -> None:
            super().__init__()
            self.limits = limits

    class KeysChanged(Message):
        """The person gave other keys to commands; they hold already."""

        def __init__(self, keys: Mapping[str, str]) -> None:
            super().__init__()
            self.keys = keys

    commands: ClassVar[tuple[Command, ...]] = (
        Command(
            "settings.close", "Close settings", "Go back; what was changed stays.", "escape", label="close"
        ),
        Command("settings.next", "Next section", "Go to the next section.", "tab", label="section"),
        Command("settings.previous", "Section before", "Go to the section before.", "shift+tab"),
        Command("settings.more", "Next choice", "Take the next choice of this setting.", "right"),
        Command("settings.less", "Choice before", "Take the choice before of this setting.", "left"),
        Command("settings.usual", "Set back", "Set this one back to what is usual.", "delete,backspace"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(commands, "settings")]
    DEFAULT_CSS = """
    SettingsScreen { align: center middle; }
    SettingsScreen > Vertical {
        width: 100%; max-width: 100; height: 100%; max-height: 44; background: $panel; padding: 1 2;
    }
    SettingsScreen #sections { height: 1; margin-bottom: 1; }
    SettingsScreen OptionList {
        height: 1fr; background: $panel; border: none; padding: 0; scrollbar-size-vertical: 1;
    }
    SettingsScreen OptionList:focus { border: none; background-tint: $foreground 0%; }
    SettingsScreen #typing, SettingsScreen #typing:focus {
        display: none; height: 1; border: none; padding: 0 2; background: $background;
        background-tint: $foreground 0%;
    }
    SettingsScreen #typing.-open { display: block; }
    SettingsScreen #told { height: 2; margin-top: 1; color: $dim; }
    SettingsScreen #told.-bad { color: $bad; }
    SettingsScreen #told.-ok { color: $ok; }
    SettingsScreen Foot { padding: 0; }
    """

    def __init__(
        self,
        preferences: Preferences,
        limits: Limits,
        *,
        themes: Themes,
        commands: Sequence[Command] = (),
        keymap: Mapping[str, str] | None = None,
        save_limits: Callable[[Limits], None] | None = None,
    ) -> None:
        """`save_limits` makes limits the usual ones; it raises a DelegateError where it can't."""
        super().__init__()
        by_id = {one.id: one for one in commands}
        self._sheet = Sheet(preferences, limits, by_id, dict(keymap or {}), save_limits is not None)
        self._themes = themes
        self._save = save_limits
        self._editing = ""
        self._sure = False

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with Vertical():
            sections = Static(id="sections")
            sections.auto_links = False  # the section that one is in has a colour of its own
            yield sections
            yield OptionList(*self._options())
            yield TypedLine(id="typing")
            yield Static(id="told", markup=False)
            yield Foot(self.commands, *_HINTS)

    def on_mount(self) -> None:
        """Begin at the first setting."""
        self._list.highlighted = 1
        self._list.focus()

    @property
    def _list(self) -> OptionList:
        return self.query_one(OptionList)

    @property
    def _row_id(self) -> str:
        option = self._list.highlighted_option
        return (option.id or "") if option else ""

    def _options(self) -> Iterator[Option]:
        for section in SECTIONS:
            yield Option(Content.styled(section, "bold $accent"), f"section-{section}", disabled=True)
            for row in self._sheet.rows(section):
                yield Option(self._line(row), row)
            yield Option("", disabled=True)

    def _line(self, row: str) -> Content:
        line = self._sheet.line(row)
        if not line.value:
            return Content(f"  {line.title}")
        return Content.assemble(
            f"  {fit(line.title, _TITLES)}  ", (line.value, "$foreground bold" if line.changed else "$dim")
        )

    def _tell(self, text: str, tone: str = "") -> None:
        told = self.query_one("#told", Static)
        told.set_class(tone == "bad", "-bad")
        told.set_class(tone == "ok", "-ok")
        told.update(clean_line(text, 240))

    def _tell_error(self, error: DelegateError) -> None:
        self._tell(f"{error.message} {error.hint}".strip(), "bad")

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Say what the setting is."""
        event.stop()
        self._sure = False
        row = event.option.id or ""
        if self._editing and row != self._editing:
            self._stop_typing()
        self._tell(self._sheet.help(row))
        here = self._sheet.section_of(row)
        self.query_one("#sections", Static).update(Content("   ").join(_tab(name, here) for name in SECTIONS))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Change the setting: its next choice, or a text to type, or a key to press."""
        event.stop()
        row = event.option.id or ""
        if row == SAVE:
            self._save_limits()
        elif row == RESET:
            self._set_keys({})
        elif row.startswith("keys."):
            self._catch(row.removeprefix("keys."))
        elif row == THEME:
            self.app.push_screen(ThemePicker(self._themes, self._sheet.preferences.theme), self._wear)
        elif not self._step(1):
            self._type(row)

    def _step(self, by: int) -> bool:
        """Take another choice; False where there is none to take."""
        choices = self._sheet.choices(self._row_id)
        if choices:
            now = choices.index(self._sheet.text(self._row_id))
            self._set(self._row_id, choices[(now + by) % len(choices)])
        return bool(choices)

    def _set(self, row: str, told: str) -> bool:
        before = self._sheet
        try:
            self._sheet = before.with_text(row, told)
        except DelegateError as error:
            self._tell_error(error)
            return False
        if self._sheet.limits != before.limits:
            self.post_message(self.LimitsChanged(self._sheet.limits))
        if self._sheet.preferences != before.preferences:
            self.post_message(self.Changed(self._sheet.preferences))
        self._list.replace_option_prompt(row, self._line(row))
        self._tell(self._sheet.help(row))
        return True

    def _type(self, row: str) -> None:
        typing = self.query_one("#typing", Input)
        self._editing = row
        typing.value = self._sheet.text(row)
        typing.add_class("-open")
        typing.focus()
        self._tell(f"{self._sheet.line(row).title}: {self._sheet.help(row)} Enter sets it, esc leaves it.")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Set what was typed, if it can be."""
        event.stop()
        if self._editing and self._set(self._editing, event.value):
            self._stop_typing()

    def _stop_typing(self) -> None:
        self._editing = ""
        self.query_one("#typing", Input).remove_class("-open")
        self._list.focus()
        self._tell(self._sheet.help(self._row_id))

    def _wear(self, name: str | None) -> None:
        if name:
            self._set(THEME, name)

    def _save_limits(self) -> None:
        if self._save is None:
            return
        if not self._sure:
            self._sure = True
            self._tell(f"{SAVE_HELP} Enter again to do it.")
            return
        self._sure = False
        try:
            self._save(self._sheet.limits)
        except DelegateError as error:
            self._tell_error(error)
        else:
            self._tell("Saved as default. What the file held before is kept beside it.", "ok")

    def _catch(self, id: str) -> None:
        one = self._sheet.commands[id]

        def take(key: str | None) -> None:
            keymap = self._sheet.keymap
            if key is None:
                return
            if why := refusal(one, key, self._sheet.commands.values(), keymap):
                self._tell(why, "bad")
            else:
                others = {name: keys for name, keys in keymap.items() if name != id}
                self._set_keys(others if key == one.keys else {**others, id: key})

        self.app.push_screen(KeyCatcher(one.title), take)

    def _set_keys(self, keymap: Mapping[str, str]) -> None:
        self._sheet = replace(self._sheet, keymap=dict(keymap))
        self.app.set_keymap(dict(keymap))
        self.post_message(self.KeysChanged(dict(keymap)))
        for row in self._sheet.rows("Keys"):
            self._list.replace_option_prompt(row, self._line(row))
        self._tell("The keys hold now.", "ok")

    def action_settings_close(self) -> None:
        """Stop typing, else go back."""
        if self._editing:
            self._stop_typing()
        else:
            self.dismiss(None)

    def action_settings_go(self, section: str) -> None:
        """Go to a section."""
        if section not in SECTIONS or self._editing:
            return
        heading = self._list.get_option_index(f"section-{section}")
        self._list.highlighted = heading + 1
        self._list.scroll_to(y=heading, animate=False)
        self._list.focus()

    def _go_by(self, by: int) -> None:
        here = SECTIONS.index(self._sheet.section_of(self._row_id))
        self.action_settings_go(SECTIONS[(here + by) % len(SECTIONS)])

    def action_settings_next(self) -> None:
        """Go to the next section."""
        self._go_by(1)

    def action_settings_previous(self) -> None:
        """Go to the section before."""
        self._go_by(-1)

    def action_settings_more(self) -> None:
        """Take the next choice."""
        self._step(1)

    def action_settings_less(self) -> None:
        """Take the choice before."""
        self._step(-1)

    def action_settings_usual(self) -> None:
        """Set one back."""
        row = self._row_id
        if row.startswith("keys."):
            id = row.removeprefix("keys.")
            self._set_keys({name: keys for name, keys in self._sheet.keymap.items() if name != id})
        elif row not in (SAVE, RESET):
            self._set(row, Sheet().text(row))
            if row == THEME:
                self._themes.put_on(self.app, self._sheet.preferences.theme)


def _tab(name: str, here: str) -> Content:
    tone = "bold $accent" if name == here else "$dim"
    return Content.from_markup(f"[@click=screen.settings_go('{name}')][{tone}]{name}[/][/]")
