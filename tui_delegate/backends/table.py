"""The table of backends: a name to what speaks for it. A new protocol is one file and one line here.

Each is imported when it is first asked for; nothing here knows a profile.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from tui_delegate.core.errors import ResolveError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tui_delegate.backends.address import Endpoint
    from tui_delegate.core.ports import Backend, ModelHost

KeepAlive = str | int | float | None


@dataclass(frozen=True, slots=True)
class Options:
    """What a profile may say to its backend beside where the server is."""

    num_ctx: int | None = None
    keep_alive: KeepAlive = None
    parallel: int | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """One server, ready to be asked: for answers, and about its models."""

    url: str
    backend: Backend
    host: ModelHost
    closing: tuple[Closing, ...] = ()
    loading: Callable[[], Awaitable[object]] | None = None
    """What takes time and no network, where there is such a thing."""

    async def prepare(self) -> None:
        """Do what takes time and no network, before a clock runs."""
        if self.loading:
            await self.loading()

    async def aclose(self) -> None:
        """Close what is open."""
        for one in self.closing:
            await one.aclose()


class Closing(Protocol):
    """Something that holds connections."""

    async def aclose(self) -> None:
        """Close them."""


def connect(backend: str, endpoint: Endpoint, options: Options) -> Connection:
    """Make the connection to one server; nothing is sent yet."""
    if backend not in _TABLE:
        raise ResolveError(f"There is no backend {backend!r}.", f"One of: {', '.join(_TABLE)}.")
    return _TABLE[backend](endpoint, options)


def _anthropic(endpoint: Endpoint, options: Options) -> Connection:
    from tui_delegate.backends.anthropic import VERSION, AnthropicChat
    from tui_delegate.backends.http import Wire
    from tui_delegate.backends.plain_host import PlainHost

    headers = tuple((VERSION | dict(endpoint.headers)).items())
    wire = Wire(replace(endpoint, key_header="x-api-key", headers=headers))
    return Connection(endpoint.url, AnthropicChat(wire), PlainHost(wire, "anthropic"), (wire,))


def _builtin(endpoint: Endpoint, options: Options) -> Connection:
    from tui_delegate.backends.builtin import Builtin

    engine = Builtin()
    return Connection("", engine, engine)


def _llamacpp(endpoint: Endpoint, options: Options) -> Connection:
    from tui_delegate.backends.http import Wire
    from tui_delegate.backends.llamacpp import LlamaCpp

    # A router says `Keep-Alive` and closes after every answer that it passed on (seen 2026-11): the next
    # call would be sent into a closed connection.
    wire = Wire(endpoint, keep=False)
    server = LlamaCpp(wire)
    return Connection(endpoint.url, server, server, (wire,))


def _lmstudio(endpoint: Endpoint, options: Options) -> Connection:
    from tui_delegate.backends.http import Wire
    from tui_delegate.backends.lmstudio import LmStudio

    wire = Wire(endpoint)
    server = LmStudio(wire, num_ctx=options.num_ctx)
    return Connection(endpoint.url, server, server, (wire,))


def _ollama(endpoint: Endpoint, options: Options) -> Connection:
    from tui_delegate.backends.http import Wire
    from tui_delegate.backends.ollama import OllamaChat
    from tui_delegate.backends.ollama_host import OllamaHost

    wire = Wire(endpoint)
    chat = OllamaChat(wire, num_ctx=options.num_ctx, keep_alive=options.keep_alive)
    host = OllamaHost(
        endpoint, num_ctx=options.num_ctx, keep_alive=options.keep_alive, parallel=options.parallel
    )
    return Connection(endpoint.url, chat, host, (wire, host), host.prepare)


def _openai(endpoint: Endpoint, options: Options) -> Connection:
    from tui_delegate.backends.http import Wire
    from tui_delegate.backends.openai import OpenAIChat
    from tui_delegate.backends.plain_host import PlainHost

    wire = Wire(endpoint)
    return Connection(endpoint.url, OpenAIChat(wire), PlainHost(wire), (wire,))


_TABLE: dict[str, Callable[[Endpoint, Options], Connection]] = {
    "anthropic": _anthropic,
    "builtin": _builtin,
    "llamacpp": _llamacpp,
    "lmstudio": _lmstudio,
    "ollama": _ollama,
    "openai-compat": _openai,
}
