"""Proves the cases themselves: runs them on ours and on agent-delegate, and prints one table.

    python -m tests.compat.oracle PATH/TO/agent-delegate [words for pytest]

A case marked `same` has to pass on both, one marked `better` has to fail on theirs. Without a path only ours
is tried. The exit code is 1 when a case breaks its word.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


class Collected:
    """What became of each case, and what it was marked with."""

    def __init__(self) -> None:
        self.cases: dict[str, dict[str, str]] = {}

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        for word in ("same", "better"):
            for mark in item.iter_markers(word):
                name = item.nodeid.rpartition("/")[2]
                self.cases[item.nodeid] = {"name": name, "word": word, "row": str(mark.args[0])}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.nodeid in self.cases and (report.when == "call" or report.outcome != "passed"):
            self.cases[report.nodeid]["outcome"] = report.outcome


def tried(program: str, words: list[str]) -> dict[str, dict[str, str]]:
    """Run the cases in a process of their own, on this program."""
    command = [sys.executable, "-m", "tests.compat.oracle", "--collect", *words]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "COMPAT_PROGRAM": program}
    )
    cases: dict[str, dict[str, str]] = json.loads(done.stdout.rpartition("COLLECTED ")[2])
    return cases


def collect(words: list[str]) -> int:
    """Run the cases here, and print what became of them as JSON."""
    collected = Collected()
    pytest.main(["-q", "--no-header", "--no-summary", "--tb=no", *(words or [str(HERE)])], [collected])
    sys.stdout.write("COLLECTED " + json.dumps(collected.cases))
    return 0


def main(words: list[str]) -> int:
    """Print the table; 1 where a case breaks its word."""
    if words[:1] == ["--collect"]:
        return collect(words[1:])
    theirs = tried(words[0], words[1:]) if words else {}
    broken = 0
    for node, case in tried("", words[1:]).items():
        ours = case.get("outcome", "-")
        other = theirs.get(node, {}).get("outcome", "-")
        expected = {"same": "passed", "better": "failed"}[case["word"]]
        wrong = [] if ours in ("passed", "skipped") else ["OURS"]
        if theirs and other not in (expected, "skipped"):
            wrong.append("CASE")
        broken += bool(wrong)
        sys.stdout.write(
            f"{' '.join(wrong):<10} {case['word']:<6} ours {ours:<7} theirs {other:<7} {case['name']}"
            f"  [{case['row']}]\n"
        )
    sys.stdout.write(f"{broken} broken\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
