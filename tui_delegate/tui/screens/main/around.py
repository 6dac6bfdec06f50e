"""What leads away from the main screen and back: models, profiles, sessions, settings, themes, the ledger."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual import work

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import DelegateError
from tui_delegate.tui.screens.confirm import AskLine
from tui_delegate.tui.screens.main.view import ViewActions

if TYPE_CHECKING:
    from tui_delegate.core.choice import Role
    from tui_delegate.tui.screens.picked import Picked


class AroundActions(ViewActions):
    """Each opens a screen and takes over what comes back from it."""

    @work(group="around", exclusive=True)
    async def action_main_models(self) -> None:
        """Pick the manager's or the workers' model."""
        from tui_delegate.tui.screens.models import ModelPicker

        if not self.house.is_open:
            return
        known = self.watch_over.stations if self.watch_over else ()
        self.take_picked(
            await self.app.push_screen_wait(ModelPicker(self.house.workspace, self.recent, known=known))
        )

    def take_picked(self, picked: Picked | None) -> None:
        """Take over what was picked, and say what was written down."""
        if picked:
            self.take_choice(picked.role, picked.profile, picked.model)
            if picked.saved:
                self.say(clean_line(picked.saved, 300))

    def take_choice(self, role: Role, profile: str, model: str) -> None:
        """Let somebody else manage or work from the next run on."""
        workspace = self.house.workspace
        before = workspace.sitting("worker")
        try:
            workspace.choose(workspace.choice.taking(role, profile, model))
        except DelegateError as error:
            self.say_error(error)
            return
        who = "Manager" if role == "manager" else "Workers"
        place = f"{model} on {profile}" if model else profile
        along = role == "manager" and before != workspace.sitting("worker")
        follow = " The workers go along." if along else ""
        self.say(f"{who}: {place}, from the next prompt on.{follow}")
        self.show_standing()

    async def pick_place(self, worker: str) -> str:
        """Ask for a profile or a `profile/model` for a worker's next attempt."""
        from tui_delegate.tui.screens.models import ModelPicker

        picked = await self.app.push_screen_wait(
            ModelPicker(self.house.workspace, self.recent, role="worker", once_for=worker)
        )
        place = f"{picked.profile}/{picked.model}".rstrip("/") if picked else ""
        try:
            if place:
                self.house.workspace.check_place(place)
        except DelegateError as error:
            self.say_error(error)
            return ""
        return place

    @work(group="around", exclusive=True)
    async def action_main_profiles(self, adding: bool = False) -> None:
        """Pick, try and edit profiles; `adding`: begin with a new one."""
        from tui_delegate.tui.screens.profiles import ProfilesScreen

        if self.house.is_open:
            known = self.watch_over.stations if self.watch_over else ()
            screen = ProfilesScreen(self.house.workspace, adding=adding, known=known)
            self.take_picked(await self.app.push_screen_wait(screen))
            self.show_standing()

    @work(group="around", exclusive=True)
    async def action_main_sessions(self) -> None:
        """Go on with a conversation of before."""
        from tui_delegate.tui.screens.sessions import SessionsScreen

        if self.house.journal is None or self.talk is None:
            self.say("There is no journal, and so there are no sessions.")
            return
        chosen = await self.app.push_screen_wait(
            SessionsScreen(self.house.journal, current=self.talk.conversation.session, now=self.house.now)
        )
        if chosen is None or (chosen.kind != "watch" and not self.idle()):
            return
        if chosen.kind == "resume":
            await self.go_on_with(chosen.session)
        elif chosen.kind == "new":
            self.action_main_new()
        else:
            self.say("Its workers are shown beside the chat while they are at work.")

    @work(group="around", exclusive=True)
    async def action_main_settings(self) -> None:
        """Limits, approval, notifications, appearance, keys."""
        from tui_delegate.tui.preferences import save_limits
        from tui_delegate.tui.screens.settings import SettingsScreen

        if self.talk is None:
            return
        read_from = self.house.workspace.settings.source
        await self.app.push_screen_wait(
            SettingsScreen(
                self.house.preferences,
                self.talk.conversation.limits,
                themes=self.themes,
                commands=[*self.commands, *getattr(self.app, "commands", ())],
                keymap=self.house.keys,
                save_limits=lambda limits: save_limits(self.house.config, limits, read_from=read_from),
            )
        )

    @work(group="around", exclusive=True)
    async def action_main_theme(self) -> None:
        """Pick the colours."""
        from tui_delegate.tui.screens.theme_picker import ThemePicker

        if self.argument in self.themes.palettes:
            picked: str | None = self.argument
        else:
            picked = await self.app.push_screen_wait(ThemePicker(self.themes, self.house.preferences.theme))
        if picked:
            self.house.wish(theme=picked)
            self.themes.put_on(self.app, picked)

    def action_main_ledger(self) -> None:
        """Open the full ledger, scope today."""
        from tui_delegate.tui.screens.ledger import LedgerScreen

        conversation = self.talk.conversation if self.talk else None
        self.ledger = LedgerScreen(
            self.house.journal_path,
            run=conversation.runs[-1].run if conversation and conversation.runs else "",
            session=conversation.session if conversation else "",
            columns=",".join(self.house.preferences.columns),
            now=self.house.now,
        )
        self.app.push_screen(self.ledger)

    @work(group="around", exclusive=True)
    async def action_main_rename(self) -> None:
        """Give the session another title."""
        if not (self.talk and self.house.journal):
            return
        title: str | None = self.argument or await self.app.push_screen_wait(
            AskLine("Title of this session:", self.session_title())
        )
        if title and title.strip():
            try:
                await asyncio.to_thread(
                    self.house.journal.rename_session, self.talk.conversation.session, title.strip()
                )
            except DelegateError as error:
                self.say_error(error)
                return
            self.title_told = title.strip()
            self.show_standing()
