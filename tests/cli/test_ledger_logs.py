"""The verb `ledger` over agent-delegate's logs, and its actions `import` and `report`."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from tests.journal.samples import begun, call, commit, spent
from tui_delegate.cli.main import main
from tui_delegate.core.calls import RunContext
from tui_delegate.journal.jsonl import PLACES
from tui_delegate.journal.store import Journal

LINES = """\
{"ts": "2026-11-21T11:39:27Z", "command": "summarize", "profile": "ollama", "backend": "openai-compat", \
"model": "qwen3:4b", "prompt_eval_count": 12, "eval_count": 3, "cached_tokens": 4, "reasoning_tokens": 1, \
"total_duration_ms": 2, "cwd": "/tmp/try", "claude_session_id": "c1", "codex_session_id": "", \
"parent_pid": 30439, "host": "http://127.0.0.1:34347/v1"}
{"half of a
{"ts": "2026-11-21T11:39:28Z", "command": "write", "profile": "ollama", "backend": "openai-compat", \
"model": "gpt-5\\u001b[31m", "prompt_eval_count": "12", "eval_count": "many", "cached_tokens": 4, \
"reasoning_tokens": 1, "total_duration_ms": 2, "cwd": "/tmp/try", "claude_session_id": "", \
"codex_session_id": "x1", "parent_pid": 30439, "host": "https://api.openai.com/v1", "target": "\\u00f6ut.py"}
"""


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (*dict(PLACES), "CLAUDE_SESSION_ID", "CODEX_SESSION_ID"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "agent-delegate.log"
    path.write_text(LINES)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


def ledger(capsys: pytest.CaptureFixture[str], path: Path, *words: str) -> tuple[int, str, str]:
    code = main(["ledger", "--journal", str(path), *words])
    out, err = capsys.readouterr()
    return code, out, err


def answer(capsys: pytest.CaptureFixture[str], path: Path, *words: str) -> dict[str, object]:
    code, out, err = ledger(capsys, path, *words)
    assert (code, err, out.count("\n")) == (0, "", 1)
    data = json.loads(out)
    assert list(data) == ["ok", "command", "model", "content"]
    assert (data["ok"], data["command"], data["model"]) == (True, "ledger", "-")
    content: dict[str, object] = data["content"]
    return content


def test_a_log_is_shown_in_agent_delegates_words(
    log: Path, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = ledger(capsys, path, "--log", str(log))
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == "Delegated worker calls:"
    assert lines[1].startswith(
        "  1. 2026-11-21T11:39:27Z  command=summarize  profile=ollama  backend=openai-compat  "
        "model=qwen3:4b  tokens=15  duration_ms=2  target=-  session=c1"
    )
    assert "model=gpt-5  tokens=12  duration_ms=2  target=öut.py  session=x1" in lines[2]
    assert lines[3:12] == [
        "",
        "Delegation summary:",
        "  total calls: 2",
        "  total tokens: 27",
        "  prompt/completion: 24/3",
        "  total duration ms: 4",
        "  by command: summarize=1, write=1",
        "  by profile: ollama=2",
        "  by model: gpt-5=1, qwen3:4b=1",
    ]
    assert "cost: ?" in out
    assert "skipped lines of the log: 1\n" in err
    assert "skipped figures of the log: 1\n" in err
    assert not path.parent.exists()


def test_a_logs_entries_are_what_stands_in_it(
    log: Path, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = answer(capsys, path, "--log", str(log), "--json", "--limit", "1", "--by", "project")
    assert content["entries"] == [json.loads(LINES.splitlines()[-1])]
    summary = content["summary"]
    assert isinstance(summary, dict)
    assert (summary["total_calls"], summary["total_tokens"], summary["skipped_lines"]) == (2, 27, 1)
    assert [group["key"] for group in summary["groups"]] == ["/tmp/try"]


def test_flags_narrow_a_log_as_they_narrow_the_journal(
    log: Path, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = ledger(capsys, path, "--log", str(log), "--since", "2200-01-01", "--json")
    assert (code, json.loads(out)["error"]["type"]) == (2, "empty_ledger")
    code, out, _ = ledger(capsys, path, "--log", str(log), "--export", "jsonl")
    assert [json.loads(line)["prompt_eval_count"] for line in out.splitlines()] == [12, 12]


@pytest.mark.parametrize("name", ["none", "."])
@pytest.mark.parametrize("words", [["--log"], ["import"]])
def test_a_log_that_is_not_there_is_an_empty_ledger(
    tmp_path: Path, path: Path, capsys: pytest.CaptureFixture[str], words: list[str], name: str
) -> None:
    code, out, err = ledger(capsys, path, "--json", *words, str(tmp_path / name))
    assert (code, err, json.loads(out)["error"]["type"]) == (2, "", "empty_ledger")


def test_an_empty_journal_gives_way_to_the_log_that_calls_go_to(
    log: Path, path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ledger(capsys, path)[0] == 2
    monkeypatch.setenv("AGENT_DELEGATE_LOG_DIR", str(log.parent))
    code, out, err = ledger(capsys, path)
    assert (code, "total calls: 2" in out) == (0, True)
    assert f"the journal is empty; this is the log {log}" in err
    summary = answer(capsys, path, "--json")["summary"]
    assert isinstance(summary, dict)
    assert summary["log"] == str(log)
    with closing(Journal.open(path)) as journal:
        commit(journal, "r1", [begun("r1"), spent()])
    assert "total calls: 1\n" in ledger(capsys, path)[1]


def test_calls_of_the_log_that_the_journal_lacks_are_told_of_until_they_are_brought_in(
    log: Path, path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENT_DELEGATE_LOG", str(log))
    with closing(Journal.open(path)) as journal:
        commit(journal, "r1", [begun("r1"), spent()])
    told = f"the log {log} holds calls that are not in the journal, and not in these figures"
    code, out, err = ledger(capsys, path)
    assert (code, told in err, f"tui-delegate ledger import {log}" in err) == (0, True, True)
    assert "total calls: 1\n" in out
    _, out, err = ledger(capsys, path, "--json")
    assert (err, told in json.loads(out)["notes"][0]) == ("", True)
    assert ledger(capsys, path, "-q", "--by", "model")[2] == ""
    assert told not in ledger(capsys, path, "--since", "2200-01-01")[2]
    assert ledger(capsys, path, "import", str(log))[0] == 0
    code, out, err = ledger(capsys, path)
    assert (code, err, "total calls: 3\n" in out) == (0, "", True)


def test_lines_that_our_own_calls_left_in_the_log_are_no_news(
    log: Path, path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENT_DELEGATE_LOG", str(log))
    with closing(Journal.open(path)) as journal:
        commit(journal, "r1", [begun("r1"), spent()])
    at = json.loads(ledger(capsys, path, "--json")[1])["content"]["entries"][0]["ts"]
    log.write_text(json.dumps({"ts": at, "command": "ask"}) + "\n")
    assert ledger(capsys, path)[::2] == (0, "")
    log.write_text("half of a\n")
    assert ledger(capsys, path)[::2] == (0, "")


def test_import_brings_each_line_in_once_and_says_what_it_left_out(
    log: Path, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = ledger(capsys, path, "import", str(log))
    assert (code, err) == (0, "")
    assert out == (
        f"{log}: 2 calls imported; 1 no JSON object, left out; 1 figures that are no number, taken as 0\n"
    )
    content = answer(capsys, path, "import", "--json", str(log), str(log))
    assert content["imported"] == 0
    assert isinstance(content["files"], list)
    assert [file["known"] for file in content["files"]] == [2, 2]
    entries = answer(capsys, path, "--json")["entries"]
    assert isinstance(entries, list)
    assert [entry["imported"] for entry in entries] == [True, True]
    assert (entries[0]["cost"], entries[0]["price_source"]) == (0.0, "local")


def test_the_report_of_a_session_is_what_agent_delegates_readme_asks_for(
    log: Path, path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger(capsys, path, "import", str(log))
    monkeypatch.setenv("CLAUDE_SESSION_ID", "c1")
    code, out, err = ledger(capsys, path, "report", "--manager-tokens", "45")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "Delegated implementation: ~25%",
        "Worker model: profile=ollama backend=openai-compat model=qwen3:4b",
        "Worker calls: summarize=1",
        "Worker tokens: 15 (prompt=12, completion=3, cached=4)",
        "Saved: 15 tokens that no manager had to spend",
        "Cost: $0.00",
    ]
    monkeypatch.setenv("CODEX_SESSION_ID", "x1")
    lines = ledger(capsys, path, "report")[1].splitlines()
    assert lines[0].startswith("Delegated implementation: not known: ")
    assert lines[1:4] == [
        "Worker model: profile=ollama backend=openai-compat model=qwen3:4b (~56% of the workers' tokens)",
        "Worker model: profile=ollama backend=openai-compat model=gpt-5 (~44% of the workers' tokens)",
        "Worker calls: summarize=1, write=1",
    ]
    content = answer(capsys, path, "report", "--json")
    assert (content["delegated_share"], content["manager_tokens"]) == (None, None)
    assert content["worker_calls"] == {"summarize": 1, "write": 1}
    assert content["lines"] == lines
    code, out, _ = ledger(capsys, path, "report", "--json", "--session", "nobody")
    assert (code, json.loads(out)["error"]["message"]) == (2, "No model call is recorded in session nobody.")


def test_without_a_session_the_report_is_of_today_in_this_project(
    log: Path, path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(log.parent)
    here = RunContext("run", "s1", str(log.parent))
    with closing(Journal.open(path)) as journal:
        now = [spent(call(), path=(), at=0.0), spent(call(), at=0.0), spent(call(cost=None), at=0.0)]
        commit(journal, "r1", [begun("r1", here), *now])
        commit(journal, "r2", [begun("r2", here), spent(call(), at=1_000_000.0)])
        commit(journal, "r3", [begun("r3", RunContext("run", "s2", "/elsewhere")), spent(at=0.0)])
    lines = ledger(capsys, path, "report")[1].splitlines()
    assert lines[0] == "Delegated implementation: ~67%"
    assert lines[2] == "Worker calls: run=1"
    assert lines[-2].startswith("Saved: 300 tokens that no manager had to spend, ~-$0.2")
    assert lines[-1] == "Cost: $0.5, and 1 of unknown cost"
    assert "run=1" in ledger(capsys, path, "report", "--project", "/elsewhere")[1]
    assert "run=2" in ledger(capsys, path, "report", "--session", "s1")[1]


@pytest.mark.parametrize("flags", [("--manager-tokens", "lots"), ("--since", "yesterday")])
def test_a_flag_of_the_report_that_cannot_be_read_is_one_line(
    log: Path, path: Path, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...]
) -> None:
    code, out, err = ledger(capsys, path, "report", *flags)
    assert (code, out) == (2, "")
    assert err.startswith("tui-delegate: --")


def test_what_is_no_json_in_a_log_is_a_word_in_the_answer(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "odd.log"
    log.write_text('{"command": "ask", "model": NaN, "eval_count": -Infinity, "prompt_eval_count": 3}\n')
    entries = answer(capsys, path, "--log", str(log), "--json")["entries"]
    assert entries == [{"command": "ask", "model": "NaN", "eval_count": "-Infinity", "prompt_eval_count": 3}]


def test_a_report_from_a_folder_that_is_gone_says_so(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    code, out, err = ledger(capsys, path, "report")
    assert (code, out) == (2, "")
    assert "not there any more" in err
