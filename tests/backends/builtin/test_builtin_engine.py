"""The builtin engine behind the ports: streaming, usage, cancel, and what it says that it is."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from tests.backends.builtin.samples import README, TOOL, Listener, asking, chat, long_log, play
from tui_delegate.backends.builtin import Builtin
from tui_delegate.core.chunks import CallChunk, ChatRequest, TextChunk, ThoughtChunk
from tui_delegate.core.errors import ModelMissing, ResolveError
from tui_delegate.core.files import Excerpt, render_frame
from tui_delegate.core.messages import user

if TYPE_CHECKING:
    from tui_delegate.core.servers import Progress

FILES = {"README.md": README}
TASK = user(render_frame([Excerpt("README.md", README)]) + "\n\nDigest README.md")


def test_the_stream_joins_to_the_text_of_the_reply() -> None:
    reply, heard = chat("builtin/digest", [TASK])
    assert heard.text == reply.message.text
    assert sum(isinstance(chunk, TextChunk) for chunk in heard.chunks) > 100
    assert heard.drains > 1


def test_calls_are_shown_while_they_are_written_and_stand_whole_in_the_reply() -> None:
    reply, heard = chat("builtin/manager", asking("How do I start it? @README.md", FILES), tools=(TOOL,))
    assert isinstance(heard.chunks[0], ThoughtChunk)
    for slot, call in enumerate(reply.message.calls):
        shown = [chunk.text for chunk in heard.chunks if isinstance(chunk, CallChunk) and chunk.slot == slot]
        assert "".join(shown) == call.arguments
        assert set(json.loads(call.arguments)) == {"task_name", "task_description", "files"}


def test_the_same_run_is_the_same_to_the_byte() -> None:
    files = {"app.log": long_log(), "README.md": README}
    assert play("What failed? @app.log @README.md", files) == play("What failed? @app.log @README.md", files)


def test_usage_is_estimated_and_says_so() -> None:
    reply, _ = chat("builtin/digest", [TASK])
    assert reply.usage.source == "estimated"
    assert reply.usage.prompt > reply.usage.completion > 0
    assert reply.model == "builtin/digest"
    assert reply.finish == "stop"


def test_an_answer_keeps_to_its_limit_and_says_that_it_was_cut() -> None:
    reply, heard = chat("builtin/digest", [TASK], max_tokens=20)
    assert reply.finish == "length"
    assert 0 < reply.usage.completion <= 20
    assert heard.text == reply.message.text


def test_a_model_that_is_not_there_is_missing() -> None:
    with pytest.raises(ModelMissing, match="builtin/oracle"):
        chat("builtin/oracle", [TASK])


@pytest.mark.parametrize("size", [1, 4000])
def test_cancel_ends_it_wherever_it_is(size: int) -> None:
    class Stuck(Listener):
        async def drain(self) -> None:
            reached.set()
            await asyncio.Event().wait()

    async def main() -> None:
        text = render_frame([Excerpt("README.md", README * size)]) + "\n\nDigest it"
        request = ChatRequest("builtin/worker", (user(text[:400_000] if size == 1 else text),))
        task = asyncio.create_task(Builtin().chat(request, Stuck()))
        if size == 1:
            await reached.wait()
        else:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    reached = asyncio.Event()
    asyncio.run(main())


def test_parallel_workers_take_turns() -> None:
    order: list[int] = []

    class Numbered(Listener):
        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

        async def drain(self) -> None:
            order.append(self.number)

    async def main() -> None:
        request = ChatRequest("builtin/digest", (TASK,))
        await asyncio.gather(*(Builtin().chat(request, Numbered(number)) for number in range(3)))

    asyncio.run(main())
    assert order[:3] == [0, 1, 2]


def test_it_lists_its_models_as_loaded() -> None:
    info = asyncio.run(Builtin().info())
    assert info.backend == "builtin"
    assert [model.id for model in info.models] == [
        "builtin/manager",
        "builtin/worker",
        "builtin/extract",
        "builtin/digest",
    ]
    assert {model.state for model in info.models} == {"loaded"}
    assert "tools" in info.models[0].capabilities
    assert info.parallel == 64


def test_loading_does_nothing_and_pulling_says_that_there_is_nothing() -> None:
    async def main() -> None:
        host = Builtin()
        told: list[Progress] = []
        await host.load("builtin/extract", told.append)
        await host.unload("builtin/extract")
        assert told
        assert await host.window("builtin/extract")
        assert await host.window("no/model") is None
        assert await host.parallel("builtin/extract") == 64
        assert await host.load_progress("builtin/extract") is None
        with pytest.raises(ModelMissing):
            await host.load("no/model", told.append)
        with pytest.raises(ResolveError):
            await host.pull("builtin/extract", told.append)

    asyncio.run(main())
