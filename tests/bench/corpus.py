"""A corpus of many small files: the walk against a bare scandir, the reading against bare system calls.

The tree is one that a walk can't shorten: its ignore files leave out single files, not whole folders.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.bench.measure import Row, cpu, in_turn, process_cpu
from tui_delegate.corpus.find import Search
from tui_delegate.corpus.frame import render
from tui_delegate.corpus.guard import MADE
from tui_delegate.corpus.packing import pack
from tui_delegate.corpus.reading import read_small
from tui_delegate.corpus.values import Bounds

GOALS = {5_000: 2.0, 50_000: 3.0}
READ_GOAL = 1.2
IN_A_FOLDER = 25
ENDS = ("py", "md", "txt", "js", "json", "c", "html", "css", "rs")
WORDS = ("main", "test", "view", "model", "parse", "client", "index", "server", "table", "README", "keep")
RULES = "*.pyc\n__pycache__/\n/dist/\n*.log\n!keep_*.log\ndocs/_build/\n*.egg-info/\n.DS_Store\n**/tmp/*.o\n"
EVERYTHING = Bounds(10**9, 10**9)


def plant(top: str, count: int) -> None:
    for number in range(count):
        folder = f"{top}/part{number // 500}/room{number // IN_A_FOLDER % 20}"
        if number % IN_A_FOLDER == 0:
            os.makedirs(folder)
        name = f"{WORDS[number % len(WORDS)]}_{number}"
        end = ENDS[number % len(ENDS)] if number % IN_A_FOLDER else "log"
        Path(folder, f"{name}.{end}").write_text(f"line {number}\n" * 4)
    for number in range(0, count // 500, 4):
        Path(f"{top}/part{number}/.gitignore").write_text("local_*\n!local_kept\n/room3/parse_1*.md\n")
    Path(f"{top}/.gitignore").write_text(RULES)


def bare_walk(folder: str, found: list[str]) -> list[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                bare_walk(entry.path, found)
            else:
                found.append(entry.path)
    return found


def bare_read(paths: list[str]) -> list[bytes]:
    texts = []
    for path in paths:
        handle = os.open(path, os.O_RDONLY)
        texts.append(os.read(handle, 65536))
        os.close(handle)
    return texts


def bare_frame(top: str) -> str:
    paths = sorted(bare_walk(top, []))
    texts = zip(paths, bare_read(paths), strict=True)
    return "\n\n".join(f"<file path={path}>\n{raw.decode()}\n</file>" for path, raw in texts)


def some(job: Callable[[], object], times: int) -> float:
    """CPU seconds of a job that is over too soon to be measured once."""
    return cpu(lambda: [job() for _ in range(times)]) / times


def our_walk(top: str) -> list[str]:
    return [batch.path + name for batch in Search(".", top, MADE).batches() for name in batch.names]


def our_read(paths: list[str]) -> list[bytes | None]:
    return [read_small(path) for path in paths]


def our_frame(top: str) -> str:
    return render(pack(["."], top, EVERYTHING), "corpus").text


def loading() -> Row:
    """What the corpus adds to a verb that has loaded argparse and json already."""
    known = "import argparse, json, dataclasses, typing, tui_delegate.core.usage, tui_delegate.core.errors"
    ours = f"{known}, tui_delegate.corpus.packing, tui_delegate.corpus.frame"
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    floor, mine = in_turn(
        partial(process_cpu, sys.executable, "-c", known, env=env),
        partial(process_cpu, sys.executable, "-c", ours, env=env),
        11,
    )
    return Row(
        "corpus: loading it, in a process with argparse and json", "ms", floor * 1000, mine * 1000, None
    )


def rows() -> list[Row]:
    table = [loading()]
    for count, goal in GOALS.items():
        with tempfile.TemporaryDirectory() as top:
            plant(top, count)
            paths = our_walk(top)
            jobs: list[tuple[str, Callable[[], object], Callable[[], object], float | None]] = [
                ("walk", lambda top=top: bare_walk(top, []), partial(our_walk, top), goal),
                ("read", partial(bare_read, paths), partial(our_read, paths), READ_GOAL),
                ("walk, read and frame", partial(bare_frame, top), partial(our_frame, top), None),
            ]
            for what, floor, ours, bound in jobs:
                times = 50_000 // count
                pair = in_turn(partial(some, floor, times), partial(some, ours, times))
                table.append(
                    Row(f"corpus of {count:,} files: {what}", "ms", *(one * 1000 for one in pair), bound)
                )
    return table
