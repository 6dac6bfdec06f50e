"""The builtin manager: its plan by rule, and the answer that it puts together."""

from __future__ import annotations

import json

import pytest

from tests.backends.builtin.samples import (
    QUOTED,
    README,
    SCHEMA,
    TOOL,
    asking,
    chat,
    entry,
    long_log,
    play,
    untrue,
)
from tui_delegate.backends.builtin.plan import MOST_TASKS, plan, ranges
from tui_delegate.core.files import FileEntry
from tui_delegate.core.messages import Message, ToolCall, ToolSpec, tool_result, user

FIRST = "What is this and how do I start it? @README.md"
FILES = {"README.md": README}


def test_a_single_short_file_gets_a_worker_that_digests_and_one_that_extracts() -> None:
    run = play(FIRST, FILES)
    assert [str(task["task_description"]).split()[0] for task in run.tasks] == ["Digest", "Extract"]
    assert all(task["files"] == ["README.md"] for task in run.tasks)
    assert all(FIRST in str(task["task_description"]) for task in run.tasks)
    assert run.plan.finish == "calls"
    assert run.plan.message.thinking[0].text.startswith("Plan: README.md is short")
    assert run.plan.message.text == ""


def test_the_first_question_of_a_newcomer_is_answered_with_what_stands_in_the_file() -> None:
    answer = play(FIRST, FILES).answer
    assert untrue(answer, FILES) == []
    assert "kestrel watches folders and mirrors them" in answer
    assert 'README.md:18: ".venv/bin/pip install kestrel"' in answer
    assert "You need Python 3.11" in answer.partition("how do I start it")[2]
    assert answer.index("What is this") < answer.index("how do I start it")
    assert answer.endswith("not a language model.)")


def test_nothing_is_quoted_twice_in_an_answer() -> None:
    rows = [found[0] for found in QUOTED.finditer(play(FIRST, FILES).answer)]
    assert rows
    assert len(rows) == len(set(rows))


def test_a_long_log_is_cut_into_ranges_and_its_counts_are_added_up() -> None:
    files = {"app.log": long_log()}
    run = play("What went wrong? @app.log", files)
    assert 5 <= len(run.tasks) <= 6
    assert untrue(run.answer, files) == []
    assert "FATAL 1, ERROR 75" in run.answer
    assert "Errors in lines: 3198-3496 (76)." in run.answer
    assert run.answer.count("charge") == 1, "one row for all lines of one shape"
    assert "×75, last at line 3496" in run.answer


def test_a_pointed_question_about_a_log_finds_the_one_line() -> None:
    files = {"app.log": long_log()}
    answer = play("What happened to process 4711? @app.log", files).answer
    assert 'app.log:3198: "' in answer
    assert untrue(answer, files) == []


def test_a_long_document_is_cut_at_its_headings() -> None:
    text = "".join(f"# Part {part}\n" + "A line of text.\n" * 119 for part in range(1, 6))
    run = play("Where is the text? @book.md", {"book.md": text})
    starts = [int(str(task["files"]).split(":")[1].split("-")[0]) for task in run.tasks]
    assert len(starts) == 2
    assert all((start - 1) % 120 == 0 for start in starts)


@pytest.mark.parametrize(("lines", "count"), [(2, 2), (301, 2), (5000, 6), (7, 6)])
def test_ranges_cover_every_line_once(lines: int, count: int) -> None:
    cut = ranges(FileEntry("a", lines, 1, 1, ((3, "x"), (4, "y"))), count)
    assert [line for first, last in cut for line in range(first, last + 1)] == list(range(1, lines + 1))


def test_several_files_get_a_worker_each() -> None:
    files = {"a.md": "# A\n\nApples are red.\n", "b.md": "# B\n\nPears are green.\n"}
    run = play("Which pears are green? @a.md @b.md", files)
    assert [task["files"] for task in run.tasks] == [["a.md"], ["b.md"]]
    assert 'b.md:3: "Pears are green."' in run.answer


def test_more_files_than_tasks_share_workers_and_none_is_left_out() -> None:
    entries = [entry(f"f{at}.md", "word " * (at + 1)) for at in range(40)]
    tasks = plan("What do they say about words?", entries).tasks
    assert len(tasks) <= MOST_TASKS
    assert [name for task in tasks for name in task.files] == [one.name for one in entries]


def test_one_line_without_end_is_not_cut_into_ranges() -> None:
    tasks = plan("What is in it?", [FileEntry("x.json", 1, 3_000_000, 900_000)]).tasks
    assert [task.files for task in tasks] == [("x.json",), ("x.json",)]


def test_without_files_it_says_plainly_what_it_is_and_delegates_nothing() -> None:
    reply, _ = chat("builtin/manager", asking("hello there", {}), tools=(TOOL,))
    assert reply.message.calls == ()
    assert "not a language model" in reply.message.text
    assert "@README.md" in reply.message.text


def test_a_pasted_text_travels_inside_the_tasks() -> None:
    prompt = "How do I stop it?\n\n" + README
    run = play(prompt, {})
    assert len(run.tasks) == 2
    assert all("files" not in task for task in run.tasks)
    assert "press Ctrl-C once" in run.answer
    assert untrue(run.answer, {"prompt": prompt}) == []


def test_it_chooses_a_model_where_the_tool_lets_it() -> None:
    properties = dict(SCHEMA["properties"])  # type: ignore[call-overload]
    properties["model"] = {"type": "string", "enum": ["builtin/digest", "builtin/extract"]}
    tool = ToolSpec("subagent", "", json.dumps({**SCHEMA, "properties": properties}))
    reply, _ = chat("builtin/manager", asking(FIRST, FILES), tools=(tool,))
    chosen = [json.loads(call.arguments)["model"] for call in reply.message.calls]
    assert chosen == ["builtin/digest", "builtin/extract"]


def test_it_never_calls_where_it_may_not() -> None:
    for more in ({"tools": (TOOL,), "may_call": False}, {"tools": ()}):
        reply, _ = chat("builtin/manager", asking(FIRST, FILES), **more)
        assert reply.message.calls == ()
        assert "README.md" in reply.message.text


def test_a_failed_worker_is_named_with_its_reason_and_the_others_still_answer() -> None:
    call = ToolCall("1", "subagent", "{}")
    good = {
        "status": "ok",
        "task_name": "a",
        "result": 'For “How do I stop it?”:\n- x.md:3: "Press Q to stop."',
    }
    bad = {"status": "error", "task_name": "b", "error": "timeout", "message": "It took too long."}
    said = [
        user("How do I stop it? @x.md"),
        Message("assistant", "", calls=(call, call)),
        tool_result(call, json.dumps(good)),
        tool_result(call, json.dumps(bad), failed=True),
    ]
    text = chat("builtin/manager", said, may_call=False)[0].message.text
    assert 'x.md:3: "Press Q to stop."' in text
    assert "Not done: b: It took too long." in text


@pytest.mark.parametrize("result", ["", "not json", "[1]", "{", '{"status":"ok"}', '{"result": 5}'])
def test_a_result_of_any_shape_still_ends_in_an_answer(result: str) -> None:
    call = ToolCall("1", "subagent", "{}")
    said = [user("Why?"), Message("assistant", "", calls=(call,)), tool_result(call, result)]
    assert chat("builtin/manager", said)[0].message.text


def test_another_models_own_words_are_passed_on_as_they_came() -> None:
    call = ToolCall("1", "subagent", "{}")
    row = {"status": "ok", "task_name": "think", "result": "The moon is made of rock."}
    said = [
        user("What is it made of?"),
        Message("assistant", "", calls=(call,)),
        tool_result(call, json.dumps(row)),
    ]
    assert "The moon is made of rock." in chat("builtin/manager", said)[0].message.text


def test_a_later_prompt_may_ask_about_the_files_of_an_earlier_one() -> None:
    said = [*asking(FIRST, FILES), Message("assistant", "An answer."), user("And how do I stop it?")]
    reply, _ = chat("builtin/manager", said, tools=(TOOL,))
    assert "And how do I stop it?" in reply.message.calls[0].arguments
    assert json.loads(reply.message.calls[0].arguments)["files"] == ["README.md"]


def test_ids_of_calls_never_repeat_within_a_conversation() -> None:
    said = asking(FIRST, FILES)
    first, _ = chat("builtin/manager", said, tools=(TOOL,))
    said += [first.message, Message("assistant", "An answer."), user("And how do I stop it?")]
    second, _ = chat("builtin/manager", said, tools=(TOOL,))
    ids = [call.id for call in (*first.message.calls, *second.message.calls)]
    assert len(ids) == len(set(ids)) == 4
