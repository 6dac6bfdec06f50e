"""Who manages and who works: agents and names to seats, and a prompt to a run.

It decides when nobody said; it prints nothing and parses no arguments. The servers behind the seats are kept
next door.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tui_delegate import profiles
from tui_delegate.backends.address import is_loopback
from tui_delegate.core.calls import RunContext
from tui_delegate.core.errors import BackendError, InputError, ModelMissing, ResolveError
from tui_delegate.core.specs import AgentSpec, Seat
from tui_delegate.engine.run import Plan, Run, open_run, plan_again
from tui_delegate.workspace.servers import Servers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from tui_delegate.backends.discover import Found
    from tui_delegate.core.limits import Limits
    from tui_delegate.core.messages import Message
    from tui_delegate.core.ports import Approver, ModelHost, Shelf
    from tui_delegate.core.servers import ModelInfo
    from tui_delegate.core.usage import Price
    from tui_delegate.journal.store import Journal
    from tui_delegate.profiles import Profile, Settings

BUILTIN_WORKER = "builtin/worker"
"""The builtin model that picks by its task what to do."""
NEAR_TEMPERATURE = 0.1
"""How freely models on this machine word their answers, where the profile does not say."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person picked for this time, over what is written down. Empty: nothing."""

    profile: str = ""
    model: str = ""
    worker_profile: str = ""
    worker_model: str = ""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a name leads: a profile, a model if one is named, and what an agent's table adds."""

    profile: str
    model: str = ""
    agent: AgentSpec | None = None


@dataclass(slots=True)
class Workspace:
    """One for a process. Close it: it holds connections."""

    settings: Settings
    environ: Mapping[str, str]
    reach: Servers
    choice: Choice = Choice()
    _seats: dict[str, Seat] = field(default_factory=dict)
    _finding: asyncio.Lock = field(default_factory=asyncio.Lock)
    _found: str = ""

    @property
    def notices(self) -> list[str]:
        """What a person should be told, such as which server was taken."""
        return self.reach.notices

    @classmethod
    def open(cls, choice: Choice | None = None, environ: Mapping[str, str] | None = None) -> Workspace:
        """Read the profiles. Raises a ConfigError."""
        environ = os.environ if environ is None else environ
        settings = profiles.load(environ, Path.home())
        reach = Servers(settings, environ, list(settings.warnings))
        return cls(settings, environ, reach, choice or Choice())

    async def aclose(self) -> None:
        """Close every connection."""
        await self.reach.aclose()

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
    ) -> AsyncIterator[Run]:
        """Open a run with the manager and workers that are chosen, written down or found.

        Raises a ResolveError for a workers' profile that can't be used, before anything is spent.
        """
        self._check_workers()
        plan = Plan(
            run=f"r-{uuid.uuid4().hex[:12]}",
            prompt=prompt,
            limits=limits,
            context=context or self.context("run"),
            history=history,
        )
        async with open_run(plan, self, recorder=journal, shelf=shelf, approver=approver) as run:
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
        self._check_workers()
        plan_again(list(islice(journal.events_of(run), 1)))
        told = list(journal.events_of(run)) if row.status == "ok" else journal.take_up(row)
        plan = plan_again(told, history)
        if limits:
            plan = replace(plan, limits=profiles.with_limits(plan.limits, limits))
        async with open_run(
            plan, self, recorder=journal, shelf=shelf, approver=approver, told=told
        ) as resumed:
            yield resumed

    def _check_workers(self) -> None:
        if told := self.choice.worker_profile or self.settings.roles.worker:
            place = self._named(told)
            model = self.choice.worker_model or place.model
            self.reach.connect(profiles.select(self.settings, place.profile, model or None))

    def context(self, command: str) -> RunContext:
        """Say where a run comes from."""
        return RunContext(
            command=command,
            session=f"s-{uuid.uuid4().hex[:12]}",
            cwd=str(Path.cwd()),
            parent_pid=os.getppid(),
            claude_session_id=self.environ.get("CLAUDE_SESSION_ID", ""),
            codex_session_id=self.environ.get("CODEX_SESSION_ID", ""),
        )

    def open_journal(self, *, keep_text: bool = True) -> Journal:
        """Open the journal. Raises a JournalError."""
        from tui_delegate.journal.store import Journal

        return Journal.open(profiles.state_path(self.environ) / "journal.db", keep_text=keep_text)

    async def seat(self, name: str) -> Seat:
        """Find the seat of `manager`, `worker`, an agent, a profile or `profile/model`; found once."""
        async with self._finding:
            if name not in self._seats:
                self._seats[name] = await self._find_seat(name)
            return self._seats[name]

    async def host(self, profile: str | None = None) -> ModelHost:
        """Give what manages a profile's models; without a name, the manager's profile."""
        return self.reach.host(await self._profile(profile))

    async def servers(self, profile: str | None = None) -> list[Found]:
        """Say which servers answer here: the usual ones and those of every profile, or of one."""
        return await self.reach.discover(await self._profile(profile) if profile else None)

    async def check(self, profile: str | None = None) -> list[tuple[str, bool, str]]:
        """Try a profile: its server, its key, its model."""
        return await self.reach.check(await self._profile(profile))

    async def _profile(self, name: str | None) -> Profile:
        name = name or (await self._place("manager")).profile
        return profiles.select(self.settings, name, "-")

    async def _find_seat(self, name: str) -> Seat:
        place = await self._place(name)
        seat = await self._seat_at(place, name)
        spares = [await self._spare(spare) for spare in self.settings.profiles[place.profile].fallback]
        return replace(seat, fallback=tuple(spare for spare in spares if spare))

    async def _place(self, name: str) -> _Place:
        if name == "manager":
            told = self.choice.profile or self.settings.roles.manager or self.settings.default_profile
            place = self._named(told) if told else _Place(await self._find_server())
            return replace(place, model=self.choice.model or place.model)
        if name == "worker":
            return await self._worker_place()
        return self._named(name)

    async def _worker_place(self) -> _Place:
        told = self.choice.worker_profile or self.settings.roles.worker
        if told:
            place = self._named(told)
            return replace(place, model=self.choice.worker_model or place.model)
        manager = await self._place("manager")
        if self.choice.worker_model or self.settings.profiles[manager.profile].backend == "builtin":
            return _Place(manager.profile, self.choice.worker_model)
        # The manager's own model is loaded already: another one would have to take its place.
        profile = profiles.select(self.settings, manager.profile, manager.model or None)
        return _Place(manager.profile, manager.model or await self._model_of(profile, "manager"))

    def _named(self, name: str) -> _Place:
        if agent := self.settings.agents.get(name):
            profile = agent.profile or self.choice.profile or self.settings.default_profile
            if not profile:
                raise ResolveError(f"Agent {name!r} names no profile.", "Give it a profile = …")
            return _Place(profile, agent.model, agent)
        if name in self.settings.profiles:
            return _Place(name)
        profile, model = profiles.split(name)
        profiles.find(self.settings, profile)
        return _Place(profile, model)

    async def _find_server(self) -> str:
        """Take the first profile on this machine whose server answers and has a model, else `builtin`."""
        if self._found:
            return self._found
        found = await self.reach.discover(near_only=True)
        answering = {name: one.url for one in found if _has_models(one) for name in one.names}
        self._found = next((name for name in self.settings.profiles if name in answering), "builtin")
        self.notices.append(
            f"Taking profile {self._found}: its server answers at {answering[self._found]}."
            if self._found in answering
            else "No model server answers here: taking the builtin engine, which quotes and condenses files."
        )
        return self._found

    async def _model_of(self, profile: Profile, role: str) -> str:
        if profile.backend == "builtin" and role != "manager":
            return BUILTIN_WORKER
        if profile.default_model:
            return profile.default_model
        models = _usable((await self.reach.host(profile).info()).models)
        if not models:
            raise ModelMissing(
                f"The server of profile {profile.name!r} has no model.",
                f"Get one: tui-delegate models pull MODEL --profile {profile.name}",
            )
        best = max(models, key=lambda one: (one.state == "loaded", role != "manager" or _may_manage(one)))
        return best.id

    async def _seat_at(self, place: _Place, name: str) -> Seat:
        profile = profiles.select(self.settings, place.profile, place.model or None)
        model = place.model or await self._model_of(profile, name)
        seat = Seat(
            agent=name,
            profile=profile.name,
            protocol=profile.backend,
            host=profile.urls[0] if profile.urls else "",
            model=model,
            backend=self.reach.backend(profile),
            instructions=profile.instructions,
            temperature=_temperature(profile),
            think=profile.think,
            price=profile.price or _listed_price(profile, model),
            window=await self.reach.window(profile, model),
        )
        return _as_agent(seat, place.agent) if place.agent else seat

    async def _spare(self, name: str) -> Seat | None:
        """Find a fallback's seat; one that can't be had now is no reason not to begin."""
        try:
            return await self._seat_at(self._named(name), name)
        except (BackendError, ResolveError) as error:
            self.notices.append(f"Fallback {name} can't be used: {error.message}")
            return None


def _temperature(profile: Profile) -> float | None:
    """Servers of this machine make up more than a delegated task wants, unless they are told not to."""
    if profile.temperature is not None or not (profile.urls and is_loopback(profile.urls[0])):
        return profile.temperature
    return NEAR_TEMPERATURE


def _usable(models: tuple[ModelInfo, ...]) -> list[ModelInfo]:
    return [one for one in models if one.capabilities != ("embedding",)]


def _has_models(found: Found) -> bool:
    return found.server is not None and bool(_usable(found.server.models))


def _may_manage(model: ModelInfo) -> bool:
    return not model.capabilities or "tools" in model.capabilities


def _listed_price(profile: Profile, model: str) -> Price | None:
    from tui_delegate.backends.prices import price_of

    return price_of(model, profile.backend, profile.urls[0] if profile.urls else "")


def _as_agent(seat: Seat, agent: AgentSpec) -> Seat:
    words = "\n\n".join(part for part in (seat.instructions, agent.instructions) if part)
    return replace(
        seat,
        agent=agent.name,
        instructions=words,
        temperature=seat.temperature if agent.temperature is None else agent.temperature,
        max_tokens=agent.max_tokens or seat.max_tokens,
        think=seat.think if agent.think is None else agent.think,
    )
