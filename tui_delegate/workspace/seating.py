"""Which seat each name leads to under one choice: agents, roles and profiles to live backends.

A run keeps the seating that it began with, whatever is chosen meanwhile. Nothing is kept in a file here.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from tui_delegate import profiles
from tui_delegate.backends.address import is_loopback
from tui_delegate.core.choice import ROLES, Choice
from tui_delegate.core.errors import BackendError, ModelMissing, ResolveError
from tui_delegate.core.records import dataclass, field, replace
from tui_delegate.core.specs import AgentSpec, Seat

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractAsyncContextManager

    from tui_delegate.backends.discover import Found
    from tui_delegate.core.choice import Role
    from tui_delegate.core.servers import ModelInfo
    from tui_delegate.core.usage import Price
    from tui_delegate.profiles import Profile, Settings
    from tui_delegate.workspace.servers import Servers

BUILTIN_WORKER = "builtin/worker"
"""The builtin model that picks by its task what to do."""
USUAL_PROFILE = "ollama"
"""Who is sent on errands where nothing at all is written down."""
BUILTIN_DIGEST = "builtin/digest"
NEAR_TEMPERATURE = 0.1
"""How freely models on this machine word their answers, where the profile does not say."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a name leads: a profile, a model if one is named, and what an agent's table adds."""

    profile: str
    model: str = ""
    agent: AgentSpec | None = None


@dataclass(slots=True)
class Seating:
    """The seats of one choice. Each is found once."""

    settings: Settings
    reach: Servers
    choice: Choice
    found: str = ""
    """The profile that was taken because nobody named one."""
    _seats: dict[str, Seat] = field(default_factory=dict)
    _finding: AbstractAsyncContextManager[None] | None = None

    async def seat(self, name: str) -> Seat:
        """Find the seat of `manager`, `worker`, an agent, a profile or `profile/model`; found once."""
        if known := self._seats.get(name):
            return known
        self._finding = self._finding or self._one_at_a_time()
        async with self._finding:
            if name not in self._seats:
                self._seats[name] = await self._find_seat(name)
            return self._seats[name]

    def sent(self, profile: str, model: str, command: str) -> Place:
        """Say who is sent on an errand. Raises a ResolveError where that can't be; no server is asked."""
        roles = self.settings.roles
        place = self._named(profile or roles.worker or self.settings.default_profile or USUAL_PROFILE)
        place = replace(place, model=model or place.model)
        chosen = profiles.select(self.settings, place.profile, place.model or None)
        self.reach.connect(chosen)
        usual = chosen.default_model
        if chosen.backend == "builtin":
            usual = BUILTIN_DIGEST if command == "summarize" else BUILTIN_WORKER
        return replace(place, model=place.model or usual)

    async def errand(self, place: Place, temperature: float | None, spares: Sequence[str]) -> Seat:
        """Find the seat of who is sent. Spares that are named go before the profile's.

        Raises a ResolveError for a named one that there isn't, and a BackendError.
        """
        for spare in spares:
            self._named(spare)
        seat = await self._seat_at(place, "worker")
        named = [*spares, *self.settings.profiles[place.profile].fallback]
        found = [await self._spare(spare) for spare in dict.fromkeys(named)]
        seats = [_cooled(one, temperature) for one in (seat, *found) if one]
        return replace(seats[0], fallback=tuple(seats[1:]))

    def _one_at_a_time(self) -> AbstractAsyncContextManager[None]:
        if self.reach.plain:
            return nullcontext()
        from asyncio import Lock

        return Lock()

    def sitting(self, role: Role) -> tuple[str, str]:
        """Say who has a role, as far as it is known by now: a profile and a model; empty: not yet."""
        if seat := self._seats.get(role):
            return seat.profile, seat.model
        try:
            place = self.told(role)
        except ResolveError:  # it names nobody; the next run will say so
            return "", ""
        if place is None and role == "worker":
            return self._beside_manager()
        place = place or Place(self.found)
        usual = self.settings.profiles.get(place.profile)
        return place.profile, place.model or (usual.default_model if usual else "")

    def _beside_manager(self) -> tuple[str, str]:
        """Say who works where nobody said: whoever the manager's place gives."""
        profile, model = self.sitting("manager")
        usual = self.settings.profiles.get(profile)
        if usual and usual.backend == "builtin":
            model = BUILTIN_WORKER
        return profile, self.choice.worker_model or model

    def told(self, role: Role) -> Place | None:
        """Say where a role was told to sit; None: nobody said. Raises a ResolveError."""
        profile, model = self.choice.of(role)
        roles = self.settings.roles
        usual = roles.worker if role == "worker" else roles.manager or self.settings.default_profile
        told = profile or usual
        if not told:
            return None
        place = self._named(told)
        return replace(place, model=model or place.model)

    def check(self, name: str) -> None:
        """Raise a ResolveError where a name leads to nothing that can be used. No server is asked."""
        role = next((one for one in ROLES if one == name), None)
        if place := self.told(role) if role else self._named(name):
            self.reach.connect(profiles.select(self.settings, place.profile, place.model or None))

    async def _find_seat(self, name: str) -> Seat:
        place = await self.place(name)
        seat = await self._seat_at(place, name)
        spares = [await self._spare(spare) for spare in self.settings.profiles[place.profile].fallback]
        return replace(seat, fallback=tuple(spare for spare in spares if spare))

    async def place(self, name: str) -> Place:
        """Say where a name leads, looking for a server where nobody said."""
        if name == "manager":
            return self.told("manager") or Place(await self._find_server(), self.choice.model)
        if name == "worker":
            return await self._worker_place()
        return self._named(name)

    async def _worker_place(self) -> Place:
        if place := self.told("worker"):
            return place
        manager = await self.place("manager")
        if self.choice.worker_model or self.settings.profiles[manager.profile].backend == "builtin":
            return Place(manager.profile, self.choice.worker_model)
        # The manager's own model is loaded already: another one would have to take its place.
        profile = profiles.select(self.settings, manager.profile, manager.model or None)
        return Place(manager.profile, manager.model or await self._model_of(profile, "manager"))

    def _named(self, name: str) -> Place:
        if agent := self.settings.agents.get(name):
            profile = agent.profile or self.choice.profile or self.settings.default_profile
            if not profile:
                raise ResolveError(f"Agent {name!r} names no profile.", "Give it a profile = …")
            return Place(profile, agent.model, agent)
        if name in self.settings.profiles:
            return Place(name)
        profile, model = profiles.split(name)
        profiles.find(self.settings, profile)
        return Place(profile, model)

    async def _find_server(self) -> str:
        """Take the first profile on this machine whose server answers and has a model, else `builtin`."""
        if self.found:
            return self.found
        found = await self.reach.discover(near_only=True)
        answering = {name: one.url for one in found if _has_models(one) for name in one.names}
        self.found = next((name for name in self.settings.profiles if name in answering), "builtin")
        self.reach.notices.append(
            f"Taking profile {self.found}: its server answers at {answering[self.found]}."
            if self.found in answering
            else "No model server answers here: taking the builtin engine, which quotes and condenses files."
        )
        return self.found

    async def _model_of(self, profile: Profile, role: str) -> str:
        if profile.backend == "builtin" and role != "manager":
            return BUILTIN_WORKER
        if profile.default_model:
            return profile.default_model
        models = usable((await self.reach.host(profile).info()).models)
        if not models:
            raise ModelMissing(
                f"The server of profile {profile.name!r} has no model.",
                f"Get one: tui-delegate models pull MODEL --profile {profile.name}",
            )
        best = max(models, key=lambda one: (one.state == "loaded", role != "manager" or may_manage(one)))
        return best.id

    async def _seat_at(self, place: Place, name: str) -> Seat:
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
            price=profile.price or listed_price(profile, model),
            window=profile.num_ctx if self.reach.plain else await self.reach.window(profile, model),
        )
        return _as_agent(seat, place.agent) if place.agent else seat

    async def _spare(self, name: str) -> Seat | None:
        """Find a fallback's seat; one that can't be had now is no reason not to begin."""
        try:
            return await self._seat_at(self._named(name), name)
        except (BackendError, ResolveError) as error:
            self.reach.notices.append(f"Fallback {name} can't be used: {error.message}")
            return None


def _cooled(seat: Seat, told: float | None) -> Seat:
    """An errand wants facts, not fancy, of far models too, unless the person or the profile says so."""
    usual = NEAR_TEMPERATURE if seat.temperature is None else seat.temperature
    return replace(seat, temperature=usual if told is None else told)


def _temperature(profile: Profile) -> float | None:
    """Servers of this machine make up more than a delegated task wants, unless they are told not to."""
    if profile.temperature is not None or not (profile.urls and is_loopback(profile.urls[0])):
        return profile.temperature
    return NEAR_TEMPERATURE


def usable(models: tuple[ModelInfo, ...]) -> list[ModelInfo]:
    """Leave out models that don't answer prompts."""
    return [one for one in models if one.capabilities != ("embedding",)]


def _has_models(found: Found) -> bool:
    return found.server is not None and bool(usable(found.server.models))


def may_manage(model: ModelInfo) -> bool:
    """Whether a model can call tools, or nobody knows; without tools it can't hand work on."""
    return not model.capabilities or "tools" in model.capabilities


def listed_price(profile: Profile, model: str) -> Price | None:
    """Say what our list has for a model of a profile."""
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
