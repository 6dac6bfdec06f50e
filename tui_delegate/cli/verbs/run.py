"""`run`: give a prompt to the manager and stream its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.cli.flags import add_choice, changes_of, choice_of, limits_of

if TYPE_CHECKING:
    import argparse


HELP = "give a prompt to the manager, which delegates to its workers"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of this verb."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "prompt",
        metavar="PROMPT",
        nargs="?",
        help="what to do; @path names files for the workers; - is stdin",
    )
    what.add_argument(
        "--resume",
        default="",
        metavar="RUN",
        help="go on with a run that stopped, instead of a prompt; `last` is the last such run",
    )
    add_choice(parser)
    parser.add_argument(
        "--no-keep-text", action="store_true", help="keep figures only, no word of what was said"
    )
    parser.add_argument("--ask", action="store_true", help="ask at the terminal before each delegation")
    parser.add_argument("-q", "--quiet", action="store_true", help="tell nothing on stderr but errors")
    parser.add_argument("--raw", action="store_true", help="leave control characters in the answer")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object at the end")
    form.add_argument("--events", action="store_true", help="one JSON event a line, as they happen")


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    import asyncio

    from tui_delegate.cli.session import run_prompt
    from tui_delegate.cli.telling import Form, Wanted
    from tui_delegate.workspace.seats import Workspace

    workspace = Workspace.open(choice_of(args))
    form: Form = "json" if args.json else "events" if args.events else "text"
    wanted = Wanted(
        "" if args.resume else _prompt(args.prompt),
        limits_of(args, workspace.settings.limits),
        form,
        resume=args.resume,
        changed=tuple(changes_of(args)),
        keep_text=not args.no_keep_text,
        quiet=args.quiet,
        raw=args.raw,
        ask=args.ask,
    )
    return asyncio.run(run_prompt(workspace, wanted))


def _prompt(word: str) -> str:
    import sys

    from tui_delegate.core.errors import InputError

    text = word
    if word == "-":
        text = sys.stdin.read() if sys.stdin else ""
    if not text.strip():
        raise InputError("The prompt is empty.", "Say what to do: tui-delegate run 'summarize @README.md'")
    return text
