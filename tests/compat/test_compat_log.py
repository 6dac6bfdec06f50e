"""1A.8: the usage log, line by line, and the ledger that reads it; and where ours is better."""

from __future__ import annotations

import json
import os
import re
import threading
from pathlib import Path

import pytest

from tests.desk import Desk, Ended
from tests.scripted import Chat, Raw, Scripted

RECORD = [
    "ts",
    "command",
    "profile",
    "backend",
    "model",
    "prompt_eval_count",
    "eval_count",
    "cached_tokens",
    "reasoning_tokens",
    "total_duration_ms",
    "cwd",
    "claude_session_id",
    "codex_session_id",
    "parent_pid",
    "host",
]
TOTALS = [
    "total_calls",
    "total_prompt_tokens",
    "total_completion_tokens",
    "total_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "total_duration_ms",
]
GROUPS = ["by_command", "by_profile", "by_model", "by_backend"]
LINE = {
    "ts": "2026-11-01T10:00:00Z",
    "command": "ask",
    "profile": "ollama",
    "backend": "openai-compat",
    "model": "m",
    "prompt_eval_count": 100,
    "eval_count": 20,
    "cached_tokens": 10,
    "reasoning_tokens": 5,
    "total_duration_ms": 1500,
    "cwd": "/w",
    "claude_session_id": "",
    "codex_session_id": "",
    "parent_pid": 7,
    "host": "http://localhost:11434/v1",
}


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def kept(desk: Desk, *changes: dict[str, object]) -> Path:
    """Write a log of one line per change."""
    text = "".join(json.dumps({**LINE, **change}) + "\n" for change in changes)
    return desk.file("usage.log", text)


def totals(ended: Ended) -> dict[str, object]:
    content = ended.envelope["content"]
    assert isinstance(content, dict)
    summary = content["summary"]
    assert isinstance(summary, dict)
    return summary


@pytest.mark.same("1A.8 one line per successful call: names, order, values")
def test_the_line(desk: Desk, server: Scripted) -> None:
    log = desk.folder / "log" / "usage.log"
    server.say(Chat("x", prompt=100, completion=20, cached=60, reasoning=5))
    env = {"AGENT_DELEGATE_LOG": str(log), "CLAUDE_SESSION_ID": "c-1", "CODEX_SESSION_ID": "x-2"}
    desk.file("a.py")
    desk.ask("a.py", env=env)
    desk.summarize("--model", "large", env=env)
    desk.write("--target", "b.py", env=env)
    desk.write("--stdout", "--target", "c.py", env=env)
    asked, summed, written, drafted = lines(log)
    assert [key for key in asked if key in RECORD] == RECORD
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(asked["ts"]))
    assert (asked["command"], asked["profile"], asked["backend"]) == ("ask", "worker", "openai-compat")
    counts = [asked[key] for key in RECORD[5:9]]
    assert (asked["model"], counts) == ("small", [100, 20, 60, 5])
    assert (asked["claude_session_id"], asked["codex_session_id"]) == ("c-1", "x-2")
    assert os.path.realpath(str(asked["cwd"])) == os.path.realpath(desk.folder)
    assert (asked["parent_pid"], asked["host"]) == (os.getpid(), f"{desk.origin}/v1")
    assert isinstance(asked["total_duration_ms"], int)
    assert (summed["command"], summed["model"]) == ("summarize", "large")
    assert (written["target"], "target" in drafted, "target" in asked) == ("b.py", False, False)


@pytest.mark.same("1A.8 where the log is: four variables, in order")
def test_where_the_log_is(desk: Desk, server: Scripted) -> None:
    base = desk.folder
    order = [
        ("AGENT_DELEGATE_LOG", base / "one.log", base / "one.log"),
        ("AGENT_DELEGATE_LOG_DIR", base / "two", base / "two" / "agent-delegate.log"),
        ("OLLAMA_DELEGATE_USAGE_LOG", base / "three.log", base / "three.log"),
        ("TOKEN_METER_HOME", base / "four", base / "four" / "agent-delegate.log"),
    ]
    for place in range(4):
        env = {name: str(told) for name, told, _ in order[place:]}
        desk.summarize(env=env)
        assert [path.exists() for _, _, path in order] == [at <= place for at in range(4)]
    assert not [path for path in base.rglob("*.log") if len(lines(path)) > 1]


@pytest.mark.same("1A.8 off by default, failures are not logged, a log that can't be written ends nothing")
def test_logs_that_are_not_written(desk: Desk, server: Scripted) -> None:
    desk.summarize()
    assert not list(desk.folder.iterdir())
    log = desk.folder / "usage.log"
    server.say(Raw({}, 401))
    assert desk.summarize(env={"AGENT_DELEGATE_LOG": str(log)}).code == 1
    assert not log.exists() or not log.read_text()
    server.say(Chat())
    desk.file("plain")
    ended = desk.summarize(env={"AGENT_DELEGATE_LOG": str(desk.folder / "plain" / "x.log")})
    assert (ended.code, ended.content) == (0, "the answer")


@pytest.mark.same("1A.8 ledger --json: entries and summary, --limit cuts entries only")
def test_ledger_json(desk: Desk) -> None:
    log = kept(
        desk,
        {"command": "ask"},
        {"command": "write", "profile": "haiku", "backend": "anthropic", "model": "h", "target": "t.py"},
        {"command": "ask", "ts": "2026-11-02T10:00:00Z"},
    )
    whole = desk.run("ledger", "--json", "--log", str(log))
    envelope = whole.envelope
    assert (whole.code, whole.err, envelope["command"], envelope["model"]) == (0, "", "ledger", "-")
    assert not {"profile", "usage"} & set(envelope)
    summary = totals(whole)
    assert [summary[key] for key in TOTALS] == [3, 300, 60, 360, 30, 15, 4500]
    assert [summary[key] for key in GROUPS] == [
        {"ask": 2, "write": 1},
        {"ollama": 2, "haiku": 1},
        {"m": 2, "h": 1},
        {"openai-compat": 2, "anthropic": 1},
    ]
    for limit, count in (("1", 1), ("2", 2), ("0", 3), ("-1", 3), ("20", 3)):
        ended = desk.run("ledger", "--json", "--limit", limit, "--log", str(log))
        content = ended.envelope["content"]
        assert isinstance(content, dict)
        assert (len(content["entries"]), totals(ended)["total_calls"]) == (count, 3)
        last = content["entries"][-1]
        assert {key: last[key] for key in LINE} == {**LINE, "ts": "2026-11-02T10:00:00Z"}


@pytest.mark.same("1A.8 ledger as text: calls, then the summary")
def test_ledger_text(desk: Desk) -> None:
    log = kept(
        desk,
        {"claude_session_id": "c-1"},
        {"command": "write", "target": "t.py", "codex_session_id": "x-1", "claude_session_id": "c-1"},
    )
    ended = desk.run("ledger", "--log", str(log))
    assert (ended.code, ended.err) == (0, "")
    common = "profile=ollama  backend=openai-compat  model=m  tokens=120  duration_ms=1500"
    expected = [
        "Delegated worker calls:",
        f"  1. 2026-11-01T10:00:00Z  command=ask  {common}  target=-  session=c-1",
        f"  2. 2026-11-01T10:00:00Z  command=write  {common}  target=t.py  session=x-1",
        "",
        "Delegation summary:",
        "  total calls: 2",
        "  total tokens: 240",
        "  prompt/completion: 200/40",
        "  total duration ms: 3000",
        "  by command: ask=1, write=1",
        "  by profile: ollama=2",
        "  by model: m=2",
    ]
    for said, told in zip(ended.out.splitlines(), expected, strict=False):
        assert said == told or said.startswith(f"{told}  ")
    assert len(ended.out.splitlines()) >= len(expected)


@pytest.mark.same("1A.8 bad lines are skipped, nothing there is empty_ledger")
def test_bad_lines(desk: Desk) -> None:
    log = desk.file("usage.log", '\n  \nno json\n[1]\n"s"\n' + json.dumps(LINE) + "\n{half")
    assert totals(desk.run("ledger", "--json", "--log", str(log)))["total_calls"] == 1
    for path in (desk.file("empty.log", ""), desk.folder / "nowhere.log"):
        ended = desk.run("ledger", "--json", "--log", str(path))
        assert (ended.code, ended.error["type"]) == (2, "empty_ledger")
        said = desk.run("ledger", "--log", str(path))
        assert (said.code, said.out, bool(said.err)) == (2, "", True)


@pytest.mark.same("1A.8 the calls that were made are in the ledger")
def test_calls_are_in_the_ledger(desk: Desk) -> None:
    env = {"AGENT_DELEGATE_LOG": str(desk.folder / "usage.log"), "CODEX_SESSION_ID": "x-9"}
    desk.summarize(env=env)
    desk.write("--target", "b.py", env=env)
    ended = desk.run("ledger", "--json", env=env)
    summary = totals(ended)
    assert (summary["total_calls"], summary["by_command"]) == (2, {"summarize": 1, "write": 1})
    assert "session=x-9" in desk.run("ledger", env=env).out


@pytest.mark.better("the ledger has every call without a log, failed ones too")
def test_the_ledger_without_a_log(desk: Desk, server: Scripted) -> None:
    desk.summarize()
    server.say(Raw({}, 401))
    desk.summarize()
    ended = desk.run("ledger", "--json")
    content = ended.envelope["content"]
    assert isinstance(content, dict)
    assert (ended.code, len(content["entries"])) == (0, 2)


@pytest.mark.better("a count that is no number is skipped")
def test_counts_that_are_no_numbers(desk: Desk) -> None:
    log = kept(desk, {}, {"prompt_eval_count": "many", "eval_count": None}, {"eval_count": [1]})
    ended = desk.run("ledger", "--json", "--log", str(log))
    assert (ended.code, ended.err) == (0, "")
    assert totals(ended)["total_completion_tokens"] == 20 or totals(ended)["total_completion_tokens"] == 40


@pytest.mark.better("bytes that are not UTF-8 in a log end nothing")
def test_a_log_that_is_not_utf8(desk: Desk) -> None:
    log = desk.file("usage.log", json.dumps(LINE).encode() + b"\n\xff\xfe\x00\n" + json.dumps(LINE).encode())
    assert totals(desk.run("ledger", "--json", "--log", str(log)))["total_calls"] == 2


@pytest.mark.same("1A.8 /dev/null is a log of nothing")
@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="this system has no /dev/null")
def test_the_log_that_keeps_nothing(desk: Desk) -> None:
    assert desk.summarize(env={"AGENT_DELEGATE_LOG": "/dev/null"}).code == 0
    ended = desk.run("ledger", "--json", "--log", "/dev/null")
    assert (ended.code, ended.error["type"]) == (2, "empty_ledger")


@pytest.mark.better("two shells at once never tear a line, also after a half one")
def test_two_shells_at_once(desk: Desk) -> None:
    log = desk.file("usage.log", '{"half":')
    env = {"AGENT_DELEGATE_LOG": str(log)}
    codes: list[int] = []

    def call() -> None:
        codes.append(desk.summarize(env=env).code)

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [0] * 4
    half, *written = log.read_text().splitlines()
    assert (half, [json.loads(line)["command"] for line in written]) == ('{"half":', ["summarize"] * 4)


@pytest.mark.better("ledger import brings a log into the journal, once")
def test_import(desk: Desk) -> None:
    log = kept(desk, {}, {"command": "write", "model": "h"})
    first = desk.run("ledger", "import", str(log))
    again = desk.run("ledger", "import", str(log))
    assert (first.code, again.code) == (0, 0)
    assert totals(desk.run("ledger", "--json"))["total_calls"] == 2


@pytest.mark.better("ledger report prints the lines of a final summary")
def test_report(desk: Desk) -> None:
    for _ in range(2):
        desk.summarize(env={"CLAUDE_SESSION_ID": "c-1"})
    desk.write("--stdout", env={"CLAUDE_SESSION_ID": "c-1"})
    ended = desk.run("ledger", "report", env={"CLAUDE_SESSION_ID": "c-1"})
    assert ended.code == 0
    assert "Worker model: profile=worker backend=openai-compat model=small" in ended.out
    assert "Worker calls: summarize=2, write=1" in ended.out
    assert "Delegated implementation:" in ended.out


@pytest.mark.better("ledger sums tokens by model, command, project and day")
def test_sums_by(desk: Desk) -> None:
    desk.summarize()
    desk.summarize("--model", "large")
    for by in ("model", "command", "profile", "project", "day", "agent"):
        ended = desk.run("ledger", "--by", by)
        assert (ended.code, "1" in ended.out) == (0, True), by
    assert "large" in desk.run("ledger", "--by", "model").out
