"""The builtin engine behind the two ports: it answers like a server, and lists its models like one.

What a model says is made elsewhere; here it is streamed, counted and can be cancelled.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tui_delegate.core.chunks import CallChunk, Finish, Reply, TextChunk, ThoughtChunk
from tui_delegate.core.errors import ModelMissing, ResolveError
from tui_delegate.core.messages import Message
from tui_delegate.core.servers import ModelInfo, Progress, ServerInfo
from tui_delegate.core.usage import WEIGHT_PER_TOKEN, Usage, estimate_tokens, reach

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tui_delegate.core.chunks import ChatRequest, Chunk
    from tui_delegate.core.ports import Sink

MANAGER = "builtin/manager"
WORKERS = ("builtin/worker", "builtin/extract", "builtin/digest")
MODELS = (MANAGER, *WORKERS)
WINDOW = 1_000_000
PARALLEL = 64
_PER_DRAIN = 64
_PIECE = re.compile(r"\S+\s*|\s+")
_LARGE = 64_000
"""Characters from which the work is done beside the event loop, so that screens and cancels stay quick."""


class Builtin:
    """A Backend and a ModelHost that need nothing but this process; `alone`, not even an event loop."""

    def __init__(self, *, alone: bool = False) -> None:
        self._alone = alone

    async def chat(self, request: ChatRequest, sink: Sink) -> Reply:
        """Answer by rule, streaming word by word."""
        if request.model not in MODELS:
            raise ModelMissing(
                f"The builtin engine has no model {request.model!r}.", f"It has {', '.join(MODELS)}."
            )
        message, finish = _cut(await self._thought(request), request.max_tokens)
        await self._stream(message, sink)
        return Reply(message, finish, _usage(request.messages, message), request.model)

    async def _thought(self, request: ChatRequest) -> Message:
        if self._alone or sum(len(message.text) for message in request.messages) <= _LARGE:
            return _think(request)
        import asyncio

        return await asyncio.to_thread(_think, request)

    async def _stream(self, message: Message, sink: Sink) -> None:
        for number, chunk in enumerate(_chunks(message), 1):
            sink.put(chunk)
            if number % _PER_DRAIN == 0:
                await sink.drain()
                await self._give_way()
        await sink.drain()

    async def _give_way(self) -> None:
        if not self._alone:
            import asyncio

            await asyncio.sleep(0)

    async def info(self) -> ServerInfo:
        """Say which models there are: all of them are always loaded."""
        return ServerInfo("builtin", "", models=tuple(map(_model, MODELS)), parallel=PARALLEL)

    async def load(self, model: str, report: Callable[[Progress], None]) -> None:
        """There is nothing to load; a model that isn't there is still said to be missing."""
        _known(model)
        report(Progress("loaded"))

    async def unload(self, model: str) -> None:
        """There is nothing to unload."""
        _known(model)

    async def pull(self, model: str, report: Callable[[Progress], None]) -> None:
        """There is nothing to download."""
        raise ResolveError("The builtin engine has no models to download.", "It needs none.")

    async def window(self, model: str) -> int | None:
        """Give a window for those who plan by it: the engine itself has no end of one."""
        return WINDOW if model in MODELS else None

    async def parallel(self, model: str) -> int | None:
        """Give the number of requests at once that it is meant for."""
        return PARALLEL

    async def load_progress(self, model: str) -> float | None:
        """Nothing is ever being loaded."""
        return None


def _known(model: str) -> None:
    if model not in MODELS:
        raise ModelMissing(f"The builtin engine has no model {model!r}.", f"It has {', '.join(MODELS)}.")


def _model(name: str) -> ModelInfo:
    can = ("completion", "tools") if name == MANAGER else ("completion",)
    return ModelInfo(name, "loaded", WINDOW, size=0, capabilities=can, parallel=PARALLEL)


def _think(request: ChatRequest) -> Message:
    if request.model == MANAGER:
        from tui_delegate.backends.builtin.manager import manage

        return manage(request)
    from tui_delegate.backends.builtin.worker import work

    return Message("assistant", work(request.model, request.messages))


def _cut(message: Message, most: int | None) -> tuple[Message, Finish]:
    """Keep to a limit of output tokens, as any server would. A plan is never cut: half of it is none."""
    if message.calls:
        return message, "calls"
    if most is None or estimate_tokens(message.text) <= most:
        return message, "stop"
    return Message("assistant", _head(message.text, most)), "length"


def _head(text: str, tokens: int) -> str:
    most = int((tokens - 1) * WEIGHT_PER_TOKEN)
    return text[: reach(text, 0, most)] if most > 0 else ""


def _chunks(message: Message) -> Iterator[Chunk]:
    for block in message.thinking:
        for piece in _PIECE.findall(block.text):
            yield ThoughtChunk(piece)
    for piece in _PIECE.findall(message.text):
        yield TextChunk(piece)
    for slot, call in enumerate(message.calls):
        for piece in _PIECE.findall(call.arguments):
            yield CallChunk(slot, call.name, piece)


def _usage(messages: Sequence[Message], reply: Message) -> Usage:
    return Usage(sum(map(_tokens, messages)), 0, _tokens(reply), source="estimated")


def _tokens(message: Message) -> int:
    said = [message.text, *(block.text for block in message.thinking)]
    said += [call.name + call.arguments for call in message.calls]
    return sum(map(estimate_tokens, said))
