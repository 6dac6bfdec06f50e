"""Taking up a run: whose it is, who may have it, and who was too late."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.journal.samples import NOON, begun, commit, opened
from tui_delegate.core.errors import InputError
from tui_delegate.core.events import Failed, Finished
from tui_delegate.journal.claim import claim, is_alive
from tui_delegate.journal.sessions import RunRow
from tui_delegate.journal.store import Journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def row_of(path: Path, run: str = "r1", pid: int | None = None) -> RunRow:
    journal = Journal.open(path)
    if journal.run(run) is None:
        assert commit(journal, run, [begun(run)]) is None
    row = journal.run(run)
    journal.close()
    assert row is not None
    return row if pid is None else replace(row, pid=pid)


def ended_process() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_an_open_run_is_alive_as_long_as_its_process(path: Path) -> None:
    row = row_of(path)
    assert row.pid == os.getpid()
    assert is_alive(row)
    assert not is_alive(replace(row, pid=ended_process()))
    assert not is_alive(replace(row, status="failed"))
    assert is_alive(replace(row, machine="elsewhere"))
    assert not is_alive(replace(row, pid=2**70))


@pytest.mark.skipif(sys.platform != "linux", reason="only there it can be read when a process began")
def test_a_number_that_another_program_has_now_is_not_the_run(path: Path) -> None:
    other = subprocess.Popen(["sleep", "60"])
    try:
        before = row_of(path, pid=other.pid)
        assert not is_alive(replace(before, started=before.started - 3600))
    finally:
        other.kill()
        other.wait()


def test_a_claim_holds_for_whoever_read_the_row_first(path: Path) -> None:
    journal = Journal.open(path)
    commit(journal, "r1", [opened("r1"), Failed(at=NOON, code="timeout", message="no")])
    row = journal.run("r1")
    assert row is not None
    claim(path, row)
    after = journal.run("r1")
    assert after is not None
    assert (after.status, after.ended, after.pid, after.machine) == (
        "open",
        None,
        os.getpid(),
        platform.node(),
    )
    with pytest.raises(InputError, match="just taken up"):
        claim(path, row)
    with pytest.raises(InputError, match="still running"):
        claim(path, after)
    journal.close()


def test_a_run_of_another_machine_is_left_to_it(path: Path) -> None:
    with pytest.raises(InputError, match="begun on elsewhere"):
        claim(path, replace(row_of(path), machine="elsewhere"))


def test_the_runs_that_stopped_are_those_that_nobody_works_on(path: Path) -> None:
    journal = Journal.open(path)
    commit(journal, "open", [begun("open")])
    commit(journal, "failed", [opened("failed"), Failed(at=NOON, code="timeout", message="no")])
    commit(journal, "done", [opened("done"), Finished(at=NOON, text="yes")])
    assert [row.id for row in journal.stopped()] == ["failed"]
    failed = journal.run("failed")
    assert failed is not None
    assert [type(event).__name__ for event in journal.take_up(failed)] == ["Opened", "Failed"]
    assert journal.stopped() == []
    journal.close()
