"""One process's workspace: the profiles, the servers behind them, who manages and works, a prompt to a run.

It prints nothing and parses no arguments. The servers are kept next door, and so is which name leads where.
"""

from __future__ import annotations

import os
import time
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tui_delegate import profiles
from tui_delegate.core.choice import ROLES, Choice
from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InputError
from tui_delegate.core.records import dataclass, field, replace
from tui_delegate.engine.run import Plan, Run, open_run, plan_again
from tui_delegate.workspace.jobs import Jobs
from tui_delegate.workspace.keeping import ProfilesFile
from tui_delegate.workspace.origin import fresh_id, origin, within
from tui_delegate.workspace.seating import Seating
from tui_delegate.workspace.servers import Servers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from tui_delegate.backends.discover import Found
    from tui_delegate.core.calls import RunContext
    from tui_delegate.core.choice import Role
    from tui_delegate.core.limits import Limits
    from tui_delegate.core.messages import Message
    from tui_delegate.core.ports import Approver, ModelHost, Shelf
    from tui_delegate.core.specs import Seat
    from tui_delegate.journal.store import Journal
    from tui_delegate.profiles import Profile, Settings
    from tui_delegate.workspace.keeping import Saved


@dataclass(slots=True)
class Workspace:
    """One for a process. Close it: it holds connections."""

    settings: Settings
    environ: Mapping[str, str]
    reach: Servers
    seating: Seating
    jobs: Jobs = field(default_factory=Jobs)
    """Loads and downloads that were asked for here."""
    now: Callable[[], float] = time.time
    """What time it is for the runs of this workspace."""

    @property
    def notices(self) -> list[str]:
        """What a person should be told, such as which server was taken."""
        return self.reach.notices

    @property
    def choice(self) -> Choice:
        """What is picked for this session."""
        return self.seating.choice

    @classmethod
    def open(cls, choice: Choice | None = None, environ: Mapping[str, str] | None = None) -> Workspace:
        """Read the profiles. Raises a ConfigError."""
        environ = os.environ if environ is None else environ
        settings = profiles.load(environ, Path.home())
        reach = Servers(settings, environ, list(settings.warnings))
        return cls(settings, environ, reach, Seating(settings, reach, choice or Choice()))

    async def aclose(self) -> None:
        """Close every connection."""
        await self.reach.aclose()

    def choose(self, choice: Choice) -> None:
        """Switch who manages and who works, from the next run on: one in flight keeps its seats.

        Raises a ResolveError for what can't be used; then nothing is switched.
        """
        fresh = Seating(self.settings, self.reach, choice, self.seating.found)
        for role in ROLES:
            if choice.of(role) != self.choice.of(role):
                fresh.check(role)
        self.seating = fresh

    def reload(self) -> None:
        """Read the profiles again. Raises a ConfigError; then all stays as it was.

        Connections of profiles that did not change are kept; a pick whose profile is gone is dropped.
        """
        settings = profiles.load(self.environ, Path.home())
        self.notices.extend(one for one in settings.warnings if one not in self.settings.warnings)
        choice = self._still_there(settings, self.choice)
        found = self.seating.found if self.seating.found in settings.profiles else ""
        self.reach.take(settings)
        self.settings = settings
        self.seating = Seating(settings, self.reach, choice, found)

    @property
    def file(self) -> ProfilesFile:
        """The file that the profiles stand in, or would."""
        return ProfilesFile.of(self.settings, self.environ)

    def save_default(self, choice: Choice) -> Saved:
        """Write what is picked into the profiles file. Raises a ConfigError."""
        saved = self.file.set_default(choice)
        self.reload()
        return saved

    def check_place(self, name: str) -> None:
        """Raise a ResolveError where an agent, a profile or `profile/model` leads to nothing usable."""
        self.seating.check(name)

    def sitting(self, role: Role) -> tuple[str, str]:
        """Say who has a role, as far as it is known by now: a profile and a model; empty: not yet."""
        return self.seating.sitting(role)

    @asynccontextmanager
    async def run(
        self,
        prompt: str,
        limits: Limits,
        *,
        journal: Journal | None,
        shelf: Shelf | None = None,
        approver: Approver | None = None,
        context: RunContext | None = None,
        history: tuple[Message, ...] = (),
        after: str = "",
        forgets: int = 0,
        recap: str = "",
    ) -> AsyncIterator[Run]:
        """Open a run with the manager and workers that are chosen, written down or found.

        Raises a ResolveError for a workers' profile that can't be used, before anything is spent, and a
        DepthExceeded where this process is a call of ours already, too deep in others.
        """
        self.seating.check("worker")
        plan = Plan(
            run=fresh_id("r"),
            prompt=prompt,
            limits=within(limits, self.environ),
            context=context or self.context("run"),
            history=history,
            after=after,
            forgets=forgets,
            recap=recap,
        )
        async with open_run(
            plan, self.seating, recorder=journal, shelf=shelf, approver=approver, now=self.now
        ) as run:
            yield run

    @asynccontextmanager
    async def resume(
        self,
        run: str,
        *,
        journal: Journal,
        shelf: Shelf | None = None,
        approver: Approver | None = None,
        history: tuple[Message, ...] = (),
        limits: Sequence[str] = (),
    ) -> AsyncIterator[Run]:
        """Go on with a run that stopped. What was told of it is its `told`; it has more to tell unless it
        has its answer already. `limits` (`NAME=VALUE`) are laid over its own.

        Raises an InputError where it is not there, still runs, or kept no text.
        """
        row = journal.run(run)
        if row is None:
            raise InputError(f"There is no run {run!r} in the journal.", "List them: tui-delegate ledger")
        self.seating.check("worker")
        plan_again(list(islice(journal.events_of(run), 1)))
        told = list(journal.events_of(run)) if row.status == "ok" else journal.take_up(row)
        plan = plan_again(told, history)
        if limits:
            plan = replace(plan, limits=profiles.with_limits(plan.limits, limits))
        async with open_run(
            plan, self.seating, recorder=journal, shelf=shelf, approver=approver, told=told, now=self.now
        ) as resumed:
            yield resumed

    def context(self, command: str) -> RunContext:
        """Say where a run comes from."""
        return origin(self.environ, command, session=fresh_id("s"))

    def shelf(self, prompt: str, folder: str = "") -> Shelf | None:
        """Gather the files that a prompt names, from the current folder or another; None where it names none.

        Raises an InputError.
        """
        from tui_delegate.corpus.mentions import from_prompt
        from tui_delegate.corpus.shelf import CorpusShelf
        from tui_delegate.corpus.values import Bounds

        try:
            here = Path(folder) if folder else Path.cwd()
        except FileNotFoundError as error:
            raise InputError(
                "The current folder is not there any more.", "Go to one that is: cd …"
            ) from error
        corpus = from_prompt(prompt, here, Bounds.of_environ(self.environ))
        return CorpusShelf(corpus) if corpus else None

    def open_journal(self, *, keep_text: bool = True) -> Journal:
        """Open the journal. Raises a JournalError."""
        from tui_delegate.journal.store import Journal

        return Journal.open(profiles.journal_path(self.environ), keep_text=keep_text)

    async def seat(self, name: str) -> Seat:
        """Find the seat of `manager`, `worker`, an agent, a profile or `profile/model`; found once."""
        return await self.seating.seat(name)

    async def host(self, profile: str | None = None) -> ModelHost:
        """Give what manages a profile's models; without a name, the manager's profile."""
        return self.reach.host(await self._profile(profile))

    async def servers(self, profile: str | None = None) -> list[Found]:
        """Say which servers answer here: the usual ones and those of every profile, or of one."""
        return await self.reach.discover(await self._profile(profile) if profile else None)

    async def check(self, profile: str | None = None) -> list[tuple[str, bool, str]]:
        """Try a profile: its server, its key, its model."""
        return await self.reach.check(await self._profile(profile))

    async def try_out(self, settings: Settings, name: str) -> list[tuple[str, bool, str]]:
        """Try a profile of settings that are not in use, on connections of its own."""
        reach = Servers(settings, self.environ, [])
        try:
            return await reach.check(profiles.select(settings, name, "-"))
        finally:
            await reach.aclose()

    async def _profile(self, name: str | None) -> Profile:
        name = name or (await self.seating.place("manager")).profile
        return profiles.select(self.settings, name, "-")

    def _still_there(self, settings: Settings, choice: Choice) -> Choice:
        for role in ROLES:
            told = choice.of(role)[0]
            known = (told, profiles.split(told)[0])
            if told and not any(name in settings.profiles or name in settings.agents for name in known):
                self.notices.append(f"Profile {clean_line(told, 80)} is gone: the {role} is no longer on it.")
                choice = choice.taking(role, "", "")
        return choice
