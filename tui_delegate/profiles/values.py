"""What a profiles file says, as values: profiles, roles, agents, teams, tools, limits.

No file is read here and no value is checked: whoever builds these has checked them. They are named tuples,
since the shortest verbs load them and making dataclasses costs those a third of their time.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tui_delegate.core.limits import Limits
    from tui_delegate.core.specs import AgentSpec, Think
    from tui_delegate.core.usage import Price

Approval = Literal["ask", "allow", "deny"]


_NONE: Mapping[str, Any] = MappingProxyType({})


class Profile(NamedTuple):
    """A named way to reach models. Nothing in it has been tried yet."""

    name: str
    backend: str = ""
    """Empty or unknown until `select` has looked at it."""
    base_url: str = ""
    default_model: str = ""
    """Empty: whichever model its server has loaded, or else has."""
    api_key: str = ""
    api_key_env: str = ""
    extra_headers: tuple[tuple[str, str], ...] = ()
    timeout: float | None = None
    """Seconds for every read, the first too; None: not written, the four usual time-outs hold."""
    temperature: float | None = None
    max_parallel: int | None = None
    base_urls: tuple[str, ...] = ()
    """Several servers with the same models, where there is more than one."""
    price: Price | None = None
    fallback: tuple[str, ...] = ()
    """Profiles, or `profile/model`, that a worker goes to when this one fails before its first token."""
    num_ctx: int | None = None
    keep_alive: str | int | float | None = None
    think: Think = None
    instructions: str = ""

    def __repr__(self) -> str:
        """Show no key: what is shown may end in a log."""
        return f"Profile({self.name!r}, {self.backend!r}, {self.base_url!r}, {self.default_model!r})"

    @property
    def urls(self) -> tuple[str, ...]:
        """Every server of this profile."""
        return self.base_urls or ((self.base_url,) if self.base_url else ())


class Roles(NamedTuple):
    """Who manages and who works: a profile, `profile/model` or an agent; empty: not said."""

    manager: str = ""
    worker: str = ""


class TeamSpec(NamedTuple):
    """A team as it is written down: names of agents."""

    name: str
    description: str = ""
    planner: str = ""
    synthesizer: str = ""
    workers: tuple[str, ...] = ()
    max_parallel: int | None = None


class ToolRule(NamedTuple):
    """Whether a worker's tool may be used, and who is asked."""

    name: str
    enabled: bool = True
    approval: Approval = "ask"


class Settings(NamedTuple):
    """All that was written down, over what is built in."""

    default_profile: str = ""
    profiles: Mapping[str, Profile] = _NONE
    """Those of the file in its order, then the built-in ones."""
    roles: Roles = Roles()
    own_limits: Limits | None = None
    """Those of the file; None: it has none, and the usual ones hold."""
    agents: Mapping[str, AgentSpec] = _NONE
    delegates: Mapping[str, tuple[str, ...]] = _NONE
    """The agents that an agent may hand work to, where its table says so."""
    teams: Mapping[str, TeamSpec] = _NONE
    tools: Mapping[str, ToolRule] = _NONE
    written: frozenset[str] = frozenset()
    """Names of the profiles that stand in the file."""
    source: Path | None = None
    """The file that was read; None: there is none."""
    warnings: tuple[str, ...] = ()

    @property
    def limits(self) -> Limits:
        """The limits of a run."""
        if self.own_limits is not None:
            return self.own_limits
        from tui_delegate.core.limits import Limits

        return Limits()
