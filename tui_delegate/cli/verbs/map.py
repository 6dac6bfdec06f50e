"""`map`: ask one question of many files, each by itself, side by side."""

from __future__ import annotations

from tui_delegate.cli.flags import Filled, add_errand, add_one_shot

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of this verb."""
    parser.add_argument(
        "--input",
        nargs="+",
        action="extend",
        required=True,
        metavar="PATH",
        help="files, folders or patterns: the question is asked of each file by itself",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--question", default="", metavar="Q", help="what is asked of each file")
    what.add_argument("--summarize", action="store_true", help="condense each file instead")
    parser.add_argument(
        "--out",
        action=Filled,
        default="",
        metavar="FILE",
        help="add each answer as a JSON line; what the file holds already is not done again (else: stdout)",
    )
    parser.add_argument(
        "--combine", action="store_true", help="make one answer of all in the end, and give it on stdout"
    )
    parser.add_argument("--parallel", type=int, default=0, metavar="N", help="at most so many at once")
    parser.add_argument("--preview", action="store_true", help="list what would be asked; ask nobody")
    add_one_shot(parser)
    add_errand(parser)


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    from tui_delegate.cli.mapping import conduct_map

    return conduct_map(args)
