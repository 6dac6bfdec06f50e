"""The table of backends: a name to what speaks for it. A new protocol is one file and one line here.

Each is imported when it is first asked for; nothing here knows a profile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_delegate.core.errors import ResolveError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_delegate.backends.http import Endpoint, Wire
    from tui_delegate.core.ports import Backend, ModelHost

KeepAlive = str | int | float | None


@dataclass(frozen=True, slots=True)
class Options:
    """What a profile may say to its backend beside where the server is."""

    num_ctx: int | None = None
    keep_alive: KeepAlive = None


@dataclass(frozen=True, slots=True)
class Connection:
    """One server, ready to be asked: for answers, and about its models."""

    url: str
    backend: Backend
    host: ModelHost
    wire: Wire | None = None

    async def aclose(self) -> None:
        """Close what is open."""
        if self.wire:
            await self.wire.aclose()


def connect(backend: str, endpoint: Endpoint, options: Options) -> Connection:
    """Make the connection to one server; nothing is sent yet."""
    if backend not in _TABLE:
        raise ResolveError(f"There is no backend {backend!r}.", f"One of: {', '.join(_TABLE)}.")
    return _TABLE[backend](endpoint, options)


def _builtin(endpoint: Endpoint, options: Options) -> Connection:
    from tui_delegate.backends.builtin import Builtin

    engine = Builtin()
    return Connection("", engine, engine)


_TABLE: dict[str, Callable[[Endpoint, Options], Connection]] = {
    "builtin": _builtin,
}
