"""Runs the benchmarks that are named, or all, and prints one table."""

from __future__ import annotations

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


def main() -> int:
    print(f"{'what':<58} {'floor':>11} {'ours':>11} {'':<6} {'ratio':>7}  goal")
    for name in sys.argv[1:] or BENCHES:
        for row in import_module(f"tests.bench.{name}").rows():
            print(row.text(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
