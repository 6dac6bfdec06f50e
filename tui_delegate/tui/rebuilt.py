"""A node in full, as texts: what it said, what it was sent as far as that is known, its raw reply, its calls.

Pure folds over a transcript. What is not known is said to be unknown; controls are written as signs.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from tui_delegate.core.clean import clean, clean_line, show_controls
from tui_delegate.core.specs import seat_name
from tui_delegate.tui import figures

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tui_delegate.core.calls import ModelCall
    from tui_delegate.core.events import RunPath
    from tui_delegate.core.transcript import Node, Part, Transcript

LONGEST = 200_000
"""Characters of one text that are shown; of a longer one, the end."""
_DELEGATES = "subagent "
"""What a call to a worker begins with."""
_DROPPED = ("queue", "first", "cached", "tok/s")
"""Columns of the calls, in the order in which they go."""
_HEADS = {"text": "said", "thought": "thought", "call": "called", "note": "was told by you"}


def story(node: Node) -> str:
    """Write all parts of all attempts, in order, each under a word that says what it is."""
    lines: list[str] = []
    for part in node.parts:
        if not (head := _HEADS.get(part.kind)):
            continue
        if part.attempt > 1:
            head += f" · attempt {part.attempt}"
        lines += [f"── {head} ──", clean(part.text), ""]
    if node.code:
        lines += [
            f"── {node.state}: {clean_line(node.code)} ──",
            clean(figures.sentences(node.message, node.hint)),
        ]
    return _end_of("\n".join(lines).rstrip()) or "Nothing yet."


def request(transcript: Transcript, path: RunPath) -> str:
    """Write the request as far as the run's events tell it."""
    node = transcript.nodes[path]
    lines = [
        "Put together from what the journal keeps: requests themselves are not kept.",
        "",
        "── system ──",
        f"(The instructions of a {'worker' if path else 'manager'}, with those of its profile or agent.)",
        "",
    ]
    if transcript.after and not path:
        lines += ["── before ──", "(What was said in this conversation before.)", ""]
    if node.files:
        names = "\n".join(clean_line(name) for name in node.files)
        lines += ["── user: files, their contents as they were then ──", names, ""]
    lines += ["── user ──", show_controls(node.task), ""]
    lines += _rounds(transcript, node)
    return _end_of("\n".join(lines).rstrip())


def raw(node: Node) -> str:
    """Write what came as it came, controls as signs, thinking in its own stretch."""
    parts = [part for part in node.parts if part.kind in ("text", "thought", "call")]
    text = "\n".join(
        show_controls(part.text) if part.kind == "text" else f"⟨{part.kind}⟩\n{show_controls(part.text)}"
        for part in parts
    )
    return _end_of(text) or "Nothing yet."


def files(node: Node) -> str:
    """Write what it was given to read."""
    return "\n".join(clean_line(name) for name in node.files) or "It was given no files."


def calls(node: Node, room: int = 0) -> str:
    """Write its model calls, as the ledger has them: tokens, times, cost, how each ended.

    What is least asked for is left out where there is no `room`, in columns, for all; 0: there is plenty.
    """
    if not node.calls:
        return "No model call has ended yet."
    head = ("#", "model", "in", "out", "cached", "queue", "first", "total", "tok/s", "cost", "ended")
    rows = [head, *(_row(number, call) for number, call in enumerate(node.calls, 1))]
    rows.append(_sum(node))
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    for name in _DROPPED:
        if room and sum(width + 2 for width in widths if width) - 2 > room:
            widths[head.index(name)] = 0
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if column in (1, len(head) - 1) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            if width
        ]
        lines.append("  ".join(cells).rstrip())
    window = f"\n\n{_gauge(node)}" if node.context else ""
    return "\n".join(lines) + window


def _rounds(transcript: Transcript, node: Node) -> Iterator[str]:
    """Give what it answered and what was answered to it: results follow the calls that they belong to."""
    children, called = iter(node.children), 0
    for part in node.parts:
        if part.kind != "call":
            yield from _results(transcript, islice(children, called))
            called = 0
        called += part.kind == "call" and part.text.startswith(_DELEGATES)
        if part.kind == "note":
            yield from ("── user: your note ──", show_controls(part.text), "")
        elif part.kind in ("text", "call") and not _is_last(part, node):
            yield from (f"── assistant, {_HEADS[part.kind]} ──", show_controls(part.text), "")
    yield from _results(transcript, children)  # also those whose calls came without a piece of text


def _results(transcript: Transcript, paths: Iterable[RunPath]) -> Iterator[str]:
    for path in paths:
        child = transcript.nodes[path]
        said = child.text if child.state == "done" else f"{child.state}: {child.message}"
        yield from (f"── tool: result of {figures.place(path)} ──", show_controls(said), "")


def _is_last(part: Part, node: Node) -> bool:
    """The answer itself was sent to nobody."""
    return node.state == "done" and part is node.parts[-1]


def _row(number: int, call: ModelCall) -> tuple[str, ...]:
    usage = call.usage
    about = "" if usage.source == "reported" else "~"
    return (
        str(number),
        clean_line(seat_name(call.profile, call.answered or call.asked), 40),
        about + figures.count(usage.prompt),
        about + figures.count(usage.completion),
        figures.count(usage.cached) if usage.cached else "–",
        figures.seconds(call.queue_ms / 1000),
        "–" if call.first_token_ms is None else figures.seconds(call.first_token_ms / 1000),
        figures.seconds(call.total_ms / 1000),
        "–" if call.tokens_per_second is None else f"{call.tokens_per_second:.0f}",
        figures.dollars(call.cost),
        call.status if call.status == "ok" else f"{call.status} {clean_line(call.code, 30)}".strip(),
    )


def _sum(node: Node) -> tuple[str, ...]:
    usage, milliseconds = node.usage, sum(call.total_ms for call in node.calls)
    totals = (figures.count(usage.prompt), figures.count(usage.completion), figures.count(usage.cached))
    return (
        "",
        "together",
        *totals,
        "",
        "",
        figures.seconds(milliseconds / 1000),
        "",
        figures.dollars(node.cost),
        "",
    )


def _gauge(node: Node) -> str:
    taken = f"context of the last call: {node.context:,}"
    if not node.window:
        return f"{taken} tokens; the window of the model is not known"
    return f"{taken} of {node.window:,} tokens ({node.context / node.window:.0%})"


def _end_of(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return f"(The end of {len(text):,} characters.)\n\n{text[-LONGEST:]}"
