"""An export is a whole file or none, and never in the place of another unless that was said."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.journal.samples import call, commit, opened, spent
from tui_delegate.core.errors import InputError, JournalError
from tui_delegate.journal.browse import Browse, View
from tui_delegate.journal.export import export_file
from tui_delegate.journal.ledger import Call
from tui_delegate.journal.store import Journal


@pytest.fixture
def calls(tmp_path: Path) -> list[Call]:
    path = tmp_path / "journal.db"
    with closing(Journal.open(path)) as journal:
        commit(
            journal,
            "r",
            [opened("r"), spent(call(model="\x1b[31mred\x1b[0m")), spent(call(cost=None))],
        )
    with closing(Browse(path)) as browse:
        return list(browse.each(View(descending=False)))


def test_both_forms_hold_every_call(calls: list[Call], tmp_path: Path) -> None:
    assert export_file(calls, "csv", tmp_path / "a.csv") == 2
    assert export_file(calls, "jsonl", tmp_path / "a.jsonl") == 2
    with open(tmp_path / "a.csv", encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["model"] for row in rows] == ["red", "qwen3:4b"]
    assert rows[1]["cost"] == ""
    text = (tmp_path / "a.jsonl").read_text(encoding="utf-8")
    assert [json.loads(line)["cost"] for line in text.splitlines()] == [0.25, None]
    assert "\x1b" not in text


def test_a_file_that_is_there_is_kept_unless_it_may_be_replaced(calls: list[Call], tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    target.write_text("mine")
    with pytest.raises(InputError):
        export_file(calls, "csv", target)
    assert target.read_text() == "mine"
    assert export_file(calls, "csv", target, replace=True) == 2


def test_an_export_that_fails_half_way_leaves_nothing_and_takes_nothing(
    calls: list[Call], tmp_path: Path
) -> None:
    def broken() -> Iterator[Call]:
        yield calls[0]
        raise JournalError("gone")

    target = tmp_path / "out" / "a.csv"
    target.parent.mkdir()
    target.write_text("mine")
    with pytest.raises(JournalError):
        export_file(broken(), "csv", target, replace=True)
    assert [one.name for one in target.parent.iterdir()] == ["a.csv"]
    assert target.read_text() == "mine"


def test_a_place_that_cannot_be_written_is_named(calls: list[Call], tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        export_file(calls, "csv", tmp_path / "none" / "a.csv")
    assert str(tmp_path / "none" / "a.csv") in caught.value.message
