"""A server of which only the list of models is known: OpenAI's `/v1/models`, or Anthropic's that is like it.

What a server adds to the listing is read where several do. Only for the window is a product that the list
names asked in its own way: what is too long for it is lost without a word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.backends import members
from tui_delegate.core.errors import BackendError, BadReply, ResolveError

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
        """Say the model's window, where the list tells it, or the product that it names."""
        listing = await self.wire.get("models")
        entries = members.items(listing, "data")
        entry = next((one for one in entries if members.text(one, "id") == model), None)
        if entry is None and len(entries) == 1:  # such a server answers to any name
            entry = entries[0]
        if entry is None:
            return None
        try:
            return _model(entry).window or await self._window_of(members.text(entry, "owned_by"), entry)
        except BackendError:  # the call itself will say what is wrong, in its own place
            return None

    async def _window_of(self, owner: str, entry: object) -> int | None:
        name = members.text(entry, "id")
        if owner == "llamacpp":
            from tui_delegate.backends.llamacpp import LlamaCpp

            return await LlamaCpp(self.wire).window(name)
        if owner == "library":  # Ollama; of one that is not loaded nobody knows what it will get
            from tui_delegate.backends.ollama_models import full_name, running_windows

            return running_windows(await self.wire.get("/api/ps")).get(full_name(name))
        if owner == "organization_owner":
            from tui_delegate.backends.lmstudio import LmStudio

            return await LmStudio(self.wire).window(name)
        return None

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
