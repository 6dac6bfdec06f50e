"""1A.3: the JSON envelopes, their keys in order, and the eight types of error with their exit codes."""

from __future__ import annotations

import json

import pytest

from tests.desk import Desk, Ended
from tests.scripted import Chat, Raw, Scripted

SUCCESS = ["ok", "command", "model", "content", "profile", "target", "usage"]
USAGE = ["prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens", "total_duration_ms"]
FAILURE = ["ok", "command", "error", "profile", "model", "target"]


def known(keys: object, order: list[str]) -> list[str]:
    """Those of the keys that agent-delegate has, as they stand."""
    assert isinstance(keys, dict)
    return [key for key in keys if key in order]


@pytest.mark.same("1A.3 success: keys, their order, usage")
def test_success(desk: Desk, server: Scripted) -> None:
    server.say(Chat("Grüße", prompt=1200, completion=80, cached=1000, reasoning=30))
    desk.file("a.py")
    asked, summed, drafted = desk.ask("a.py"), desk.summarize(), desk.write("--stdout")
    written = desk.write("--target", "b.py")
    assert known(asked.envelope, SUCCESS) == [key for key in SUCCESS if key != "target"]
    assert known(summed.envelope, SUCCESS) == [key for key in SUCCESS if key != "target"]
    assert known(written.envelope, SUCCESS) == known(drafted.envelope, SUCCESS) == SUCCESS
    assert (drafted.envelope["target"], written.envelope["target"]) == ("-", "b.py")
    assert (asked.content, written.content) == ("Grüße", "Grüße\n")
    assert "Grüße" in asked.out
    for ended, verb in ((asked, "ask"), (summed, "summarize"), (written, "write")):
        usage = ended.envelope["usage"]
        assert isinstance(usage, dict)
        assert (ended.code, ended.err, ended.envelope["command"]) == (0, "", verb)
        assert known(usage, USAGE) == USAGE
        assert [usage[key] for key in USAGE[:4]] == [1200, 80, 1000, 30]
        assert isinstance(usage["total_duration_ms"], int)


@pytest.mark.same("1A.3 model is the one that was asked for, not the one that the server names")
def test_the_requested_model(desk: Desk) -> None:
    assert desk.summarize("--model", "large").envelope["model"] == "large"


def failing(desk: Desk, server: Scripted) -> dict[str, Ended]:
    desk.file("a.py")
    desk.file("there.py")
    server.say(Raw({"error": {"message": "no"}}, 401))
    return {
        "resolve_error": desk.summarize("--profile", "nobody"),
        "missing_target": desk.write(),
        "target_root_escape": desk.write("--target", "../b.py", "--target-root", "."),
        "target_exists": desk.write("--target", "there.py"),
        "corpus_error": desk.ask("nowhere.py"),
        "empty_stdin": desk.summarize(text=""),
        "empty_ledger": desk.run("ledger", "--json", "--log", "nowhere.log"),
        "backend_error": desk.summarize(),
    }


@pytest.mark.same("1A.3 the eight error types, exit 2 but for the backend's 1, stderr empty")
def test_the_eight_errors(desk: Desk, server: Scripted) -> None:
    for kind, ended in failing(desk, server).items():
        assert ended.error["type"] == kind
        assert ended.code == (1 if kind == "backend_error" else 2), kind
        keys = known(ended.envelope, FAILURE)
        assert keys == sorted(keys, key=FAILURE.index), kind
        assert isinstance(ended.error["message"], str)


@pytest.mark.same("1A.3 which of profile, model and target an error names")
def test_what_an_error_names(desk: Desk, server: Scripted) -> None:
    ended = failing(desk, server)
    usual = ["ok", "command", "error", "profile", "model"]
    assert known(ended["resolve_error"].envelope, FAILURE) == ["ok", "command", "error", "profile"]
    assert known(ended["missing_target"].envelope, FAILURE) == ["ok", "command", "error"]
    assert known(ended["empty_ledger"].envelope, FAILURE) == ["ok", "command", "error"]
    for kind in ("corpus_error", "empty_stdin", "backend_error"):
        assert known(ended[kind].envelope, FAILURE) == usual
    for kind in ("target_root_escape", "target_exists"):
        assert known(ended[kind].envelope, FAILURE) == FAILURE
    told = desk.run("--profile", "worker", "--model", "m", "write", "--json", "--context", "a", "--spec", "s")
    assert known(told.envelope, FAILURE) == usual
    corpus = desk.run("write", "--json", "--context", "no", "--spec", "s", "--target", "new.py").envelope
    assert (corpus["profile"], corpus["model"], corpus["target"]) == ("worker", "small", "new.py")


@pytest.mark.same("1A.3 what the messages of target errors say")
def test_messages_of_targets(desk: Desk) -> None:
    desk.file("there.py")
    exists = desk.write("--target", "there.py")
    missing = desk.write()
    said = f"{exists.error['message']} {exists.error.get('hint')}"
    assert ("there.py" in str(exists.error["message"]), "--force" in said) == (True, True)
    said = f"{missing.error['message']} {missing.error.get('hint')}"
    assert ("--target" in said, "--stdout" in said) == (True, True)


@pytest.mark.same("1A.3 a refusal carries backend, status and the first 2000 characters of the body")
def test_the_body_of_a_refusal(desk: Desk, server: Scripted) -> None:
    server.say(Raw(b'{"error":{"message":"' + "é".encode() * 3000 + b'"}}', 403))
    ended = desk.summarize()
    assert ended.code == 1
    assert (ended.error["backend"], ended.error["status"]) == ("openai-compat", 403)
    body = str(ended.error["body"])
    assert (len(body), body[:30]) == (2000, '{"error":{"message":"' + "é" * 9)


@pytest.mark.same("1A.3 in text a refusal is one line on stderr that names the status, stdout is empty")
def test_a_refusal_in_text(desk: Desk, server: Scripted) -> None:
    server.say(Raw({"error": {"message": "who are you"}}, 401))
    ended = desk.run("summarize", stdin="x")
    assert (ended.code, ended.out) == (1, "")
    assert "401" in ended.err


@pytest.mark.better("an error has our code and a hint beside its type")
def test_code_and_hint(desk: Desk, server: Scripted) -> None:
    for kind, ended in failing(desk, server).items():
        assert ended.error["code"], kind
        assert "hint" in ended.error, kind
    assert failing(desk, server)["backend_error"].error["code"] == "auth"


@pytest.mark.better("a refusal in text says what the server said")
def test_a_refusal_in_text_says_why(desk: Desk, server: Scripted) -> None:
    server.say(Raw({"error": {"message": "this key was revoked"}}, 401))
    assert "this key was revoked" in desk.run("summarize", stdin="x").err


@pytest.mark.better("control characters of a server do not reach the terminal")
def test_control_characters(desk: Desk, server: Scripted) -> None:
    evil = "\x1b]0;owned\x07\x1b[2Jtext\u202e"
    server.say(Raw({"error": {"message": evil}}, 401))
    assert "\x1b" not in desk.run("summarize", stdin="x").err
    server.say(Chat(evil))
    ended = desk.run("summarize", stdin="x")
    assert (ended.code, "\x1b" in ended.out, "text" in ended.out) == (0, False, True)
    assert json.loads(desk.summarize().out)["content"] == evil


@pytest.mark.better("a key in a server's answer is not repeated")
def test_keys_are_not_repeated(desk: Desk, server: Scripted) -> None:
    server.say(Raw({"error": {"message": "bad key sk-ant-secret"}}, 401))
    ended = desk.summarize("--profile", "claude")
    assert ended.code == 1
    assert "sk-ant-secret" not in ended.out
    assert "sk-ant-secret" not in desk.run("--profile", "claude", "summarize", stdin="x").err
