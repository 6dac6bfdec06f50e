"""`builtin/manager`: turns a request into delegations by rule, and their results into an answer.

It reads no file itself. What may not live here: how tasks are cut (plan) and answers are made (compose).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tui_delegate.backends.builtin.compose import CLOSING, compose
from tui_delegate.backends.builtin.plan import PASTE, Plan, Task, plan, question_of_pasted
from tui_delegate.backends.builtin.talk import Talk, Tool, delegation_tool, listen
from tui_delegate.core.messages import Message, Thinking, ToolCall

if TYPE_CHECKING:
    from tui_delegate.core.chunks import ChatRequest

_WHAT_I_AM = """\
I am tui-delegate's builtin engine: rules, not a language model. I know nothing by myself and can't \
chat. What I can do is read files: my workers quote the passages that answer a question, and condense \
documents, logs, diffs and source code, always with file:line.

Name files, folders or globs with @ in your prompt:

- What is this and how do I start it? @README.md
- What went wrong? @app.log

For answers in a model's own words, start a model server (Ollama, LM Studio or llama.cpp), or choose another \
profile."""


def manage(request: ChatRequest) -> Message:
    """Plan, or answer, whichever is due."""
    talk = listen(request.messages)
    tool = delegation_tool(request)
    if talk.tried or talk.results:
        question = talk.prompt
        if not talk.entries and len(question) > PASTE:
            question = question_of_pasted(question)
        return Message("assistant", compose(question, talk.results))
    made = plan(talk.prompt, talk.entries)
    if not made.tasks:
        return Message("assistant", _WHAT_I_AM)
    if tool is None or (talk.entries and not tool.takes_files):
        return Message("assistant", _cannot(talk))
    # A plan is thought and not said: what is said is the answer.
    plans = (Thinking(f"Plan: {made.why}"),)
    return Message("assistant", calls=_calls(made, tool, talk.calls), thinking=plans)


def _calls(made: Plan, tool: Tool, before: int) -> tuple[ToolCall, ...]:
    return tuple(
        ToolCall(f"builtin-{before + number}", tool.name, _arguments(task, tool))
        for number, task in enumerate(made.tasks, 1)
    )


def _arguments(task: Task, tool: Tool) -> str:
    given: dict[str, object] = {"task_name": task.name[:80], "task_description": task.description}
    if task.files:
        given["files"] = list(task.files)
    if (model := f"builtin/{task.verb}") in tool.models:
        given["model"] = model
    return json.dumps(given, ensure_ascii=False)


def _cannot(talk: Talk) -> str:
    names = ", ".join(entry.name for entry in talk.entries[:8]) or "the text in the prompt"
    return f"I can't read {names} here: only workers read, and none may be started in this turn.\n\n{CLOSING}"
