"""Tries profiles, all at once: whether the server is there, takes the key, and has the default model.

Every question is one that costs nothing: no model is called and none is loaded. Which of the faults matter,
and how they are shown, is not decided here.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

from tui_delegate import profiles
from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import BackendError, DelegateError, KeyMissing, ResolveError
from tui_delegate.core.records import dataclass, replace
from tui_delegate.workspace.servers import same_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from tui_delegate.backends.address import Endpoint
    from tui_delegate.backends.discover import Found, Sight
    from tui_delegate.core.servers import ServerInfo
    from tui_delegate.profiles import Profile
    from tui_delegate.workspace.servers import Servers

Key = Literal["n/a", "set", "MISSING"]
Trust = Literal["", "accepted", "refused", "not tried"]
"""What the server made of the key. `not tried`: whatever it was asked, it would have told anybody."""
_NOT_THERE = ("unreachable", "timeout")


@dataclass(frozen=True, slots=True)
class Checkup:
    """What became of one profile."""

    profile: str
    backend: str
    url: str
    key: Key = "n/a"
    reach: Literal["reachable", "unreachable", "built in", "not asked", "unusable"] = "reachable"
    words: str = ""
    """What stands behind `reach` in brackets: a status, or the reason."""
    server: str = ""
    """Product and version."""
    trust: Trust = ""
    model: str = ""
    has_model: bool | None = None
    """Whether the default model is there; None: nobody knows, or none is named."""
    models: int | None = None
    tools: bool | None = None
    window: int | None = None
    problem: str = ""
    hint: str = ""


async def examine(
    reach: Servers, used: Collection[str], *, within: float, tell: Callable[[Checkup], None]
) -> list[Checkup]:
    """Try every profile. Each has `within` seconds; `tell` is called with each as it is done.

    One that is not `used` and has no key is not asked: nobody set it up, and it could only be refused.
    """

    async def one(profile: Profile) -> Checkup:
        done = await _examine(reach, profile, within, asked=profile.name in used)
        tell(done)
        return done

    return list(await asyncio.gather(*(one(profile) for profile in reach.settings.profiles.values())))


async def _examine(reach: Servers, profile: Profile, within: float, *, asked: bool) -> Checkup:
    begun = Checkup(profile.name, profile.backend, profile.base_url, model=profile.default_model)
    begun = replace(begun, key=key_state(reach, profile))
    try:
        profiles.select(reach.settings, profile.name, "-")
        profiles.api_key(profile, reach.environ)
    except KeyMissing as error:
        begun = replace(begun, problem=error.message, hint=error.hint)
        if not asked:
            return replace(begun, reach="not asked")
    except ResolveError as error:
        return replace(begun, reach="unusable", words=error.message, problem=error.message, hint=error.hint)
    if not profile.urls:
        return await _without_server(reach, profile, begun)
    from tui_delegate.backends.discover import discover

    answers = await discover(reach.candidates(profile), within=within)
    return await _judged(reach, profile, begun, answers, within)


def key_state(reach: Servers, profile: Profile) -> Key:
    """Say whether a profile has its key, as agent-delegate says it."""
    if profiles.key_source(profile, reach.environ):
        return "set"
    return "MISSING" if profile.api_key_env else "n/a"


async def _without_server(reach: Servers, profile: Profile, begun: Checkup) -> Checkup:
    try:
        info = await reach.host(profile).info()
    except DelegateError as error:
        return replace(begun, reach="unusable", words=error.message, problem=error.message, hint=error.hint)
    return _with_models(replace(begun, reach="built in"), profile, info)


async def _judged(
    reach: Servers, profile: Profile, begun: Checkup, answers: Sequence[Found], within: float
) -> Checkup:
    good = next((one for one in answers if one.server), None)
    if good is None or good.server is None:
        error = next((one.error for one in answers if one.error and one.error.code not in _NOT_THERE), None)
        return _refused(begun, error or answers[0].error or BackendError("Nothing was said."))
    silent = len([one for one in answers if one.error])
    words = f"{len(answers) - silent} of {len(answers)} servers" if silent else ""
    info = good.server
    done = replace(begun, words=words, server=" ".join(filter(None, (info.backend, info.version))))
    done = _with_models(done, profile, info)
    try:
        async with asyncio.timeout(within):
            if begun.key == "set":
                done = _with_trust(done, await _trust(reach, profile, good.url))
            if done.has_model and done.window is None:
                done = replace(done, window=await reach.window(profile, profile.default_model))
    except (DelegateError, TimeoutError):  # the list was given: what is asked beyond it may stay unknown
        return done
    return done


def _refused(begun: Checkup, error: BackendError) -> Checkup:
    """Say what an error means for a profile. A missing key that was told before stays what is wrong."""
    if error.code in _NOT_THERE:
        words = clean_line(error.message).rstrip(".")
        return replace(begun, reach="unreachable", words=words, problem=error.message, hint=error.hint)
    words = str(error.status) if error.status else clean_line(error.message)
    trust: Trust = "refused" if error.code == "auth" and begun.key == "set" else begun.trust
    if begun.problem:
        return replace(begun, words=words, trust=trust)
    return replace(begun, words=words, trust=trust, problem=error.message, hint=error.hint)


def _with_models(done: Checkup, profile: Profile, info: ServerInfo) -> Checkup:
    done = replace(done, models=len(info.models))
    if not profile.default_model:
        if info.models or done.problem:
            return done
        return replace(done, problem="Its server has no model.", hint="Get one: tui-delegate models pull")
    found = next((one for one in info.models if same_name(profile.default_model, one.id)), None)
    if found is None:
        done = replace(done, has_model=False)
        if done.problem:
            return done
        lost = f"Its server has no model {clean_line(profile.default_model)!r}."
        return replace(
            done, problem=lost, hint=f"`tui-delegate models --profile {done.profile}` lists what it has."
        )
    tools = "tools" in found.capabilities if found.capabilities else None
    return replace(done, has_model=True, tools=tools, window=profile.num_ctx or found.window)


async def _trust(reach: Servers, profile: Profile, url: str) -> Trust:
    """Find out whether the server looks at the key at all: a list that it gives to anybody proves nothing."""
    whole = reach.candidates(profile)[0].endpoint
    version = (("anthropic-version", "2023-06-01"),) if profile.backend == "anthropic" else ()
    if (await _look(replace(whole, url=url, key="", headers=version), "models")).status in (401, 403):
        return "accepted"
    seen = await _look(replace(whole, url=url), "key")  # where OpenRouter tells about a key
    if seen.status in (401, 403):
        return "refused"
    known = seen.json()
    return "accepted" if seen.status == 200 and isinstance(known, dict) and "data" in known else "not tried"


async def _look(endpoint: Endpoint, path: str) -> Sight:
    from tui_delegate.backends.discover import look

    return await look(endpoint, path)


def _with_trust(done: Checkup, trust: Trust) -> Checkup:
    if trust != "refused":
        return replace(done, trust=trust)
    return replace(
        done, trust=trust, problem="The server refuses the key.", hint="Check api_key or api_key_env."
    )
