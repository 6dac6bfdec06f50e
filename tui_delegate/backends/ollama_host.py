"""Ollama beside chat: what it has, what is loaded, and loading, unloading and pulling.

All of it goes through the `ollama` package's own client; chat is another module's. The package costs a
third of a second to import, so it is imported when the first question is asked.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import aclosing, contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

from tui_delegate.backends import members
from tui_delegate.backends.address import is_loopback, server_root
from tui_delegate.backends.http import NO_ADDRESS, Wire
from tui_delegate.backends.line import CONNECT_SECONDS
from tui_delegate.backends.ollama_models import full_name, listed_model, running_windows, shown_window
from tui_delegate.core.errors import BackendError, BadReply, CutOff, ModelMissing, TimedOut, Unreachable
from tui_delegate.core.servers import Progress, ServerInfo

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from pydantic import BaseModel

    from tui_delegate.backends.address import Endpoint
    from tui_delegate.backends.ollama_client import Client

Answer = TypeVar("Answer")

USUAL_PORT = 11434
_ANSWER_SECONDS = 30.0
"""For questions that need no model; a load or a pull takes as long as it takes."""
_SHOWN_AT_ONCE = 8


def host_url(value: str) -> str:
    """Make an address to connect to of `OLLAMA_HOST`: a host, a port, a URL, or where a server binds."""
    value = value.strip().strip("'\"")
    scheme, found, rest = value.partition("://")
    if not found:
        scheme, rest = "http", value
    place, _, path = rest.partition("/")
    name, port = _name_and_port(place)
    if not port:
        port = "443" if scheme == "https" else "80" if found else str(USUAL_PORT)
    if name in ("", "0.0.0.0", "::", "*"):
        name = "127.0.0.1"
    name = f"[{name}]" if ":" in name else name
    tail = f"/{path.strip('/')}" if path.strip("/") else ""
    return f"{scheme}://{name}:{port}{tail}"


class _Line(Wire):
    """A way to an Ollama that asks through the package's client, and says what went wrong as Wire does."""

    _ollama: Client | None = None

    async def prepare(self) -> Client:
        """Load the package, off the event loop."""
        if self._ollama is None:
            module = await asyncio.to_thread(import_module, "tui_delegate.backends.ollama_client")
            self._ollama = self._make(module.Client)
        return self._ollama

    def _make(self, kind: type[Client]) -> Client:
        url = self.endpoint.url
        try:
            self.check_key()
            near, root = is_loopback(url), server_root(url)
            return kind(root, self.headers(), connect=CONNECT_SECONDS, trust_env=not near)
        except NO_ADDRESS as error:
            raise Unreachable(f"{url!r} is no address.", "Check the profile's base_url.") from error

    async def ask(
        self, question: Callable[[Client], Awaitable[Answer]], seconds: float | None = _ANSWER_SECONDS
    ) -> Answer:
        """Put one question to the client. Nothing but a BackendError comes out."""
        client = await self.prepare()
        with self.typed():
            async with asyncio.timeout(seconds):
                return await question(client)

    @contextmanager
    def typed(self) -> Iterator[None]:
        """Make typed errors of whatever the package lets out."""
        from tui_delegate.backends.ollama_client import LINE_FAILURES, ODD_ANSWERS, REFUSALS, refusal

        try:
            yield
        except REFUSALS as error:
            raise self.without_key(refusal(error)) from error
        except TimeoutError as error:
            raise TimedOut(f"{self.host} gave no answer in time.") from error
        except LINE_FAILURES as error:
            raise self._broken(error, began=False) from error
        except ODD_ANSWERS as error:
            raise BadReply(f"{self.host} did not answer as an Ollama does.") from error

    async def aclose(self) -> None:
        """Close every connection, the client's too."""
        client, self._ollama = self._ollama, None
        if client is not None:
            await client.aclose()
        await super().aclose()


class OllamaHost:
    """One Ollama, as a ModelHost. `num_ctx` and `keep_alive` are what its models are loaded with.

    `parallel` is what OLLAMA_NUM_PARALLEL says, where somebody knows it: the server does not tell, and its
    default is 1. `show_within` are the seconds for asking what all models can do: a list without it is better
    than no list.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        num_ctx: int | None = None,
        keep_alive: str | float | None = None,
        parallel: int | None = None,
        show_within: float = 0.5,
    ) -> None:
        self.endpoint = endpoint
        self._line = _Line(endpoint)
        self._num_ctx = num_ctx
        self._keep_alive = keep_alive
        self._parallel = parallel or 1
        self._show_within = show_within
        self._loading: set[str] = set()

    async def prepare(self) -> None:
        """Do what takes time and no network, before a clock runs."""
        await self._line.prepare()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._line.aclose()

    async def info(self) -> ServerInfo:
        """Say what is installed, what is loaded, and what each model can do."""
        version = await self._line.get("/api/version")
        tags = await self._line.ask(lambda client: client.list())
        running = await self._running()
        shown = await self._show_all([entry.model for entry in tags.models if entry.model])
        models = (
            listed_model(as_json(entry), running, shown.get(entry.model), self._parallel)
            for entry in tags.models
            if entry.model
        )
        return ServerInfo(
            "ollama", self.endpoint.url, members.text(version, "version"), tuple(models), self._parallel
        )

    async def load(self, model: str, report: Callable[[Progress], None]) -> None:
        """Load a model, with the window that chats will ask for: another one would load it again."""
        options = {"num_ctx": self._num_ctx} if self._num_ctx else None
        report(Progress("loading"))
        self._loading.add(model)
        try:
            await self._line.ask(
                lambda client: client.generate(model, options=options, keep_alive=self._keep_alive), None
            )
        finally:
            self._loading.discard(model)
        report(Progress("loaded", 100, 100))

    async def unload(self, model: str) -> None:
        """Unload a model."""
        await self._line.ask(lambda client: client.generate(model, keep_alive=0))

    async def pull(self, model: str, report: Callable[[Progress], None]) -> None:
        """Download a model and wait until it is there."""
        status = ""
        steps = await self._line.ask(lambda client: client.pulling(model))
        try:
            with self._line.typed():
                async with aclosing(steps):
                    async for step in steps:
                        status = step.status or status
                        report(Progress(status, step.completed or 0, step.total or 0))
        except BackendError as error:
            raise _pull_failed(model, status, error) from error
        if status != "success":
            raise _broke_off(model, status)

    async def window(self, model: str) -> int | None:
        """Say the window: the allocated one of a loaded model, else what it will be, else what it may be."""
        running = await self._running()
        if window := running.get(full_name(model)):
            return window
        if self._num_ctx:
            return self._num_ctx
        return shown_window(as_json(await self._line.ask(lambda client: client.show(model))))

    async def parallel(self, model: str) -> int | None:
        """Say how many requests it answers at once; more wait in its queue."""
        return self._parallel

    async def load_progress(self, model: str) -> float | None:
        """Say that a model is being loaded, where we do it; Ollama never tells how far."""
        return 0.0 if model in self._loading else None

    async def _running(self) -> dict[str, int | None]:
        """Ask which models are loaded, and with which window."""
        return running_windows(as_json(await self._line.ask(lambda client: client.ps())))

    async def _show_all(self, names: list[str]) -> dict[str, object]:
        """Ask what every model can do; who does not answer soon is left out."""
        turns = asyncio.Semaphore(_SHOWN_AT_ONCE)

        async def show(name: str) -> object:
            async with turns:
                return as_json(await self._line.ask(lambda client: client.show(name)))

        asked = {name: asyncio.create_task(show(name)) for name in names}
        try:
            if asked:
                await asyncio.wait(asked.values(), timeout=self._show_within)
        finally:
            for task in asked.values():
                task.cancel()
            ended = await asyncio.gather(*asked.values(), return_exceptions=True)
        return {
            name: answer
            for name, answer in zip(asked, ended, strict=True)
            if not isinstance(answer, BaseException)
        }


def as_json(answer: BaseModel) -> object:
    """Give what the package read as the server said it."""
    return answer.model_dump(by_alias=True)


def _name_and_port(place: str) -> tuple[str, str]:
    bracketed = re.fullmatch(r"\[([^\]]*)\](?::(.*))?", place)
    if bracketed:
        name, port = bracketed[1], bracketed[2] or ""
    elif place.count(":") > 1:
        name, port = place, ""
    else:
        name, _, port = place.partition(":")
    # Ollama itself takes its usual port where this one is none.
    return name, port if port.isdigit() and int(port) < 65536 else ""


def _pull_failed(model: str, status: str, error: BackendError) -> BackendError:
    if status and isinstance(error, Unreachable | BadReply):
        return _broke_off(model, status)
    if not re.search(r"file does not exist|not found", error.message):
        return error
    return ModelMissing(
        f"Ollama's library has no model {model}.", "Check its name and its tag.", status=error.status
    )


def _broke_off(model: str, status: str) -> CutOff:
    return CutOff(
        f"The download of {model} broke off at: {status or 'nothing'}.", "Pull it again: it goes on."
    )
