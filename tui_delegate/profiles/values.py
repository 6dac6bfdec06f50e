"""What a profiles file says, as values: profiles, roles, agents, teams, tools, limits.

No file is read here and no value is checked: whoever builds these has checked them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tui_delegate.core.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tui_delegate.core.limits import Limits
    from tui_delegate.core.specs import AgentSpec, Think
    from tui_delegate.core.usage import Price

Approval = Literal["ask", "allow", "deny"]


@dataclass(frozen=True, slots=True)
class Profile:
    """A named way to reach models. Nothing in it has been tried yet."""

    name: str
    backend: str = ""
    """Empty or unknown until `select` has looked at it."""
    base_url: str = ""
    default_model: str = ""
    """Empty: whichever model its server has loaded, or else has."""
    api_key: str = field(default="", repr=False)
    api_key_env: str = ""
    extra_headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
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

    @property
    def urls(self) -> tuple[str, ...]:
        """Every server of this profile."""
        return self.base_urls or ((self.base_url,) if self.base_url else ())


@dataclass(frozen=True, slots=True)
class Roles:
    """Who manages and who works: a profile, `profile/model` or an agent; empty: not said."""

    manager: str = ""
    worker: str = ""


@dataclass(frozen=True, slots=True)
class TeamSpec:
    """A team as it is written down: names of agents."""

    name: str
    description: str = ""
    planner: str = ""
    synthesizer: str = ""
    workers: tuple[str, ...] = ()
    max_parallel: int | None = None


@dataclass(frozen=True, slots=True)
class ToolRule:
    """Whether a worker's tool may be used, and who is asked."""

    name: str
    enabled: bool = True
    approval: Approval = "ask"


@dataclass(frozen=True, slots=True)
class Settings:
    """All that was written down, over what is built in."""

    default_profile: str = ""
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    """Those of the file in its order, then the built-in ones."""
    roles: Roles = Roles()
    own_limits: Limits | None = None
    """Those of the file; None: it has none, and the usual ones hold."""
    agents: Mapping[str, AgentSpec] = field(default_factory=dict)
    delegates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The agents that an agent may hand work to, where its table says so."""
    teams: Mapping[str, TeamSpec] = field(default_factory=dict)
    tools: Mapping[str, ToolRule] = field(default_factory=dict)
    written: frozenset[str] = frozenset()
    """Names of the profiles that stand in the file."""
    source: Path | None = None
    """The file that was read; None: there is none."""
    warnings: tuple[str, ...] = ()
    broken: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """What is wrong with profiles of agent-delegate's file that can't be made, and a hint, by name."""

    @property
    def limits(self) -> Limits:
        """The limits of a run."""
        if self.own_limits is not None:
            return self.own_limits
        from tui_delegate.core.limits import Limits

        return Limits()
