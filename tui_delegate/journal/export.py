"""Calls as other tools read them: one JSON object each, or lines of CSV. Its keys may grow, never change.

Where the lines go is the caller's: a pipe, a file. The ledger verb loads this, so it imports little.
"""

import csv
import io
import json
import time
from typing import TYPE_CHECKING, Final

from tui_delegate.core.clean import clean
from tui_delegate.core.errors import InputError
from tui_delegate.journal.ledger import Call

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import BinaryIO, TextIO

FORMS: Final = ("csv", "jsonl")
_CONTROLS: Final = {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), 0x2028, 0x2029)}


def export(calls: "Iterable[Call]", form: str, out: "TextIO") -> int:
    """Write calls in one of `FORMS`; gives how many."""
    return (_write_csv if form == "csv" else _write_jsonl)(calls, out)


def export_file(calls: "Iterable[Call]", form: str, path: "Path", *, replace: bool = False) -> int:
    """Write calls to a file, whole or not at all; gives how many. Raises an InputError."""
    from tui_delegate import disk

    count = 0

    def write(file: "BinaryIO") -> None:
        nonlocal count
        out = io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="")
        try:
            count = export(calls, form, out)
        finally:
            out.detach()

    try:
        disk.save(path, write, over=replace)
    except FileExistsError as error:
        raise InputError(f"{path} is there already.", "Give another name, or write over it.") from error
    except OSError as error:
        raise InputError(f"{path} can't be written: {error.strerror}.", "Give another place.") from error
    return count


def entry(call: Call) -> dict[str, object]:
    """Make a call's JSON object: first the keys that other tools know, then ours."""
    price = {"input": call.price_input, "cached": call.price_cached, "output": call.price_output}
    return {
        "ts": stamp(call.at),
        "command": call.command,
        "profile": call.profile,
        "backend": call.backend,
        "model": call.model,
        "prompt_eval_count": call.prompt,
        "eval_count": call.completion,
        "cached_tokens": call.cached,
        "reasoning_tokens": call.reasoning,
        "total_duration_ms": call.total_ms,
        "cwd": call.cwd,
        "claude_session_id": call.claude_session_id,
        "codex_session_id": call.codex_session_id,
        "parent_pid": call.parent_pid,
        "host": call.host,
        "target": call.target,
        "run": call.run,
        "session": call.session,
        "path": [int(part) for part in call.path.split(".") if part],
        "attempt": call.attempt,
        "agent": call.agent,
        "answered_model": call.answered,
        "status": call.status,
        "error_code": call.code,
        "usage_source": call.usage_source,
        "queue_ms": call.queue_ms,
        "first_token_ms": call.first_token_ms,
        "tokens_per_second": call.tokens_per_second,
        "cost": call.cost,
        "price": None if call.price_source is None else price,
        "price_source": call.price_source,
        "saved_tokens": call.delegated,
        "saved_cost": call.saved,
        "imported": bool(call.imported),
    }


def stamp(at: float) -> str:
    """Write a moment as other tools read it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def _write_csv(calls: "Iterable[Call]", out: "TextIO") -> int:
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(("ts", *Call._fields))
    count = 0
    for call in calls:
        count += 1
        rows.writerow((stamp(call.at), *(clean(cell) if isinstance(cell, str) else cell for cell in call)))
    return count


def _write_jsonl(calls: "Iterable[Call]", out: "TextIO") -> int:
    count = 0
    for call in calls:
        count += 1
        out.write(json.dumps(entry(call), ensure_ascii=False).translate(_CONTROLS) + "\n")
    return count
