"""`web`: serve the screen to a browser on this machine. The address on stdout has the token that opens it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.cli.verbs import chat

if TYPE_CHECKING:
    import argparse

_WORDS = ("profile", "model", "worker_profile", "worker_model", "session", "theme")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of this verb: those of the screen, and where it is served."""
    chat.add_arguments(parser)
    parser.add_argument("--port", type=int, default=0, help="the port; left out: one that is free")
    parser.add_argument("--host", default="127.0.0.1", help="an address of this machine's loopback")


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    from importlib.util import find_spec

    from tui_delegate.cli import output
    from tui_delegate.cli.flags import limits_of
    from tui_delegate.core.errors import ResolveError
    from tui_delegate.core.limits import Limits

    limits_of(args, Limits())  # a wrong one is told now, not to each visitor
    if find_spec("textual_serve") is None:
        raise ResolveError(
            "The screen in a browser needs the extra `webapp`.", "pip install 'tui-delegate[webapp]'"
        )
    from tui_delegate.tui.web import serve

    def tell(address: str) -> None:
        output.data(address)
        output.say("· Open this address; who has it can use the screen. Ctrl-C ends it.")

    return serve(flags_of(args), args.host, args.port, tell=tell, say=output.say)


def flags_of(args: argparse.Namespace) -> list[str]:
    """Write the screen's flags again, for the processes that are started."""
    flags = [f"--{name.replace('_', '-')}={value}" for name in _WORDS if (value := str(getattr(args, name)))]
    flags += [f"--limit={one}" for one in args.limit]
    flags += ["--nested"] if args.nested else []
    return [*flags, "--continue"] if args.go_on else flags
