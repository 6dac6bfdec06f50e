"""Which model servers answer, and which product each of them is.

Addresses come in as candidates; reading profiles, choosing one and showing them are others' work.
"""

from __future__ import annotations

import asyncio
import json
from importlib import import_module
from typing import TYPE_CHECKING

from tui_delegate.backends import members
from tui_delegate.backends.address import Endpoint, api_root, is_loopback, parsed
from tui_delegate.backends.faults import error_of
from tui_delegate.backends.ollama_host import host_url
from tui_delegate.backends.table import Options, connect
from tui_delegate.backends.way import is_direct, way_to
from tui_delegate.core.errors import BackendError, BadReply, TimedOut, Unreachable
from tui_delegate.core.records import dataclass, field
from tui_delegate.core.servers import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from tui_delegate.backends.line import Way
    from tui_delegate.core.servers import ServerInfo

PLAIN = "openai-compat"
_OWN_HOSTS = ("ollama", "lmstudio", "llamacpp")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address where a server may be."""

    endpoint: Endpoint
    backend: str = ""
    """What it is said to be; empty: not known."""
    name: str = ""
    """The profile that names it; empty: nobody does, it is a usual place."""
    num_ctx: int | None = None
    parallel: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What became of one address: a server, or the reason why not."""

    url: str
    names: tuple[str, ...] = ()
    """The profiles that lead there."""
    server: ServerInfo | None = None
    error: BackendError | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """What one look at an address showed."""

    status: int = 0
    product: str = ""
    """The header `Server`."""
    body: bytes = field(default=b"", repr=False)

    def json(self) -> object:
        """Read the body; None where it is no JSON."""
        try:
            return json.loads(self.body.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            return None


def usual_candidates(environ: Mapping[str, str]) -> list[Candidate]:
    """Name the places where Ollama, LM Studio and llama.cpp usually are on this machine."""
    ollama = host_url(environ.get("OLLAMA_HOST", ""))
    # A key in the environment goes to a server that the environment names, and to no other.
    key = environ.get("OLLAMA_API_KEY", "") if environ.get("OLLAMA_HOST") else ""
    return [
        Candidate(Endpoint(ollama, key), "ollama"),
        Candidate(Endpoint("http://127.0.0.1:1234", environ.get("LM_API_TOKEN", "")), "lmstudio"),
        Candidate(Endpoint("http://127.0.0.1:8080"), "llamacpp"),
    ]


async def discover(
    candidates: Sequence[Candidate],
    *,
    within: float = PATIENCE,
    tell: Callable[[Found], None] = lambda found: None,
) -> list[Found]:
    """Ask all addresses at once. Each has `within` seconds, so a dead one holds nobody up.

    Candidates that lead to the same server with the same key are asked once. `tell` is called with each
    answer as it comes.
    """
    groups = by_server(candidates)
    if any(not is_direct(group[0].endpoint.url) for group in groups):
        # The first use would load the transport, half a second on a busy machine, while all clocks run.
        await asyncio.to_thread(import_module, "httpx_aiohttp.transport")
    asked = [asyncio.create_task(_tell(tell, _ask(group, within))) for group in groups]
    try:
        return list(await asyncio.gather(*asked))
    finally:
        for task in asked:
            task.cancel()


async def _tell(tell: Callable[[Found], None], asking: Awaitable[Found]) -> Found:
    found = await asking
    tell(found)
    return found


async def knock(endpoint: Endpoint, within: float = PATIENCE) -> bool:
    """Say whether anything answers at an address, whatever it says. One small question."""
    try:
        async with asyncio.timeout(within):
            await look(endpoint, "/health")
    except (BackendError, TimeoutError):
        return False
    return True


async def look(endpoint: Endpoint, path: str) -> Sight:
    """Ask an address one question. Raises a BackendError only where nothing answers at all."""
    way = way_to(endpoint)
    try:
        return await _sight(way, path)
    finally:
        await way.aclose()


async def identify(endpoint: Endpoint) -> str:
    """Say which product answers at an address. Raises a BackendError where nothing does, or nothing known.

    The order matters: llama-server and LM Studio answer questions in Ollama's and OpenAI's ways too, and
    Ollama in OpenAI's.
    """
    way = way_to(endpoint)
    try:
        if kind := _by_face(await _sight(way, "/")):
            return kind
        listing = await _sight(way, "models")
        if kind := _by_list(listing):
            return kind
        for path, key in (("/api/v1/models", "models"), ("/api/v0/models", "data")):
            if _is_native_list((await _sight(way, path)).json(), key):
                return "lmstudio"
        if isinstance(members.member(listing.json(), "data"), list):
            return PLAIN
        if listing.status >= 400 and listing.status != 404:
            raise error_of(listing.status, listing.body, {})
        raise BadReply(f"{way.host} answers, but not as a model server.", "Check the profile's base_url.")
    finally:
        await way.aclose()


async def _sight(way: Way, path: str) -> Sight:
    return Sight(*await way.look(path))


async def _ask(group: Sequence[Candidate], within: float) -> Found:
    first = _best(group)
    url, names = first.endpoint.url, tuple(one.name for one in group if one.name)
    if not _root(url):
        no_way = Unreachable(f"{url!r} is no address.", "Check the profile's base_url.")
        return Found(url, names, error=no_way)
    clock = asyncio.get_running_loop().time
    began = clock()
    try:
        async with asyncio.timeout(within):
            backend = await _which(first)
        spent = clock() - began
        return Found(url, names, await _info(first, backend, max(within - spent, 0.0)))
    except TimeoutError:
        late = TimedOut(f"{url} did not answer within {within:g} s.", "It may be busy; ask again.")
        return Found(url, names, error=late)
    except BackendError as error:
        return Found(url, names, error=error)


async def _info(candidate: Candidate, backend: str, within: float) -> ServerInfo:
    options = Options(candidate.num_ctx, parallel=candidate.parallel)
    connection = connect(backend, candidate.endpoint, options)
    try:
        await connection.prepare()
        async with asyncio.timeout(within):
            return await connection.host.info()
    finally:
        await connection.aclose()


async def _which(candidate: Candidate) -> str:
    """Believe a profile about a far server; a near one is asked, since the port alone says little."""
    far = not is_loopback(candidate.endpoint.url)
    if candidate.backend and (far or candidate.backend not in (*_OWN_HOSTS, PLAIN)):
        return candidate.backend
    return await identify(candidate.endpoint)


def _by_face(front: Sight) -> str:
    """Know a server by its header or its greeting."""
    if front.product.startswith("llama.cpp"):
        return "llamacpp"
    return "ollama" if front.body.strip() == b"Ollama is running" else ""


def _by_list(listing: Sight) -> str:
    """Know a server by whose its models say that they are; what stands before it may have other headers."""
    owners = {members.text(entry, "owned_by") for entry in members.items(listing.json(), "data")}
    return "llamacpp" if listing.product.startswith("llama.cpp") or "llamacpp" in owners else ""


def _is_native_list(listing: object, key: str) -> bool:
    entries = members.member(listing, key)
    if not isinstance(entries, list):
        return False
    marks = ("key", "loaded_instances") if key == "models" else ("state", "compatibility_type")
    return not entries or any(members.member(entry, mark) is not None for entry in entries for mark in marks)


def by_server(candidates: Sequence[Candidate]) -> list[list[Candidate]]:
    """Put those together that lead to one server with one key."""
    groups: dict[tuple[object, ...], list[Candidate]] = {}
    for one in candidates:
        at = one.endpoint
        groups.setdefault((_root(at.url) or at.url, at.key, at.key_header, at.headers), []).append(one)
    return list(groups.values())


def _root(url: str) -> str:
    """Give the one spelling of an address; empty: it is none."""
    return api_root(url).replace("//localhost", "//127.0.0.1") if parsed(url).host else ""


def _best(group: Sequence[Candidate]) -> Candidate:
    """Of several candidates for one server take the one that claims most."""
    named = [one for one in group if one.backend in _OWN_HOSTS]
    return (named or list(group))[0]
