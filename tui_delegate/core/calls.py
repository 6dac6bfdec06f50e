"""One model call as the ledger keeps it: figures and names, never a word of what was said."""

from __future__ import annotations

from typing import Literal

from tui_delegate.core.records import dataclass
from tui_delegate.core.usage import Price, Usage

Status = Literal["ok", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class ModelCall:
    """The figures of one call, made when it has ended, however it ended."""

    agent: str
    profile: str
    backend: str
    host: str
    asked: str
    """The model that was asked for."""
    answered: str
    """The model that answered, as far as the server says."""
    usage: Usage
    queue_ms: int
    first_token_ms: int | None
    total_ms: int
    tokens_per_second: float | None
    price: Price | None
    """None: not known, which is not the same as nothing."""
    cost: float | None
    status: Status
    code: str = ""


@dataclass(frozen=True, slots=True)
class RunContext:
    """Where a run comes from: the same for all of its calls."""

    command: str = "run"
    session: str = ""
    cwd: str = ""
    target: str = ""
    parent_pid: int = 0
    claude_session_id: str = ""
    codex_session_id: str = ""
