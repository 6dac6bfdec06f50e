"""Says of every tool whether our rules are in it. Reads the files, changes nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tui_delegate.core.errors import FileRefused
from tui_delegate.rules import block, hosts, place, texts

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
            path = host.file or host.own[0].path
            rows.append((host.name, _state(host, path), str(path)))
    return rows


def _state(host: hosts.Host, path: Path) -> str:
    try:
        data = place.look(path).data
        found = block.find(data) if data is not None else None
    except FileRefused as error:
        return f"broken: {error.message.removeprefix(f'{path}: ')}"
    if found is None:
        return "not installed"
    if found.owner == block.THEIRS:
        return "agent-delegate's block"
    included = texts.is_include(found.text(data or b""))
    if included and not host.include:
        return "not installed"
    if included:
        missing = next(
            (own.path for own in host.own if own.text == "policy" and not os.path.exists(own.path)), None
        )
        if missing is not None:
            return f"broken: {missing} is missing, which the block includes"
    return f"installed {found.version}"
