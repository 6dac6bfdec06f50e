"""What a model server is and holds, in no server's own words."""

from __future__ import annotations

from typing import Final, Literal

from tui_delegate.core.records import dataclass

ModelState = Literal["loaded", "loading", "unloaded", "downloading", "unknown"]


PATIENCE: Final = 5.0
"""Seconds that a server may take to say that it is there: a busy machine is slow, and each answer is told as
it comes, so that nobody waits for the slowest."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One model of a server. Empty and None mean that the server does not say."""

    id: str
    state: ModelState = "unknown"
    window: int | None = None
    """The context window in tokens: the allocated one where it is loaded, else the longest possible."""
    size: int | None = None
    """Bytes on disk."""
    quantization: str = ""
    parameters: str = ""
    """Parameter count as people write it: `4B`."""
    capabilities: tuple[str, ...] = ()
    """Of `completion tools vision thinking embedding`; empty: not known."""
    parallel: int | None = None
    """Requests that it answers at once."""


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """A server that answered."""

    backend: str
    """The backend to use for it: `ollama`, `lmstudio`, `llamacpp`, `openai-compat`, …"""
    url: str
    version: str = ""
    models: tuple[ModelInfo, ...] = ()
    parallel: int | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a load or a download is."""

    status: str
    done: int = 0
    total: int = 0
    """0: not known."""
