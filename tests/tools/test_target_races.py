from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.tools.rooms import put, state_of
from tui_delegate.core.errors import (
    NotWritten,
    RootEscape,
    TargetChanged,
    TargetExists,
)
from tui_delegate.tools.target import free, within


def test_folders_that_turn_into_links_while_it_writes_lead_nowhere(house: Path) -> None:
    outside = house.parent / "outside"
    before = state_of(outside)
    over = threading.Event()

    def swap() -> None:
        door, aside = house / "dir", house / "aside"
        for number in itertools.count():
            if over.is_set():
                break
            try:
                door.rename(aside)
                door.symlink_to(outside, target_is_directory=True)
                door.unlink()
                aside.rename(door)
            except OSError:  # the writer made the folder anew in between, or took it away again
                if aside.exists():
                    aside.rename(house / f"aside-{number}")

    thief = threading.Thread(target=swap)
    thief.start()
    written = refused = 0
    until = time.monotonic() + 4
    try:
        for number in range(2000):
            try:
                put(within(str(house), f"dir/deep/{number % 50}", str(house)), b"%d\n" % number, force=True)
                written += 1
            except (RootEscape, TargetChanged, NotWritten, TargetExists):
                refused += 1
            if time.monotonic() > until:
                break
    finally:
        over.set()
        thief.join()
    assert state_of(outside) == before
    assert written
    assert refused
    assert not list(house.rglob(".tud-*"))


def test_of_many_writers_of_a_new_file_one_wins(house: Path) -> None:
    for name in ("a", "sub/b"):
        outcomes: list[str] = []

        def write(number: int, name: str = name, outcomes: list[str] = outcomes) -> None:
            try:
                put(free(name, str(house)), b"%d" % number * 50_000)
                outcomes.append(str(number))
            except TargetExists:
                outcomes.append("exists")

        writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert outcomes.count("exists") == 7
        (winner,) = (outcome for outcome in outcomes if outcome != "exists")
        assert (house / name).read_bytes() == winner.encode() * 50_000


def test_of_many_writers_with_force_none_loses_what_another_wrote(house: Path) -> None:
    (house / "a").write_bytes(b"first")
    texts = [b"%d" % number * 50_000 for number in range(5)]
    done: list[bytes] = []

    def write(data: bytes) -> None:
        try:
            put(free("a", str(house)), data, force=True)
            done.append(data)
        except TargetChanged:
            pass

    writers = [threading.Thread(target=write, args=(text,)) for text in texts]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    kept = [path.read_bytes() for path in house.glob("a.bak-*")]
    assert sorted([*kept, (house / "a").read_bytes()]) == sorted([b"first", *done])


KILLED = """
import os, signal, sys
from tui_delegate.tools import draft
from tui_delegate.tools.target import free
real = os.fsync
def stop(handle):
    real(handle)
    os.kill(os.getpid(), signal.SIGKILL)
def stop_before_rename(*words, **named):
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[1] == "fsync":
    os.fsync = stop
else:
    os.replace = stop_before_rename
with free("a", sys.argv[2]) as target:
    target.write(b"new\\n" * 1000, force=True)
"""


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_writer_killed_halfway_leaves_the_old_file_whole(house: Path, moment: str) -> None:
    (house / "a").write_bytes(b"old\n")
    done = subprocess.run([sys.executable, "-c", KILLED, moment, str(house)], cwd=Path.cwd(), check=False)
    assert done.returncode == -signal.SIGKILL
    assert (house / "a").read_bytes() == b"old\n"
    if moment == "fsync" and sys.platform == "linux":
        assert not list(house.glob(".tud-*"))
    for left in house.glob(".tud-*"):
        os.utime(left, (0, 0))
    put(free("a", str(house)), b"again\n", force=True)
    assert (house / "a").read_bytes() == b"again\n"
    assert not list(house.glob(".tud-*"))
