"""Ollama beside chat, for one-shot calls: what it has and how long a prompt may be, asked over the wire.

The `ollama` package needs an event loop and a third of a second; loading, unloading and pulling are its.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.backends import members
from tui_delegate.backends.ollama_models import (
    full_name,
    listed_model,
    name_of,
    running_windows,
    shown_window,
)
from tui_delegate.core.errors import BackendError, BadReply, ResolveError
from tui_delegate.core.servers import ServerInfo

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_delegate.backends.line import Way
    from tui_delegate.core.servers import Progress

_MOST_SHOWN = 32
"""They are asked one after the other here; a list without it is better than a long wait."""


class OllamaPlainHost:
    """One Ollama, as a ModelHost that answers questions and refuses orders."""

    def __init__(self, way: Way, num_ctx: int | None = None, parallel: int | None = None) -> None:
        self._way = way
        self._num_ctx = num_ctx
        self._parallel = parallel or 1

    async def info(self) -> ServerInfo:
        """Say what is installed, what is loaded, and what each model can do."""
        version = await self._way.get("/api/version")
        listing = await self._way.get("/api/tags")
        if not isinstance(members.member(listing, "models"), list):
            raise BadReply(f"{self._way.host} did not answer as an Ollama does.")
        entries = [entry for entry in members.items(listing, "models") if name_of(entry)]
        running = running_windows(await self._way.get("/api/ps"))
        shown = [await self._show(name_of(entry)) for entry in entries[:_MOST_SHOWN]]
        shown += [None] * (len(entries) - len(shown))
        models = (
            listed_model(entry, running, show, self._parallel)
            for entry, show in zip(entries, shown, strict=True)
        )
        url = self._way.endpoint.url
        return ServerInfo("ollama", url, members.text(version, "version"), tuple(models), self._parallel)

    async def load(self, model: str, report: Callable[[Progress], None]) -> None:
        """Refuse."""
        raise _not_here(f"load {model}")

    async def unload(self, model: str) -> None:
        """Refuse."""
        raise _not_here(f"unload {model}")

    async def pull(self, model: str, report: Callable[[Progress], None]) -> None:
        """Refuse."""
        raise _not_here(f"download {model}")

    async def window(self, model: str) -> int | None:
        """Say the window: the allocated one of a loaded model, else what it will be, else what it may be."""
        if window := running_windows(await self._way.get("/api/ps")).get(full_name(model)):
            return window
        if self._num_ctx:
            return self._num_ctx
        return shown_window(await self._way.post("/api/show", {"model": model}))

    async def parallel(self, model: str) -> int | None:
        """Say how many requests it answers at once; more wait in its queue."""
        return self._parallel

    async def load_progress(self, model: str) -> float | None:
        """Ollama never tells of a load that somebody else began."""
        return None

    async def _show(self, name: str) -> object:
        try:
            return await self._way.post("/api/show", {"model": name})
        except BackendError:
            return None


def _not_here(what: str) -> ResolveError:
    return ResolveError(f"A one-shot call can't {what}.", "`tui-delegate models` can.")
