"""Runs the benchmarks that are named, or all, and prints one table."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

BENCHES = (
    "startup",
    "delegation",
    "ledger",
    "screen",
    "chat",
    "following",
    "ledger_screen",
    "corpus",
    "verbs",
)
ONLY_BY_NAME = ("idle", "paint")
"""They want a machine that does nothing else meanwhile."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="BENCH",
        help=f"{', '.join(BENCHES)}; and, only by its name, {', '.join(ONLY_BY_NAME)}",
    )
    names = parser.parse_args().names
    for name in names:
        if name not in (*BENCHES, *ONLY_BY_NAME):
            parser.error(f"there is no bench {name!r}: choose from {', '.join((*BENCHES, *ONLY_BY_NAME))}")
    print(f"{'what':<58} {'floor':>11} {'ours':>11} {'':<6} {'ratio':>7}  goal")
    for name in names or BENCHES:
        for row in import_module(f"tests.bench.{name}").rows():
            print(row.text(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
