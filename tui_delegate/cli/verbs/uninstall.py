"""`uninstall`: take out what `install` put in; every other byte stays as it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tui_delegate.cli import installing
from tui_delegate.core.errors import ResolveError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from tui_delegate.rules.apply import Result
    from tui_delegate.rules.hosts import Host


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Bring the flags of `uninstall`."""
    installing.add_arguments(
        parser,
        shim="also take away the names agent-delegate and ad, where they are ours",
        mcp="also take our MCP server out of these tools",
    )


def run(args: argparse.Namespace) -> int:
    """Take the rules out, and on request the two names and the server."""
    from tui_delegate.rules import apply, hosts

    home = Path.home()
    everyone = hosts.table(home, os.environ)
    try:
        selected = hosts.chosen(everyone, args.tool)
    except ResolveError as error:
        return installing.usage(args, error)
    results = apply.uninstall(selected, everyone, dry_run=args.dry_run, force=args.force)
    results += _left_out(selected)
    results += _more(args, selected, home)
    more = ["nothing was changed; without --dry-run this is done"] if args.dry_run else []
    return installing.tell(args, results, more)


def _left_out(hosts: Sequence[Host]) -> list[Result]:
    from tui_delegate.rules.apply import Result

    results = []
    for host in hosts:
        if host.prints_only:
            results.append(
                Result(host.name, "print only", "what was pasted is taken out by hand, in the app")
            )
        elif not host.detected:
            results.append(Result(host.name, "skipped", str(host.signs[0]), "tool not detected"))
    return results


def _more(args: argparse.Namespace, hosts: Sequence[Host], home: Path) -> list[Result]:
    results: list[Result] = []
    if args.shim is not None:
        results += _names(args, home)
    if args.mcp:
        from tui_delegate.rules import register

        way = register.Way(installing.program(), installing.environ_for_children(), args.dry_run)
        results += register.withdraw(hosts, way)
    return results


def _names(args: argparse.Namespace, home: Path) -> list[Result]:
    from tui_delegate.rules import shim
    from tui_delegate.rules.apply import Result

    places = [shim.program_folder(installing.program(), home), home / ".local" / "bin"]
    places += shim.folders_on_path(os.environ)
    folders = [Path(args.shim).expanduser().absolute()] if args.shim else places
    taken = shim.take_away(folders, dry_run=args.dry_run)
    return taken or [Result("shim", "noop", str(folders[0]), "no name of ours")]
