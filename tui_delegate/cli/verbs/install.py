"""`install`: teach the coding agents on this machine to delegate; `--dry-run` shows the diff."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Bring the flags of `install`."""
    parser.add_argument("--tool", metavar="A,B", help="only these tools (default: every one that is here)")
    parser.add_argument("--dry-run", action="store_true", help="show what would change, change nothing")
    parser.add_argument("--print", metavar="TOOL", dest="print_tool", help="print one tool's rules, and end")
    parser.add_argument(
        "--shim", nargs="?", const="", metavar="DIR", help="also put the names agent-delegate and ad there"
    )
    parser.add_argument("--mcp", action="store_true", help="also register our MCP server with those tools")
    parser.add_argument(
        "--force", action="store_true", help="replace what was edited by hand; a backup is kept"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")


def run(args: argparse.Namespace) -> int:
    """Install the rules."""
    raise NotImplementedError(args.tool)
