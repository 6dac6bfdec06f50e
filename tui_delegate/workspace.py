"""Where everything is wired together: profiles to servers, agents to seats, a prompt to a run.

Only this module knows both the engine and what stands behind its ports. It decides who manages and who works
when nobody said; it prints nothing and parses no arguments.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tui_delegate import profiles
from tui_delegate.backends.address import Endpoint, is_loopback
from tui_delegate.backends.lane import Fleet, Lane, Laned, TimeOuts
from tui_delegate.backends.table import Connection, Options, connect
from tui_delegate.core.calls import RunContext
from tui_delegate.core.errors import BackendError, DelegateError, ModelMissing, ResolveError
from tui_delegate.core.specs import AgentSpec, Seat
from tui_delegate.engine.run import Plan, Run, open_run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tui_delegate.backends.discover import Candidate, Found
    from tui_delegate.core.limits import Limits
    from tui_delegate.core.messages import Message
    from tui_delegate.core.ports import Backend, ModelHost, Shelf
    from tui_delegate.core.servers import ModelInfo
    from tui_delegate.core.usage import Price
    from tui_delegate.journal.store import Journal
    from tui_delegate.profiles import Profile, Settings

BUILTIN_WORKER = "builtin/worker"
"""The builtin model that picks by its task what to do."""
NEAR_TEMPERATURE = 0.1
"""How freely models on this machine word their answers, where the profile does not say."""
USUAL_PARALLEL = {True: 4, False: 16}
"""Requests at once where a server does not say: on this machine, and elsewhere."""


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
    choice: Choice = Choice()
    notices: list[str] = field(default_factory=list)
    """What a person should be told, such as which server was taken."""
    _connections: dict[tuple[str, str], Connection] = field(default_factory=dict)
    _lanes: dict[str, Lane] = field(default_factory=dict)
    _seats: dict[tuple[str, str, str], Seat] = field(default_factory=dict)
    _found: str = ""
    _finding: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    def open(cls, choice: Choice | None = None, environ: Mapping[str, str] | None = None) -> Workspace:
        """Read the profiles. Raises a ConfigError."""
        environ = os.environ if environ is None else environ
        settings = profiles.load(environ, Path.home())
        return cls(settings, environ, choice or Choice(), list(settings.warnings))

    async def aclose(self) -> None:
        """Close every connection."""
        for connection in self._connections.values():
            await connection.aclose()

    @asynccontextmanager
    async def run(
        self,
        prompt: str,
        limits: Limits,
        *,
        journal: Journal | None,
        shelf: Shelf | None = None,
        context: RunContext | None = None,
        history: tuple[Message, ...] = (),
    ) -> AsyncIterator[Run]:
        """Open a run with the manager and workers that are chosen, written down or found.

        Raises a ResolveError for a workers' profile that can't be used, before anything is spent.
        """
        if told := self.choice.worker_profile or self.settings.roles.worker:
            place = self._named(told)
            model = self.choice.worker_model or place.model
            self._connect(profiles.select(self.settings, place.profile, model or None))
        plan = Plan(
            run=f"r-{uuid.uuid4().hex[:12]}",
            prompt=prompt,
            limits=limits,
            context=context or self.context("run"),
            history=history,
        )
        async with open_run(plan, self, recorder=journal, shelf=shelf) as run:
            yield run

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
        """Find the seat of `manager`, `worker`, an agent, a profile or `profile/model`."""
        place = await self._place(name)
        profile = profiles.select(self.settings, place.profile, place.model or None)
        model = place.model or await self._model_of(profile, name)
        seat = await self._seat_at(profile, model, name)
        if profile.fallback:
            seat = replace(seat, fallback=tuple([await self._spare(spare) for spare in profile.fallback]))
        return _as_agent(seat, name, place.agent)

    async def host(self, profile: str | None = None) -> ModelHost:
        """Give what manages a profile's models; without a name, the manager's profile."""
        name = profile or (await self._place("manager")).profile
        return self._connect(profiles.select(self.settings, name, "-"))[0].host

    async def servers(self, profile: str | None = None) -> list[Found]:
        """Say which servers answer here: the usual ones and those of every profile, or of one."""
        return await self._discover(profile)

    async def check(self, profile: str | None = None) -> list[tuple[str, bool, str]]:
        """Try a profile: its server, its key, its model. Each row says what, whether it is well, and more."""
        name = profile or (await self._place("manager")).profile
        chosen = profiles.select(self.settings, name, "-")
        rows: list[tuple[str, bool, str]] = []
        try:
            info = await self._connect(chosen)[0].host.info()
        except DelegateError as error:
            return [("server", False, f"{error.message} {error.hint}".strip())]
        rows.append(
            (
                "server",
                True,
                " ".join(filter(None, (info.backend, info.version, info.url and f"at {info.url}"))),
            )
        )
        rows.append(("models", bool(info.models), f"{len(info.models)} there"))
        if chosen.default_model:
            there = any(_same_name(chosen.default_model, one.id) for one in info.models)
            rows.append(("default model", there, chosen.default_model))
        return rows

    async def _discover(self, profile: str | None = None, *, near_only: bool = False) -> list[Found]:
        from tui_delegate.backends.discover import discover, usual_candidates

        chosen = (
            [profiles.select(self.settings, profile, "-")] if profile else self.settings.profiles.values()
        )
        candidates = [] if profile else list(usual_candidates(self.environ))
        for one in chosen:
            candidates += [self._candidate(one, url) for url in one.urls if is_loopback(url) or not near_only]
        return await discover(candidates)

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
        model = self.choice.worker_model or ("" if manager.profile == "builtin" else manager.model)
        return _Place(manager.profile, model)

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
        async with self._finding:
            if self._found:
                return self._found
            found = await self._discover(near_only=True)
            answering = {name: one.url for one in found if _has_models(one) for name in one.names}
            for profile in self.settings.profiles.values():
                if url := answering.get(profile.name):
                    self._found = profile.name
                    self.notices.append(f"Taking profile {profile.name}: its server answers at {url}.")
                    return self._found
            self._found = "builtin"
            self.notices.append(
                "No model server answers here: taking the builtin engine, which quotes and condenses files."
            )
            return self._found

    async def _model_of(self, profile: Profile, role: str) -> str:
        if profile.backend == "builtin" and role != "manager":
            return BUILTIN_WORKER
        if profile.default_model:
            return profile.default_model
        models = _usable((await self._connect(profile)[0].host.info()).models)
        if not models:
            raise ModelMissing(
                f"The server of profile {profile.name!r} has no model.",
                f"Get one: tui-delegate models pull MODEL --profile {profile.name}",
            )
        best = max(models, key=lambda one: (one.state == "loaded", role != "manager" or _may_manage(one)))
        return best.id

    async def _seat_at(self, profile: Profile, model: str, role: str) -> Seat:
        key = (profile.name, model, "")
        if key not in self._seats:
            members = [self._laned(profile, connection) for connection in self._connect(profile)]
            backend: Backend = members[0] if len(members) == 1 else Fleet(members)
            self._seats[key] = Seat(
                agent=role,
                profile=profile.name,
                protocol=profile.backend,
                host=profile.urls[0] if profile.urls else "",
                model=model,
                backend=backend,
                instructions=profile.instructions,
                temperature=_temperature(profile),
                think=profile.think,
                price=profile.price or _listed_price(profile, model),
                window=await self._window(profile, model),
            )
        return self._seats[key]

    async def _spare(self, name: str) -> Seat:
        place = self._named(name)
        profile = profiles.select(self.settings, place.profile, place.model or None)
        return await self._seat_at(profile, place.model or await self._model_of(profile, "worker"), name)

    async def _window(self, profile: Profile, model: str) -> int | None:
        if profile.num_ctx:
            return profile.num_ctx
        try:
            return await self._connect(profile)[0].host.window(model)
        except BackendError:  # the call itself will say what is wrong, in its own place
            return None

    def _laned(self, profile: Profile, connection: Connection) -> Laned:
        url = connection.url

        def learn(model: str) -> asyncio.Future[int]:
            return asyncio.ensure_future(_places(connection, model))

        lane = self._lanes.setdefault(url or profile.name, Lane(profile.max_parallel, learn))
        return Laned(connection.backend, lane, TimeOuts.of(profile.timeout), connection.host)

    def _connect(self, profile: Profile) -> list[Connection]:
        made = []
        for url in profile.urls or ("",):
            if (profile.name, url) not in self._connections:
                self._connections[profile.name, url] = connect(
                    profile.backend,
                    self._endpoint(profile, url),
                    Options(profile.num_ctx, profile.keep_alive, profile.max_parallel),
                )
            made.append(self._connections[profile.name, url])
        return made

    def _candidate(self, profile: Profile, url: str) -> Candidate:
        from tui_delegate.backends.discover import Candidate

        try:
            endpoint = self._endpoint(profile, url)
        except ResolveError:  # without its key it can still be asked whether it is there
            endpoint = Endpoint(url)
        return Candidate(endpoint, profile.backend, profile.name, profile.num_ctx, profile.max_parallel)

    def _endpoint(self, profile: Profile, url: str) -> Endpoint:
        if warning := profiles.key_warning(self.settings, profile):
            self._notice(warning)
        key = profiles.api_key(profile, self.environ)
        header = "x-api-key" if profile.backend == "anthropic" else "bearer"
        return Endpoint(url, key, header, profile.extra_headers)

    def _notice(self, text: str) -> None:
        if text not in self.notices:
            self.notices.append(text)


async def _places(connection: Connection, model: str) -> int:
    try:
        told = await connection.host.parallel(model)
    except BackendError:
        told = None
    return told or USUAL_PARALLEL[is_loopback(connection.url)]


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


def _same_name(asked: str, there: str) -> bool:
    return asked == there or there.removesuffix(":latest") == asked.removesuffix(":latest")


def _listed_price(profile: Profile, model: str) -> Price | None:
    from tui_delegate.backends.prices import price_of

    return price_of(model, profile.backend, profile.urls[0] if profile.urls else "")


def _as_agent(seat: Seat, name: str, agent: AgentSpec | None) -> Seat:
    if agent is None:
        return replace(seat, agent=name)
    words = "\n\n".join(part for part in (seat.instructions, agent.instructions) if part)
    return replace(
        seat,
        agent=agent.name,
        instructions=words,
        temperature=seat.temperature if agent.temperature is None else agent.temperature,
        max_tokens=agent.max_tokens or seat.max_tokens,
        think=seat.think if agent.think is None else agent.think,
    )
