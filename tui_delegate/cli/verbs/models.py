"""`models`: what every server here holds, and loading, unloading and downloading.

Which servers there are and how to reach them is the workspace's; here it is asked for, told and shown.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, TextIO

from tui_delegate.cli import output
from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from tui_delegate.backends.discover import Found
    from tui_delegate.core.ports import ModelHost
    from tui_delegate.core.servers import ModelInfo, Progress, ServerInfo

ACTIONS = ("list", "load", "unload", "pull")
DONE = {"load": "is loaded", "unload": "is unloaded", "pull": "is there"}
_HEAD = ("MODEL", "STATE", "WINDOW", "SIZE", "QUANT", "CAN")
_RIGHT = frozenset({2, 3})
_LONGEST_LINE = 76


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what follows `models`."""
    parser.add_argument("action", nargs="?", choices=ACTIONS, default="list", help="list is meant by nothing")
    parser.add_argument("model", nargs="?", help="what to load, unload or pull, as its server names it")
    parser.add_argument("--profile", metavar="NAME", help="only this profile's server")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")


def run(args: argparse.Namespace) -> int:
    """List, or do what is asked."""
    import asyncio

    if args.action == "list" and args.model:
        raise InputError(f"`models list` takes no model, and {args.model} was given.", "Did you mean load?")
    if args.action != "list" and not args.model:
        raise InputError(f"`models {args.action}` needs a model.", "`tui-delegate models` lists them.")
    return asyncio.run(_list(args) if args.action == "list" else _act(args))


async def _list(args: argparse.Namespace) -> int:
    from tui_delegate.workspace.seats import Workspace

    workspace = Workspace.open()
    try:
        found = await workspace.servers(args.profile)
    finally:
        await workspace.aclose()
    if args.profile and len(found) == 1 and found[0].error:
        raise found[0].error
    if args.json:
        output.data_json(as_json(found))
    else:
        output.data(render(found))
    return output.OK


async def _act(args: argparse.Namespace) -> int:
    from tui_delegate.workspace.seats import Workspace

    workspace = Workspace.open()
    try:
        host = await workspace.host(args.profile)
        meter = Meter(sys.stderr, silent=args.json or args.quiet, in_bytes=args.action == "pull")
        await perform(host, args.action, args.model, meter)
    finally:
        await workspace.aclose()
    if args.json:
        content = {"action": args.action, "model": args.model, "profile": args.profile}
        output.data_json({"ok": True, "command": "models", "content": content})
    elif not args.quiet:
        output.say(f"{args.model} {DONE[args.action]}.")
    return output.OK


async def perform(host: ModelHost, action: str, model: str, meter: Meter) -> None:
    """Do one action on a server and show how far it is."""
    try:
        if action == "load":
            await host.load(model, meter.show)
        elif action == "unload":
            await host.unload(model)
        else:
            await host.pull(model, meter.show)
    finally:
        meter.end()


class Meter:
    """Shows progress: one line that changes on a terminal, elsewhere a new line for each tenth."""

    def __init__(self, stream: TextIO, *, silent: bool = False, in_bytes: bool = False) -> None:
        self._stream = stream
        self._silent = silent
        self._in_bytes = in_bytes
        self._changes = stream.isatty()
        self._last: tuple[str, int] | None = None

    def show(self, step: Progress) -> None:
        """Show one step, where it is news."""
        percent = min(step.done * 100 // step.total, 100) if step.total else 0
        mark = (step.status, percent if self._changes else percent // 10)
        if self._silent or mark == self._last:
            return
        self._last = mark
        line = clean_line(self._words(step, percent), _LONGEST_LINE)
        self._stream.write(f"\r\x1b[K{line}" if self._changes else f"{line}\n")
        self._stream.flush()

    def end(self) -> None:
        """Take the changing line away."""
        if self._changes and self._last is not None:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def _words(self, step: Progress, percent: int) -> str:
        if not step.total:
            return step.status
        size = f"  {size_words(step.done)} of {size_words(step.total)}" if self._in_bytes else ""
        return f"{step.status}  {percent} %{size}"


def render(found: Sequence[Found]) -> str:
    """Write all servers for people: those that answer with their models, the others with the reason."""
    parts = [_server_text(one, one.server) for one in found if one.server]
    if not parts:
        parts.append("No model server answers here.")
    if away := [_away_text(one) for one in found if _is_missed(one)]:
        parts.append("\n".join(away))
    return "\n\n".join(parts)


def as_json(found: Sequence[Found]) -> dict[str, object]:
    """Make the JSON object of `models list`."""
    servers = [_server_json(one) for one in found]
    return {"ok": True, "command": "models", "content": {"servers": servers}}


def size_words(size: int | None) -> str:
    """Write a number of bytes as people do."""
    if size is None:
        return "-"
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} B"


def _server_text(one: Found, server: ServerInfo) -> str:
    version = f" {server.version}" if server.version else ""
    slots = f", {server.parallel} at once" if server.parallel else ""
    head = clean_line(f"{server.backend}{version}  {shown_url(one.url)}{_profiles(one)}{slots}")
    if not server.models:
        return f"{head}\n  no models"
    rows = [_HEAD, *(_row(model) for model in server.models)]
    return head + "\n" + "\n".join(f"  {line}" for line in output.table(rows, right=_RIGHT).split("\n"))


def _row(model: ModelInfo) -> tuple[str, ...]:
    return (
        clean_line(model.id),
        model.state if model.state != "unknown" else "-",
        str(model.window) if model.window else "-",
        size_words(model.size),
        clean_line(" ".join(word for word in (model.parameters, model.quantization) if word)) or "-",
        " ".join(model.capabilities) or "-",
    )


def _away_text(one: Found) -> str:
    reason = one.error.message if one.error else ""
    return clean_line(f"- {shown_url(one.url)}{_profiles(one)}: {reason}", 300)


def _is_missed(one: Found) -> bool:
    """A usual place where nothing listens is no news, unless a profile leads there."""
    return one.error is not None and (bool(one.names) or one.error.code != "unreachable")


def _profiles(one: Found) -> str:
    return f" ({', '.join(one.names)})" if one.names else ""


def _server_json(one: Found) -> dict[str, object]:
    here: dict[str, object] = {"url": shown_url(one.url), "profiles": list(one.names)}
    if one.server is None:
        return here | {"ok": False, "error": one.error.envelope() if one.error else None}
    return here | {
        "ok": True,
        "backend": one.server.backend,
        "version": one.server.version,
        "parallel": one.server.parallel,
        "models": [_model_json(model) for model in one.server.models],
    }


def _model_json(model: ModelInfo) -> dict[str, object]:
    return {
        "id": model.id,
        "state": model.state,
        "window": model.window,
        "size": model.size,
        "quantization": model.quantization,
        "parameters": model.parameters,
        "capabilities": list(model.capabilities),
        "parallel": model.parallel,
    }


def shown_url(url: str) -> str:
    """Give an address without a name and password that somebody wrote into it."""
    return re.sub(r"(?<=://)[^/@]*@", "", url)
