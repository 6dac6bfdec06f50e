"""What leads away from the main screen and back: models, profiles, sessions, settings, themes, the ledger."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from textual import work

from tui_delegate.core.errors import DelegateError
from tui_delegate.tui.screens.confirm import AskLine
from tui_delegate.tui.screens.main.view import ViewActions

if TYPE_CHECKING:
    from tui_delegate.core.transcript import Transcript


class AroundActions(ViewActions):
    """Each opens a screen and takes over what comes back from it."""

    @work(group="around", exclusive=True)
    async def action_main_models(self) -> None:
        """Pick the manager's or the workers' model."""
        from tui_delegate.tui.screens.models import ModelPicker, Picked

        if not self.house.is_open:
            return
        picked = await self.app.push_screen_wait(ModelPicker(self.house.workspace, self.recent))
        if isinstance(picked, Picked):
            self.take_choice(picked.role, picked.profile, picked.model)

    def take_choice(self, role: str, profile: str, model: str) -> None:
        """Let somebody else manage or work from the next run on."""
        workspace = self.house.workspace
        assert role in ("manager", "worker")
        try:
            workspace.choose(workspace.choice.taking(role, profile, model))  # type: ignore[arg-type]
        except DelegateError as error:
            self.say_error(error)
            return
        self.recent.add(profile, model)
        self.say(
            f"{'Manager' if role == 'manager' else 'Workers'}: {model} on {profile}, from the next prompt on."
        )
        self.show_standing()

    async def pick_place(self, question: str) -> str:
        """Ask for a profile or a `profile/model`."""
        from tui_delegate.tui.screens.models import ModelPicker, Picked

        picked = await self.app.push_screen_wait(
            ModelPicker(self.house.workspace, self.recent, role="worker")
        )
        return f"{picked.profile}/{picked.model}" if isinstance(picked, Picked) else ""

    @work(group="around", exclusive=True)
    async def action_main_profiles(self) -> None:
        """Pick, try and edit profiles."""
        from tui_delegate.tui.screens.profiles import ProfilesScreen

        if self.house.is_open:
            await self.app.push_screen_wait(ProfilesScreen(self.house.workspace))
            self.show_standing()

    @work(group="around", exclusive=True)
    async def action_main_sessions(self) -> None:
        """Go on with a conversation of before."""
        from tui_delegate.tui.screens.sessions import SessionsScreen

        if self.house.journal is None:
            self.say("There is no journal, and so there are no sessions.")
            return
        chosen = await self.app.push_screen_wait(SessionsScreen(self.house.journal))
        if chosen:
            await self.go_on_with(chosen)

    @work(group="around", exclusive=True)
    async def action_main_settings(self) -> None:
        """Limits, approval, notifications, appearance, keys."""
        from tui_delegate.tui.screens.settings import SettingsScreen

        await self.app.push_screen_wait(SettingsScreen(self.house.preferences))

    def action_main_ledger(self) -> None:
        """Open the full ledger, scope today."""
        from tui_delegate.tui.screens.ledger import LedgerScreen

        self.app.push_screen(LedgerScreen(self.house.journal_path))

    @work(group="around", exclusive=True)
    async def action_main_rename(self) -> None:
        """Give the session another title."""
        if not (self.talk and self.house.journal):
            return
        title = await self.app.push_screen_wait(AskLine("Title of this session:", self.session_title()))
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

    async def go_on_with(self, session: str) -> None:
        """Stand where a session was left."""
        raise NotImplementedError

    def session_title(self) -> str:
        """Say what the session is called."""
        raise NotImplementedError

    def show_standing(self) -> None:
        """Show who manages, who works, and what it cost."""
        raise NotImplementedError
