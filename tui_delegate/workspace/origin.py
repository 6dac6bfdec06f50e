"""Where a run comes from: the session, folder and parent that its calls are written down with, and how deep
in other runs it is. A process that one of ours starts is told so by a variable.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tui_delegate.core.calls import RunContext
from tui_delegate.core.depth import DEPTH, depth_of
from tui_delegate.core.errors import DepthExceeded
from tui_delegate.core.records import replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_delegate.core.limits import Limits


def origin(
    environ: Mapping[str, str], command: str, *, session: str = "", target: str = "", cwd: str = ""
) -> RunContext:
    """Say where a run comes from: from the working folder, if no other is named."""
    try:
        cwd = cwd or os.getcwd()
    except FileNotFoundError:
        cwd = ""
    return RunContext(
        command=command,
        session=session,
        cwd=cwd,
        target=target,
        parent_pid=os.getppid(),
        claude_session_id=environ.get("CLAUDE_SESSION_ID", ""),
        codex_session_id=environ.get("CODEX_SESSION_ID", ""),
    )


def within(limits: Limits, environ: Mapping[str, str]) -> Limits:
    """Take the levels off that are above this process. Raises a DepthExceeded where none is left."""
    depth = depth_of(environ)
    if depth >= limits.depth:
        raise DepthExceeded(
            f"This call was made from inside {depth} others of its kind: the limit depth is {limits.depth}.",
            f"A worker or a tool calls tui-delegate again. {DEPTH} says how deep it is.",
        )
    return replace(limits, depth=limits.depth - depth) if depth else limits


def fresh_id(letter: str) -> str:
    """Make a name that nobody has: `r-` for a run, `s-` for a session."""
    return f"{letter}-{os.urandom(6).hex()}"
