"""`mcp`: serve the verbs for coding agents as tools, over stdin and stdout."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of this verb."""
    from tui_delegate.cli.flags import Filled

    parser.add_argument(
        "--root",
        action=Filled,
        default="",
        metavar="DIR",
        help="files are read and written in this folder only (else: in those that the host offers, or here)",
    )
    parser.add_argument(
        "--allow-outside", action="store_true", help="take a path that is named as it is, wherever it leads"
    )
    parser.add_argument("--profile", default="", metavar="NAME", help="the profile where a call names none")
    parser.add_argument("--model", default="", metavar="NAME", help="the model where a call names none")
    parser.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="bounds of each call: tokens, cost, depth, seconds; repeatable",
    )
    parser.add_argument(
        "--no-keep-text", action="store_true", help="keep figures only, no word of what was said"
    )


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    import os
    import sys

    from tui_delegate.cli import output
    from tui_delegate.cli.flags import limits_of
    from tui_delegate.core.errors import InputError
    from tui_delegate.core.limits import Limits

    if args.root and not os.path.isdir(args.root):
        raise InputError(f"--root {args.root}: there is no such folder.")
    args.nested = False
    limits_of(args, Limits())  # a wrong one is told now, not to each call
    if not _is_there("mcp"):
        output.say("tui-delegate: the MCP server needs the extra `mcp`.")
        output.say("  pip install 'tui-delegate[mcp]'")
        return output.FAILED
    if sys.stdin is not None and sys.stdin.isatty():
        output.say("· This speaks MCP over stdin and stdout: a host starts it, not a person. Ctrl-C ends it.")
    return _serve(args)


def _serve(args: argparse.Namespace) -> int:
    import asyncio
    import gc
    import os

    gc.disable()  # all that the SDK loads stays: to look through it for what goes takes a tenth of the start
    from tui_delegate.serve.mcp.server import Serving, serve
    from tui_delegate.serve.mcp.wishes import Usual

    gc.freeze()
    gc.enable()
    usual = Usual(args.profile, args.model, tuple(args.limit), keep_text=not args.no_keep_text)
    root = os.path.abspath(args.root) if args.root else ""
    asyncio.run(serve(Serving(os.environ, usual, root, args.allow_outside)))
    return 0


def _is_there(name: str) -> bool:
    from importlib.machinery import PathFinder

    return PathFinder.find_spec(name) is not None
