"""`run`: give a prompt to the manager and stream its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from tui_delegate.core.limits import Limits

HELP = "give a prompt to the manager, which delegates to its workers"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of this verb."""
    parser.add_argument(
        "prompt", metavar="PROMPT", help="what to do; @path names files for the workers; - is stdin"
    )
    parser.add_argument("--profile", default="", help="the manager's profile")
    parser.add_argument("--model", default="", help="the manager's model")
    parser.add_argument("--worker-profile", default="", help="the workers' profile")
    parser.add_argument("--worker-model", default="", help="the workers' model")
    parser.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="depth, max_uses, max_tasks, max_parallel, max_steps, tokens, cost or seconds; may be repeated",
    )
    parser.add_argument("--nested", action="store_true", help="let workers delegate too")
    parser.add_argument(
        "--no-keep-text", action="store_true", help="keep figures only, no word of what was said"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="tell nothing on stderr but errors")
    parser.add_argument("--raw", action="store_true", help="leave control characters in the answer")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object at the end")
    form.add_argument("--events", action="store_true", help="one JSON event a line, as they happen")


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    import asyncio

    from tui_delegate.cli.session import Form, Wanted, run_prompt
    from tui_delegate.workspace import Choice, Workspace

    choice = Choice(args.profile, args.model, args.worker_profile, args.worker_model)
    workspace = Workspace.open(choice)
    limits = read_limits(args.limit, workspace.settings.limits, nested=args.nested)
    form: Form = "json" if args.json else "events" if args.events else "text"
    wanted = Wanted(
        _prompt(args.prompt), limits, form, keep_text=not args.no_keep_text, quiet=args.quiet, raw=args.raw
    )
    return asyncio.run(run_prompt(workspace, wanted))


def read_limits(words: list[str], limits: Limits, *, nested: bool) -> Limits:
    """Put `name=value` words over the limits that are written down. Raises an InputError."""
    from dataclasses import replace

    changes: dict[str, object] = {"nested": True} if nested else {}
    for word in words:
        name, _, value = word.partition("=")
        changes[name] = _limit(name, value)
    return replace(limits, **changes)  # type: ignore[arg-type]


def _limit(name: str, value: str) -> object:
    import difflib
    import math

    from tui_delegate.core.errors import InputError

    counts = {"depth": 1, "max_uses": 0, "max_tasks": 0, "max_parallel": 1, "max_steps": 1, "tokens": 1}
    known = [*counts, "cost", "seconds"]
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        raise InputError(f"--limit: there is no limit {name!r}.", f"Did you mean {near[0]}?" if near else "")
    try:
        number = float(value)
        if name in counts and (not number.is_integer() or number < counts[name]):
            raise ValueError
        if not math.isfinite(number) or number < 0:
            raise ValueError
    except ValueError:
        kind = f"a whole number, {counts[name]} or more" if name in counts else "a number, 0 or more"
        raise InputError(f"--limit {name}: {kind} is wanted, not {value!r}.") from None
    return int(number) if name in counts else number


def _prompt(word: str) -> str:
    import sys

    from tui_delegate.core.errors import InputError

    text = sys.stdin.read() if word == "-" else word
    if not text.strip():
        raise InputError("The prompt is empty.", "Say what to do: tui-delegate run 'summarize @README.md'")
    return text
