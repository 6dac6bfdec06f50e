"""`install`: teach the coding agents on this machine to delegate. What it changed, `uninstall` takes out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tui_delegate.cli import installing, output
from tui_delegate.core.errors import ResolveError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from tui_delegate.rules.apply import Result
    from tui_delegate.rules.hosts import Host


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Bring the flags of `install`."""
    parser.add_argument("--print", metavar="TOOL", dest="print_tool", help="print one tool's rules, and end")
    installing.add_arguments(
        parser,
        shim="also put the names agent-delegate and ad into a folder (default: where tui-delegate is)",
        mcp="also register our MCP server with these tools",
    )


def run(args: argparse.Namespace) -> int:
    """Install the rules, and on request the two names and the server."""
    from tui_delegate.rules import apply, hosts

    home = Path.home()
    everyone = hosts.table(home, os.environ)
    try:
        if args.print_tool is not None:
            return _print(hosts.chosen(everyone, args.print_tool), args.json)
        selected = hosts.chosen(everyone, args.tool)
    except ResolveError as error:
        return installing.usage(args, error)
    results = apply.install(selected, everyone, dry_run=args.dry_run, force=args.force)
    results += _left_out(selected, named=bool(args.tool))
    results += _more(args, selected, home)
    return installing.tell(args, results, _next(args, results))


def _print(hosts: Sequence[Host], as_json: bool) -> int:
    text = "\n\n".join(_text(host) for host in hosts)
    if as_json:
        output.data_json({"ok": True, "command": "install", "model": "-", "content": text})
    else:
        output.data(text)
    return output.OK


def _text(host: Host) -> str:
    from tui_delegate.rules import texts

    return texts.block(host.block).decode()


def _left_out(hosts: Sequence[Host], *, named: bool) -> list[Result]:
    """Say why some tools got no file. A tool that was named and can only be pasted into brings its text."""
    from tui_delegate.rules.apply import Result

    results = []
    for host in hosts:
        if host.prints_only:
            command, text = f"tui-delegate install --print {host.name}", _text(host) if named else ""
            results.append(Result(host.name, "print only", command, snippet=text))
        elif not host.detected:
            results.append(Result(host.name, "skipped", str(host.signs[0]), "tool not detected"))
    return results


def _more(args: argparse.Namespace, hosts: Sequence[Host], home: Path) -> list[Result]:
    results: list[Result] = []
    if args.shim is not None:
        from tui_delegate.rules import shim

        program = installing.program()
        folder = Path(args.shim).expanduser().absolute() if args.shim else shim.program_folder(program, home)
        results += shim.put(folder, program, os.environ, dry_run=args.dry_run)
    if args.mcp:
        from tui_delegate.rules import register

        way = register.Way(installing.program(), installing.environ_for_children(), args.dry_run)
        results += register.register(hosts, way)
    return results


def _next(args: argparse.Namespace, results: Sequence[Result]) -> list[str]:
    """Say how to undo what was done, where anything was."""
    if args.dry_run:
        return ["nothing was changed; without --dry-run this is done"]
    if not any(result.action in ("wrote_new", "replaced", "appended", "ran") for result in results):
        return []
    words = ["tui-delegate", "uninstall"]
    words += ["--tool", args.tool] if args.tool else []
    words += ["--shim", *filter(None, [args.shim])] if args.shim is not None else []
    words += ["--mcp"] if args.mcp else []
    return [f"to undo this: {' '.join(words)}"]
