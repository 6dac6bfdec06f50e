"""Start-up of whole processes, against an interpreter that does nothing."""

from __future__ import annotations

import os
import sys
import tempfile
from functools import partial

from tests.bench.measure import Row, in_turn, process_cpu

SCRIPT = "import sys; from tui_delegate.__main__ import main; sys.exit(main())"
"""What an installed command does."""
GOALS = {
    ("--version",): 2.5,
    ("--help",): 2.5,
    ("profiles", "list"): 4.0,
    ("status",): 4.0,
    ("ledger",): 4.0,
}


def rows() -> list[Row]:
    table = []
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "TUI_DELEGATE_HOME": home, "PYTHONDONTWRITEBYTECODE": ""}
        for words, goal in GOALS.items():
            floor, ours = in_turn(
                partial(process_cpu, sys.executable, "-c", "pass", env=env),
                partial(process_cpu, sys.executable, "-c", SCRIPT, *words, env=env),
                11,
            )
            table.append(Row(f"tui-delegate {' '.join(words)}: CPU", "ms", floor * 1000, ours * 1000, goal))
    return table
