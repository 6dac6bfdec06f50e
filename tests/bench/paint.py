"""From the command to the first picture, on a real pseudo-terminal, against a bare app with three panes.

A fresh home, and one whose journal holds a hundred sessions. No client of a model server may be loaded before
the picture stands: `python -m tests.bench.paint` tells what is loaded, and when.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import astuple
from functools import partial
from pathlib import Path

from tests.bench.measure import ROUNDS, Row
from tests.bench.terminal import BARE, OURS, Painted, environment, opened
from tui_delegate.core.calls import ModelCall, RunContext
from tui_delegate.core.events import Event, Finished, Opened, Spent, Started, Wrote
from tui_delegate.core.usage import Usage
from tui_delegate.journal.store import Journal

SESSIONS = 100
GOAL = 2.0
CLIENTS = ("ollama", "openai", "anthropic", "httpx", "aiohttp", "httpx_aiohttp")
"""What speaks to servers: the first picture waits for none of them."""
LOGGED = """
import sys, time
log = open(sys.argv.pop(1), "w", buffering=1)
def hear(event, args):
    if event == "import":
        log.write(f"{time.monotonic()} {args[0]}\\n")
sys.addaudithook(hear)
from tui_delegate.__main__ import main
sys.exit(main())
"""
"""Runs the product and writes down when it reaches for which module."""


def painted(command: tuple[str, ...], home: Path) -> Painted:
    with opened(command, environment(home)) as terminal:
        return terminal.first_picture()


def compare(homes: dict[str, Path]) -> dict[str, Painted]:
    """Paint the floor and ours in turn in each round, after one round that does not count; medians."""
    contenders = {"floor": partial(painted, BARE, Path("/nowhere"))}
    contenders |= {name: partial(painted, OURS, home) for name, home in homes.items()}
    rounds = [{name: paint() for name, paint in contenders.items()} for _ in range(ROUNDS + 1)][1:]
    return {name: _median([one[name] for one in rounds]) for name in contenders}


def _median(found: list[Painted]) -> Painted:
    return Painted(*(statistics.median(figures) for figures in zip(*map(astuple, found), strict=True)))


def loaded(home: Path) -> list[str]:
    """The modules that were reached for before the first picture had arrived."""
    with (
        tempfile.NamedTemporaryFile("r") as log,
        opened((sys.executable, "-c", LOGGED, log.name), environment(home)) as terminal,
    ):
        terminal.wait_for_picture()
        moment = time.monotonic()
        lines = [line.split() for line in log.read().splitlines()]
    return list(dict.fromkeys(name for at, name in lines if float(at) < moment))


def fill(home: Path) -> None:
    """Make a journal of sessions that ended, one run in each."""
    journal = Journal.open(home / "journal.db")
    for number in range(SESSIONS):
        for event in _run(f"r{number}", f"s{number}"):
            journal.append(f"r{number}", [event])
    journal.close()


def _run(run: str, session: str) -> list[Event]:
    call = ModelCall(
        "manager", "p", "b", "h", "m", "m", Usage(900, 0, 120), 0, 100, 3100, 40.0, None, 0.0, "ok"
    )
    context = RunContext("chat", session, "/home/somebody/project")
    return [
        Opened(at=time.time(), run=run, prompt=f"Question {run}: what changed?", context=context),
        Started(at=time.time(), agent="manager", profile="p", backend="b", model="m"),
        Wrote(text="Nothing of note. " * 40),
        Spent(at=time.time(), call=call),
        Finished(at=time.time(), text="Nothing of note. " * 40),
    ]


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as fresh, tempfile.TemporaryDirectory() as full:
        fill(Path(full))
        found = compare({"a fresh home": Path(fresh), f"{SESSIONS} sessions": Path(full)})
        reached = loaded(Path(full))
    floor = found.pop("floor")
    for name, one in found.items():
        what = f"first picture, {name}"
        yield Row(f"{what}: time", "ms", floor.seconds * 1000, one.seconds * 1000, GOAL)
        yield Row(f"{what}: CPU", "ms", floor.cpu * 1000, one.cpu * 1000, GOAL)
        yield Row(f"{what}: resident memory", "MiB", floor.memory, one.memory, GOAL)
        for until, before, after in (
            ("nothing is drawn", floor.settled_cpu, one.settled_cpu),
            ("all is loaded and drawn", floor.started_cpu, one.started_cpu),
        ):
            yield Row(f"the same, until {until}: CPU", "ms", before * 1000, after * 1000, None)
    clients = [name for name in reached if name in CLIENTS]
    yield Row(f"clients loaded before it ({', '.join(clients) or 'none'})", "", 1.0, float(len(clients)), 0.0)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        print("\n".join(loaded(Path(home))))
