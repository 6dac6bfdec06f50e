"""How every benchmark here measures: contenders in turn, several rounds, medians, and ratios to the floor."""

from __future__ import annotations

import gc
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

ROUNDS = 7


@dataclass(frozen=True)
class Row:
    """One line of the table: what, the floor's figure, ours, their ratio, and the goal."""

    what: str
    unit: str
    floor: float
    ours: float
    goal: float | None

    def text(self) -> str:
        ratio = self.ours / self.floor if self.floor else float("nan")
        goal = "" if self.goal is None else f"<= {self.goal:g}x {'' if ratio <= self.goal else '  MISSED'}"
        return f"{self.what:<58} {self.floor:>11.3f} {self.ours:>11.3f} {self.unit:<6} {ratio:>6.2f}x  {goal}"


def cpu(job: Callable[[], object]) -> float:
    """CPU seconds of this process, all threads, for one job."""
    gc.collect()
    before = time.process_time()
    job()
    return time.process_time() - before


def in_turn(
    floor: Callable[[], float], ours: Callable[[], float], rounds: int = ROUNDS
) -> tuple[float, float]:
    """Measure both in each round, after one round that does not count; the median of each."""
    floor()
    ours()
    pairs = [(floor(), ours()) for _ in range(rounds)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def process_cpu(*command: str, env: dict[str, str] | None = None) -> float:
    """CPU seconds of a whole process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=False, capture_output=True, env=env)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@contextmanager
def scripted_server() -> Iterator[str]:
    """Run the scripted server in a process of its own; gives its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdin
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()
