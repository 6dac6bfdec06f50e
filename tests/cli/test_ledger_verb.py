"""The verb `ledger`: what other tools read stays as they know it, and a slip is one line."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.journal.samples import NOON, ROOT, call, commit, opened, spent
from tui_delegate.cli.main import main
from tui_delegate.core.calls import RunContext
from tui_delegate.core.errors import InputError
from tui_delegate.core.usage import Usage
from tui_delegate.journal.store import Journal
from tui_delegate.workspace.accounts import since_when

if TYPE_CHECKING:
    from pathlib import Path

THEIR_ENTRY = (
    "ts", "command", "profile", "backend", "model", "prompt_eval_count", "eval_count", "cached_tokens",
    "reasoning_tokens", "total_duration_ms", "cwd", "claude_session_id", "codex_session_id", "parent_pid",
    "host", "target",
)  # fmt: skip
OUR_ENTRY = (
    "run", "session", "path", "attempt", "agent", "answered_model", "status", "error_code", "usage_source",
    "queue_ms", "first_token_ms", "tokens_per_second", "cost", "price", "price_source",
    "saved_tokens", "saved_cost", "imported",
)  # fmt: skip
THEIR_SUMMARY = (
    "total_calls", "total_prompt_tokens", "total_completion_tokens", "total_tokens", "cached_tokens",
    "reasoning_tokens", "total_duration_ms", "by_command", "by_profile", "by_model", "by_backend",
)  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "journal.db"
    with closing(Journal.open(path)) as journal:
        commit(journal, "r1", [opened("r1"), spent(path=()), spent(path=(0, 2), at=NOON + 60)])
        odd = call(
            model="\x1b[31mred\x1b[0m", usage=Usage(7, 0, 3, 0, "estimated"), cost=None, status="failed"
        )
        commit(journal, "r2", [opened("r2", RunContext("ask")), spent(odd, at=NOON + 86_400)])
    return path


def ledger(capsys: pytest.CaptureFixture[str], path: Path, *flags: str) -> tuple[int, str, str]:
    code = main(["ledger", "--journal", str(path), *flags])
    out, err = capsys.readouterr()
    return code, out, err


def test_json_has_the_keys_of_agent_delegate_first_and_in_order(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = ledger(capsys, path, "--json")
    assert (code, err, out.count("\n")) == (0, "", 1)
    answer = json.loads(out)
    assert list(answer) == ["ok", "command", "model", "content"]
    assert (answer["ok"], answer["command"], answer["model"]) == (True, "ledger", "-")
    assert list(answer["content"]) == ["entries", "summary"]
    for entry in answer["content"]["entries"]:
        assert tuple(entry) == THEIR_ENTRY + OUR_ENTRY
    assert tuple(answer["content"]["summary"])[: len(THEIR_SUMMARY)] == THEIR_SUMMARY


def test_json_says_what_was_called_and_what_it_cost(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = json.loads(ledger(capsys, path, "--json")[1])["content"]
    first, second, third = content["entries"]
    assert (first["ts"], first["path"], second["path"]) == ("2026-11-17T12:00:00Z", [], [0, 2])
    assert (first["prompt_eval_count"], first["eval_count"], first["cached_tokens"]) == (120, 30, 20)
    assert first["price"] == {"input": 1.0, "cached": 0.1, "output": 2.0}
    assert (third["cost"], third["price"], third["status"], third["error_code"]) == (
        None,
        None,
        "failed",
        "timeout",
    )
    summary = content["summary"]
    assert (summary["total_calls"], summary["total_tokens"], summary["cost"]) == (3, 310, 0.5)
    assert (summary["failed_calls"], summary["unknown_cost_calls"], summary["estimated_calls"]) == (1, 1, 1)
    assert summary["by_command"] == {"ask": 1, "run": 2}


def test_limit_holds_for_entries_and_never_for_the_summary(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = json.loads(ledger(capsys, path, "--json", "--limit", "1")[1])["content"]
    assert [entry["run"] for entry in content["entries"]] == ["r2"]
    assert content["summary"]["total_calls"] == 3
    assert len(json.loads(ledger(capsys, path, "--json", "--limit", "0")[1])["content"]["entries"]) == 3


def test_text_is_numbered_lines_and_a_summary(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = ledger(capsys, path)
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == "Delegated worker calls:"
    assert lines[2] == (
        "  2. 2026-11-17T12:01:00Z  command=run  profile=ollama  backend=ollama  model=qwen3:4b  tokens=150  "
        "duration_ms=900  target=out.py  session=codex-9  cost=$0.25  status=ok  path=0.2  agent=worker"
    )
    assert lines[4:] == [
        "",
        "Delegation summary:",
        "  total calls: 3",
        "  total tokens: ~310",
        "  prompt/completion: ~247/~63",
        "  total duration ms: 2700",
        "  by command: ask=1, run=2",
        "  by profile: ollama=3",
        "  by model: red=1, qwen3:4b=2",
        "",
        "Cost and savings:",
        "  cost: $0.5, and 1 of unknown cost",
        "  saved tokens: ~160",
        "  saved cost: -$0.249838",
        "  cached/reasoning: 40/10",
        "  failed calls: 1",
        "  by backend: ollama=3",
    ]


def test_what_a_server_said_cannot_reach_the_terminal_as_control(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for flags in ((), ("--by", "model"), ("--export", "csv"), ("--export", "jsonl"), ("--json",)):
        _, out, _ = ledger(capsys, path, *flags)
        assert "red" in out
        assert "\x1b" not in out


def test_guessed_tokens_and_unknown_costs_are_marked(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ledger(capsys, path)[1].splitlines()[3]
    assert "tokens=~10" in line
    assert "cost=?" in line
    assert "status=failed:timeout" in line


def test_totals_by_anything(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = ledger(capsys, path, "--by", "command")
    assert out.splitlines()[0] == "Delegation totals by command:"
    assert [line.split()[:2] for line in out.splitlines()[1:4]] == [
        ["command", "calls"],
        ["ask", "1"],
        ["run", "2"],
    ]
    summary = json.loads(ledger(capsys, path, "--json", "--by", "day")[1])["content"]["summary"]
    assert summary["by"] == "day"
    assert [group["calls"] for group in summary["groups"]] == [2, 1]


def test_export_writes_every_call_in_order(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = ledger(capsys, path, "--export", "jsonl", "--limit", "1")
    assert [json.loads(line)["run"] for line in out.splitlines()] == ["r1", "r1", "r2"]
    _, out, _ = ledger(capsys, path, "--export", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["path"] for row in rows] == ["", "0.2", ""] or [row["path"] for row in rows] == [
        "",
        "0.2",
        "0",
    ]
    assert rows[0]["ts"] == "2026-11-17T12:00:00Z"
    assert rows[2]["cost"] == ""


@pytest.mark.parametrize("flags", [(), ("--by", "model"), ("--export", "csv"), ("--since", "2h")])
def test_nothing_recorded_is_said_in_one_word_for_programs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...]
) -> None:
    code, out, err = ledger(capsys, tmp_path / "none.db", "--json", *flags)
    assert (code, err) == (2, "")
    answer = json.loads(out)
    assert (answer["ok"], answer["error"]["type"], answer["error"]["code"]) == (
        False,
        "empty_ledger",
        "empty_ledger",
    )
    assert list(tmp_path.iterdir()) == []


def test_nothing_in_that_time_is_empty_too(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ledger(capsys, path, "--since", "2200-01-01")
    assert (code, out) == (2, "")
    assert "No model call is recorded in that time" in err


@pytest.mark.parametrize(
    "flags",
    [
        ("--by", "colour"),
        ("--since", "yesterday"),
        ("--since", "d"),
        ("--since", "9" * 400 + "d"),
        ("--since", "٣x"),
        ("--since", "2026-02-31"),
        ("--limit", "many"),
        ("--export", "xml"),
    ],
)
def test_a_flag_that_cannot_be_read_is_one_line_and_exit_2(
    path: Path, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...]
) -> None:
    code, out, err = ledger(capsys, path, *flags)
    assert (code, out) == (2, "")
    assert err.startswith("tui-delegate: ")
    assert ledger(capsys, path, "--json", *flags)[0] == 2


def test_a_damaged_journal_is_a_line_and_exit_74(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"nothing of the kind" * 50)
    code, out, err = ledger(capsys, path)
    assert (code, out) == (74, "")
    assert str(path) in err


def test_since_counts_days_from_their_midnight_and_hours_from_now() -> None:
    now = time.mktime((2026, 11, 17, 15, 30, 0, 0, 0, -1))
    today = time.mktime((2026, 11, 17, 0, 0, 0, 0, 0, -1))
    assert since_when("", now) is None
    assert since_when("today", now) == today
    assert since_when("7d", now) == time.mktime((2026, 11, 10, 0, 0, 0, 0, 0, -1))
    assert since_when("1w", now) == since_when("7d", now)
    assert since_when("2h", now) == now - 7200
    assert since_when("30m", now) == now - 1800
    assert since_when("2026-11-01", now) == time.mktime((2026, 11, 1, 0, 0, 0, 0, 0, -1))
    with pytest.raises(InputError):
        since_when("7y", now)


def test_the_verb_loads_no_wire_no_loop_and_no_writer(path: Path) -> None:
    script = (
        "import sys; from tui_delegate.cli.main import main; "
        f"code = main(['ledger', '--journal', {str(path)!r}, '--by', 'model']); "
        "bad = {'asyncio', 'httpx', 'aiohttp', 'threading', 'dataclasses', 'tui_delegate.journal.writer', "
        "'tui_delegate.core.events', 'importlib.metadata'} & set(sys.modules); "
        "sys.exit(str(bad) if bad else code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
