"""agent-delegate's logs: read with its figures, whatever else lies in them, in the memory of a few lines."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest

from tui_delegate.core.errors import InputError
from tui_delegate.journal.ledger import Query
from tui_delegate.journal.logs import LONGEST, LogLedger, Skipped, entries, moment

LINE = {
    "ts": "2026-11-21T11:39:27Z", "command": "summarize", "profile": "ollama", "backend": "openai-compat",
    "model": "qwen3:4b", "prompt_eval_count": 12, "eval_count": 3, "cached_tokens": 4, "reasoning_tokens": 1,
    "total_duration_ms": 2, "cwd": "/tmp/try", "claude_session_id": "c1", "codex_session_id": "",
    "parent_pid": 30439, "host": "http://127.0.0.1:34347/v1",
}  # fmt: skip


def written(path: Path, *lines: object) -> str:
    path.write_bytes(
        b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines)
    )
    return str(path)


def test_what_is_no_object_is_left_out_and_counted(tmp_path: Path) -> None:
    odd = [
        b"\n",
        b"  \n",
        b"{half\n",
        b"[1]\n",
        b"null\n",
        b'"text"\n',
        b'{"a": "\xff"}\n',
        b"[" * 99_999 + b"\n",
    ]
    odd += [b'{"prompt_eval_count": ' + b"9" * 5000 + b"}\n"]
    log = LogLedger(written(tmp_path / "log", b"\xef\xbb\xbf", LINE, *odd, LINE, b'{"ts": "cut'), Query())
    assert log.total(Query()).calls == 2
    assert log.skipped.lines == 8


def test_figures_are_read_as_agent_delegate_reads_them_and_never_end_the_reading(tmp_path: Path) -> None:
    figures = [12, "12", 12.9, True, None, 0, "many", [1], {}, {"a": 1}, float("nan"), float("inf"), ""]
    lines = [LINE | {"prompt_eval_count": figure} for figure in figures]
    log = LogLedger(written(tmp_path / "log", *lines), Query())
    total = log.total(Query())
    assert (total.calls, total.prompt, total.completion) == (len(figures), 12 * 3 + 1, 3 * len(figures))
    assert log.skipped.figures == 5


def test_names_are_counted_as_agent_delegate_counts_them(tmp_path: Path) -> None:
    lines = [{}, {"command": None}, {"command": 0}, {"command": 7}, {"command": "ask"}, {"command": ["x"]}]
    log = LogLedger(written(tmp_path / "log", *lines), Query())
    counts = {group.key: group.calls for group in log.totals("command", Query())}
    assert counts == {"": 3, "7": 1, "ask": 1, "['x']": 1}


def test_the_last_lines_are_kept_as_they_are_and_all_are_summed_up(tmp_path: Path) -> None:
    lines = [LINE | {"n": number} for number in range(9)]
    path = written(tmp_path / "log", *lines)
    assert list(LogLedger(path, Query(limit=2)).entries) == lines[-2:]
    assert list(LogLedger(path, Query(limit=0)).entries) == lines
    assert LogLedger(path, Query(limit=2)).total(Query()).prompt == 9 * 12
    assert [call.prompt for call in LogLedger(path, Query()).all(Query())] == [12] * 9


def test_totals_by_day_project_and_session(tmp_path: Path) -> None:
    path = written(
        tmp_path / "log", LINE, LINE | {"cwd": "/b", "ts": "2026-11-25T11:00:00Z"}, LINE | {"ts": 5}
    )
    assert [group.key for group in LogLedger(path, Query(), "project").totals("project", Query())] == [
        "/b",
        "/tmp/try",
    ]
    days = LogLedger(path, Query(), "day").totals("day", Query())
    assert [group.calls for group in days] == [1, 1, 1]
    assert days[0].key == ""
    sessions = LogLedger(path, Query(), "claude_session_id").totals("claude_session_id", Query())
    assert [(group.key, group.delegated) for group in sessions] == [("c1", 45)]
    with pytest.raises(InputError):
        LogLedger(path, Query(), "colour")


def test_lines_without_a_moment_are_counted_where_moments_are_asked_for(tmp_path: Path) -> None:
    stamps = ["2026-11-21T11:39:26Z", "2026-11-21T11:39:27Z", "2026-11-21T12:39:27+01:00", "soon", "", None]
    path = written(tmp_path / "log", *(LINE | {"ts": stamp} for stamp in stamps))
    log = LogLedger(path, Query(since=moment("2026-11-21T11:39:27Z")))
    assert (log.total(Query()).calls, log.skipped.undated) == (2, 3)


def test_a_line_without_end_is_passed_over_and_memory_stays_flat(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with open(path, "wb") as file:
        file.write(json.dumps(LINE).encode() + b"\n")
        for _ in range(24):
            file.write(b"x" * LONGEST)
        file.write(b"\n" + json.dumps(LINE).encode())
        for number in range(20_000):
            file.write(b"\n" + json.dumps(LINE | {"cwd": f"/{number}"}).encode())
    tracemalloc.start()
    log = LogLedger(str(path), Query())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (log.total(Query()).calls, log.skipped.lines) == (20_002, 1)
    assert peak < 5 * LONGEST


@pytest.mark.parametrize("name", ["none", ".", "nul\0"])
def test_a_log_that_cannot_be_read_is_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="can't be read"):
        LogLedger(f"{tmp_path}/{name}", Query())


@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero"])
def test_a_device_is_a_log_of_nothing_however_much_it_gives(device: str) -> None:
    if not Path(device).exists():
        pytest.skip("this system has no such device")
    assert list(entries(device, Skipped())) == []
