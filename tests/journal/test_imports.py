"""Logs that are brought in: each line once, whatever happened to the log or to an import since."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from tests.journal.samples import NOON, call, commit, opened, spent
from tests.journal.test_ledger import folded, same
from tui_delegate.core.calls import RunContext
from tui_delegate.core.usage import Price, Usage
from tui_delegate.journal import imports
from tui_delegate.journal.export import entry, stamp
from tui_delegate.journal.imports import Imported, Importer
from tui_delegate.journal.jsonl import line_of
from tui_delegate.journal.ledger import COLUMNS, Call, Ledger, Query
from tui_delegate.journal.store import Journal


def line(number: int = 0, **fields: object) -> dict[str, object]:
    record: dict[str, object] = {
        "ts": stamp(NOON + number), "command": ("ask", "write")[number % 2], "profile": "p",
        "backend": "openai-compat", "model": f"m{number % 3}", "prompt_eval_count": 100 + number,
        "eval_count": 10, "cached_tokens": 5, "reasoning_tokens": 1, "total_duration_ms": 7,
        "cwd": f"/project{number % 2}", "claude_session_id": "c1", "codex_session_id": "", "parent_pid": 9,
        "host": "http://h/v1",
    }  # fmt: skip
    return record | fields


def write(path: Path, *lines: object) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))
    return path


def price_of(model: str, backend: str, host: str) -> Price | None:
    return Price(1.0, 2.0, 0.5, "list") if model == "m0" else None


def bring(journal: Path, log: Path) -> Imported:
    with closing(Importer(journal, price_of)) as importer:
        return importer.read(str(log), lambda done: None)


def rows_of(journal: Path) -> list[Call]:
    with closing(Ledger.open(journal)) as ledger:
        return ledger.last(Query(limit=0))


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


def test_calls_keep_what_the_log_says_and_are_marked(tmp_path: Path, journal: Path) -> None:
    log = write(tmp_path / "log", line(0, codex_session_id="x", target="out.py"), line(1))
    assert bring(journal, log) == Imported(str(log), calls=2)
    first, second = rows_of(journal)
    assert first.run == "imported"
    assert (first.at, first.command, first.cwd, first.target) == (NOON, "ask", "/project0", "out.py")
    assert (first.claude_session_id, first.codex_session_id, first.parent_pid) == ("c1", "x", 9)
    assert (first.prompt, first.completion, first.cached, first.delegated) == (100, 10, 5, 110)
    assert first.cost == Price(1.0, 2.0, 0.5).cost(Usage(100, 5, 10))
    assert (second.cost, second.price_source) == (None, None)
    assert entry(first)["imported"] is True


def test_the_roll_up_counts_them(tmp_path: Path, journal: Path) -> None:
    bring(journal, write(tmp_path / "log", *(line(number) for number in range(50))))
    found = rows_of(journal)
    with closing(Ledger.open(journal)) as ledger:
        for by in COLUMNS:
            same(ledger.totals(by, Query()), folded(by, found))


def test_a_second_import_adds_nothing_and_a_grown_log_only_what_is_new(tmp_path: Path, journal: Path) -> None:
    lines = [line(number) for number in range(30)]
    log = write(tmp_path / "log", *lines)
    assert bring(journal, log).calls == 30
    assert bring(journal, log) == Imported(str(log), calls=0, known=30)
    write(log, *lines, line(30), line(31))
    assert bring(journal, log)[1:3] == (2, 30)
    moved = write(tmp_path / "rotated", *lines[20:], line(30), line(32))
    assert bring(journal, moved)[1:3] == (1, 11)
    assert len(rows_of(journal)) == 33


def test_two_calls_of_one_second_that_look_alike_are_two(tmp_path: Path, journal: Path) -> None:
    log = write(tmp_path / "log", line(), line(), line(1), line())
    assert bring(journal, log).calls == 4
    assert bring(journal, log).calls == 0
    assert len(rows_of(journal)) == 4


def test_an_import_that_was_interrupted_can_be_run_again(
    tmp_path: Path, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "CHUNK", 10)
    log = write(tmp_path / "log", *(line(number) for number in range(35)))

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    with closing(Importer(journal, price_of)) as importer, pytest.raises(KeyboardInterrupt):
        importer.read(str(log), stop)
    assert len(rows_of(journal)) == 10
    assert bring(journal, log)[1:3] == (25, 10)
    with closing(Ledger.open(journal)) as ledger:
        assert ledger.total(Query()).calls == 35


def test_lines_that_a_verb_of_ours_wrote_are_there_already(tmp_path: Path, journal: Path) -> None:
    context = RunContext("ask", "", "/here", "", 42, "c1", "")
    two = [call(usage=Usage(10, 0, 2), model="m"), call(usage=Usage(20, 0, 3), model="m")]
    with closing(Journal.open(journal)) as store:
        events = [spent(made, path=(), at=NOON + number) for number, made in enumerate(two)]
        commit(store, "r1", [opened("r1", context), *events])
    ours = line_of(
        context,
        at=NOON + 1.7,
        profile="ollama",
        backend="openai-compat",
        host="h",
        model="m",
        usage=Usage(30, 0, 5),
        total_ms=1,
    )
    theirs = json.loads(ours) | {"eval_count": 6}
    log = write(tmp_path / "log", json.loads(ours), theirs)
    assert bring(journal, log)[1:3] == (1, 1)
    assert bring(journal, log)[1:3] == (0, 2)


def test_our_own_export_and_lines_without_a_time_are_not_brought_in(tmp_path: Path, journal: Path) -> None:
    with closing(Journal.open(journal)) as store:
        commit(store, "r1", [opened("r1"), spent()])
    log = write(tmp_path / "log", entry(rows_of(journal)[0]), line(ts="soon"), line(ts=None))
    with open(log, "a") as file:
        file.write("no json\n")
    found = bring(journal, log)
    assert (found.calls, found.exported, found.undated, found.skipped_lines) == (0, 1, 2, 1)


def test_no_line_can_spoil_the_file(tmp_path: Path, journal: Path) -> None:
    odd = [
        line(prompt_eval_count=10**30, total_duration_ms=-5),
        line(model="\ud800", cwd="\0", parent_pid=10**20),
        line(command="x" * 100_000, backend=None, host=["a"]),
        line(cached_tokens=500, eval_count="many"),
        line(ts="9999-12-31T23:59:59Z"),
    ]
    found = bring(journal, write(tmp_path / "log", *odd))
    assert (found.calls, found.skipped_figures) == (4, 1)
    assert found.undated == 1
    assert [row.prompt for row in rows_of(journal)] == [2**53, 100, 100, 600]
