"""Tells coding agents of our MCP server: by the host's own command, else in a plain JSON file, else in words.

A file that a parser would not give back to the letter (comments, odd spacing, doubled keys) is never touched:
a configuration that breaks takes the whole host with it.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Final

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import FileRefused
from tui_delegate.core.records import dataclass
from tui_delegate.rules import place
from tui_delegate.rules.apply import Result, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tui_delegate.rules.hosts import Host

NAME: Final = "tui-delegate"
PATIENCE: Final = 60.0
_ADD: Final = {
    "claude-code": ("claude", "mcp", "add", "--scope", "user", NAME, "--"),
    "codex-cli": ("codex", "mcp", "add", NAME, "--"),
    "gemini-cli": ("gemini", "mcp", "add", "--scope", "user", NAME),
}
_REMOVE: Final = {
    "claude-code": ("claude", "mcp", "remove", "--scope", "user", NAME),
    "codex-cli": ("codex", "mcp", "remove", NAME),
    "gemini-cli": ("gemini", "mcp", "remove", "--scope", "user", NAME),
}
_FILES: Final = {
    "cursor": ("mcp.json", "mcpServers"),
    "copilot": ("mcp-config.json", "mcpServers"),
    "opencode": ("opencode.json", "mcp"),
}
_KNOWN: Final = ("claude-code", "codex-cli", "gemini-cli", "cursor", "copilot", "opencode", "claude-desktop")


@dataclass(frozen=True, slots=True)
class Way:
    """How to go about it: our own program, the environment of the hosts' commands, only looking."""

    program: tuple[str, ...]
    environ: Mapping[str, str]
    dry_run: bool = False

    @property
    def server(self) -> tuple[str, ...]:
        """Give the command that starts our server."""
        return (*self.program, "mcp")


def register(hosts: Sequence[Host], way: Way) -> list[Result]:
    """Register the server with every host that is here and knows MCP."""
    return [_one(host, way, adding=True) for host in hosts if _knows(host)]


def withdraw(hosts: Sequence[Host], way: Way) -> list[Result]:
    """Take the registration back."""
    return [_one(host, way, adding=False) for host in hosts if _knows(host) and not host.prints_only]


def _knows(host: Host) -> bool:
    return host.name in _KNOWN and (host.detected or host.prints_only)


def _one(host: Host, way: Way, *, adding: bool) -> Result:
    words = (*_ADD[host.name], *way.server) if adding and host.name in _ADD else _REMOVE.get(host.name, ())
    # Gemini's command has no sign for "what follows is not for you".
    mixed = host.name == "gemini-cli" and any(word.startswith("-") for word in way.server)
    if words and not (mixed and adding) and shutil.which(words[0], path=way.environ.get("PATH", "")):
        return _run(host, words, way)
    if host.name in _FILES:
        name, key = _FILES[host.name]
        path = host.signs[0] / name
        try:
            return _edit(host, path, key, way, adding)
        except FileRefused as error:
            return _in_words(host, way, adding, f"{path}: {refusal('', path, error).detail}")
    return _in_words(host, way, adding, "")


def _run(host: Host, words: Sequence[str], way: Way) -> Result:
    import shlex
    import subprocess

    line = shlex.join(words)
    if way.dry_run:
        return Result(host.name, "would_run", line)
    try:
        done = subprocess.run(
            list(words),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=dict(way.environ),
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Result(host.name, "refused", line, clean_line(str(error)), "Run it by hand.")
    said = (done.stderr or done.stdout).decode("utf-8", "replace").strip().rpartition("\n")[2]
    if done.returncode == 0:
        return Result(host.name, "ran", line)
    if "already exists" in said or "not found" in said.lower() or "no mcp server" in said.lower():
        return Result(host.name, "unchanged", line, clean_line(said))
    detail = f"it ended with {done.returncode}: {clean_line(said)}"
    return Result(host.name, "refused", line, detail, "Run it by hand.")


def _in_words(host: Host, way: Way, adding: bool, why: str) -> Result:
    if not adding:
        return Result(host.name, "noop", "MCP server", why or f"take {NAME} out of its MCP servers by hand")
    where, snippet = _snippet(host, way)
    return Result(host.name, "print only", where, why or "add it by hand", snippet=snippet)


def _snippet(host: Host, way: Way) -> tuple[str, str]:
    """Give the file that the host reads, and what is to stand in it."""
    import json

    if host.name == "codex-cli":
        command, *rest = way.server
        values = f"command = {json.dumps(command)}\nargs = {json.dumps(rest)}"
        return str(host.signs[0] / "config.toml"), f"[mcp_servers.{NAME}]\n{values}"
    name, key = _FILES.get(host.name, ("settings.json", "mcpServers"))
    named = {"claude-code": "~/.claude.json", "claude-desktop": "claude_desktop_config.json"}
    where = named.get(host.name) or str(host.signs[0] / name)
    return where, json.dumps({key: {NAME: _value(host, way)}}, indent=2)


def _value(host: Host, way: Way) -> dict[str, object]:
    command, *rest = way.server
    if host.name == "opencode":
        return {"type": "local", "command": list(way.server), "enabled": True}
    value: dict[str, object] = {"command": command, "args": rest}
    return {"type": "local", **value, "tools": ["*"]} if host.name == "copilot" else value


def _edit(host: Host, path: Path, key: str, way: Way, adding: bool) -> Result:
    spot = place.look(path)
    data, indent = _parsed(spot)
    if os.path.exists(path.with_suffix(".jsonc")):
        raise FileRefused(f"{path.with_suffix('.jsonc')}: has comments, so it is left alone")
    servers = data.get(key, {})
    if not isinstance(servers, dict):
        raise FileRefused(f'{path}: "{key}" is no object')
    wanted = _value(host, way)
    if (servers.get(NAME) == wanted) if adding else (NAME not in servers):
        return Result(host.name, "unchanged" if adding else "noop", spot.shown, f'"{NAME}" in "{key}"')
    if adding:
        data = {**data, key: {**servers, NAME: wanted}}
    else:
        left = {name: value for name, value in servers.items() if name != NAME}
        data = {name: value for name, value in data.items() if name != key} | ({key: left} if left else {})
    return _store(host, spot, data, indent, way)


def _store(host: Host, spot: place.Spot, data: dict[str, object], indent: int | str, way: Way) -> Result:
    text = _text(data, indent) + (b"\n" if spot.data is None or spot.data.endswith(b"\n") else b"")
    if way.dry_run:
        return Result(host.name, "would_write", spot.shown, before=spot.data or b"", after=text)
    place.refuse_open(spot)
    with place.held(spot.path):
        if not data:
            place.remove(spot)
            return Result(host.name, "removed", spot.shown, "the file held nothing else")
        kept = place.replace(spot, text)
    return Result(host.name, "replaced" if spot.data else "wrote_new", spot.shown, backup=str(kept or ""))


def _parsed(spot: place.Spot) -> tuple[dict[str, object], int | str]:
    """Read a JSON object and how it is indented; one that would not come back to the letter is refused."""
    import json

    if spot.data is None:
        return {}, 2
    try:
        data = json.loads(spot.data)
    except ValueError as error:
        raise FileRefused(f"{spot.path}: is not plain JSON, so it is left alone") from error
    if isinstance(data, dict):
        for indent in (2, 4, "\t"):
            if _text(data, indent) == spot.data.removesuffix(b"\n"):
                return data, indent
    raise FileRefused(f"{spot.path}: is not written as a program would write it, so it is left alone")


def _text(data: dict[str, object], indent: int | str) -> bytes:
    import json

    return json.dumps(data, indent=indent, ensure_ascii=False).encode()
