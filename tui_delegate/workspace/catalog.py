"""All models of all servers and profiles at once, as they may be picked; and which servers answer.

It asks and lists. What is picked is the workspace's to keep, and how it is drawn is not known here.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Final, Literal

from tui_delegate import profiles
from tui_delegate.backends.address import is_loopback
from tui_delegate.core.errors import DelegateError, JournalError, ResolveError
from tui_delegate.core.records import dataclass, field, replace
from tui_delegate.core.servers import PATIENCE, ModelInfo
from tui_delegate.workspace.seating import listed_price, may_manage, usable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tui_delegate.backends.discover import Candidate, Found
    from tui_delegate.core.usage import Price
    from tui_delegate.profiles import Profile, Settings
    from tui_delegate.workspace.servers import Servers

Health = Literal["asking", "up", "down", "key", "odd"]
"""Not known yet; answers; nothing listens there; its key is missing; it answers with an error."""

NO_TOOLS: Final = "it can't call tools, so it could not hand work to others"
KEPT_RECENT: Final = 12


@dataclass(frozen=True, slots=True)
class Offer:
    """One model of one profile."""

    profile: str
    model: ModelInfo
    price: Price | None = None
    """Per million tokens; None: not known."""
    not_manager: str = ""
    """Why it may not manage; empty: it may."""
    blocked: str = ""
    """Why it can't be used at all; empty: it can."""

    @property
    def unsure(self) -> bool:
        """Whether nobody knows what the model can do."""
        return not self.model.capabilities


@dataclass(frozen=True, slots=True)
class Station:
    """One server, as it was when it was last asked."""

    url: str
    kind: str
    """The backend that it speaks, or is said to."""
    profiles: tuple[str, ...]
    health: Health = "asking"
    words: str = ""
    """What is wrong."""
    hint: str = ""
    version: str = ""
    offers: tuple[Offer, ...] = ()

    @property
    def label(self) -> str:
        """What to call it."""
        return self.profiles[0] if self.profiles else self.kind


def nobody(stations: tuple[Station, ...]) -> None:
    """Listen to nothing."""


async def survey(
    reach: Servers,
    tell: Callable[[tuple[Station, ...]], None] = nobody,
    *,
    known: Sequence[Station] = (),
    within: float = PATIENCE,
) -> tuple[Station, ...]:
    """Ask every server what it has. `tell` is called at once, and again as each of them answers.

    Until a server answers it stands there as it is `known` from before.
    """
    from tui_delegate.backends.discover import discover

    settings = reach.settings
    unusable = _unusable(reach)
    whole = [one for one in settings.profiles.values() if one.name not in unusable and not one.urls]
    fixed = [await _without_server(reach, one) for one in whole]
    fixed += [_closed(settings.profiles[name], error) for name, error in unusable.items()]
    groups = _groups(reach)
    before = {(one.url, one.profiles): one for one in known}
    asked = {_key(group): before.get(_key(group)) or _asking(group) for group in groups}
    # An answer's address is spelled as one of its profiles spells it.
    spelled = {(one.endpoint.url, _key(group)[1]): _key(group) for group in groups for one in group}

    def everything() -> tuple[Station, ...]:
        return _in_order([*asked.values(), *fixed], settings)

    def answer(found: Found) -> None:
        key = spelled[found.url, found.names]
        asked[key] = _answered(found, asked[key], settings)
        tell(everything())

    tell(everything())
    await discover([one for group in groups for one in group], within=within, tell=answer)
    return everything()


def offers(stations: Iterable[Station], recent: Sequence[tuple[str, str]] = ()) -> list[Offer]:
    """List all models: the recent ones first, then the loaded ones, then as their servers list them."""
    rank = {place: number for number, place in enumerate(recent)}
    listed: dict[tuple[str, str], Offer] = {}
    for one in (offer for station in stations for offer in station.offers):
        known = listed.get((one.profile, one.model.id))
        if known is None or (known.model.state, one.model.state) == ("unloaded", "loaded"):
            listed[one.profile, one.model.id] = one  # several servers of one profile hold the same models
    return sorted(
        listed.values(),
        key=lambda one: (
            rank.get((one.profile, one.model.id), len(rank)),
            bool(one.blocked),
            one.model.state not in ("loaded", "loading"),
        ),
    )


def news(before: Sequence[Station], after: Sequence[Station]) -> list[str]:
    """Say which servers began or ceased to answer between two looks. Names in it are not clean."""
    was = {one.url: one.health == "up" for one in before if one.health != "asking"}
    said = []
    for one in {one.url: one for one in after if one.health != "asking"}.values():
        now = one.health == "up"
        if was.get(one.url, now) != now:
            said.append(f"{one.label} {'now' if now else 'no longer'} answers at {one.url}.")
    return said


@dataclass(slots=True)
class Watch:
    """Whether servers answer, asked now and then with one small question each: for dots, not for lists."""

    reach: Servers
    clock: Callable[[], float] = time.monotonic
    every: float = 10.0
    stations: tuple[Station, ...] = ()
    _next: float = field(default=float("-inf"))

    def saw(self, stations: tuple[Station, ...]) -> list[str]:
        """Take over what a survey showed; say what is new in it."""
        said = news(self.stations, stations)
        self.stations = stations
        return said

    async def look(self) -> list[str]:
        """Ask the servers of this machine and say what is new, unless they were asked a moment ago."""
        from tui_delegate.backends.discover import knock

        if self.clock() < self._next:
            return []
        self._next = self.clock() + self.every
        groups = _groups(self.reach, near_only=True)
        answers = await asyncio.gather(*(knock(group[0].endpoint) for group in groups))
        fresh = [_knocked(_asking(g), up, self.stations) for g, up in zip(groups, answers, strict=True)]
        near = {(one.url, one.profiles) for one in fresh}
        known = set(self.reach.settings.profiles)
        far = [
            one
            for one in self.stations
            if (one.url, one.profiles) not in near
            and not is_loopback(one.url)
            and (not one.profiles or known.intersection(one.profiles))
        ]
        return self.saw((*fresh, *far))

    def health(self, profile: str) -> bool | None:
        """Say whether a profile's server answers; None: nobody knows."""
        states = {one.health for one in self.stations if profile in one.profiles}
        chosen = self.reach.settings.profiles.get(profile)
        if "up" in states or (chosen and not chosen.urls):
            return True
        return None if not states - {"asking"} else False


@dataclass(frozen=True, slots=True)
class Recent:
    """What was picked last, newest first, as profile and model."""

    get: Callable[[str], str | None]
    put: Callable[[str, str], None]
    key: str = "recent_models"

    def read(self) -> list[tuple[str, str]]:
        """Give them; nothing where there is nothing that can be read."""
        try:
            kept = json.loads(self.get(self.key) or "[]")
        except (ValueError, RecursionError, JournalError):
            return []
        rows = kept if isinstance(kept, list) else []
        return [
            (one[0], one[1])
            for one in rows
            if isinstance(one, list) and len(one) == 2 and all(isinstance(word, str) for word in one)
        ]

    def add(self, profile: str, model: str) -> None:
        """Put one first."""
        rest = [one for one in self.read() if one != (profile, model)]
        self.put(self.key, json.dumps([(profile, model), *rest][:KEPT_RECENT]))


def _groups(reach: Servers, *, near_only: bool = False) -> list[list[Candidate]]:
    """Name whom to ask. A profile without its key is not asked: it could only be refused."""
    from tui_delegate.backends.discover import by_server

    unusable = _unusable(reach)
    return by_server([one for one in reach.candidates(near_only=near_only) if one.name not in unusable])


def _unusable(reach: Servers) -> dict[str, ResolveError]:
    """Name the profiles that no call can be made with, and why."""
    found = {}
    for name in reach.settings.profiles:
        try:
            profiles.api_key(profiles.select(reach.settings, name, "-"), reach.environ)
        except ResolveError as error:
            found[name] = error
    return found


def _key(group: Sequence[Candidate]) -> tuple[str, tuple[str, ...]]:
    return group[0].endpoint.url, tuple(one.name for one in group if one.name)


def _asking(group: Sequence[Candidate]) -> Station:
    url, names = _key(group)
    return Station(url, next((one.backend for one in group if one.backend), ""), names)


def _answered(found: Found, station: Station, settings: Settings) -> Station:
    """Say what an answer means for its server; nothing of what was known before is left."""
    fresh = Station(station.url, station.kind, station.profiles)
    if found.error:
        states: dict[str, Health] = {"unreachable": "down", "timeout": "down", "auth": "key"}
        state = states.get(found.error.code, "odd")
        return replace(fresh, health=state, words=found.error.message, hint=found.error.hint)
    if found.server is None:
        return replace(fresh, health="odd")
    named = [name for name in station.profiles if name in settings.written] or station.profiles
    chosen = [settings.profiles[name] for name in named]
    listed = [_offer(one, model) for one in chosen for model in usable(found.server.models)]
    return replace(
        fresh,
        health="up",
        kind=found.server.backend,
        version=found.server.version,
        offers=tuple(listed or [_usual(one) for one in chosen if one.default_model]),
    )


def _knocked(station: Station, up: bool, known: Sequence[Station]) -> Station:
    """Say of a server only whether it answers; what was known of it stays."""
    old = next((one for one in known if (one.url, one.profiles) == (station.url, station.profiles)), station)
    if not up:
        return replace(old, health="down", offers=())
    return old if old.health == "key" else replace(old, health="up", words="", hint="")


async def _without_server(reach: Servers, profile: Profile) -> Station:
    station = Station("", profile.backend, (profile.name,))
    try:
        info = await reach.host(profile).info()
    except DelegateError as error:
        return replace(station, health="odd", words=error.message, hint=error.hint)
    return replace(station, health="up", offers=tuple(_offer(profile, one) for one in usable(info.models)))


def _closed(profile: Profile, error: ResolveError) -> Station:
    usual = (replace(_usual(profile), blocked=error.message),) if profile.default_model else ()
    state: Health = "key" if profile.backend in profiles.BACKENDS and profile.urls else "odd"
    return Station(
        profile.base_url, profile.backend, (profile.name,), state, error.message, error.hint, offers=usual
    )


def _usual(profile: Profile) -> Offer:
    return _offer(profile, ModelInfo(profile.default_model))


def _offer(profile: Profile, model: ModelInfo) -> Offer:
    price = profile.price or listed_price(profile, model.id)
    return Offer(profile.name, model, price, "" if may_manage(model) else NO_TOOLS)


def _in_order(stations: Sequence[Station], settings: Settings) -> tuple[Station, ...]:
    """Those that answer first, as the profiles stand in the file; usual places that nobody names last."""
    order = {name: number for number, name in enumerate(settings.profiles)}
    health = {"up": 0, "asking": 1, "odd": 2, "key": 3, "down": 4}
    return tuple(
        sorted(stations, key=lambda one: (health[one.health], order.get(one.label, len(order)), one.url))
    )
