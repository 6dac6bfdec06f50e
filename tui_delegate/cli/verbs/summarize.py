"""`summarize`: condense what comes in by the pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of this verb."""
    from tui_delegate.cli.flags import add_one_shot

    add_one_shot(parser)


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    from tui_delegate.cli.conduct import conducted
    from tui_delegate.cli.verbs.summarize import summarize

    return conducted(args, summarize)
