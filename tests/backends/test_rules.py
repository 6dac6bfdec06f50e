"""The ten rules that a client of these servers keeps, each by its name."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.assets import wire_body
from tests.backends.loopback import Answer, Kept, serving
from tests.backends.speakers import SPEAKERS, converse, every, replied
from tests.backends.streams import ASKED, CLAUDE, OLLAMA, PLAIN, delta, ndjson, ollama_line, read, sse
from tui_delegate.backends.address import Endpoint
from tui_delegate.backends.anthropic import AnthropicReader
from tui_delegate.backends.faults import error_of
from tui_delegate.backends.http import Wire
from tui_delegate.backends.line import CONNECT_SECONDS
from tui_delegate.backends.ollama import OllamaReader
from tui_delegate.backends.openai import OpenAIChat, OpenAIReader
from tui_delegate.backends.way import way_to
from tui_delegate.core.chunks import CallChunk, TextChunk, ThoughtChunk
from tui_delegate.core.errors import BackendError, BadReply, ContextOverflow, ModelMissing
from tui_delegate.core.messages import ToolCall

if TYPE_CHECKING:
    from tests.backends.speakers import Speaker


@every
def test_rule_1_every_protocol_becomes_one_stream_of_chunks(speaker: Speaker) -> None:
    kinds = set()
    for body in (speaker.text, speaker.calls, speaker.thinking):
        _, sink, _ = converse(speaker, Answer(body))
        kinds |= {type(chunk) for chunk in sink.chunks}
    assert kinds >= {TextChunk, ThoughtChunk, CallChunk}


def test_rule_2_calls_are_put_together_by_index_and_id() -> None:
    def calls(*entries: list[dict[str, object]]) -> list[tuple[str, str, str]]:
        body = sse(*[delta(tool_calls=entry) for entry in entries], delta("tool_calls"))
        reply = read(OpenAIReader, [body]).reply
        assert reply is not None
        return [(call.id, call.name, call.arguments) for call in reply.message.calls]

    def piece(index: int, arguments: object, **more: object) -> list[dict[str, object]]:
        function = {"arguments": arguments, **({"name": "f"} if "id" in more or "named" in more else {})}
        return [{"index": index, "function": function} | {k: v for k, v in more.items() if k == "id"}]

    split = calls(piece(1, '{"b"', id="y"), piece(0, '{"a"', id="x"), piece(1, ":2}"), piece(0, ":1}"))
    assert split == [("y", "f", '{"b":2}'), ("x", "f", '{"a":1}')]
    assert calls(piece(0, '{"a":1}', id="x"), piece(0, '{"b":2}', id="y")) == [
        ("x", "f", '{"a":1}'),
        ("y", "f", '{"b":2}'),
    ]
    assert calls(piece(0, '{"a":1}', named=1), piece(0, '{"b":2}', named=1)) == [
        ("call_1", "f", '{"a":1}'),
        ("call_2", "f", '{"b":2}'),
    ]
    assert calls(piece(0, {"a": 1}, id="x"), piece(0, {"a": 1}, id="x")) == [("x", "f", '{"a": 1}')]
    assert calls(piece(0, {"a": 1}, id="x"), piece(0, {"a": 2}, id="x"))[1][0] == "call_2"
    assert calls(piece(0, '{"s":"}', id="x"), piece(0, '{"}')) == [("x", "f", '{"s":"}{"}')]


def test_rule_2_ollama_sends_whole_calls_all_with_index_0_on_any_line() -> None:
    reply = read(OllamaReader, [OLLAMA]).reply
    assert reply is not None
    assert reply.message.calls == (
        ToolCall("call_ab", "subagent", '{"task_name": "é", "n": 1}'),
        ToolCall("call_cd", "subagent", '{"task_name": "b"}'),
    )


def test_rule_3_the_finish_reason_and_the_asked_model_are_not_trusted() -> None:
    reply = read(OllamaReader, [OLLAMA]).reply
    assert reply is not None
    assert reply.finish == "calls"
    body = sse(delta("tool_calls", content="no call"), {"model": "other", "choices": []})
    reply = read(OpenAIReader, [body]).reply
    assert reply is not None
    assert reply.finish == "stop"
    assert reply.model == "other"


@pytest.mark.parametrize("name", ["trained_tool_truncated.txt", "trained_tool_truncated_stream.txt"])
def test_rule_4_a_half_call_is_never_run(name: str) -> None:
    reply = read(OpenAIReader, [wire_body(name)]).reply
    assert reply is not None
    assert reply.finish == "length"
    assert reply.message.calls == ()
    assert reply.flags == ("calls_cut", "empty")


def test_rule_4_calls_cut_at_ollama_and_anthropic_are_not_run_either() -> None:
    claude = CLAUDE.replace(b'"stop_reason": "tool_use"', b'"stop_reason": "max_tokens"')
    for kind, body in ((OllamaReader, OLLAMA.replace(b'"stop"', b'"length"')), (AnthropicReader, claude)):
        reply = read(kind, [body]).reply
        assert reply is not None
        assert (reply.finish, reply.message.calls) == ("length", ())
        assert "calls_cut" in reply.flags


def test_rule_5_the_last_usage_wins_and_none_is_estimated() -> None:
    def usage(**counts: object) -> dict[str, object]:
        return {"choices": [], "usage": counts}

    body = sse(
        delta("stop", content="hello there"),
        usage(prompt_tokens=0, completion_tokens=0),
        {"choices": [], "usage": None},
        usage(
            prompt_tokens=9,
            completion_tokens=4,
            prompt_tokens_details={"cached_tokens": 7},
            completion_tokens_details={"reasoning_tokens": 2},
        ),
    )
    reply = read(OpenAIReader, [body]).reply
    assert reply is not None
    said = reply.usage
    assert (said.prompt, said.cached, said.completion, said.reasoning, said.source) == (
        9,
        7,
        4,
        2,
        "reported",
    )
    reply = read(OpenAIReader, [sse(delta("stop", content="hello there"))]).reply
    assert reply is not None
    assert reply.usage.source == "estimated"
    assert reply.usage.prompt > 0
    assert reply.usage.completion > 0


def test_rule_5_anthropics_prompt_includes_what_was_cached() -> None:
    reply = read(AnthropicReader, [CLAUDE]).reply
    assert reply is not None
    assert (reply.usage.prompt, reply.usage.cached, reply.usage.completion) == (395, 380, 57)


def test_rule_5_ollama_leaves_counts_of_nothing_out() -> None:
    body = ndjson(ollama_line(content="hi"), ollama_line(done=True, done_reason="stop", eval_count=2))
    reply = read(OllamaReader, [body]).reply
    assert reply is not None
    assert reply.usage.source == "estimated"
    assert reply.usage.prompt > 0
    assert reply.usage.completion == 2


INNER = (
    '{"error":{"code":400,"message":"exceeds the available context size","type":"exceed_context_size_error"}}'
)
BODIES: dict[str, tuple[int, bytes, type[BackendError], str]] = {
    "text": (500, b'{"error":"runner died"}', BadReply, "runner died"),
    "object": (400, b'{"error":{"message":"bad","type":"x","code":400}}', BadReply, "bad"),
    "anthropic": (400, b'{"type":"error","error":{"type":"y","message":"bad"}}', BadReply, "bad"),
    "text in text": (400, json.dumps({"error": INNER}).encode(), ContextOverflow, "exceeds"),
    "twice": (400, json.dumps({"error": json.dumps(INNER)}).encode(), ContextOverflow, "exceeds"),
    "bare": (400, INNER.encode(), ContextOverflow, "exceeds"),
    "window": (
        400,
        b'{"error":"longer than the context length currently available"}',
        ContextOverflow,
        "longer",
    ),
    "anthropic long": (
        400,
        b'{"error":{"message":"prompt is too long: 9 > 8"}}',
        ContextOverflow,
        "too long",
    ),
    "router": (400, wire_body("router_bad_model.txt"), ModelMissing, "not found"),
    "dotted name": (400, b'{"error":"model \'qwen2.5:7b\' not found"}', ModelMissing, "qwen2.5"),
    "swapped out": (500, b'{"error":"Model is unloaded."}', ModelMissing, "unloaded"),
    "detail": (422, b'{"detail":[{"msg":"field required"}]}', BadReply, "field required"),
    "message": (418, b'{"message":"teapot"}', BadReply, "teapot"),
    "html": (502, b"<html><title>502 Bad Gateway</title>", BadReply, "web page: 502 Bad Gateway"),
    "html bare": (502, b"<p>no</p>", BadReply, "a web page"),
    "empty": (500, b"", BadReply, "said nothing"),
    "list": (500, b'[{"error":{"message":"in a list"}}]', BadReply, "in a list"),
    "empty list": (500, b"[]", BadReply, "said nothing"),
    "not utf-8": (500, b"\xff\xfe oops", BadReply, "oops"),
    "number": (500, b"5", BadReply, "5"),
    "half": (500, b'{"error":{"mess', BadReply, '{"error"'),
    "deep": (500, b"[" * 100_000, BadReply, "[["),
    "escape": (500, b'{"error":"a\\u001b]0;x\\u0007b"}', BadReply, "ab"),
}


@pytest.mark.parametrize(("status", "body", "kind", "words"), BODIES.values(), ids=BODIES)
def test_rule_6_an_error_body_of_any_shape_is_read(
    status: int, body: bytes, kind: type[BackendError], words: str
) -> None:
    error = error_of(status, body, {})
    assert type(error) is kind
    assert words in error.message
    assert len(error.message) < 600


def test_rule_6_a_stream_may_carry_an_error_or_just_end() -> None:
    begun = sse(delta(content="Hi"))
    for late in (
        {"error": {"message": "x", "code": 503, "type": "unavailable_error"}},
        {"error": "overloaded"},
    ):
        outcome = read(OpenAIReader, [begun + sse({"error": late})])
        assert (outcome.code, outcome.text) == ("overloaded", "Hi")
    assert read(OpenAIReader, [begun]).code == "cut_off"
    assert read(OllamaReader, [ndjson(ollama_line(content="x"))]).code == "cut_off"


def test_rule_7_only_connecting_has_a_time_limit_here() -> None:
    asked: list[object] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.extensions["timeout"])
        return httpx.Response(200, json={})

    async def main() -> None:
        for url in ("http://127.0.0.1:9", "https://far.example"):
            wire = Wire(Endpoint(url), httpx.MockTransport(answer))
            await wire.get("models")
            await wire.aclose()

    asyncio.run(main())
    assert asked == [{"connect": CONNECT_SECONDS}] * 2
    assert CONNECT_SECONDS <= 5


def test_rule_7_a_model_that_loads_is_told_from_a_server_that_is_full() -> None:
    loading = b'{"error":{"message":"Loading model","type":"unavailable_error","code":503}}'
    assert error_of(503, loading, {}).loading
    full = b'{"error":"server busy, please try again.  maximum pending requests exceeded"}'
    assert not error_of(503, full, {}).loading


def test_rule_8_the_connections_set_no_bound_on_what_runs_at_once() -> None:
    """The lane counts; here 150 calls, more than any default, are in flight together."""
    count = 150

    async def main() -> int:
        answers = [Answer(sse(delta(content="Hi")), hold=True) for _ in range(count)]
        async with serving(*answers) as server:
            wire = way_to(Endpoint(server.url))
            sinks = [Kept() for _ in range(count)]
            calls = [asyncio.ensure_future(OpenAIChat(wire).chat(PLAIN, sink)) for sink in sinks]
            for sink in sinks:
                await sink.first.wait()
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
            await wire.aclose()
            return len(server.requests)

    assert asyncio.run(main()) == count


def test_rule_9_an_overflow_says_what_the_window_is() -> None:
    error = error_of(400, wire_body("err_context_overflow.txt"), {})
    assert isinstance(error, ContextOverflow)
    assert "1024 tokens" in error.message


def test_rule_10_a_backend_speaks_its_own_protocol_to_its_own_path() -> None:
    paths = {}
    for name, speaker in SPEAKERS.items():
        outcome, _, server = converse(speaker, Answer(speaker.text), request=ASKED)
        replied(outcome)
        paths[name] = server.requests[0][0].split()[1]
    assert paths["ollama"] == "/api/chat"
    assert paths["anthropic"] == "/v1/messages"
    assert {paths[name] for name in ("openai-compat", "llamacpp", "lmstudio")} == {"/v1/chat/completions"}
