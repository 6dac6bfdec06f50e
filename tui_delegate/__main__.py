"""`python -m tui_delegate`, and what the two commands start. Nothing but the way in may live here."""

from __future__ import annotations

import gc
import os
import sys

BRIEF = frozenset({"ask", "write", "summarize", "status", "doctor", "ledger", "profiles"})
"""Verbs that are over in a moment."""
SELDOM = 200_000
"""Objects made before it is looked whether some of them hold only each other. Such a verb makes fewer, all of
which it needs to its end: looking, as often as is usual, costs it a tenth of its time and finds nothing."""


def main() -> int:
    """Run the command line and give its exit code."""
    if sys.argv[1:] == ["--version"] and sys.stdout:  # asked by scripts, often: not worth a parser
        from tui_delegate import __version__

        try:
            os.write(sys.stdout.fileno(), f"tui-delegate {__version__}\n".encode())
            return 0
        except OSError:
            pass  # the command line knows what to say of it
    if not BRIEF.isdisjoint(sys.argv):
        gc.set_threshold(SELDOM)
    from tui_delegate.cli.main import main as run

    try:
        return run(sys.argv[1:])
    finally:
        gc.freeze()  # the interpreter looks twice more as it ends, when nobody has any use for the room


if __name__ == "__main__":
    sys.exit(main())
