"""How the main screen comes to life: the house is opened, a session begun or gone on with, others followed.

What is shown of it is decided in the file beside this one.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work

from tui_delegate.core.conversation import leaves
from tui_delegate.core.errors import DelegateError
from tui_delegate.core.transcript import Transcript
from tui_delegate.corpus.names import NameShelf
from tui_delegate.tui.approver import ScreenApprover
from tui_delegate.tui.screens.main.showing import Showing
from tui_delegate.tui.talk import Talk

if TYPE_CHECKING:
    from tui_delegate.core.approval import Question, Verdict
    from tui_delegate.core.limits import Limits
    from tui_delegate.journal.store import Journal
    from tui_delegate.tui.screens.welcome import Beginning


class OpeningActions(Showing):
    """Each begins something that lasts as long as the screen, or the session."""

    async def open_house(self) -> None:
        """Read profiles and journal, then let the conversation begin."""
        house = self.house
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

    async def begin_session(self, limits: Limits, session: str = "") -> None:
        """Begin a session, or go on with one."""
        from tui_delegate.tui.history import PromptHistory
        from tui_delegate.workspace.conversation import Conversation

        self.bar.set_history(PromptHistory(self.house.state / "prompts.jsonl", cwd=str(Path.cwd())))
        self.bar.set_files(NameShelf(Path.cwd()))
        self.bar.set_commands(
            [one for one in (*self.commands, *getattr(self.app, "commands", ())) if one.slash]
        )
        house = self.house
        approver = ScreenApprover(lambda: house.preferences.approval, self.ask_approval)
        conversation = Conversation(house.workspace, house.journal, self, limits, approver=approver)
        self.talk = Talk(conversation, self)
        self.run_worker(self.talk.work(), group="talk", exclusive=True)
        if session and self.house.journal:
            await self.go_on_with(session)
        for prompt in self.early:
            self.talk.send(prompt)
        self.early.clear()
        self.show_conversation()

    async def go_on_with(self, session: str) -> None:
        """Stand where a session was left."""
        journal = self.house.journal
        if not (self.talk and journal):
            return
        try:
            name, transcripts = await asyncio.to_thread(_read_session, journal, session)
        except DelegateError as error:
            self.say_error(error)
            return
        if not transcripts:
            self.say(f"There is no session {session}." if session != "last" else "There is no session yet.")
            return
        conversation = self.talk.conversation
        conversation.session = name
        conversation.load(transcripts, leaves(transcripts, name)[-1])
        self.title_told = ""
        self.show_conversation()
        self.chat.to_end()

    async def ask_approval(self, question: Question) -> Verdict:
        """Put a question of the run before the person."""
        from tui_delegate.tui.screens.approval import ApprovalScreen

        return await self.app.push_screen_wait(ApprovalScreen(question))

    async def follow_others(self) -> None:
        """Show what other processes do, as the journal tells of it."""
        from tui_delegate.journal.follow import Follower
        from tui_delegate.tui.follower import Following

        await Following(Follower(self.house.journal_path), self).follow()

    async def watch_servers(self) -> None:
        """Notice which servers answer, and which no longer do."""
        from tui_delegate.workspace.catalog import Watch

        self.watch_over = Watch(self.house.workspace.reach)
        while True:
            for words in await self.watch_over.look():
                self.say(words)
            self.show_standing()
            await asyncio.sleep(self.watch_over.every)

    @work(group="around", exclusive=True)
    async def action_main_welcome(self) -> None:
        """Look which model servers answer here."""
        from tui_delegate.tui.screens.welcome import WelcomeScreen

        if self.house.is_open:
            self.take_beginning(
                await self.app.push_screen_wait(WelcomeScreen(self.house.workspace.servers, first=False))
            )

    def take_beginning(self, beginning: Beginning | None) -> None:
        """Begin as the person chose."""
        if beginning is None:
            return
        if beginning.how == "offline":
            self.take_choice("manager", "builtin", "")
        elif beginning.how == "server" and beginning.server:
            self.take_choice("manager", beginning.server.names[0], "")
        else:
            self.action_main_profiles()


def _read_session(journal: Journal, session: str) -> tuple[str, dict[str, Transcript]]:
    """Read a session's runs, and those of others that they go on from. Also gives its id."""
    if session == "last":
        rows = journal.sessions(1)
        session = rows[0].id if rows else ""
    found: dict[str, Transcript] = {}
    waiting = [row.id for row in reversed(journal.runs(1000, session))] if session else []
    while waiting:
        run = waiting.pop(0)
        if run in found:
            continue
        transcript = Transcript()
        for event in journal.events_of(run):
            transcript.apply(event)
        if transcript.run:
            found[run] = transcript
            waiting += [transcript.after] if transcript.after else []
    return session, found
