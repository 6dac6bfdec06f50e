"""llama-server: OpenAI's chat with its own extras, what it holds, and loading and unloading in router mode.

How chat goes over the wire is openai's and http's; which of several servers to ask is not known here.
"""

from __future__ import annotations

import json
from itertools import count, pairwise
from typing import TYPE_CHECKING

from tui_delegate.backends import members
from tui_delegate.backends.address import escaped
from tui_delegate.backends.decode import SseDecoder
from tui_delegate.backends.openai import OpenAIChat
from tui_delegate.core.errors import BackendError, ModelMissing, Overloaded, ResolveError, TimedOut
from tui_delegate.core.servers import ModelInfo, ModelState, Progress, ServerInfo

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tui_delegate.backends.line import Way
    from tui_delegate.core.chunks import ChatRequest, Reply
    from tui_delegate.core.ports import Sink

EXTRAS: dict[str, object] = {"timings_per_token": True, "return_progress": True, "cache_prompt": True}
"""What every chat body says beside OpenAI's keys: live speed, a bar while the prompt is read, a warm slot."""

_STATES: dict[str, ModelState] = {
    "loaded": "loaded",
    "loading": "loading",
    "unloaded": "unloaded",
    "sleeping": "unloaded",
    "downloading": "downloading",
}
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
# The router says "loading" before it answers a load; this many looks forgive one that says it later.
_PATIENCE = 5
# The router ends a child that does not unload within ten seconds by itself.
_UNLOAD_LOOKS = 20


async def _sleep(seconds: float) -> None:
    import asyncio  # what only asks or chats may do without an event loop

    await asyncio.sleep(seconds)


class LlamaCpp:
    """One llama-server, as a Backend and as a ModelHost. `pause` waits between two looks at a load."""

    def __init__(self, wire: Way, *, pause: Callable[[float], Awaitable[object]] = _sleep) -> None:
        self.wire = wire
        self._chat = OpenAIChat(wire, extras=_extras)
        self._pause = pause
        self._heard: dict[str, float] = {}
        """How far the loads are that we wait for, 0 to 1."""

    async def chat(self, request: ChatRequest, sink: Sink) -> Reply:
        """Make one model call; the reading of the prompt arrives as progress."""
        return await self._chat.chat(request, sink)

    async def info(self) -> ServerInfo:
        """Say what the server is and which models it has, loaded and not."""
        listing, props = await self.wire.get("/v1/models"), await self.wire.get("/props")
        if not is_router(props):
            return single_info(self.wire.endpoint.url, listing, props)
        entries = members.items(listing, "data")
        loaded = [members.text(entry, "id") for entry in entries if _status(entry) == "loaded"]
        by_id = {name: await self._props_of(name) for name in loaded}
        return router_info(self.wire.endpoint.url, listing, props, by_id)

    async def load(self, model: str, report: Callable[[Progress], None]) -> None:
        """Load a model of a router and wait until it is loaded, however long that takes."""
        import asyncio

        await self._need_router(f"load {model}")
        listening = asyncio.create_task(self._listen(model))
        try:
            await self._ask_for_load(model, report)
            await self._follow_load(model, report)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            self._heard.pop(model, None)

    async def _ask_for_load(self, model: str, report: Callable[[Progress], None]) -> None:
        for tries in count(1):
            if await self._begin_load(model):
                break
            if tries >= _PATIENCE and not await self._any_loading():
                raise Overloaded("The router has no room for another model.", "Unload one, then try again.")
            report(Progress("waiting"))
            await self._pause(_LONGEST_PAUSE)

    async def unload(self, model: str) -> None:
        """Unload a model of a router and wait until it is gone."""
        await self._need_router(f"unload {model}")
        try:
            await self.wire.post("/models/unload", {"model": model})
        except BackendError as error:
            if error.status in (400, 404):
                raise _missing(model) from error
            raise
        pause = _FIRST_PAUSE
        for _ in range(_UNLOAD_LOOKS):
            if _status(await self._entry(model)) not in ("loaded", "loading"):
                return
            await self._pause(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)
        raise TimedOut(f"{model} is still loaded; the server was told to unload it.")

    async def pull(self, model: str, report: Callable[[Progress], None]) -> None:
        """Refuse: a llama-server takes the models that it was started with."""
        raise ResolveError(
            f"llama-server can't be told to download {model}.",
            "Start it with `-hf USER/MODEL`, or put the GGUF file into its --models-dir.",
        )

    async def window(self, model: str) -> int | None:
        """Say how many tokens one slot holds."""
        return (await self._model(model)).window

    async def parallel(self, model: str) -> int | None:
        """Say how many slots answer at once."""
        return (await self._model(model)).parallel

    async def load_progress(self, model: str) -> float | None:
        """Say how far a load is: a router says it for each model, a single server only that it loads."""
        try:
            await self.wire.get("/health")
            entry = await self._entry(model)
        except ModelMissing:
            return None
        except BackendError as error:
            if error.status == 503:
                return 0.0
            raise
        if _status(entry) != "loading":
            return None
        step = load_step(entry, self._heard.get(model))
        return step.done / step.total if step.total else 0.0

    async def _model(self, name: str) -> ModelInfo:
        info = await self.info()
        for model in info.models:
            if model.id == name:
                return model
        # A single server answers for whatever name is asked.
        if len(info.models) == 1 and info.parallel is not None:
            return info.models[0]
        known = members.text(await self._entry(name), "id")
        return next(model for model in info.models if model.id == known)

    async def _props_of(self, model: str) -> object:
        """Ask a loaded model; without `autoload=false` the question would load one that has just gone."""
        try:
            return await self.wire.get(f"/props?model={escaped(model)}&autoload=false")
        except BackendError:
            return None

    async def _entry(self, model: str) -> object:
        for entry in members.items(await self.wire.get("/v1/models"), "data"):
            if model == members.text(entry, "id") or model in members.words(entry, "aliases"):
                return entry
        raise _missing(model)

    async def _need_router(self, what: str) -> None:
        if not is_router(await self.wire.get("/props")):
            raise ResolveError(
                f"This llama-server holds one model for as long as it runs: it can't {what}.",
                "Start it with --models-dir instead of -m, and it loads and unloads.",
            )

    async def _follow_load(self, model: str, report: Callable[[Progress], None]) -> None:
        began, pause = False, _FIRST_PAUSE
        for look in count(1):
            entry = await self._entry(model)
            status = _status(entry)
            if status in ("loaded", "sleeping"):
                break
            began = began or status in ("loading", "downloading")
            if status == "unloaded" and (began or _failed(entry) or look >= _PATIENCE):
                raise _load_failed(model, entry)
            report(load_step(entry, self._heard.get(model)))
            await self._pause(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)
        report(Progress("loaded", 100, 100))

    async def _listen(self, model: str) -> None:
        """Keep what the router's stream says about a load; its list says only that there is one."""
        decoder = SseDecoder()
        try:
            async with self.wire.watch("/models/sse") as chunks:
                async for chunk in chunks:
                    for _, data in decoder.feed(chunk):
                        if (heard := loaded_part(data, model)) is not None:
                            self._heard[model] = heard
        except BackendError:
            return

    async def _any_loading(self) -> bool:
        listing = await self.wire.get("/v1/models")
        return any(_status(entry) == "loading" for entry in members.items(listing, "data"))

    async def _post_load(self, model: str) -> None:
        try:
            await self.wire.post("/models/load", {"model": model})
        except ModelMissing:
            # The file may have been put there since the router started: have it look again, once.
            await self.wire.get("/v1/models?reload=1")
            await self.wire.post("/models/load", {"model": model})

    async def _begin_load(self, model: str) -> bool:
        """Ask for a load. False: the router is full of models being loaded; ask again."""
        try:
            await self._post_load(model)
        except BackendError as error:
            if error.status == 404:
                raise _missing(model) from error
            if "model limit reached" in error.message:
                return False
            if "already running" not in error.message:
                raise
        return True


def _extras(request: ChatRequest) -> dict[str, object]:
    """What is asked of this server beside a chat; thinking is its template's to switch."""
    if request.think is None:
        return dict(EXTRAS)
    switch = "enable_thinking" if isinstance(request.think, bool) else "reasoning_effort"
    return {**EXTRAS, "chat_template_kwargs": {switch: request.think}}


def is_router(props: object) -> bool:
    """Whether the server is a router over several models."""
    return members.text(props, "role") == "router"


def single_info(url: str, listing: object, props: object) -> ServerInfo:
    """Read a server that holds one model."""
    slots = members.whole(props, "total_slots")
    models = tuple(
        _model(entry, "unloaded" if members.truth(props, "is_sleeping") else "loaded", props)
        for entry in members.items(listing, "data")
    )
    return ServerInfo("llamacpp", url, members.text(props, "build_info"), models, slots)


def router_info(url: str, listing: object, props: object, by_id: dict[str, object]) -> ServerInfo:
    """Read a router; `by_id` has the props of its loaded models."""
    models = tuple(
        _model(entry, _STATES.get(_status(entry), "unknown"), by_id.get(members.text(entry, "id")))
        for entry in members.items(listing, "data")
    )
    return ServerInfo("llamacpp", url, members.text(props, "build_info"), models)


def load_step(entry: object, heard: float | None = None) -> Progress:
    """Read how far a load is: what its stream said, or what a router's entry says."""
    value = heard if heard is not None else _part(members.member(entry, "status", "progress"))
    done = round(value * 100) if value is not None else 0
    return Progress(_status(entry) or "loading", done, 100 if value is not None else 0)


def loaded_part(data: bytes, model: str) -> float | None:
    """Read how far a model's load is out of one event of the router's stream; None: it isn't told."""
    try:
        event = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if members.text(event, "model") != model or members.text(event, "data", "status") != "loading":
        return None
    return _part(members.member(event, "data", "progress"))


def _part(progress: object) -> float | None:
    """One number for a load in stages: a model's text part, then what it sees and hears with."""
    value = members.number(progress, "value")
    if value is None:
        return None
    stages, current = members.words(progress, "stages"), members.text(progress, "current")
    before = stages.index(current) if current in stages else 0
    return min(max((before + value) / max(len(stages), 1), 0.0), 1.0)


def _model(entry: object, state: ModelState, props: object) -> ModelInfo:
    asked_window, asked_slots = _from_args(members.words(entry, "status", "args"))
    window = members.whole(entry, "meta", "n_ctx") or members.whole(
        props, "default_generation_settings", "n_ctx"
    )
    return ModelInfo(
        id=members.text(entry, "id"),
        state=state,
        window=window or asked_window or members.whole(entry, "meta", "n_ctx_train"),
        size=members.whole(entry, "meta", "size"),
        quantization=members.text(entry, "meta", "ftype"),
        parameters=members.amount(members.whole(entry, "meta", "n_params")),
        capabilities=_capabilities(entry, props),
        parallel=members.whole(props, "total_slots") or asked_slots,
    )


def _capabilities(entry: object, props: object) -> tuple[str, ...]:
    if props is None:
        return ()
    caps, template = members.member(props, "chat_template_caps"), members.text(props, "chat_template")
    vision = members.truth(props, "modalities", "vision")
    thinks = members.truth(caps, "supports_reasoning_effort") or "enable_thinking" in template
    has = {
        "completion": True,
        "tools": members.truth(caps, "supports_tools") or members.truth(caps, "supports_tool_calls"),
        "vision": vision or "image" in members.words(entry, "architecture", "input_modalities"),
        "thinking": thinks or "<think>" in template,
    }
    return tuple(name for name, is_there in has.items() if is_there)


def _from_args(args: tuple[str, ...]) -> tuple[int | None, int | None]:
    """Read a slot's window and the number of slots out of what a child is started with."""
    given = {name: value for name, value in pairwise(args) if value.isdigit()}
    slots, total = int(given.get("--parallel", 0)), int(given.get("--ctx-size", 0))
    shared = "--kv-unified" in args
    window = total if shared else total // slots if slots else 0
    return window or None, slots or None


def _status(entry: object) -> str:
    return members.text(entry, "status", "value")


def _failed(entry: object) -> bool:
    return members.truth(entry, "status", "failed")


def _missing(model: str) -> ModelMissing:
    return ModelMissing(
        f"This llama-server has no model {model}.", "`tui-delegate models` lists what it has."
    )


def _load_failed(model: str, entry: object) -> BackendError:
    code = members.whole(entry, "status", "exit_code")
    if _failed(entry):
        return BackendError(
            f"{model} could not be loaded (exit code {code}).", "The server's own log says more."
        )
    return BackendError(
        f"{model} was unloaded before it was ready.", "Something else on this server needed its room."
    )
