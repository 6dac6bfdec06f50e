"""Who does the work: the agents of a run, and the seat that each of them sits in.

A spec is what was written down; a seat is where it leads today: a backend, a model, a price, a window.
"""

from __future__ import annotations

from tui_delegate.core.ports import Backend
from tui_delegate.core.records import dataclass
from tui_delegate.core.usage import Price

Think = bool | str | None
"""Whether a model thinks first: off, on, a level (`low`, `medium`, `high`), or as it does by itself."""


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """An agent as it is written down. Empty fields are filled from its profile."""

    name: str
    profile: str = ""
    model: str = ""
    description: str = ""
    instructions: str = ""
    temperature: float | None = None
    max_tokens: int | None = None
    think: Think = None


@dataclass(frozen=True, slots=True)
class Seat:
    """An agent on a live backend, with all that one model call of it needs."""

    agent: str
    profile: str
    protocol: str
    """The backend's name: `openai-compat`, `llamacpp`, `ollama`, …"""
    host: str
    model: str
    backend: Backend
    instructions: str = ""
    temperature: float | None = None
    max_tokens: int | None = None
    think: Think = None
    price: Price | None = None
    window: int | None = None
    """The model's context window in tokens, where its server says it."""
    fallback: tuple[Seat, ...] = ()
    """Where a worker goes when this seat fails before its first token, in order."""

    @property
    def origin(self) -> str:
        """Name the provider of this seat's thinking."""
        return f"{self.profile}/{self.model}"


def seat_name(profile: str, model: str) -> str:
    """Write `profile/model`; a model that names its profile is enough, a file is its last part."""
    if model.startswith(f"{profile}/"):
        return model
    short = model.rsplit("/", 1)[-1] if model.startswith(("/", "./")) else model
    return f"{profile}/{short}"
