"""The minutes of a session, for somebody else to read: Markdown for people, JSON for programs.

Made of transcripts only. In Markdown everything is cleaned, and nothing that was said can break out of its
place; in JSON it is as it was said. Nothing that is there already is overwritten unasked.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from tui_delegate import disk
from tui_delegate.core.clean import clean, clean_line
from tui_delegate.core.errors import InputError
from tui_delegate.core.flags import partial_words
from tui_delegate.core.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from tui_delegate.core.transcript import Node, Transcript

SCHEMA: Final = "tui-delegate.session"
VERSION: Final = 1
"""Of the JSON form: grows when a reader of the one before would be misled."""
_ACTIVE: Final = r"<[A-Za-z!/?]|!\["
"""What a viewer may run or load. A text with it is shown as it is, between fences."""
_STATES: Final = {"done": "", "failed": "failed", "refused": "refused", "cancelled": "stopped by the user"}


def to_markdown(runs: Sequence[Transcript], title: str = "") -> str:
    """Write a session: what was asked and answered, each delegation, and the figures at the end."""
    lines = [f"# {_inline(title) or 'A session'}", ""]
    for number, run in enumerate(runs, 1):
        lines += [f"## {number}. You", "", *_quoted(run.prompt, "(the prompt is not kept)")]
        for node in run.delegations():
            lines += _delegation(node)
        lines += _answer(run, number)
    return "\n".join([*lines, *_figures(runs)]) + "\n"


def to_json(runs: Sequence[Transcript], title: str = "") -> dict[str, object]:
    """Give all runs with their nodes and calls. Text is raw: clean it before it goes to a display."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "title": title,
        "usage": asdict(sum((run.usage for run in runs), Usage())),
        "cost": _cost(run.cost for run in runs),
        "runs": [_run_object(run) for run in runs],
    }


def json_text(value: dict[str, object]) -> str:
    """Write the JSON form. Half of a surrogate pair is written as its escape: UTF-8 has no other way."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    if re.search("[\ud800-\udfff]", text):
        text = json.dumps(value, indent=2)
    return text + "\n"


def save(path: Path, text: str, *, over: bool = False) -> None:
    """Write a file for its owner only. Raises an InputError where one is there already, unless `over`."""
    try:
        disk.save(path, text.encode(), over=over, mode=0o600)
    except FileExistsError as error:
        raise InputError(f"{path} is there already.", "Choose another name.") from error
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path} can't be written: {words}.", "Choose another place.") from error


def file_name(title: str) -> str:
    """Make a file's name of a title, without an ending."""
    words = re.findall(r"\w+", clean_line(title, 60).lower())
    return "-".join(words)[:48].strip("-") or "session"


def _delegation(node: Node) -> list[str]:
    number = ".".join(str(step + 1) for step in node.path)
    said = [part.text for part in node.parts if part.kind == "thought"]
    return [
        f"### Worker {number}: {_inline(node.task_name) or 'task'}",
        "",
        _facts(node),
        "",
        *_quoted(node.task, "(the task is not kept)"),
        *([f"Files: {', '.join(_inline(name) for name in node.files)}", ""] if node.files else []),
        *_thinking("".join(said)),
        *_result(node),
    ]


def _answer(run: Transcript, number: int) -> list[str]:
    root = run.root
    thinking = "".join(part.text for part in root.parts if part.kind == "thought")
    seat = _inline(f"{root.profile}/{root.model}") if root.profile else "no model"
    return [f"## {number}. Manager ({seat})", "", *_thinking(thinking), *_result(root)]


def _result(node: Node) -> list[str]:
    state = _STATES.get(node.state, "not ended")
    notes = [state] if state else []
    notes += [_inline(partial_words(flag)) for flag in node.flags]
    notes += ["edited by the user"] if node.edited else []
    lines = _quoted(node.text, "(no text)")
    if node.message:
        notes.append(_inline(f"{node.code}: {node.message} {node.hint}"))
    return [*lines, *([f"*{'; '.join(notes)}*", ""] if notes else [])]


def _thinking(text: str) -> list[str]:
    if not text.strip():
        return []
    return ["<details><summary>Thinking</summary>", "", *_fenced(clean(text)), "", "</details>", ""]


def _quoted(text: str, empty: str) -> list[str]:
    """Show what was said: as a quotation, which nothing inside can end, or in fences where it is active."""
    text = clean(text).strip("\n")
    if not text.strip():
        return [f"*{empty}*", ""]
    if re.search(_ACTIVE, text):
        return [*_fenced(text), ""]
    return [*(f"> {line}".rstrip() for line in _lines(text)), ""]


def _fenced(text: str) -> list[str]:
    """Put a text between fences that are longer than any within it."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *_lines(text), fence]


def _lines(text: str) -> list[str]:
    """Split at every line end that a reader of Markdown may know."""
    return re.split(r"\r\n|[\n\r\v\f\x85\u2028\u2029]", text)


def _inline(text: str) -> str:
    """Make a short piece of text that no reader of Markdown takes for anything else."""
    return re.sub(r"([\\`*_{}\[\]<>#|!&~$])", r"\\\1", clean_line(text))


def _facts(node: Node) -> str:
    words = [f"{node.profile}/{node.model}" if node.profile else "no model", node.agent]
    if node.calls:
        words.append(f"{node.usage.prompt:,} tokens in, {node.usage.completion:,} out")
        words.append(_dollars(node.cost))
    if node.ended > node.started > 0:
        words.append(f"{node.ended - node.started:.1f} s")
    return " · ".join(_inline(word) for word in words if word)


def _figures(runs: Sequence[Transcript]) -> list[str]:
    sums: dict[tuple[str, str], list[Node]] = {}
    for node in (node for run in runs for node in run.nodes.values() if node.calls):
        sums.setdefault((node.agent, f"{node.profile}/{node.model}"), []).append(node)
    rows = [
        f"| {_inline(agent)} | {_inline(seat)} | {_row(nodes)} |" for (agent, seat), nodes in sums.items()
    ]
    everything = [node for nodes in sums.values() for node in nodes]
    return [
        "## Figures",
        "",
        *_span(everything),
        "| agent | model | calls | tokens in | cached | tokens out | cost |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
        *rows,
        f"| **all** | | {_row(everything)} |",
    ]


def _row(nodes: Iterable[Node]) -> str:
    nodes = list(nodes)
    usage = sum((node.usage for node in nodes), Usage())
    calls = sum(len(node.calls) for node in nodes)
    about = "" if usage.source == "reported" else "~"
    cost = _dollars(_cost(node.cost for node in nodes))
    figures = (f"{about}{figure:,}" for figure in (usage.prompt, usage.cached, usage.completion))
    return " | ".join([str(calls), *figures, _inline(cost)])


def _span(nodes: Sequence[Node]) -> Iterator[str]:
    begun = min((node.started for node in nodes if node.started), default=0.0)
    if begun:
        yield f"Begun {time.strftime('%Y-%m-%d %H:%M', time.localtime(begun))}."
        yield ""


def _dollars(cost: float | None) -> str:
    return "price unknown" if cost is None else f"${cost:.4f}"


def _cost(costs: Iterable[float | None]) -> float | None:
    known = list(costs)
    return None if None in known else sum(cost for cost in known if cost is not None)


def _run_object(run: Transcript) -> dict[str, object]:
    return {
        "run": run.run,
        "session": run.session,
        "after": run.after,
        "forgets": run.forgets,
        "recap": run.recap,
        "prompt": run.prompt,
        "state": run.root.state,
        "usage": asdict(run.usage),
        "cost": run.cost,
        "warnings": [{"code": one.code, "message": one.message} for one in run.warnings],
        "nodes": [_node_object(run.nodes[path]) for path in sorted(run.nodes)],
    }


def _node_object(node: Node) -> dict[str, object]:
    return {
        "path": list(node.path),
        "attempt": node.attempt,
        "state": node.state,
        "task_name": node.task_name,
        "task": node.task,
        "files": list(node.files),
        "agent": node.agent,
        "profile": node.profile,
        "backend": node.backend,
        "model": node.model,
        "text": node.text,
        "parts": [{"kind": one.kind, "attempt": one.attempt, "text": one.text} for one in node.parts],
        "started": node.started,
        "ended": node.ended,
        "code": node.code,
        "message": node.message,
        "hint": node.hint,
        "flags": list(node.flags),
        "edited": node.edited,
        "cut": node.cut,
        "usage": asdict(node.usage),
        "cost": node.cost,
        "calls": [asdict(call) for call in node.calls],
    }
