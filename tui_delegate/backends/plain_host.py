"""A server of which only the list of models is known: OpenAI's `/v1/models`, or Anthropic's that is like it.

Nothing of one product's own may stand here; what a server adds to the listing is read where several do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.backends import members
from tui_delegate.core.errors import BadReply, ResolveError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_delegate.backends.line import Way
    from tui_delegate.core.servers import ModelInfo, Progress, ServerInfo

_WINDOWS = ("max_model_len", "context_length", "context_window", "max_input_tokens")
"""Under which names servers tell a model's window: vLLM, OpenRouter, Groq, Anthropic."""


class PlainHost:
    """A ModelHost that lists, and refuses the rest with words."""

    def __init__(self, wire: Way, backend: str = "openai-compat") -> None:
        self.wire = wire
        self._backend = backend

    async def info(self) -> ServerInfo:
        """Say which models the server names."""
        listing = await self.wire.get("models")
        if not isinstance(members.member(listing, "data"), list):
            raise BadReply(f"{self.wire.host} gave no list of models.", "Check the profile's base_url.")
        return plain_info(self._backend, self.wire.endpoint.url, listing)

    async def load(self, model: str, report: Callable[[Progress], None]) -> None:
        """Refuse."""
        raise self._can_not(f"load {model}")

    async def unload(self, model: str) -> None:
        """Refuse."""
        raise self._can_not(f"unload {model}")

    async def pull(self, model: str, report: Callable[[Progress], None]) -> None:
        """Refuse."""
        raise self._can_not(f"download {model}")

    async def window(self, model: str) -> int | None:
        """Say the model's window, where the list tells it."""
        return next((one.window for one in (await self.info()).models if one.id == model), None)

    async def parallel(self, model: str) -> int | None:
        """Such a server does not say."""
        return None

    async def load_progress(self, model: str) -> float | None:
        """Such a server does not say."""
        return None

    def _can_not(self, what: str) -> ResolveError:
        return ResolveError(
            f"{self.wire.host} ({self._backend}) can't be told to {what}.",
            "Ollama, LM Studio and a llama.cpp router can; elsewhere models are there or not.",
        )


def plain_info(backend: str, url: str, listing: object) -> ServerInfo:
    """Read a list of models that has names and little else."""
    from tui_delegate.core.servers import ServerInfo  # a chat never needs it, and pays for what is loaded

    entries = [entry for entry in members.items(listing, "data") if members.text(entry, "id")]
    return ServerInfo(backend, url, "", tuple(_model(entry) for entry in entries))


def _model(entry: object) -> ModelInfo:
    from tui_delegate.core.servers import ModelInfo

    windows = (members.whole(entry, name) for name in _WINDOWS)
    return ModelInfo(members.text(entry, "id"), window=next((window for window in windows if window), None))
