"""`chat`: open the screen. It is what the command does on a terminal when no verb is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.cli.flags import add_choice

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of this verb."""
    add_choice(parser)
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "-c", "--continue", action="store_true", dest="go_on", help="go on with the last session"
    )
    which.add_argument("--session", default="", metavar="ID", help="go on with this session")
    parser.add_argument("--theme", default="", help="the theme for this time")


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    import os
    import sys

    from tui_delegate.cli.flags import choice_of, limits_of
    from tui_delegate.core.errors import InputError

    in_browser = os.environ.get("TUI_DELEGATE_WEB") == "1"  # set by `web`, for the processes that it starts
    if not in_browser and not (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty()):
        raise InputError("The screen needs a terminal.", "In a pipe: tui-delegate run 'PROMPT'")
    from tui_delegate.tui.app import open_screen
    from tui_delegate.tui.house import House, Wanted

    wanted = Wanted(
        choice_of(args),
        lambda usual: limits_of(args, usual),
        session="last" if args.go_on else args.session,
        theme=args.theme,
    )
    return open_screen(House(wanted=wanted))
