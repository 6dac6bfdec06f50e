"""`write`: draft one file from others and a specification, and put it where it belongs."""

from __future__ import annotations

from tui_delegate.cli.flags import Filled, add_errand, add_material, add_one_shot

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of this verb."""
    add_material(parser, "--context")
    parser.add_argument("--spec", required=True, metavar="S", help="what the file is to hold")
    _add_target(parser)
    parser.add_argument(
        "--strip-fences", action="store_true", default=True, help="take a code fence off the answer (usual)"
    )
    parser.add_argument(
        "--no-strip-fences", dest="strip_fences", action="store_false", help="leave a code fence where it is"
    )
    parser.add_argument(
        "--verify",
        action=Filled,
        default="",
        metavar="CMD",
        help="a command that the file has to pass; see --rounds",
    )
    parser.add_argument(
        "--rounds",
        type=int,
        default=2,
        metavar="N",
        help="how often the model may mend what --verify or --schema finds (2)",
    )
    add_one_shot(parser)
    add_errand(parser)


def _add_target(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--target", default="", metavar="FILE", help="where the file goes")
    parser.add_argument("--stdout", action="store_true", help="give the file on stdout, write nothing")
    parser.add_argument("--force", action="store_true", help="replace what is there; it is kept beside")
    parser.add_argument(
        "--target-root",
        default=None,
        metavar="DIR",
        help="the target may not leave this folder",
    )
    parser.add_argument(
        "--diff", action="store_true", help="show what changes; on a terminal, ask before it is written"
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would change, write nothing")
    parser.add_argument(
        "--allow-protected",
        action="append",
        default=[],
        metavar="PATH",
        help="a file or folder that is otherwise not written to, such as .github/workflows; repeatable",
    )


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    from tui_delegate.cli.conduct import conducted
    from tui_delegate.cli.drafting import write

    return conducted(args, write)
