"""What model servers of several makes say, for the loopback server: a manager that delegates, its workers.

A request that offers a tool comes from the manager: it gets the calls, then, once results are there, the
answer. Every other request is a worker's and is answered with `result of` its task.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence

from tests.loopback import Answer, Asked, table

Say = Callable[[Asked], Answer]
TASKS = ("fix the typo", "sort these names")
CHAT = "POST /v1/chat/completions"
_LIST = table({"GET /v1/models": {"data": [{"id": "big", "owned_by": "vllm"}]}})
SSE = {"content-type": "text/event-stream"}


def sse(*events: object, done: bool = True) -> bytes:
    lines = [f"data: {json.dumps(event)}\n\n" for event in events]
    return "".join([*lines, "data: [DONE]\n\n" if done else ""]).encode()


def delta(finish: str | None = None, **delta: object) -> dict[str, object]:
    return {"model": "big", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


USED = {"model": "big", "choices": [], "usage": {"prompt_tokens": 20, "completion_tokens": 5}}


def text(*pieces: str) -> bytes:
    """A whole answer, in these pieces."""
    return sse(*(delta(content=piece) for piece in pieces), delta("stop"), USED)


def arguments(task: str) -> dict[str, str]:
    return {"task_name": task.split()[0], "task_description": task}


def calls(*tasks: str) -> bytes:
    """A whole reply that delegates these tasks."""
    made = [
        {
            "index": place,
            "id": f"c{place}",
            "type": "function",
            "function": {"name": "subagent", "arguments": json.dumps(arguments(task))},
        }
        for place, task in enumerate(tasks)
    ]
    return sse(*(delta(tool_calls=[call]) for call in made), delta("tool_calls"), USED)


def body(asked: Asked) -> dict[str, object]:
    value = asked.json()
    assert isinstance(value, dict)
    return value


def said(asked: Asked) -> list[tuple[str, str]]:
    """Roles and texts of what was sent."""
    messages = body(asked)["messages"]
    assert isinstance(messages, list)
    return [(message["role"], message.get("content") or "") for message in messages]


def results(asked: Asked) -> list[str]:
    """The results that the workers brought to the manager."""
    found = [json.loads(content) for role, content in said(asked) if role == "tool"]
    return [one.get("result") or f"{one['error']}: {one['message']}" for one in found]


def who(asked: Asked) -> str:
    """Name a request by who asks for what: the manager's plan, its answer, or a worker's task."""
    if not body(asked).get("tools"):
        return said(asked)[-1][1]
    return "answer" if said(asked)[-1][0] == "tool" else "plan"


def half_way(gate: asyncio.Event) -> Say:
    """Have two workers, of which the second stays in the middle of its answer until the gate opens."""
    usual = openai(*TASKS)

    def say(asked: Asked) -> Answer:
        if asked.line == CHAT and who(asked) == TASKS[1]:
            half = sse(delta(content="result of "), done=False)
            return Answer(half, headers=SSE, gate=gate, rest=text("sort these names"))
        return usual(asked)

    return say


def openai(*tasks: str) -> Say:
    """A server of OpenAI's kind whose manager delegates these tasks; without tasks it answers itself."""

    def say(asked: Asked) -> Answer:
        if asked.line != CHAT:
            return _LIST(asked)
        return Answer(openai_reply(asked, tasks), headers=SSE)

    return say


def answering(*answers: Answer) -> Say:
    """A server of OpenAI's kind that answers its chats with these, in turn; the last one stays."""
    left = list(answers)

    def say(asked: Asked) -> Answer:
        if asked.line != CHAT:
            return _LIST(asked)
        return left.pop(0) if len(left) > 1 else left[0]

    return say


def openai_reply(asked: Asked, tasks: Sequence[str]) -> bytes:
    if not body(asked).get("tools"):
        return text("result of ", said(asked)[-1][1])
    if brought := results(asked):
        return text("Done: ", "; ".join(brought))
    return calls(*tasks) if tasks else text("Hel", "lo", ".")


def lmstudio(*tasks: str) -> Say:
    """LM Studio: OpenAI's chat, its own list, an answer to every path."""
    loaded = {
        "id": "big",
        "config": {"context_length": 8192, "parallel": 4},
    }
    model = {
        "type": "llm",
        "key": "big",
        "loaded_instances": [loaded],
        "max_context_length": 8192,
        "capabilities": {"vision": False, "trained_for_tool_use": True},
    }
    chat = openai(*tasks)

    def say(asked: Asked) -> Answer:
        if asked.line == CHAT:
            return chat(asked)
        known: dict[str, object] = {
            "GET /v1/models": {"data": [{"id": "big", "object": "model", "owned_by": "organization_owner"}]},
            "GET /api/v1/models": {"models": [model]},
        }
        answer = known.get(asked.line, {"error": f"Unexpected endpoint or method. ({asked.line})"})
        return Answer(answer)

    return say


def ollama(*tasks: str) -> Say:
    """Ollama: lines of JSON, arguments as objects, no ids."""
    known = table(
        {
            "GET /": Answer(b"Ollama is running"),
            "GET /api/version": {"version": "0.15.2"},
            "GET /api/tags": {"models": [{"name": "big:4b", "model": "big:4b", "size": 1}]},
            "GET /api/ps": {"models": []},
            "POST /api/show": {"model_info": {}, "capabilities": ["completion", "tools"]},
        }
    )

    def say(asked: Asked) -> Answer:
        if asked.line != "POST /api/chat":
            return known(asked)
        return Answer(_ollama_reply(asked, tasks), headers={"content-type": "application/x-ndjson"})

    return say


def _ollama_reply(asked: Asked, tasks: Sequence[str]) -> bytes:
    if not body(asked).get("tools"):
        return _ollama_lines({"content": f"result of {said(asked)[-1][1]}"})
    if brought := results(asked):
        return _ollama_lines({"content": "Done: " + "; ".join(brought)})
    made = [{"function": {"name": "subagent", "arguments": arguments(task)}} for task in tasks]
    return _ollama_lines({"content": "", "tool_calls": made})


def _ollama_lines(message: dict[str, object]) -> bytes:
    first = {"model": "big:4b", "message": {"role": "assistant", **message}, "done": False}
    last = {
        "model": "big:4b",
        "message": {"role": "assistant", "content": ""},
        "done": True,
        "done_reason": "stop",
        "prompt_eval_count": 20,
        "eval_count": 5,
        "eval_duration": 1_000_000,
    }
    return b"".join(json.dumps(line).encode() + b"\n" for line in (first, last))
