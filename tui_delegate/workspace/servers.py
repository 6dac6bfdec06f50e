"""The servers that the profiles lead to: connections, lanes, and who answers where.

Made when first asked for and kept; which agent sits where is not decided here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate import profiles
from tui_delegate.backends.address import Endpoint, is_loopback
from tui_delegate.backends.table import Connection, Options, connect
from tui_delegate.backends.timeouts import TimeOuts
from tui_delegate.core.errors import BackendError, DelegateError, ResolveError
from tui_delegate.core.records import dataclass, field

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Mapping

    from tui_delegate.backends.discover import Candidate, Found
    from tui_delegate.backends.fleet import Member
    from tui_delegate.backends.lane import Lane
    from tui_delegate.core.ports import Backend, ModelHost
    from tui_delegate.profiles import Profile, Settings

USUAL_PARALLEL = {True: 4, False: 16}
"""Requests at once where a server does not say: on this machine, and elsewhere."""


@dataclass(slots=True)
class Servers:
    """One for a workspace. Close it: it holds connections."""

    settings: Settings
    environ: Mapping[str, str]
    notices: list[str]
    """What a person should be told is added here, once."""
    seconds: float | None = None
    """How long one call may take, where less than usual; None: as long as usual."""
    plain: bool = False
    """Whether there is no event loop: one call at a time, and nothing waits but the call itself."""
    _connections: dict[tuple[str, str], Connection] = field(default_factory=dict)
    _lanes: dict[str, Lane] = field(default_factory=dict)
    _retired: list[Connection] = field(default_factory=list)
    """Of profiles that have changed: a run in flight may still talk over them."""

    async def aclose(self) -> None:
        """Close every connection."""
        for connection in (*self._connections.values(), *self._retired):
            await connection.aclose()

    def take(self, settings: Settings) -> None:
        """Go on with other profiles; what did not change keeps its connections."""
        for name, url in list(self._connections):
            before, after = self.settings.profiles.get(name), settings.profiles.get(name)
            if before == after:
                continue
            self._retired.append(self._connections.pop((name, url)))
            if not (before and after and before.max_parallel == after.max_parallel):
                self._lanes.pop(url or name, None)
        self.settings = settings

    def host(self, profile: Profile) -> ModelHost:
        """Give what manages the models of a profile's first server."""
        return self.connect(profile)[0].host

    def backend(self, profile: Profile) -> Backend:
        """Give what answers for a profile: its server behind its lane, or the least loaded of several."""
        from tui_delegate.backends.fleet import Fleet

        in_line = self._alone if self.plain else self._laned
        members = [in_line(profile, connection) for connection in self.connect(profile)]
        return members[0] if len(members) == 1 else Fleet(members)

    async def window(self, profile: Profile, model: str) -> int | None:
        """Say how many tokens one request to a model may hold; None: not known."""
        if profile.num_ctx:
            return profile.num_ctx
        try:
            window = await self.host(profile).window(model)
        except BackendError:  # the call itself will say what is wrong, in its own place
            window = None
        if window is None and profile.urls:
            from tui_delegate.backends.prices import window_of

            window = window_of(model, profile.backend, profile.urls[0])
        return window

    async def capacity(self, profile: Profile, model: str) -> int:
        """Say how many calls the servers of a profile take at once."""
        lanes = [self._lane(profile, connection) for connection in self.connect(profile)]
        return sum([await lane.places(model) for lane in lanes])

    async def check(self, chosen: Profile) -> list[tuple[str, bool, str]]:
        """Try a profile: its server, its key, its model. Each row says what, whether it is well, and more."""
        rows: list[tuple[str, bool, str]] = []
        try:
            info = await self.host(chosen).info()
        except DelegateError as error:
            return [("server", False, f"{error.message} {error.hint}".strip())]
        place = f"at {info.url}" if info.url else ""
        rows.append(("server", True, " ".join(filter(None, (info.backend, info.version, place)))))
        rows.append(("models", bool(info.models), f"{len(info.models)} there"))
        if chosen.default_model:
            there = any(same_name(chosen.default_model, one.id) for one in info.models)
            rows.append(("default model", there, chosen.default_model))
        return rows

    async def discover(self, profile: Profile | None = None, *, near_only: bool = False) -> list[Found]:
        """Ask the usual places and those of every profile, or of one, who answers."""
        from tui_delegate.backends.discover import discover

        return await discover(self.candidates(profile, near_only=near_only))

    def candidates(self, profile: Profile | None = None, *, near_only: bool = False) -> list[Candidate]:
        """Name the places to ask: the usual ones and those of every profile, or of one."""
        from tui_delegate.backends.discover import usual_candidates

        chosen = [profile] if profile else self.settings.profiles.values()
        found = [] if profile else list(usual_candidates(self.environ))
        for one in chosen:
            found += [self._candidate(one, url) for url in one.urls if is_loopback(url) or not near_only]
        return found

    def connect(self, profile: Profile) -> list[Connection]:
        """Give the connections of a profile, one for each of its servers."""
        made = []
        for url in profile.urls or ("",):
            if (profile.name, url) not in self._connections:
                self._connections[profile.name, url] = connect(
                    profile.backend,
                    self._endpoint(profile, url),
                    Options(profile.num_ctx, profile.keep_alive, profile.max_parallel),
                    plain=self.plain,
                )
            made.append(self._connections[profile.name, url])
        return made

    def _alone(self, profile: Profile, connection: Connection) -> Member:
        from tui_delegate.backends.solo import alone

        return alone(connection, self._time_outs(profile))

    def _laned(self, profile: Profile, connection: Connection) -> Member:
        from tui_delegate.backends.lane import Laned

        lane = self._lane(profile, connection)
        return Laned(connection.backend, lane, self._time_outs(profile), connection.host)

    def _time_outs(self, profile: Profile) -> TimeOuts:
        return TimeOuts.of(profile.timeout).within(self.seconds)

    def _lane(self, profile: Profile, connection: Connection) -> Lane:
        from asyncio import ensure_future

        from tui_delegate.backends.lane import Lane

        def learn(model: str) -> Future[int]:
            return ensure_future(_places(connection, model))

        return self._lanes.setdefault(connection.url or profile.name, Lane(profile.max_parallel, learn))

    def _candidate(self, profile: Profile, url: str) -> Candidate:
        from tui_delegate.backends.discover import Candidate

        try:
            endpoint = self._endpoint(profile, url)
        except ResolveError:  # without its key it can still be asked whether it is there
            endpoint = Endpoint(url)
        return Candidate(endpoint, profile.backend, profile.name, profile.num_ctx, profile.max_parallel)

    def _endpoint(self, profile: Profile, url: str) -> Endpoint:
        if warning := profiles.key_warning(self.settings, profile):
            self._tell(warning)
        key = profiles.api_key(profile, self.environ)
        header = "x-api-key" if profile.backend == "anthropic" else "bearer"
        return Endpoint(url, key, header, profile.extra_headers)

    def _tell(self, text: str) -> None:
        if text not in self.notices:
            self.notices.append(text)


async def _places(connection: Connection, model: str) -> int:
    try:
        told = await connection.host.parallel(model)
    except BackendError:
        told = None
    return told or USUAL_PARALLEL[is_loopback(connection.url)]


def same_name(asked: str, there: str) -> bool:
    """Say whether a server's name of a model is the one that was asked for; Ollama's may leave a tag out."""
    return asked == there or there.removesuffix(":latest") == asked.removesuffix(":latest")
