"""LM Studio: OpenAI's chat, and the app's own API for what it has on disk: load, unload, download.

How chat goes over the wire is openai's and http's. Three generations of the listing are read here, and
only here: `/api/v1` (0.4), `/api/v0` (0.3.6), and the plain `/v1` that knows nothing but names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.backends import members
from tui_delegate.backends.address import escaped
from tui_delegate.backends.openai import OpenAIChat
from tui_delegate.core.errors import BackendError, BadReply, ModelMissing, ResolveError
from tui_delegate.core.servers import ModelInfo, ModelState, Progress, ServerInfo

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tui_delegate.backends.line import Way
    from tui_delegate.core.chunks import ChatRequest, Reply
    from tui_delegate.core.ports import Sink

_LOOK_EVERY = 1.0
"""Seconds between two looks at a download."""
_OLD = "LM Studio 0.4 or newer does this over its API; in an older one use the app, or `lms load`, `lms get`."


async def _sleep(seconds: float) -> None:
    import asyncio  # what only asks or chats may do without an event loop

    await asyncio.sleep(seconds)


class LmStudio:
    """One LM Studio, as a Backend and as a ModelHost. `pause` waits between two looks at a download.

    `num_ctx` is the window that a model is loaded with; None leaves it to the app.
    """

    def __init__(
        self,
        wire: Way,
        *,
        num_ctx: int | None = None,
        pause: Callable[[float], Awaitable[object]] = _sleep,
    ) -> None:
        self.wire = wire
        self._chat = OpenAIChat(wire)
        self._num_ctx = num_ctx
        self._pause = pause
        self._loading: set[str] = set()

    async def chat(self, request: ChatRequest, sink: Sink) -> Reply:
        """Make one model call."""
        return await self._chat.chat(request, sink)

    async def info(self) -> ServerInfo:
        """Say which models the app has, with what its generation says about them."""
        listing = await self._native()
        if listing is not None:
            return native_info(self.wire.endpoint.url, listing)
        listing = await self._ask("/api/v0/models", "data")
        if listing is not None:
            return older_info(self.wire.endpoint.url, listing)
        listing = await self.wire.get("/v1/models")
        names = (members.text(entry, "id") for entry in members.items(listing, "data"))
        return ServerInfo(
            "lmstudio", self.wire.endpoint.url, "", tuple(ModelInfo(name) for name in names if name)
        )

    async def load(self, model: str, report: Callable[[Progress], None]) -> None:
        """Load a model, unless it is loaded: the app would make a second instance of it."""
        if _instances(await self._entry(model)):
            report(Progress("loaded", 100, 100))
            return
        body: dict[str, object] = {"model": model}
        if self._num_ctx:
            body["context_length"] = self._num_ctx
        report(Progress("loading"))
        self._loading.add(model)
        try:
            answer = await self.wire.post("/api/v1/models/load", body)
        finally:
            self._loading.discard(model)
        if members.text(answer, "status") != "loaded":
            raise _refused(f"load {model}", answer)
        report(Progress("loaded", 100, 100))

    async def unload(self, model: str) -> None:
        """Unload every instance of a model, or the one instance of that name."""
        instances = _instances(await self._entry(model))
        named = [name for name in instances if name == model and name != instances[0]]
        for name in named or instances:
            answer = await self.wire.post("/api/v1/models/unload", {"instance_id": name})
            if not members.text(answer, "instance_id"):
                raise _refused(f"unload {name}", answer)

    async def pull(self, model: str, report: Callable[[Progress], None]) -> None:
        """Download a model and wait until it is there."""
        step = await self._begin_pull(model)
        while members.text(step, "status") in ("downloading", "paused"):
            report(pull_step(step))
            job = members.text(step, "job_id")
            if not job:
                raise BadReply(f"LM Studio downloads {model}, but gave its job no name.")
            await self._pause(_LOOK_EVERY)
            step = await self.wire.get(f"/api/v1/models/download/status/{escaped(job)}")
        if members.text(step, "status") not in ("completed", "already_downloaded"):
            raise _refused(f"download {model}", step)
        total = members.whole(step, "total_size_bytes") or 0
        report(Progress("success", total, total))

    async def window(self, model: str) -> int | None:
        """Say the window of the loaded instance, else the longest that the model can have."""
        return (await self._model(model)).window

    async def parallel(self, model: str) -> int | None:
        """Say how many requests the loaded instance answers at once."""
        return (await self._model(model)).parallel

    async def load_progress(self, model: str) -> float | None:
        """Say that a model is being loaded, where we do it or an older app tells; never how far."""
        if model in self._loading:
            return 0.0
        listing = await self._ask("/api/v0/models", "data")
        for entry in members.items(listing, "data"):
            if members.text(entry, "id") == model and members.text(entry, "state") == "loading":
                return 0.0
        return None

    async def _native(self) -> object:
        return await self._ask("/api/v1/models", "models")

    async def _ask(self, path: str, key: str) -> object:
        """Ask for a listing; None where this generation has none.

        The app answers an unknown path with 200 and an `error`.
        """
        try:
            listing = await self.wire.get(path)
        except (ModelMissing, BadReply):
            return None
        return listing if isinstance(members.member(listing, key), list) else None

    async def _entry(self, model: str) -> object:
        listing = await self._native()
        if listing is None:
            raise ResolveError(f"This LM Studio can't be told what to do with {model}.", _OLD)
        for entry in members.items(listing, "models"):
            if model in _names(entry):
                return entry
        raise _missing(model)

    async def _model(self, name: str) -> ModelInfo:
        listing = await self._native()
        for entry in members.items(listing, "models"):
            if name in _names(entry):
                return native_model(entry, name)
        if listing is None:
            for model in (await self.info()).models:
                if model.id == name:
                    return model
        raise _missing(name)

    async def _begin_pull(self, model: str) -> object:
        try:
            answer = await self.wire.post("/api/v1/models/download", {"model": model})
        except ModelMissing as error:
            raise ModelMissing(f"LM Studio finds no model {model} to download.", _OLD) from error
        if "unexpected endpoint" in members.text(answer, "error").lower():
            raise ResolveError(f"This LM Studio can't be told to download {model}.", _OLD)
        return answer


def native_info(url: str, listing: object) -> ServerInfo:
    """Read `/api/v1/models`."""
    return ServerInfo(
        "lmstudio", url, "", tuple(native_model(entry) for entry in members.items(listing, "models"))
    )


def native_model(entry: object, name: str = "") -> ModelInfo:
    """Read one model of `/api/v1/models`; `name` may be one of its instances."""
    instances = members.items(entry, "loaded_instances")
    chosen = [one for one in instances if members.text(one, "id") == name] or list(instances[:1])
    config = members.member(chosen[0], "config") if chosen else None
    longest = members.whole(entry, "max_context_length")
    return ModelInfo(
        id=members.text(entry, "key"),
        state="loaded" if instances else "unloaded",
        window=members.whole(config, "context_length") or longest,
        size=members.whole(entry, "size_bytes"),
        quantization=members.text(entry, "quantization", "name"),
        parameters=members.text(entry, "params_string"),
        capabilities=_capabilities(entry),
        parallel=members.whole(config, "parallel"),
    )


def older_info(url: str, listing: object) -> ServerInfo:
    """Read `/api/v0/models`."""
    return ServerInfo(
        "lmstudio", url, "", tuple(_older_model(entry) for entry in members.items(listing, "data"))
    )


def pull_step(step: object) -> Progress:
    """Read how far a download is."""
    done, total = members.whole(step, "downloaded_bytes"), members.whole(step, "total_size_bytes")
    return Progress(members.text(step, "status"), done or 0, total or 0)


def _older_model(entry: object) -> ModelInfo:
    states: dict[str, ModelState] = {"loaded": "loaded", "not-loaded": "unloaded", "loading": "loading"}
    kind = members.text(entry, "type")
    has = {
        "completion": kind in ("llm", "vlm"),
        "tools": any(word in ("tool_use", "tools") for word in members.words(entry, "capabilities")),
        "vision": kind == "vlm",
        "embedding": kind == "embeddings",
    }
    return ModelInfo(
        id=members.text(entry, "id"),
        state=states.get(members.text(entry, "state"), "unknown"),
        window=members.whole(entry, "loaded_context_length") or members.whole(entry, "max_context_length"),
        quantization=members.text(entry, "quantization"),
        capabilities=tuple(name for name, is_there in has.items() if is_there),
    )


def _capabilities(entry: object) -> tuple[str, ...]:
    if members.text(entry, "type") == "embedding":
        return ("embedding",)
    said = members.member(entry, "capabilities")
    has = {
        "completion": True,
        "tools": members.truth(said, "trained_for_tool_use"),
        "vision": members.truth(said, "vision"),
        "thinking": bool(members.member(said, "reasoning")),
    }
    return tuple(name for name, is_there in has.items() if is_there)


def _names(entry: object) -> tuple[str, ...]:
    return (members.text(entry, "key"), *members.words(entry, "variants"), *_instances(entry))


def _instances(entry: object) -> list[str]:
    return [members.text(one, "id") for one in members.items(entry, "loaded_instances")]


def _missing(model: str) -> ModelMissing:
    return ModelMissing(
        f"LM Studio has no model {model}.", f"`tui-delegate models pull {model}` downloads it."
    )


def _refused(what: str, answer: object) -> BackendError:
    said = (
        members.text(answer, "error", "message")
        or members.text(answer, "error")
        or members.text(answer, "status")
    )
    return BackendError(
        f"LM Studio did not {what}: {said or 'it does not say why'}.", "Look into the app's log."
    )
