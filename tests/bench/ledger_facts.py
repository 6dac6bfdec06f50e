"""The four facts of a verb's run. Loads no more than such a verb does."""

from __future__ import annotations

from tui_delegate.core.calls import ModelCall, RunContext
from tui_delegate.core.events import Event, Finished, Opened, Spent, Started
from tui_delegate.core.usage import Price, Usage


def facts(run: str) -> list[Event]:
    """Opened, started, spent, finished."""
    usage, price = Usage(900, 0, 100), Price(1.0, 2.0)
    call = ModelCall(
        "worker", "p", "openai", "http://127.0.0.1", "m", "m", usage, 0, 40, 900, 61.5, price, 0.0011, "ok"
    )
    return [
        Opened(at=1.0, run=run, prompt="p" * 2000, context=RunContext("summarize", "", "/here")),
        Started(at=1.0, agent="worker", profile="p", backend="openai", model="m"),
        Spent(at=2.0, call=call),
        Finished(at=2.0, text="t" * 500),
    ]
