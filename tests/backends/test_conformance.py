"""One suite, every protocol: what each backend does over a real connection with the same situations."""

from __future__ import annotations

import asyncio

import pytest

from tests.assets import wire_body
from tests.backends.loopback import Answer, Kept, serving
from tests.backends.speakers import SPEAKERS, Speaker, converse, every, replied
from tests.backends.streams import ASKED
from tui_delegate.backends.address import Endpoint
from tui_delegate.backends.table import Options, connect
from tui_delegate.backends.way import way_to
from tui_delegate.core.chunks import CallChunk, TextChunk, ThoughtChunk
from tui_delegate.core.errors import (
    AuthRefused,
    BackendError,
    BadReply,
    ContextOverflow,
    CutOff,
    ModelMissing,
    Overloaded,
    RateLimited,
)


@every
def test_text_streams_and_is_the_reply(speaker: Speaker) -> None:
    outcome, sink, server = converse(speaker, Answer(speaker.text))
    reply = replied(outcome)
    assert reply.message.text.startswith("Hello")
    assert "".join(c.text for c in sink.chunks if isinstance(c, TextChunk)) == reply.message.text
    assert reply.finish == "stop"
    assert sink.drains >= 1
    assert server.requests[0][0].split()[1] == speaker.path
    assert server.requests[0][1]["authorization"].endswith(" k")
    assert server.requests[0][1]["accept-encoding"] == "identity"


@every
def test_parallel_calls_come_as_calls_with_ids_of_their_own(speaker: Speaker) -> None:
    outcome, sink, _ = converse(speaker, Answer(speaker.calls))
    reply = replied(outcome)
    assert reply.finish == "calls"
    assert [call.name for call in reply.message.calls] == ["subagent", "subagent"]
    assert len({call.id for call in reply.message.calls}) == 2
    shown = ["", ""]
    for chunk in sink.chunks:
        if isinstance(chunk, CallChunk):
            shown[chunk.slot] += chunk.text
    assert shown == [call.arguments for call in reply.message.calls]


@every
def test_thinking_is_kept_apart_from_the_answer(speaker: Speaker) -> None:
    outcome, sink, _ = converse(speaker, Answer(speaker.thinking))
    reply = replied(outcome)
    thoughts = "".join(c.text for c in sink.chunks if isinstance(c, ThoughtChunk))
    assert thoughts
    assert thoughts == "".join(thought.text for thought in reply.message.thinking)
    assert "think" not in reply.message.text.lower()


@every
def test_usage_is_reported_where_the_server_counts(speaker: Speaker) -> None:
    outcome, _, _ = converse(speaker, Answer(speaker.calls))
    usage = replied(outcome).usage
    assert usage.source == "reported"
    assert usage.prompt >= usage.cached >= 0
    assert usage.prompt > 0
    assert usage.completion > 0


@every
def test_cancelling_in_mid_stream_closes_the_connection_at_once(speaker: Speaker) -> None:
    async def main() -> float:
        sink = Kept()
        async with serving(Answer(speaker.open_text, hold=True)) as server:
            wire = way_to(Endpoint(server.url))
            call = asyncio.ensure_future(speaker.make(wire).chat(ASKED, sink))
            await sink.first.wait()
            began = asyncio.get_running_loop().time()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await server.closed.wait()
            await wire.aclose()
            assert any(isinstance(chunk, TextChunk) for chunk in sink.chunks)
            return server.closed_at - began

    assert asyncio.run(main()) < 0.2


@every
def test_an_answer_that_is_cut_off_is_a_failure_that_says_how_much_came(speaker: Speaker) -> None:
    for answer in (Answer(speaker.open_text), Answer(speaker.open_text, cut=True)):
        outcome, sink, _ = converse(speaker, answer)
        assert isinstance(outcome, CutOff)
        assert "tokens" in outcome.message
        assert TextChunk("Hel") in sink.chunks
    assert isinstance(converse(speaker, Answer(b""))[0], CutOff)


@every
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadReply),
        (401, AuthRefused),
        (402, AuthRefused),
        (403, AuthRefused),
        (404, ModelMissing),
        (429, RateLimited),
        (500, BadReply),
        (503, Overloaded),
        (529, Overloaded),
    ],
)
def test_every_status_is_a_typed_error(speaker: Speaker, status: int, kind: type[BackendError]) -> None:
    body = b'{"error":{"message":"the key is k-sekret","type":"x"}}'
    answer = Answer(body, status, headers=("Retry-After: 7",))
    outcome, _, server = converse(speaker, answer, key="k-sekret")
    assert type(outcome) is kind
    assert outcome.status == status
    assert outcome.retry_after == 7.0
    assert "sekret" not in outcome.message + outcome.body
    assert len(server.requests) == 1


@every
def test_a_prompt_that_is_too_long_is_context_overflow(speaker: Speaker) -> None:
    body = wire_body("err_context_overflow_stream.txt")
    outcome, _, _ = converse(speaker, Answer(body, 400))
    assert isinstance(outcome, ContextOverflow)


@every
def test_an_error_inside_a_stream_is_an_error(speaker: Speaker) -> None:
    late = b'{"error":{"message":"model overloaded","type":"overloaded_error"}}'
    shape = late + b"\n" if speaker.path == "/api/chat" else b"event: error\ndata: " + late + b"\n\n"
    outcome, sink, _ = converse(speaker, Answer(speaker.open_text + shape))
    assert isinstance(outcome, Overloaded)
    assert TextChunk("Hel") in sink.chunks


@every
def test_an_error_body_with_status_200_is_an_error(speaker: Speaker) -> None:
    outcome, _, _ = converse(speaker, Answer(b'{"error":"model \'x\' not found"}'))
    assert isinstance(outcome, ModelMissing)


@every
@pytest.mark.parametrize("name", ["llama.cpp", "other"])
def test_connections_are_used_again_but_with_a_server_that_closes_them(speaker: Speaker, name: str) -> None:
    async def main() -> list[bool]:
        answers = [Answer(speaker.text, headers=(f"Server: {name}",)) for _ in range(3)]
        async with serving(*answers) as server:
            wire = way_to(Endpoint(server.url))
            backend = speaker.make(wire)
            for _ in range(3):
                await backend.chat(ASKED, Kept())
            await wire.aclose()
            return [headers.get("connection") == "close" for _, headers, _ in server.requests]

    closing = asyncio.run(main())
    assert closing == ([True] * 3 if name == "llama.cpp" else [True, False, False])


def test_a_llama_server_is_never_called_on_a_connection_that_it_may_have_closed() -> None:
    body = SPEAKERS["llamacpp"].text

    async def main() -> None:
        async with serving(Answer(body), Answer(body)) as server:
            connection = connect("llamacpp", Endpoint(server.url), Options())
            await connection.backend.chat(ASKED, Kept())
            await asyncio.wait_for(server.closed.wait(), 5)
            await connection.backend.chat(ASKED, Kept())
            await connection.aclose()

    asyncio.run(main())
