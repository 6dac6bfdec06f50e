"""Says of every tool whether our rules are in it. Reads the files, changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.rules import hosts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def install_state(home: Path, environ: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Give (tool, state, detail) for each tool that we know.

    The states: `installed vN`, `not installed`, `agent-delegate's block`, `not detected`, `print only` and
    `broken: …`. The detail is a path, or for `print only` the command that prints.
    """
    rows = []
    for host in hosts.table(home, environ):
        if host.prints_only:
            rows.append((host.name, "print only", f"tui-delegate install --print {host.name}"))
        elif not host.detected:
            rows.append((host.name, "not detected", str(host.signs[0])))
        else:
            rows.append((host.name, "not installed", str(host.file or host.own[0].path)))
    return rows
