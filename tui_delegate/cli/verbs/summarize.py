"""`summarize`: condense what comes in by the pipe."""

from __future__ import annotations

import sys

from tui_delegate.cli.flags import add_errand, add_one_shot

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from tui_delegate.cli.conduct import Conduct


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of this verb."""
    add_one_shot(parser)
    add_errand(parser)


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    from tui_delegate.cli.conduct import conducted

    return conducted(args, _summarize)


def _summarize(conduct: Conduct) -> int:
    from tui_delegate.cli.asked import ask_about
    from tui_delegate.core.errors import EmptyStdin
    from tui_delegate.engine.prompts import SUMMARIZE
    from tui_delegate.workspace.asking import Question, schema_at
    from tui_delegate.workspace.material import Text

    conduct.resolve()
    text = _stdin()
    if not text.strip():
        raise EmptyStdin(
            "Nothing came in by the pipe.", "For example: tail -n 500 server.log | tui-delegate summarize"
        )
    question = Question(SUMMARIZE, "", schema=schema_at(conduct.args.schema))
    told = ask_about(conduct, Text(text), question, f"summarize {len(text)} characters")
    return conduct.answer(told, question.found)


def _stdin() -> str:
    if sys.stdin is None or sys.stdin.isatty():
        return ""
    return sys.stdin.buffer.read().decode("utf-8", "replace")
