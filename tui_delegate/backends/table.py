"""The table of backends: a name to what speaks for it. A new protocol is one file and one line here.

Each is imported when it is first asked for; nothing here knows a profile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from tui_delegate.core.errors import ResolveError
from tui_delegate.core.records import dataclass, replace

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tui_delegate.backends.address import Endpoint
    from tui_delegate.backends.line import Way
    from tui_delegate.backends.plain_wire import PlainWire
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
    plain: PlainWire | None = None
    """What the bytes move over, where no event loop is needed."""

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


class _Wanted:
    """What a connection is made of."""

    def __init__(self, endpoint: Endpoint, options: Options, *, plain: bool) -> None:
        self.endpoint = endpoint
        self.options = options
        self.plain = plain

    def way(self, *, keep: bool = True) -> Way:
        """Make the way there."""
        if self.plain:
            from tui_delegate.backends.plain_wire import PlainWire

            return PlainWire(self.endpoint, keep=keep)
        from tui_delegate.backends.way import way_to

        return way_to(self.endpoint, keep=keep)

    def connection(self, way: Way, backend: Backend, host: ModelHost, *more: Closing) -> Connection:
        """Put it together."""
        plain = cast("PlainWire", way) if self.plain else None
        return Connection(self.endpoint.url, backend, host, (way, *more), plain=plain)


def connect(backend: str, endpoint: Endpoint, options: Options, *, plain: bool = False) -> Connection:
    """Make the connection to one server; nothing is sent yet.

    A `plain` one needs no event loop: nothing in its coroutines waits, so one call at a time goes over it.
    """
    if backend not in _TABLE:
        raise ResolveError(f"There is no backend {backend!r}.", f"One of: {', '.join(_TABLE)}.")
    return _TABLE[backend](_Wanted(endpoint, options, plain=plain))


def _anthropic(wanted: _Wanted) -> Connection:
    from tui_delegate.backends.anthropic import VERSION, AnthropicChat
    from tui_delegate.backends.plain_host import PlainHost

    headers = tuple((VERSION | dict(wanted.endpoint.headers)).items())
    wanted.endpoint = replace(wanted.endpoint, key_header="x-api-key", headers=headers)
    way = wanted.way()
    return wanted.connection(way, AnthropicChat(way), PlainHost(way, "anthropic"))


def _builtin(wanted: _Wanted) -> Connection:
    from tui_delegate.backends.builtin import Builtin

    engine = Builtin(alone=wanted.plain)
    return Connection("", engine, engine)


def _llamacpp(wanted: _Wanted) -> Connection:
    from tui_delegate.backends.llamacpp import LlamaCpp

    # A router says `Keep-Alive` and closes after every answer that it passed on (seen 2026-11): the next
    # call would be sent into a closed connection.
    way = wanted.way(keep=False)
    server = LlamaCpp(way)
    return wanted.connection(way, server, server)


def _lmstudio(wanted: _Wanted) -> Connection:
    from tui_delegate.backends.lmstudio import LmStudio

    way = wanted.way()
    server = LmStudio(way, num_ctx=wanted.options.num_ctx)
    return wanted.connection(way, server, server)


def _ollama(wanted: _Wanted) -> Connection:
    from tui_delegate.backends.ollama import OllamaChat

    way, options = wanted.way(), wanted.options
    chat = OllamaChat(way, num_ctx=options.num_ctx, keep_alive=options.keep_alive)
    if wanted.plain:
        from tui_delegate.backends.ollama_plain import OllamaPlainHost

        return wanted.connection(way, chat, OllamaPlainHost(way, options.num_ctx, options.parallel))
    from tui_delegate.backends.ollama_host import OllamaHost

    host = OllamaHost(
        wanted.endpoint, num_ctx=options.num_ctx, keep_alive=options.keep_alive, parallel=options.parallel
    )
    return replace(wanted.connection(way, chat, host, host), loading=host.prepare)


def _openai(wanted: _Wanted) -> Connection:
    from tui_delegate.backends.openai import OpenAIChat
    from tui_delegate.backends.plain_host import PlainHost

    way = wanted.way()
    return wanted.connection(way, OpenAIChat(way), PlainHost(way))


_TABLE: dict[str, Callable[[_Wanted], Connection]] = {
    "anthropic": _anthropic,
    "builtin": _builtin,
    "llamacpp": _llamacpp,
    "lmstudio": _lmstudio,
    "ollama": _ollama,
    "openai-compat": _openai,
}
