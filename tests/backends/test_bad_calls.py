"""Tool calls as models and servers get them wrong: each is run as meant, run mended, or refused readably."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.assets import bad_inputs
from tests.backends.streams import bytewise, delta, ndjson, ollama_line, read, sse
from tui_delegate.backends.ollama import OllamaReader
from tui_delegate.backends.openai import OpenAIReader
from tui_delegate.core.arguments import parse_arguments
from tui_delegate.core.chunks import ChatRequest
from tui_delegate.core.errors import InvalidRequest
from tui_delegate.core.messages import ToolCall, ToolSpec, user

if TYPE_CHECKING:
    from tests.assets import BadInput
    from tui_delegate.core.chunks import Reply

SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"path": {"type": "string"}, "n": {"type": "integer"}, "ok": {"type": "boolean"}},
        "required": ["path"],
    }
)
OFFERED = ToolSpec("read", "Read a file.", SCHEMA)
ASKED = ChatRequest("m", (user("hi"),), (OFFERED,))

DECIDED = {
    # Cut anywhere; no object; two objects; another call's markup; a wrong type; a key that is there twice.
    "refused": """tool-001-cut2 tool-002-cut3 tool-004-cut5 tool-005-cut6 tool-006-cut7 tool-007-cut8
        tool-009-cut10 tool-013-cut14 tool-015-cut16 tool-016-cut17 tool-017-cut18 tool-018-cut19
        tool-019-cut20 tool-021-null tool-024-str tool-025-list tool-029-obj2 tool-034-pyrepr tool-035-nan
        tool-036-inf tool-037-big tool-039-dupkey tool-050-mistral tool-051-llama tool-065-argstr-b
        tool-067-missing tool-068-alias tool-072-array4str tool-073-nullreq tool-075-utf16
        tool-092-name-empty tool-093-name-empty tool-094-name-empty tool-095-name-empty tool-097-name-null
        tool-099-name-null tool-100-name-unknown tool-104-name-prefix tool-105-name-prefix
        tool-110-name-concat tool-111-name-concat tool-112-name-inj tool-113-name-inj tool-115-name-inj
        tool-116-no-function tool-117-no-function tool-118-no-function tool-128-not-dict tool-131-not-dict
        tool-136-args-list tool-138-args-list tool-139-args-list""",
    # Only wrapped: in strings, in an `arguments` of its own, behind a byte order mark. Or badly numbered.
    "runs": """tool-027-dbl tool-028-tpl tool-058-bom tool-069-wrapped tool-077-args-dict
        tool-082-id-missing tool-083-id-missing tool-084-id-empty tool-086-id-empty tool-087-id-empty
        tool-088-id-int tool-090-id-int tool-091-id-int tool-120-type-missing tool-124-type-custom
        tool-126-type-custom""",
    # Nothing says that two calls without ids are one.
    "runs; runs": "tool-081-id-missing",
    "runs mended": """tool-042-rawtab tool-045-fence tool-046-fence2 tool-054-think-close tool-055-prose
        tool-057-hash tool-059-nbsp tool-060-smart""",
    "no call": "tool-134-null",
}
OUTCOMES = {case: word for word, cases in DECIDED.items() for case in cases.split()}


def decide(call: ToolCall) -> str:
    """What would be done with a call: `runs`, `runs mended`, or `refused`."""
    if call.name != OFFERED.name:
        return "refused"
    try:
        arguments = parse_arguments(call, SCHEMA)
    except InvalidRequest:
        return "refused"
    assert isinstance(arguments.values["path"], str)
    return "runs mended" if arguments.repaired else "runs"


def message_of(case: BadInput) -> dict[str, object]:
    given = case["input"]
    assert isinstance(given, dict)
    value, wrap = given["value"], given["wrap"]
    if wrap == "function_call=x":
        return {"function_call": value}
    return {"tool_calls": {"tool_calls=x": value, "tool_calls=[x]": [value]}.get(wrap, [value, value])}


def calls_of(case: BadInput) -> tuple[ToolCall, ...]:
    """The calls of an envelope, the same whether it streams or not."""
    message = message_of(case)
    streamed = sse(delta(None, **message), delta("tool_calls"), "[DONE]")
    whole = json.dumps({"choices": [{"message": message, "finish_reason": "tool_calls"}]}).encode()
    replies = [replied(OpenAIReader, body) for body in (streamed, whole)]
    if "function_call" not in message:
        entries = message["tool_calls"]
        replies.append(
            replied(OllamaReader, ndjson(ollama_line(True, done_reason="stop", tool_calls=entries)))
        )
    assert len({reply.message.calls for reply in replies}) == 1
    return replies[0].message.calls


def replied(kind: type[OpenAIReader | OllamaReader], body: bytes) -> Reply:
    reply = read(kind, [body], ASKED).reply
    assert reply is not None
    assert read(kind, bytewise(body), ASKED).reply == reply
    return reply


@pytest.mark.parametrize("kind", ["arguments", "envelope"])
def test_a_bad_call_has_one_outcome(kind: str) -> None:
    seen = 0
    for case in bad_inputs("toolcall"):
        given = case["input"]
        assert isinstance(given, dict)
        if given["kind"] != kind:
            continue
        calls = (ToolCall("c", "read", given["value"]),) if kind == "arguments" else calls_of(case)
        assert len({call.id for call in calls}) == len(calls)
        word = "; ".join(decide(call) for call in calls) or "no call"
        assert word == OUTCOMES.get(case["id"], word), case["id"]
        seen += case["id"] in OUTCOMES
    assert seen >= {"arguments": 42, "envelope": 36}[kind]


def test_no_calls_and_a_stop_is_an_answer() -> None:
    reply = replied(OpenAIReader, sse(delta(content="hi", tool_calls=[]), delta("stop"), "[DONE]"))
    assert (reply.finish, reply.message.calls, reply.flags) == ("stop", (), ())


def test_two_hundred_parallel_calls_are_two_hundred_calls() -> None:
    entries = [
        {"index": n, "id": f"c{n}", "function": {"name": "read", "arguments": f'{{"path":"{n}"}}'}}
        for n in range(200)
    ]
    reply = replied(OpenAIReader, sse(*[delta(tool_calls=[entry]) for entry in entries], delta("tool_calls")))
    assert [call.id for call in reply.message.calls] == [f"c{n}" for n in range(200)]


def test_calls_without_end_are_bounded() -> None:
    entries = [{"function": {"name": "read", "arguments": {"path": str(n)}}} for n in range(5000)]
    reply = read(OpenAIReader, [sse(delta(tool_calls=entries), delta("tool_calls"))], ASKED).reply
    assert reply is not None
    assert len(reply.message.calls) == 4096
    assert "too_many_calls" in reply.flags


def test_what_comes_after_the_end_is_not_read() -> None:
    late = delta(tool_calls=[{"index": 0, "id": "c", "function": {"name": "read", "arguments": "{}"}}])
    reply = replied(OpenAIReader, sse(delta("stop", content="hi"), "[DONE]", late))
    assert reply.message.calls == ()


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>\n{"name":"read","arguments":{"path":"a"}}\n</tool_call>',
        '[TOOL_REQUEST]{"name":"read","arguments":{"path":"a"}}[END_TOOL_REQUEST]',
        '<tool_call>{"name":"read","parameters":{"path":"a"}}</tool_call>',
    ],
)
def test_a_call_that_a_server_left_in_the_text_is_a_call(text: str) -> None:
    reply = replied(OpenAIReader, sse(delta("stop", content=text), "[DONE]"))
    assert reply.message.calls == (ToolCall("call_1", "read", '{"path": "a"}'),)
    assert (reply.finish, reply.message.text, reply.flags) == ("calls", "", ("textual_call",))


@pytest.mark.parametrize(
    "text",
    [
        'Write <tool_call>{"name":"read","arguments":{"path":"a"}}</tool_call> to call it.',
        '<tool_call>{"name":"rm","arguments":{}}</tool_call>',
        '<tool_call>{"name":"read","argu</tool_call>',
        '<tool_call>{"name":"read","arguments":{"path":"a"}}',
    ],
)
def test_text_that_only_speaks_of_calls_is_text(text: str) -> None:
    reply = replied(OpenAIReader, sse(delta("stop", content=text)))
    assert (reply.finish, reply.message.text, reply.message.calls) == ("stop", text, ())


def test_a_textual_call_is_text_where_no_call_is_allowed() -> None:
    text = '<tool_call>{"name":"read","arguments":{"path":"a"}}</tool_call>'
    body = sse(delta("stop", content=text))
    for request in (ChatRequest("m", ()), ChatRequest("m", (), (OFFERED,), may_call=False)):
        reply = read(OpenAIReader, [body], request).reply
        assert reply is not None
        assert (reply.message.text, reply.message.calls) == (text, ())
