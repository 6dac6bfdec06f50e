"""The line of agent-delegate's log for one errand that went well, where such a log is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_delegate.workspace.errands import Told


def log_errand(told: Told, environ: Mapping[str, str]) -> str:
    """Write the line. Gives what is to be said where that did not go well; empty: all is well."""
    from tui_delegate.journal import jsonl

    path = jsonl.log_path(environ)
    if path is None:
        return ""
    done = told.done
    line = jsonl.line_of(
        told.context,
        at=done.at,
        profile=done.seat.profile,
        backend=done.seat.protocol,
        host=done.seat.host,
        model=done.seat.model,
        usage=done.usage,
        total_ms=round(done.seconds * 1000),
    )
    return jsonl.append(path, line) or ""
