"""An answer that has to fit a schema: asked for in each protocol's words, and done without where refused."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests import realserver
from tests.backends.loopback import Answer, Kept
from tests.backends.speakers import SPEAKERS, converse, replied
from tests.backends.streams import PLAIN, sse
from tui_delegate.backends.address import Endpoint
from tui_delegate.backends.caps import Caps
from tui_delegate.backends.solo import alone
from tui_delegate.backends.table import Options, connect
from tui_delegate.backends.timeouts import TimeOuts
from tui_delegate.core.errors import BackendError, BadReply
from tui_delegate.core.messages import user
from tui_delegate.core.straight import straight

SCHEMA = {
    "type": "object",
    "properties": {"risk": {"enum": ["low", "high"]}, "count": {"type": "integer"}},
    "required": ["risk", "count"],
    "additionalProperties": False,
}
HELD = replace(PLAIN, answer_schema=json.dumps(SCHEMA))


def test_each_protocol_has_its_own_word_for_it() -> None:
    for name, speaker in SPEAKERS.items():
        body = converse(speaker, Answer(speaker.text), request=HELD)[2].requests[0][2]
        assert isinstance(body, dict)
        form = {"name": "answer", "strict": True, "schema": SCHEMA}
        want = {
            "ollama": {"format": SCHEMA},
            "anthropic": {},
        }.get(name, {"response_format": {"type": "json_schema", "json_schema": form}})
        assert {key: body[key] for key in ("format", "response_format") if key in body} == want, name


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("openai-compat", b'{"error":{"message":"This response_format type is unavailable now"}}'),
        ("openai-compat", b"{\"error\":\"'response_format.type' must be 'text'\"}"),
        ("llamacpp", b'{"error":{"code":400,"message":"Failed to parse grammar"}}'),
        ("ollama", b'{"error":"json: cannot unmarshal object into Go struct field ChatRequest.format"}'),
    ],
)
def test_a_server_that_refuses_it_is_asked_without(name: str, refusal: bytes) -> None:
    speaker = SPEAKERS[name]
    outcome, _, server = converse(speaker, Answer(refusal, 400), Answer(speaker.text), request=HELD)
    assert replied(outcome).message.text
    assert "schema" not in str(server.requests[1][2]).lower()
    assert "format" not in str(server.requests[1][2])


def test_a_call_that_asked_for_no_schema_learns_nothing_about_one() -> None:
    outcome, _, server = converse(
        SPEAKERS["openai-compat"], Answer(b'{"error":{"message":"tool schema is bad"}}', 400), request=PLAIN
    )
    assert isinstance(outcome, BackendError)
    assert len(server.requests) == 1


@pytest.mark.real
def test_a_real_llama_servers_grammar_holds() -> None:
    with realserver.running() as server:
        for backend in ("llamacpp", "openai-compat"):
            connection = connect(backend, Endpoint(server.url), Options(), plain=True)
            for temperature in (0.0, 1.0):
                request = replace(
                    HELD,
                    model="tiny-delegate",
                    messages=(user("How risky is it?"),),
                    max_tokens=200,
                    temperature=temperature,
                )
                reply = straight(alone(connection, TimeOuts(first=60)).chat(request, Kept()))
                value = json.loads(reply.message.text)
                assert value.keys() == {"risk", "count"}
                assert value["risk"] in ("low", "high")
                assert type(value["count"]) is int
            assert straight(connection.host.window("tiny-delegate")) == 2048
            straight(connection.aclose())


# How long an answer may be


@pytest.mark.parametrize(
    ("model", "cap"),
    [
        ("claude-3-haiku-20240307", 4096),
        ("claude-3-5-sonnet-latest", 8192),
        ("claude-3-7-sonnet-20250219", 64_000),
        ("claude-opus-4-20250514", 32_000),
        ("claude-opus-4-1", 32_000),
        ("claude-opus-4-5-20251101", 64_000),
        ("claude-sonnet-4.5", 64_000),
        ("glm-5", 32_000),
    ],
)
def test_an_answer_may_be_as_long_as_the_model_can(model: str, cap: int) -> None:
    assert Caps().usual(model) == cap


def refusal(words: str) -> Answer:
    return Answer(json.dumps({"error": {"type": "invalid_request_error", "message": words}}).encode(), 400)


@pytest.mark.parametrize(
    ("words", "cap"),
    [
        ("max_tokens: 32000 > 8000, which is the maximum allowed number of output tokens for m", 8000),
        ("input length and `max_tokens` exceed context limit: 180000 + 32000 > 200000", 20_000),
        ("'max_tokens' is too large (32000 > 8192 - 100)", 8092),
        ("max_tokens is out of range", 4096),
    ],
)
def test_a_cap_that_is_too_high_is_lowered_to_what_the_server_names(words: str, cap: int) -> None:
    speaker = SPEAKERS["anthropic"]
    outcome, _, server = converse(speaker, refusal(words), Answer(speaker.text), request=PLAIN, key="")
    assert replied(outcome).message.text
    body = server.requests[1][2]
    assert isinstance(body, dict)
    assert body["max_tokens"] == cap


def test_a_cap_that_was_asked_for_is_nobodys_to_change_and_no_cap_is_lowered_for_ever() -> None:
    words = "max_tokens: 9000 > 8000, which is the maximum"
    outcome, _, _ = converse(SPEAKERS["anthropic"], refusal(words), request=replace(PLAIN, max_tokens=9000))
    assert isinstance(outcome, BackendError)
    again = refusal("max_tokens is out of range")
    outcome, _, server = converse(SPEAKERS["anthropic"], again, again, request=PLAIN, key="")
    assert isinstance(outcome, BackendError)
    assert len(server.requests) == 2
    caps = Caps()
    error = BadReply(words, status=400)
    assert caps.lower("m", 32_000, error) == 8000
    assert caps.usual("m") == 8000
    assert caps.lower("m", 8000, BadReply("too long", status=400)) is None


def test_a_prompt_counts_what_was_read_from_the_cache_and_written_to_it() -> None:
    def event(kind: str, **more: object) -> dict[str, object]:
        return {"type": kind, **more}

    start = {"input_tokens": 10, "cache_read_input_tokens": 200, "cache_creation_input_tokens": 3000}
    for delta in (
        {"output_tokens": 5},
        {"output_tokens": 5, "input_tokens": 10},
        start | {"output_tokens": 5},
    ):
        body = sse(
            event("message_start", message={"usage": start | {"output_tokens": 1}}),
            event("content_block_start", index=0, content_block={"type": "text", "text": "hi"}),
            event("message_delta", delta={"stop_reason": "end_turn"}, usage=delta),
            event("message_stop"),
            named=True,
        )
        usage = replied(converse(SPEAKERS["anthropic"], Answer(body), request=PLAIN)[0]).usage
        assert (usage.prompt, usage.cached, usage.completion) == (3210, 200, 5)
