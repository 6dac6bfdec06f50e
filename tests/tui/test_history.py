"""Prompts outlive a process, a crash in the middle of a line, and another process at the same file."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_delegate.tui.history import LONGEST, PromptHistory, Stroll

ROOT = Path(__file__).parent.parent.parent
WRITER = """
import sys
from pathlib import Path
from tui_delegate.tui.history import PromptHistory
history = PromptHistory(Path(sys.argv[1]))
for number in range(100):
    history.add(f"{sys.argv[2]} {number}")
"""


def at(tmp_path: Path) -> Path:
    return tmp_path / "state" / "history.jsonl"


def test_a_prompt_is_kept_with_its_time_and_place_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    history = PromptHistory(at(tmp_path), cwd="/here", clock=lambda: 12.5)
    assert history.texts() == []
    assert history.add("two\nlines")
    assert json.loads(at(tmp_path).read_text()) == {"at": 12.5, "cwd": "/here", "text": "two\nlines"}
    assert stat.S_IMODE(at(tmp_path).stat().st_mode) == 0o600
    again = PromptHistory(at(tmp_path))
    assert [(entry.text, entry.at, entry.cwd) for entry in again.entries()] == [("two\nlines", 12.5, "/here")]


def test_the_newest_comes_first_and_each_once(tmp_path: Path) -> None:
    history = PromptHistory(at(tmp_path))
    for text in ("a", "b", "b", "a", "c"):
        history.add(text)
    assert [entry.text for entry in history.entries()] == ["a", "b", "a", "c"]
    assert history.texts() == ["c", "a", "b"]


@pytest.mark.parametrize("text", ["", "   ", "\n", " begins with a space", "x" * (LONGEST + 1)])
def test_what_nobody_wants_back_is_not_kept(text: str, tmp_path: Path) -> None:
    assert not PromptHistory(at(tmp_path)).add(text)
    assert not at(tmp_path).exists()


def test_nothing_is_kept_where_no_text_may_be(tmp_path: Path) -> None:
    assert not PromptHistory(at(tmp_path), keep_text=False).add("secret")
    assert not at(tmp_path).exists()


def test_a_damaged_line_is_passed_over_and_the_next_prompt_does_not_join_it(tmp_path: Path) -> None:
    history = PromptHistory(at(tmp_path))
    history.add("before")
    damage = b'{"text": 7}\n[1]\nnull\n\xff\xfe{\n' + b"[" * 5000 + b'\n{"at": 1, "text": "cut off in the mi'
    with at(tmp_path).open("ab") as file:
        file.write(damage)
    assert history.add("after")
    assert [entry.text for entry in history.entries()] == ["before", "after"]


def test_a_wide_open_file_is_closed_to_others(tmp_path: Path) -> None:
    at(tmp_path).parent.mkdir()
    at(tmp_path).touch(mode=0o644)
    PromptHistory(at(tmp_path)).add("mine")
    assert stat.S_IMODE(at(tmp_path).stat().st_mode) == 0o600


def test_two_processes_write_one_file_and_lose_nothing(tmp_path: Path) -> None:
    writing = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(at(tmp_path)), name], cwd=ROOT)
        for name in ("one", "two")
    ]
    assert [process.wait(60) for process in writing] == [0, 0]
    texts = [entry.text for entry in PromptHistory(at(tmp_path)).entries()]
    assert sorted(texts) == sorted(f"{name} {number}" for name in ("one", "two") for number in range(100))
    assert [text for text in texts if text.startswith("one")] == [f"one {number}" for number in range(100)]


def test_what_another_process_wrote_is_seen(tmp_path: Path) -> None:
    mine, other = PromptHistory(at(tmp_path)), PromptHistory(at(tmp_path))
    mine.add("mine")
    assert mine.texts() == ["mine"]
    other.add("other")
    assert mine.texts() == ["other", "mine"]


def test_the_file_keeps_the_newest_and_does_not_grow_for_ever(tmp_path: Path) -> None:
    history = PromptHistory(at(tmp_path), most=20)
    for number in range(200):
        history.add(f"{number} " + "x" * 5_000)
    assert at(tmp_path).stat().st_size < 500_000
    assert [entry.text.split()[0] for entry in history.entries()] == [str(n) for n in range(180, 200)]
    assert [path.name for path in at(tmp_path).parent.iterdir()] == ["history.jsonl"]
    assert stat.S_IMODE(at(tmp_path).stat().st_mode) == 0o600


def test_a_folder_that_can_not_be_written_is_said_and_not_raised(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    history = PromptHistory(tmp_path / "file" / "history.jsonl")
    assert not history.add("text")
    assert history.trouble.startswith("This prompt is not in the history: ")
    assert history.texts() == []


@given(text=st.text(min_size=1).filter(lambda text: text.strip() and text[0] != " "))
def test_any_text_comes_back_as_it_was(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    history = PromptHistory(tmp_path_factory.mktemp("history") / "history.jsonl")
    assert history.add(text)
    assert history.texts() == [text]


def test_a_stroll_goes_back_and_returns_to_the_draft() -> None:
    stroll = Stroll(["newest", "draft", "oldest"], "draft")
    assert [stroll.older(), stroll.older(), stroll.older()] == ["newest", "oldest", None]
    assert [stroll.newer(), stroll.newer(), stroll.newer()] == ["newest", "draft", None]
