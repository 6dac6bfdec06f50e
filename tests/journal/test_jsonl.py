"""agent-delegate's log line: as it writes it, and whole in the file whatever else happens there."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

import pytest

from tui_delegate.core.calls import RunContext
from tui_delegate.core.usage import Usage
from tui_delegate.journal import jsonl

THEIRS = (
    '{"ts": "2026-11-21T11:39:27Z", "command": "write", "profile": "ollama", "backend": "openai-compat", '
    '"model": "qwen3:4b", "prompt_eval_count": 12, "eval_count": 3, "cached_tokens": 4, '
    '"reasoning_tokens": 1, "total_duration_ms": 2, "cwd": "/tmp/try", "claude_session_id": "c1", '
    '"codex_session_id": "", "parent_pid": 30439, "host": "http://127.0.0.1:34347/v1", '
    '"target": "\\u00f6ut.py"}'
)
"""What agent-delegate 0.2.0 wrote for a call to a server on loopback."""


def line(target: str = "öut.py") -> str:
    context = RunContext("write", "ours", "/tmp/try", target, 30439, "c1", "")
    return jsonl.line_of(
        context,
        at=1795261167.9,
        profile="ollama",
        backend="openai-compat",
        host="http://127.0.0.1:34347/v1",
        model="qwen3:4b",
        usage=Usage(12, 4, 3, 1),
        total_ms=2,
    )


def test_the_line_is_agent_delegates_byte_for_byte() -> None:
    assert line() == THEIRS


def test_a_call_without_a_target_has_no_such_key() -> None:
    assert list(json.loads(line(""))) == list(json.loads(THEIRS))[:-1]


def test_the_first_variable_that_is_set_names_the_log() -> None:
    environ = {"TOKEN_METER_HOME": "/meter"}
    assert jsonl.log_path({}) is None
    assert jsonl.log_path(environ) == "/meter/agent-delegate.log"
    environ["OLLAMA_DELEGATE_USAGE_LOG"] = "/old/usage.log"
    assert jsonl.log_path(environ) == "/old/usage.log"
    environ["AGENT_DELEGATE_LOG_DIR"] = "/logs/"
    assert jsonl.log_path(environ) == "/logs/agent-delegate.log"
    environ["AGENT_DELEGATE_LOG"] = "/one.log"
    assert jsonl.log_path(environ) == "/one.log"
    environ["AGENT_DELEGATE_LOG"] = ""
    assert jsonl.log_path(environ) == "/logs/agent-delegate.log"


def test_lines_are_appended_and_folders_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "log"
    assert jsonl.append(str(path), line()) == ""
    assert jsonl.append(str(path), line("")) == ""
    assert path.read_bytes().splitlines() == [line().encode(), line("").encode()]
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600


def test_half_a_line_of_a_crash_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text('{"ts": "2026-')
    assert jsonl.append(str(path), line()) == ""
    assert path.read_text().splitlines() == ['{"ts": "2026-', line()]


@pytest.mark.skipif(os.name != "posix", reason="no such files there")
def test_what_cannot_be_written_is_one_sentence_and_never_waits(tmp_path: Path) -> None:
    assert "can't be written" in jsonl.append(str(tmp_path), line())
    (tmp_path / "file").touch()
    assert "can't be written" in jsonl.append(str(tmp_path / "file" / "log"), line())
    assert "can't be written" in jsonl.append(str(tmp_path / "nul\0log"), line())
    os.mkfifo(tmp_path / "pipe")
    jsonl.append(str(tmp_path / "pipe"), line())
    assert jsonl.append(os.devnull, line()) == ""


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_a_full_disk_is_one_sentence() -> None:
    assert jsonl.append("/dev/full", line()).startswith("The usage log /dev/full can't be written: No space")


def test_many_writers_at_once_leave_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    told: list[str] = []

    def write() -> None:
        told.extend(jsonl.append(str(path), line("x" * 9000)) for _ in range(20))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(told) == {""}
    assert path.read_text().splitlines() == [line("x" * 9000)] * 80


@pytest.mark.skipif(os.name != "posix", reason="no such lock there")
def test_a_lock_that_is_never_given_back_holds_up_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    monkeypatch.setattr(jsonl, "PATIENCE", 0.0)
    path = tmp_path / "log"
    with open(path, "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert jsonl.append(str(path), line()) == ""
    assert path.read_text() == line() + "\n"
