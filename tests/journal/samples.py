"""Events and calls to fill a journal with. Every field that holds what was said holds a canary."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import tui_delegate
from tui_delegate.core import events
from tui_delegate.core.calls import ModelCall, RunContext, Status
from tui_delegate.core.limits import Limits
from tui_delegate.core.messages import Message, Thinking, ToolCall
from tui_delegate.core.usage import Price, Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_delegate.journal.store import Journal

ROOT = Path(tui_delegate.__file__).parents[1]
NOON = 1_794_916_800.0
"""12:00 UTC on 17 November 2026."""
CANARY = "canary-vireo"
USAGE = Usage(120, 20, 30, 5)
CONTEXT = RunContext("run", "s1", "/home/me/project", "out.py", 4242, "claude-7", "codex-9")


def call(
    *,
    agent: str = "worker",
    model: str = "qwen3:4b",
    usage: Usage = USAGE,
    cost: float | None = 0.25,
    status: Status = "ok",
    total_ms: int = 900,
) -> ModelCall:
    """One call; what matters to a test is given."""
    return ModelCall(
        agent=agent,
        profile="ollama",
        backend="ollama",
        host="http://127.0.0.1:11434",
        asked=model,
        answered=f"{model}-answered",
        usage=usage,
        queue_ms=3,
        first_token_ms=40,
        total_ms=total_ms,
        tokens_per_second=55.5,
        price=None if cost is None else Price(1.0, 2.0, 0.1, "list 2026-11-01"),
        cost=cost,
        status=status,
        code="" if status == "ok" else "timeout",
    )


def opened(run: str, context: RunContext = CONTEXT) -> events.Opened:
    """The first event of a run."""
    return events.Opened(
        at=NOON, run=run, prompt=f"{CANARY} please\nand more", limits=Limits(), context=context
    )


def begun(run: str, context: RunContext = CONTEXT) -> events.Opened:
    """The first event of a run that begins now, as of one that is at work."""
    return replace(opened(run, context), at=0.0)


def spent(made: ModelCall | None = None, *, path: events.RunPath = (0,), at: float = NOON) -> events.Spent:
    """The event of one call."""
    return events.Spent(at=at, path=path, call=made or call())


def every_kind(run: str) -> list[events.Event]:
    """One event of each kind, no field at its default where that can be."""
    reply = Message(
        "assistant",
        CANARY,
        (ToolCall("c1", "subagent", f'{{"task": "{CANARY}"}}'),),
        (Thinking(CANARY, "signed", "", "ollama/qwen3:4b"),),
    )
    return [
        opened(run),
        events.Resumed(at=NOON),
        events.Asked(
            path=(0, 2),
            kind="delegation",
            agent="worker",
            profile="p",
            model="m",
            task_name=CANARY,
            task=CANARY,
            files=("a",),
            note=CANARY,
        ),
        events.Delegated(
            path=(0, 2),
            attempt=2,
            at=NOON,
            call_id="c1",
            task_name=CANARY,
            task=CANARY,
            files=("a",),
            agent="other",
        ),
        events.Started(
            path=(0, 2), agent="worker", profile="p", backend="ollama", model="m", window=9, resumes=1
        ),
        events.Refused(
            path=(1,), call_id="c", code="x", message="no", tool="t", task_name=CANARY, task=CANARY, hint="h"
        ),
        events.Spent(path=(0, 2), at=NOON, call=call(), reply=reply, finish="calls", flags=("odd",), heard=1),
        events.Returned(path=(0, 2), text=CANARY, failed=True, edited=True, cut=7),
        events.Finished(path=(0, 2), text=CANARY, flags=("length",)),
        events.Failed(path=(1,), code="timeout", message="no answer", hint="wait", text=CANARY),
        events.Cancelled(path=(3,), text=CANARY),
        events.Commanded(command="steer", agent="worker", text=CANARY),
        events.FellBack(from_seat="a/b", profile="c", backend="ollama", model="d", code="unreachable"),
        events.Warned(code="odd", message="half of a pair: \ud800 and ü\u2028"),
        events.Wrote(path=(0, 2), text=CANARY),
        events.Thought(text=CANARY),
        events.Calling(slot=1, tool="subagent", text=CANARY),
        events.Queued(position=3, reason="busy"),
        events.Loading(stage="load", done=0.5),
        events.Retrying(code="overloaded", message="503", delay=1.5),
        events.Finished(at=NOON + 9, text=CANARY),
    ]


def commit(journal: Journal, run: str, batch: Sequence[events.Event]) -> Exception | None:
    """Append, and wait until the journal says how it went."""
    told = threading.Event()
    heard: list[Exception | None] = []

    def done(error: Exception | None) -> None:
        heard.append(error)
        told.set()

    journal.append(run, batch, done)
    assert told.wait(60)
    return heard[0]


def child(*args: str) -> subprocess.Popen[str]:
    """Start a process that writes; see `writing_child`."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.journal.writing_child", *args],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
