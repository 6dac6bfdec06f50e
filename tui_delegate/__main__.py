"""`python -m tui_delegate`, and what the two commands start. Nothing but the way in may live here."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line and give its exit code."""
    if sys.argv[1:] == ["--version"]:  # asked by scripts, often: not worth a parser
        from tui_delegate import __version__

        sys.stdout.write(f"tui-delegate {__version__}\n")
        return 0
    from tui_delegate.cli.main import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
