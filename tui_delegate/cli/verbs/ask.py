"""`ask`: answer a question from files."""

from __future__ import annotations

from tui_delegate.cli.flags import add_errand, add_one_shot

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from tui_delegate.cli.conduct import Conduct


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of this verb."""
    from tui_delegate.cli.flags import add_material

    add_material(parser, "--paths")
    parser.add_argument("--question", required=True, metavar="Q", help="what is to be answered")
    add_one_shot(parser)
    add_errand(parser)


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    from tui_delegate.cli.conduct import conducted

    return conducted(args, _ask)


def _ask(conduct: Conduct) -> int:
    from tui_delegate.cli.asked import ask_about
    from tui_delegate.cli.gathering import gathered, show
    from tui_delegate.core.errors import InputError
    from tui_delegate.engine.prompts import ASK
    from tui_delegate.workspace.asking import Question, schema_at
    from tui_delegate.workspace.gathering import prompt_of

    args = conduct.args
    if not args.question.strip():
        raise InputError("The question is empty.", "Say what is to be answered: --question '…'")
    conduct.resolve()
    files = gathered(conduct, args.paths, "corpus")
    question = Question(ASK, args.question, schema=schema_at(args.schema))
    if args.preview:
        return show(conduct, files, question)
    return conduct.answer(
        ask_about(conduct, files, question, prompt_of(args.question, files)), question.found
    )
