"""The app: one process's window on its runs. What stands on it is in `screens`; what is drawn, in
`widgets`.

Themes, keys, notifications and the way out are here; no run, no conversation, no server is.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from rich.text import Text

from tui_delegate.core.clean import clean_line
from tui_delegate.core.records import replace
from tui_delegate.tui.commands import EVERYWHERE, Command, bindings
from tui_delegate.tui.notices import Notices
from tui_delegate.tui.preferences import store_keys
from tui_delegate.tui.reader import mend_reader
from tui_delegate.tui.screens.main import MainScreen
from tui_delegate.tui.stage import Stage
from tui_delegate.tui.themes import Themes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.driver import Driver
    from textual.screen import Screen

    from tui_delegate.tui.house import House
    from tui_delegate.tui.screens.ledger import LedgerScreen
    from tui_delegate.tui.screens.settings import SettingsScreen

COMMANDS: Final = (
    *EVERYWHERE,
    Command(
        "app.quit",
        "Quit",
        "Leave; you are asked only while something runs.",
        "ctrl+q",
        slash="quit",
        first=True,
    ),
    Command(
        "app.mouse",
        "Mouse on or off",
        "Leave the mouse to the terminal, so that it selects text itself.",
        "f12",
        slash="mouse",
        first=True,
    ),
    Command(
        "app.screenshot",
        "Picture of the screen",
        "Write an SVG into the current folder.",
        slash="screenshot",
    ),
)


class DelegateApp(Stage):
    """The manager's chat, its workers, and the ledger."""

    TITLE = "delegate"
    CSS_PATH = Path(__file__).with_name("screens") / "main" / "main.tcss"
    commands: ClassVar[tuple[Command, ...]] = COMMANDS
    BINDINGS = bindings(COMMANDS, "app")

    def __init__(self, house: House, driver: type[Driver] | None = None) -> None:
        mend_reader()
        super().__init__(driver=driver)
        self.house = house
        house.read_picks()
        if house.wanted.theme:
            house.preferences = replace(house.preferences, theme=house.wanted.theme)
        self.themes = Themes(house.config.parent / "themes", colourless=bool(house.environ.get("NO_COLOR")))
        self.set_keymap(house.keys)
        self.notices = Notices(self._write_to_terminal, house.environ)
        self.main = MainScreen(house, self.themes, self.notices)
        self.dress()

    def dress(self) -> None:
        """Put on what the preferences say."""
        wishes = self.house.preferences
        self.themes.put_on(self, wishes.theme)
        self.sign_plainly(wishes.ascii)
        self.animation_level = "full" if wishes.motion else "none"
        self.notices.preferences = wishes

    def get_default_screen(self) -> Screen[None]:
        """Begin on the main screen: an empty one below it would be laid out and styled for nothing."""
        return self.main

    def on_mount(self) -> None:
        """Listen for the terminal going away."""
        self.notices.open()

    async def on_unmount(self) -> None:
        """Close what is open."""
        self.notices.close()
        self.main.collecting.end()
        await self.house.close()

    async def action_app_palette(self) -> None:
        """List everything that can be done here."""
        from tui_delegate.tui.palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette())

    def on_app_focus(self) -> None:
        """Hear that the person looks here."""
        self.notices.focus(True)

    def on_app_blur(self) -> None:
        """Hear that the person looks elsewhere."""
        self.notices.focus(False)

    def on_key(self) -> None:
        """Hear that the person is there."""
        self.notices.touched()

    def _write_to_terminal(self, text: str) -> None:
        if self._driver is not None:
            self._driver.write(text)

    def action_app_help(self) -> None:
        """Show the keys of what has the focus."""
        from tui_delegate.tui.screens.help import HelpScreen

        own: Sequence[Command] = getattr(self.screen, "commands", ())
        part = self.main.focused_part() if self.screen is self.main else own[0].part if own else "app"
        self.push_screen(HelpScreen((*own, *self.commands), part, self.house.keys))

    async def action_app_quit(self) -> None:
        """Leave; ask only while something runs."""
        from tui_delegate.tui.screens.confirm import Confirm

        if not self.main.busy:
            self.exit(0)
            return
        self.push_screen(
            Confirm("A run is under way. Stop it and quit?", "stop and quit", "stay"),
            lambda sure: self.exit(0) if sure else None,
        )

    def on_settings_screen_changed(self, event: SettingsScreen.Changed) -> None:
        """Take over what was picked in the settings."""
        before = self.house.preferences
        self.house.prefer(event.preferences)
        self.dress()
        self.main.lay_out()
        if before.mouse != event.preferences.mouse:
            self.take_mouse(event.preferences.mouse)

    def on_ledger_screen_columns_changed(self, event: LedgerScreen.ColumnsChanged) -> None:
        """Keep which columns the ledger shows."""
        self.house.wish(columns=tuple(event.spec.split(",")) if event.spec else ())

    def on_settings_screen_limits_changed(self, event: SettingsScreen.LimitsChanged) -> None:
        """Let other limits hold from the next run on."""
        if self.main.talk:
            self.main.talk.conversation.limits = event.limits

    def on_settings_screen_keys_changed(self, event: SettingsScreen.KeysChanged) -> None:
        """Give commands other keys."""
        self.house.keys = dict(event.keys)
        store_keys(self.house.keys, self.house.set_pick)
        self.set_keymap(self.house.keys)

    def action_app_mouse(self) -> None:
        """Leave the mouse to the terminal, or take it back."""
        wishes = self.house.wish(mouse=not self.house.preferences.mouse)
        self.take_mouse(wishes.mouse)
        self.notify(
            "The mouse is ours again."
            if wishes.mouse
            else "The mouse is your terminal's: select with it. /mouse takes it back.",
            markup=False,
        )

    def take_mouse(self, ours: bool) -> None:
        """Tell the terminal who gets the mouse."""
        method = "_enable_mouse_support" if ours else "_disable_mouse_support"
        if (tell := getattr(self._driver, method, None)) is not None:
            tell()

    def action_app_screenshot(self) -> None:
        """Write the screen as a picture."""
        try:
            where = self.save_screenshot(path=str(Path.cwd()))
        except OSError as error:
            self.notify(f"The picture can't be written: {error.strerror}.", severity="error", markup=False)
            return
        self.notify(f"Written: {clean_line(where, 300)}", markup=False)

    def leave(self, number: int) -> None:
        """End in order because of a signal; called in the middle of anything."""
        code = 128 + number
        if number == getattr(signal, "SIGHUP", None) and (hang_up := getattr(self._driver, "hang_up", None)):
            hang_up()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(lambda: self.exit(code, return_code=code))

    def _fatal_error(self) -> None:
        """End with one readable line; where it happened is shown on request."""
        if os.environ.get("TUI_DELEGATE_DEBUG"):
            super()._fatal_error()
            return
        error = self._exception
        words = clean_line(f"{type(error).__name__}: {error}", 400)
        self._exit_renderables.append(
            Text(
                f"tui-delegate: the screen failed: {words}\n"
                "  This is a bug. TUI_DELEGATE_DEBUG=1 shows where; `tui-delegate -c` and /resume go on.",
                no_wrap=True,
                overflow="ignore",
            )
        )
        self._close_messages_no_wait()


def open_screen(house: House) -> int:
    """Run the app to its end and give the exit code."""
    if os.name != "posix" or house.environ.get("TEXTUAL_DRIVER"):
        app = DelegateApp(house)
    else:
        from tui_delegate.tui.terminal import on_leaving, steady

        app = DelegateApp(house, steady())
        on_leaving(app.leave)
    app.run(mouse=house.preferences.mouse)
    return app.return_code or 0
