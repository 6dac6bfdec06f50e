"""Flags that several verbs share: who manages, who works, under which limits. No verb's own flag is here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from tui_delegate.core.choice import Choice
    from tui_delegate.core.limits import Limits


def add_choice(parser: argparse.ArgumentParser) -> None:
    """Declare the flags that pick who does the work."""
    parser.add_argument("--profile", default="", help="the manager's profile")
    parser.add_argument("--model", default="", help="the manager's model")
    parser.add_argument("--worker-profile", default="", help="the workers' profile")
    parser.add_argument("--worker-model", default="", help="the workers' model")
    parser.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="depth, max_uses, max_tasks, max_parallel, max_steps, tokens, cost, seconds; repeatable",
    )
    parser.add_argument("--nested", action="store_true", help="let workers delegate too")


def choice_of(args: argparse.Namespace) -> Choice:
    """Read who was picked."""
    from tui_delegate.core.choice import Choice

    return Choice(args.profile, args.model, args.worker_profile, args.worker_model)


def changes_of(args: argparse.Namespace) -> list[str]:
    """Read which limits are to be others than usual, as `NAME=VALUE`."""
    return [*args.limit, *(["nested=true"] if args.nested else [])]


def limits_of(args: argparse.Namespace, usual: Limits) -> Limits:
    """Read the limits, over the usual ones. Raises an InputError."""
    from tui_delegate.profiles import with_limits

    return with_limits(usual, changes_of(args))
