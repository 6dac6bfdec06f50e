"""1A.7: what goes over the wire, and what is made of what comes back, also when a server misbehaves."""

from __future__ import annotations

import pytest

from tests.desk import Desk, Ended
from tests.scripted import Chat, Raw, Reply, Scripted, scripted

QUICK = {"retry-after": "0"}
SLOW = 'default_profile = "w"\n[profiles.w]\nbackend = "{}"\nbase_url = "ORIGIN/v1"\ndefault_model = "m"\n{}'


def sse(*events: str) -> Raw:
    return Raw(
        "".join(f"data: {event}\n\n" for event in events).encode(),
        headers={"content-type": "text/event-stream"},
    )


@pytest.mark.same("1A.7 openai: path, headers, body; no max_tokens; a Bearer only where there is a key")
def test_openai_requests(desk: Desk, server: Scripted) -> None:
    desk.summarize()
    asked, body = server.asked[-1], server.request
    assert asked.line == "POST /v1/chat/completions"
    assert asked.headers["content-type"].startswith("application/json")
    assert "authorization" not in asked.headers
    assert (body["model"], body["temperature"]) == ("small", 0.1)
    assert not {"max_tokens", "max_completion_tokens", "tools"} & set(body)


@pytest.mark.same("1A.7 anthropic: path, headers, system beside the messages, user turns one after the other")
def test_anthropic_requests(desk: Desk, server: Scripted) -> None:
    desk.file("a.py", "x")
    envelope = desk.run(
        "--profile", "claude", "ask", "--json", "--paths", "a.py", "--question", "why?"
    ).envelope
    asked, body = server.asked[-1], server.request
    assert (envelope["content"], asked.line) == ("the answer", "POST /v1/messages")
    assert (asked.headers["x-api-key"], asked.headers["anthropic-version"]) == ("sk-ant-secret", "2023-06-01")
    assert "authorization" not in asked.headers
    assert isinstance(body["system"], str)
    frame = '<corpus>\n<file path="a.py">\nx\n</file>\n</corpus>'
    assert server.messages == [("user", frame), ("user", "why?")]
    assert (body["temperature"], body["model"]) == (0.1, "haiku")
    assert isinstance(body["max_tokens"], int)


@pytest.mark.same("1A.7 extra headers come last")
@pytest.mark.parametrize("backend", ["openai-compat", "anthropic"])
def test_extra_headers(desk: Desk, server: Scripted, backend: str) -> None:
    headers = '[profiles.w.extra_headers]\nX-Title = "me"\nanthropic-version = "2099-01-01"\n'
    desk.profiles(SLOW.format(backend, 'api_key = "k"\n' + headers))
    desk.summarize()
    told = server.asked[-1].headers
    assert (told["x-title"], told["anthropic-version"]) == ("me", "2099-01-01")


@pytest.mark.same("1A.7 anthropic without a key is a backend error before any request")
def test_anthropic_without_a_key(desk: Desk) -> None:
    (desk.home / ".agent-delegate" / "profiles.toml").unlink()
    ended = desk.summarize("--profile", "haiku", env={"HTTPS_PROXY": "http://127.0.0.1:1"})
    assert (ended.code, ended.error["type"], "key" in str(ended.error["message"])) == (
        1,
        "backend_error",
        True,
    )


@pytest.mark.same("1A.7 openai usage: prompt, completion, cached, reasoning")
@pytest.mark.parametrize("whole", [True, False], ids=["one object", "streamed where asked"])
def test_openai_usage(desk: Desk, server: Scripted, whole: bool) -> None:
    server.say(Chat("x", prompt=100, completion=20, cached=60, reasoning=5, whole=whole))
    usage = desk.summarize().envelope["usage"]
    assert isinstance(usage, dict)
    assert [usage[key] for key in usage][:4] == [100, 20, 60, 5]


@pytest.mark.same("1A.7 an answer without usage is an answer")
def test_no_usage(desk: Desk, server: Scripted) -> None:
    server.say(Raw({"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]}))
    ended = desk.summarize()
    usage = ended.envelope["usage"]
    assert isinstance(usage, dict)
    assert (ended.content, type(usage["completion_tokens"])) == ("hi", int)


@pytest.mark.same("1A.7 anthropic: text blocks joined, others left out")
def test_anthropic_blocks(desk: Desk, server: Scripted) -> None:
    blocks = [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "text", "text": "one "},
        {"type": "text", "text": "two"},
    ]
    usage = {"input_tokens": 7, "output_tokens": 2}
    server.say(
        Raw(
            {
                "type": "message",
                "role": "assistant",
                "content": blocks,
                "stop_reason": "end_turn",
                "usage": usage,
            }
        )
    )
    assert desk.summarize("--profile", "claude").content == "one two"


@pytest.mark.same("1A.7 a refusal carries its status; none of them is tried for ever")
@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
def test_refusals(desk: Desk, server: Scripted, status: int) -> None:
    server.say(Raw({"error": {"message": "said so"}}, status, QUICK))
    ended = desk.summarize()
    assert (ended.code, ended.error["type"], ended.error["status"]) == (1, "backend_error", status)
    assert "said so" in str(ended.error["body"])
    assert ended.error["backend"] == "openai-compat"
    assert len(server.asked) <= 4


@pytest.mark.same("1A.7 nobody at the address is a backend error without a status")
def test_nobody_there(desk: Desk) -> None:
    with scripted() as gone:
        origin = gone.origin
    desk.profiles(SLOW.format("openai-compat", "").replace("ORIGIN", origin))
    ended = desk.summarize()
    assert (ended.code, ended.error["type"]) == (1, "backend_error")
    assert not {"status", "body"} & set(ended.error)


@pytest.mark.same("1A.7 a long question and a long answer arrive whole")
def test_large_bodies(desk: Desk, server: Scripted) -> None:
    text = "line of a log with some length\n" * 40_000
    answer = "".join(f"line {place} of a long answer\n" for place in range(20_000))
    server.say(Chat(answer, whole=True))
    assert desk.summarize(text=text).content == answer
    assert server.messages[-1] == ("user", text)


def failed(desk: Desk, server: Scripted, *replies: Reply, profile: str = "worker") -> Ended:
    server.say(*replies)
    ended = desk.summarize("--profile", profile)
    assert (ended.code, ended.error["type"]) == (1, "backend_error"), ended
    return ended


HALF = '{"choices":[{"delta":{"content":"half an "}}]}'
FAULTS = {
    "dropped before a byte": Raw(drop="before"),
    "dropped after the headers": Raw(b'{"choices":[]}', drop="head"),
    "dropped in the middle": Raw({"choices": [{"message": {"content": "x" * 500}}]}, drop="middle"),
    "a web page": Raw(b"<html><title>Sign in</title></html>", headers={"content-type": "text/html"}),
    "no JSON": Raw(b"hello"),
    "nothing": Raw(b""),
    "JSON of another kind": Raw([1, 2, 3]),
    "an error under 200": Raw({"error": {"message": "out of memory", "code": 500}}),
    "no choices": Raw({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 0}}),
    "content null": Raw({"choices": [{"message": {"content": None}, "finish_reason": "stop"}]}),
    "content empty": Raw({"choices": [{"message": {"content": "  "}, "finish_reason": "stop"}]}),
    "a stream that ends early": sse(HALF),
    "an error in a stream": sse(HALF, '{"error":{"message":"out of memory"}}'),
    "a stream of nothing": sse("[DONE]"),
}


@pytest.mark.better("a server that misbehaves is a typed error, never a traceback and never ok")
@pytest.mark.parametrize("fault", FAULTS)
def test_faults(desk: Desk, server: Scripted, fault: str) -> None:
    ended = failed(desk, server, FAULTS[fault])
    assert ended.error["message"]
    said = desk.run("summarize", stdin="x")
    assert (said.code, said.err.count("Traceback")) == (1, 0)


@pytest.mark.better("an anthropic server that misbehaves too")
@pytest.mark.parametrize(
    "fault", ["dropped before a byte", "a web page", "no JSON", "an error under 200", "nothing"]
)
def test_anthropic_faults(desk: Desk, server: Scripted, fault: str) -> None:
    assert failed(desk, server, FAULTS[fault], profile="claude").error["backend"] == "anthropic"


@pytest.mark.better("a read time-out is a typed error")
@pytest.mark.parametrize("backend", ["openai-compat", "anthropic"])
def test_time_out(desk: Desk, server: Scripted, backend: str) -> None:
    desk.profiles(SLOW.format(backend, 'timeout = 1\napi_key = "k"\n'))
    server.say(Raw(silent=True))
    ended = desk.summarize()
    assert (ended.code, ended.error["type"], ended.error["code"]) == (1, "backend_error", "timeout")


@pytest.mark.better("an answer that was cut by length is told from a whole one")
@pytest.mark.parametrize("profile", ["worker", "claude"])
@pytest.mark.parametrize("whole", [True, False], ids=["one object", "streamed where asked"])
def test_cut_by_length(desk: Desk, server: Scripted, profile: str, whole: bool) -> None:
    server.say(Chat("half an ans", finish="length", whole=whole))
    ended = desk.summarize("--profile", profile)
    envelope = ended.envelope
    assert envelope.get("partial") or envelope["ok"] is False
    assert "half an ans" in ended.out


@pytest.mark.better("a cut answer is never written to a file")
def test_a_cut_answer_is_not_written(desk: Desk, server: Scripted) -> None:
    server.say(Chat("def f(:", finish="length"))
    ended = desk.write("--target", "b.py")
    assert (ended.code, (desk.folder / "b.py").exists()) == (1, False)


HELD = {"choices": [{"message": {"content": "def f(:"}, "finish_reason": "content_filter"}]}
REFUSED = {
    "choices": [{"message": {"content": None, "refusal": "I can't do that."}, "finish_reason": "stop"}]
}
UNSOUND = {
    "content_filter": Raw(HELD),
    "refusal": Raw(REFUSED),
    "bad_line": sse(
        '{"choices":[{"delta":{"content":"def f("}}]}',
        '{"choices":[{"delta":{"content":"x, y',
        '{"choices":[{"delta":{"content":": pass"},"finish_reason":"stop"}]}',
        "[DONE]",
    ),
}


@pytest.mark.better(
    "what a filter ended, a model refused or has a hole is told from a whole answer, never written"
)
@pytest.mark.parametrize("flag", UNSOUND)
def test_an_answer_that_is_not_whole(desk: Desk, server: Scripted, flag: str) -> None:
    server.say(UNSOUND[flag])
    assert desk.summarize().envelope["partial"] == [flag]
    ended = desk.write("--target", "b.py")
    assert (ended.code, ended.error["code"], (desk.folder / "b.py").exists()) == (1, "cut_off", False)


@pytest.mark.better("thinking is folded away; only thinking is no answer")
def test_thinking(desk: Desk, server: Scripted) -> None:
    server.say(Chat("<think>let me see</think>The answer.", whole=True))
    assert desk.summarize().content.strip() == "The answer."
    server.say(Chat("<think>let me see and see", whole=True))
    assert desk.summarize().code == 1


@pytest.mark.better("prompt_tokens includes cached ones for anthropic too")
@pytest.mark.parametrize("whole", [True, False], ids=["one object", "streamed where asked"])
def test_anthropic_cached_tokens(desk: Desk, server: Scripted, whole: bool) -> None:
    server.say(Chat("x", prompt=10, completion=5, cached=900, created=90, whole=whole))
    usage = desk.summarize("--profile", "claude").envelope["usage"]
    assert isinstance(usage, dict)
    assert (usage["prompt_tokens"], usage["cached_tokens"]) == (1000, 900)


@pytest.mark.better("output is not capped at 4096")
def test_output_is_not_capped(desk: Desk, server: Scripted) -> None:
    desk.summarize("--profile", "claude")
    most = server.request["max_tokens"]
    assert isinstance(most, int)
    assert most > 4096


def redirected(desk: Desk, server: Scripted, status: int) -> None:
    with scripted() as other:
        other.say(Raw({"choices": [{"message": {"content": "stolen"}, "finish_reason": "stop"}]}))
        desk.profiles(SLOW.format("openai-compat", 'api_key = "sk-secret"\n'))
        server.say(Raw(b"", status, {"location": f"{other.origin}/stolen"}))
        ended = desk.summarize()
        assert (ended.code, ended.envelope["ok"], other.asked) == (1, False, [])
        assert ended.error["status"] == status


@pytest.mark.better("no redirect is followed, so that no key goes to another host")
@pytest.mark.parametrize("status", [301, 302, 303])
def test_redirects(desk: Desk, server: Scripted, status: int) -> None:
    redirected(desk, server, status)


@pytest.mark.same("1A.7 a redirect that keeps the POST is refused")
@pytest.mark.parametrize("status", [307, 308])
def test_redirects_of_a_post(desk: Desk, server: Scripted, status: int) -> None:
    redirected(desk, server, status)


@pytest.mark.better("what a server refuses before it begins is tried again, Retry-After honoured")
@pytest.mark.parametrize("status", [429, 503])
def test_retries(desk: Desk, server: Scripted, status: int) -> None:
    server.say(Raw({"error": {"message": "busy"}}, status, QUICK), Chat("at last"))
    assert desk.summarize().content == "at last"
    assert len(server.asked) == 2


@pytest.mark.better("a fallback profile answers where the first can't")
def test_fallback(desk: Desk, server: Scripted) -> None:
    with scripted() as second:
        second.say(Chat("from the second"))
        desk.profiles(
            SLOW.format("openai-compat", 'fallback = ["b"]\n')
            + f'[profiles.b]\nbackend = "openai-compat"\nbase_url = "{second.origin}/v1"\n'
            + 'default_model = "m2"\n'
        )
        server.say(Raw({"error": {"message": "down"}}, 503, QUICK))
        assert desk.summarize().content == "from the second"


@pytest.mark.better("a call that has called itself too deep is stopped")
def test_depth(desk: Desk, server: Scripted) -> None:
    ended = desk.summarize(env={"TUI_DELEGATE_DEPTH": "99"})
    assert (ended.code, ended.envelope["ok"], server.asked) == (1, False, [])
