"""A process that writes to a journal: until it is killed, a given number of calls, or into a full disk.

Started by tests as `python -m tests.journal.writing_child WHAT JOURNAL RUN [N]`; waits for a line first.
"""

from __future__ import annotations

import itertools
import sys
from functools import partial
from pathlib import Path

from tests.journal.samples import begun, call, commit, opened, spent
from tui_delegate.core.events import Wrote
from tui_delegate.journal.store import Journal


def say(word: object) -> None:
    """Tell the parent, in one write."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def acknowledge(number: int, error: Exception | None) -> None:
    """Say that a call is safe, or why it is not."""
    say(error or number)


def forever(path: Path, run: str) -> None:
    """Append call after call without waiting, and say which are safe."""
    journal = Journal.open(path)
    journal.append(run, [begun(run)])
    for number in itertools.count(1):
        journal.append(run, [spent(call(total_ms=number))], partial(acknowledge, number))
        if number % 50 == 0:
            commit(journal, run, [Wrote(text="x" * 500)])


def some(path: Path, run: str, count: int) -> None:
    """Append so many calls, each waited for, and say what went wrong."""
    journal = Journal.open(path)
    commit(journal, run, [opened(run)])
    for number in range(count):
        error = commit(journal, run, [spent(call(total_ms=number))])
        if error is not None:
            say(error)
    journal.close()
    say("closed")


def full(path: Path, run: str) -> None:
    """Write until no file may grow, then make room and write again."""
    import resource
    import signal

    journal = Journal.open(path)
    say(commit(journal, run, [opened(run), spent()]))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    error = next(filter(None, (commit(journal, run, [Wrote(text="x" * 50_000)]) for _ in range(20))), None)
    say(f"{type(error).__name__}: {error}")
    say(type(commit(journal, run, [Wrote(text="y" * 400_000)])).__name__)
    say(type(commit(journal, "unseen", [opened("unseen"), Wrote(text="z" * 400_000)])).__name__)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    say(commit(journal, "unseen", [spent()]))
    say(commit(journal, run, [spent()]))
    journal.close()
    say("closed")


if __name__ == "__main__":
    what, name, its_run, *more = sys.argv[1:]
    sys.stdin.readline()
    if what == "forever":
        forever(Path(name), its_run)
    elif what == "some":
        some(Path(name), its_run, int(more[0]))
    else:
        full(Path(name), its_run)
