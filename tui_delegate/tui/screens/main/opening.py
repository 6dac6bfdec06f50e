"""How the main screen comes to life: the house is opened, a session begun or gone on with, others followed.

What is shown of it is decided in the file beside this one.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

from textual import work

from tui_delegate.core.choice import Choice
from tui_delegate.core.conversation import leaves
from tui_delegate.core.errors import DelegateError
from tui_delegate.core.transcript import STOPPED
from tui_delegate.tui.approver import ScreenApprover
from tui_delegate.tui.screens.main.ground import FORGOTTEN
from tui_delegate.tui.screens.main.showing import Showing
from tui_delegate.tui.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_delegate.backends.discover import Found
    from tui_delegate.core.limits import Limits
    from tui_delegate.core.transcript import Transcript
    from tui_delegate.journal.store import Journal, SessionRow
    from tui_delegate.tui.screens.welcome import Beginning


HEADSTART: Final = 0.03
"""Seconds for the first picture to go out: who imports meanwhile holds up who writes."""
WELCOMED: Final = "screen.welcomed"


class OpeningActions(Showing):
    """Each begins something that lasts as long as the screen, or the session."""

    async def open_house(self) -> None:
        """Read profiles and journal, then let the conversation begin."""
        house = self.house
        await asyncio.sleep(HEADSTART)
        try:
            await asyncio.to_thread(house.open)
            limits = house.wanted.limits(house.workspace.settings.limits)
        except DelegateError as error:
            self.app.exit(
                78, return_code=78, message=f"tui-delegate: {error.message}\n  {error.hint}".rstrip()
            )
            return
        if house.journal_error:
            self.say_error(house.journal_error)
        await self.begin_session(limits, house.wanted.session)
        self.run_worker(self.follow_others(), group="following", exclusive=True)
        self.run_worker(self.watch_servers(), group="servers", exclusive=True)
        self.run_worker(self.welcome_first(), group="around", exclusive=True)

    async def begin_session(self, limits: Limits, session: str = "") -> None:
        """Begin a session, or go on with one."""
        from tui_delegate.corpus.names import NameShelf
        from tui_delegate.tui.history import PromptHistory
        from tui_delegate.workspace.conversation import Conversation

        self.bar.set_history(PromptHistory(self.house.state / "prompts.jsonl", cwd=str(Path.cwd())))
        self.bar.set_files(NameShelf(Path.cwd()))
        self.bar.set_commands(
            [one for one in (*self.commands, *getattr(self.app, "commands", ())) if one.slash]
        )
        house = self.house
        approver = ScreenApprover(
            self.app,
            lambda: list(house.workspace.settings.profiles),
            level=lambda: house.preferences.approval,
        )
        conversation = Conversation(house.workspace, house.journal, self, limits, approver=approver)
        self.talk = Talk(conversation, self)
        self.run_worker(self.talk.work(), group="talk", exclusive=True)
        if session and self.house.journal:
            await self.go_on_with(session)
        for prompt in self.early:
            self.talk.send(prompt)
        self.early.clear()
        self.show_conversation()
        self.settle_soon()

    async def go_on_with(self, session: str) -> None:
        """Stand where a session was left."""
        journal = self.house.journal
        if not (self.talk and journal):
            return
        try:
            row, transcripts = await asyncio.to_thread(_read_session, journal, session)
        except DelegateError as error:
            self.say_error(error)
            return
        if row is None or not transcripts:
            self.say("There is no session yet." if session == "last" else f"There is no session {session}.")
            return
        if row.live:
            self.say("That session is at work in another process: its workers are shown here meanwhile.")
            return
        conversation = self.talk.conversation
        conversation.session = row.id
        conversation.load(transcripts, leaves(transcripts, row.id)[-1])
        run, _, forgets = (self.house.pick(FORGOTTEN) or "").partition(" ")
        if run == conversation.runs[-1].run and forgets.isdecimal():
            conversation.forget(max(int(forgets), conversation.forgets), conversation.recap)
        self.title_told = row.title
        self.show_conversation()
        self.chat.to_end()
        last = conversation.runs[-1]
        for path in last.nodes:
            self.side.touch(last, path)
        if last.root.code == STOPPED:
            self.say("The last run was cut off. /resume goes on with it; what was done is not paid again.")

    async def follow_others(self) -> None:
        """Show what other processes do, as the journal tells of it."""
        from tui_delegate.journal.follow import Follower
        from tui_delegate.tui.follower import Following

        await Following(Follower(self.house.journal_path), self).follow()

    async def watch_servers(self) -> None:
        """Notice which servers answer, which no longer do, and themes that changed."""
        from tui_delegate.workspace.catalog import Watch

        self.watch_over = Watch(self.house.workspace.reach)
        while True:
            for words in await self.watch_over.look():
                self.say(words)
            self.themes.follow(self.app, self.house.preferences.theme)
            self.tell_of_themes()
            self.show_standing()
            await asyncio.sleep(self.watch_over.every)

    def tell_of_themes(self) -> None:
        """Say once of each theme file that can't be used."""
        for words in self.themes.notices:
            if words not in self.told_once:
                self.told_once.add(words)
                self.say(words, bad=True)

    async def look_for_servers(self) -> list[Found]:
        """Ask the servers of this machine, and none beyond it."""
        return await self.house.workspace.reach.discover(near_only=True)

    async def welcome_first(self) -> None:
        """Show a new person which servers there are."""
        house = self.house
        if house.pick(WELCOMED) or house.workspace.settings.source or house.wanted.choice != Choice():
            return
        house.set_pick(WELCOMED, "yes")
        from tui_delegate.tui.screens.welcome import WelcomeScreen

        self.take_beginning(await self.app.push_screen_wait(WelcomeScreen(self.look_for_servers)))

    @work(group="around", exclusive=True)
    async def action_main_welcome(self) -> None:
        """Look which model servers answer here."""
        from tui_delegate.tui.screens.welcome import WelcomeScreen

        if self.house.is_open:
            self.take_beginning(
                await self.app.push_screen_wait(WelcomeScreen(self.look_for_servers, first=False))
            )

    def take_beginning(self, beginning: Beginning | None) -> None:
        """Begin as the person chose."""
        if beginning is None:
            return
        if beginning.how == "offline":
            self.take_choice("manager", "builtin", "")
        elif beginning.how == "server" and beginning.server and beginning.server.server:
            names = beginning.server.names
            self.take_choice("manager", names[0] if names else beginning.server.server.backend, "")
        else:
            self.action_main_profiles(adding=True)


def _read_session(journal: Journal, session: str) -> tuple[SessionRow | None, Mapping[str, Transcript]]:
    """Read a session and its runs; what is under way in them has no process any more, unless it is live."""
    rows = journal.sessions(1) if session == "last" else [journal.session(session)]
    row = next(iter(rows), None)
    transcripts = journal.conversation(row.id) if row else {}
    for transcript in transcripts.values():
        transcript.break_off()
    return row, transcripts
