"""A session as Markdown and JSON: all of it is there, and nothing that was said breaks out of its place."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.journal.samples import CANARY, call, every_kind, opened
from tui_delegate.core import events
from tui_delegate.core.errors import InputError
from tui_delegate.core.transcript import Transcript
from tui_delegate.journal.minutes import SCHEMA, VERSION, file_name, json_text, save, to_json, to_markdown

HOSTILE = [
    "plain\n```\nafter a fence",
    "````\n``````\n<script>alert(1)</script>",
    "</details><img src=x onerror=alert(1)>",
    "![spy](http://127.0.0.1/pixel.png)",
    "<!-- never closed",
    "# A heading\n\n## Figures\n\n---",
    "\x1b[31mred\x1b[0m\x07 \u202eright to left \x9b5m",
    "line\u2028of its own\x85and <b>another",
    "half of a pair \ud800",
]


def folded(*said: events.Event) -> Transcript:
    transcript = Transcript()
    for event in said:
        transcript.apply(event)
    return transcript


def talk(text: str) -> Transcript:
    """A run in which every text is this one."""
    return folded(
        events.Opened(run="r1", prompt=text),
        events.Started(agent="manager", profile="p", backend="b", model=text, at=1.0),
        events.Thought(text=text),
        events.Delegated(path=(0,), call_id="c", task_name=text, task=text, files=(text,)),
        events.Started(path=(0,), agent=text, profile=text, backend="b", model=text),
        events.Thought(path=(0,), text=text),
        events.Spent(path=(0,), call=call()),
        events.Failed(path=(0,), code="x", message=text, hint=text, text=text),
        events.Spent(call=call(agent=text, cost=None)),
        events.Finished(text=text, flags=("length",), at=2.0),
    )


def outside(markdown: str) -> list[str]:
    """Give the lines that stand in no fence and no quotation."""
    lines, fence = [], ""
    for line in markdown.split("\n"):
        if fence:
            fence = "" if line == fence else fence
        elif line.startswith("```"):
            fence = line.removesuffix("text")
        elif not line.startswith(">"):
            lines.append(line)
    assert not fence, "a fence is never closed"
    return lines


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_was_said_breaks_out_of_its_place(text: str) -> None:
    markdown = to_markdown([talk(text), talk("calm")], title=text)
    lines = outside(markdown)
    assert [line for line in lines if line.startswith("## ")] == [
        "## 1. You", next(line for line in lines if line.startswith("## 1. Manager")),
        "## 2. You", "## 2. Manager (p/calm)", "## Figures",
    ]  # fmt: skip
    assert lines.count("</details>") == lines.count("<details><summary>Thinking</summary>") == 4
    for line in lines:
        bare = line.replace("\\<", "").replace("<details><summary>Thinking</summary>", "")
        assert "<" not in bare.replace("</details>", "")
        assert "![" not in line
    assert not any(sign in markdown for sign in "\x1b\x9b\x07\u202e\ud800\x85\u2028")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_quotation_holds_nothing_that_a_viewer_would_run_or_load(text: str) -> None:
    quoted = [line for line in to_markdown([talk(text)]).split("\n") if line.startswith("> ")]
    if "<script" in text or "<img" in text or "![" in text:
        assert [line for line in quoted if "script" in line or "img" in line or "![" in line] == []


def test_markdown_tells_prompt_answer_delegations_and_figures() -> None:
    markdown = to_markdown([talk("calm words")], "My session")
    assert markdown.startswith("# My session\n\n## 1. You\n\n> calm words\n")
    assert "### Worker 1: calm words" in markdown
    assert "120 tokens in, 30 out" in markdown
    assert "failed; x: calm words calm words" in markdown
    assert "| **all** | | 2 | 240 | 40 | 60 | price unknown |" in markdown


def test_a_session_without_text_or_runs_is_still_a_document() -> None:
    assert "## Figures" in to_markdown([])
    assert "(the prompt is not kept)" in to_markdown([folded(events.Opened(run="r1"))])


def test_json_holds_every_run_node_and_call_raw() -> None:
    run = folded(*every_kind("r1"))
    value = json.loads(json_text(to_json([run], "title \x1b[31m")))
    assert (value["schema"], value["version"], value["title"]) == (SCHEMA, VERSION, "title \x1b[31m")
    (one,) = value["runs"]
    assert (one["run"], one["prompt"]) == ("r1", f"{CANARY} please\nand more")
    assert [node["path"] for node in one["nodes"]] == [[], [0], [0, 2], [1], [3]]
    assert [len(node["calls"]) for node in one["nodes"]] == [0, 0, 1, 0, 0]
    assert one["warnings"][0]["message"] == "half of a pair: \ud800 and ü\u2028"
    json_text(to_json([run])).encode()


def test_letters_of_any_language_stay_readable_in_json() -> None:
    assert "für 日本" in json_text(to_json([folded(events.Opened(run="r", prompt="für 日本"))]))


def test_a_file_that_is_there_is_never_overwritten_unasked(tmp_path: Path) -> None:
    place = tmp_path / "a.md"
    save(place, "one")
    with pytest.raises(InputError, match="is there already"):
        save(place, "two")
    assert place.read_text() == "one"
    save(place, "two", over=True)
    assert place.read_text() == "two"
    if os.name == "posix":
        assert place.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["missing/a.md", "", "\0"])
def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"can't be written|is there already"):
        save(tmp_path / name, "text")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Compare these notes!", "compare-these-notes"),
        ("../../etc/passwd", "etc-passwd"),
        ("\x1b[31m", "session"),
        ("", "session"),
        ("日本 語", "日本-語"),
    ],
)
def test_a_files_name_comes_from_the_title(title: str, name: str) -> None:
    assert file_name(title) == name


def test_a_first_event_alone_makes_a_session() -> None:
    assert CANARY in to_markdown([folded(opened("r1"))])
