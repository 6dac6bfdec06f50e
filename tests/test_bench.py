from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.bench import __main__ as bench

FILES = Path(bench.__file__).parent.glob("*.py")
THERE = {path.stem for path in FILES if "\ndef rows(" in path.read_text(encoding="utf-8")}


def test_every_bench_there_is_can_be_named() -> None:
    assert {*bench.BENCHES, *bench.ONLY_BY_NAME} == THERE


@pytest.mark.parametrize("word", ["--help", "no-such"])
def test_who_asks_or_names_what_there_is_not_reads_which_there_are(
    word: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", word])
    with pytest.raises(SystemExit) as left:
        bench.main()
    said = capsys.readouterr()
    assert left.value.code == (0 if word == "--help" else 2)
    assert all(name in said.out + said.err for name in THERE)
