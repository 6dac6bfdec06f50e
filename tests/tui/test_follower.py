"""Following other processes from the screen: their runs appear whole, once, and end as they ended."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.clock import jump_run
from tests.journal.samples import NOON, begun, call, child, commit, spent
from tui_delegate.core import events
from tui_delegate.core.errors import JournalError
from tui_delegate.core.transcript import Transcript
from tui_delegate.journal.follow import MOST, Follower
from tui_delegate.journal.store import Journal
from tui_delegate.tui.follower import CHECK_EVERY, IDLE, LIVE, Following

NOBODY = 0
"""The process number of a screen in a test that writes as if it were another process."""


@dataclass
class Seen:
    """Keeps all that it is told."""

    told: list[str] = field(default_factory=list)
    paths: list[events.RunPath] = field(default_factory=list)
    errors: list[JournalError] = field(default_factory=list)
    runs: dict[str, Transcript] = field(default_factory=dict)
    ledger: int = 0

    def appeared(self, transcript: Transcript) -> None:
        self.told.append(f"appeared {transcript.run}")
        self.runs[transcript.run] = transcript

    def changed(self, transcript: Transcript, path: events.RunPath) -> None:
        assert self.runs[transcript.run] is transcript
        self.paths.append(path)

    def ended(self, transcript: Transcript) -> None:
        self.told.append(f"ended {transcript.run} {transcript.root.state} {transcript.root.code}".rstrip())

    def ledger_changed(self) -> None:
        self.ledger += 1

    def journal_failed(self, error: JournalError) -> None:
        self.errors.append(error)


@dataclass
class Scene:
    """A journal, who writes it, and who follows it, look by look."""

    path: Path
    seen: Seen
    following: Following

    def look(self, times: int = 1) -> None:
        async def main() -> None:
            for _ in range(times):
                self.following.look()

        jump_run(main())


def scene(path: Path, *own: str, pid: int = NOBODY) -> Scene:
    seen = Seen()
    return Scene(path, seen, Following(Follower(path, own=set(own)), seen, pid=pid))


def text(words: str, path: events.RunPath = ()) -> events.Wrote:
    return events.Wrote(at=NOON, path=path, text=words)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def test_a_run_that_begins_is_seen_from_its_first_event_to_its_end(path: Path) -> None:
    with closing(Journal.open(path)) as journal:
        stage = scene(path)
        stage.look()
        commit(journal, "r1", [begun("r1"), text("half ")])
        stage.look()
        assert stage.seen.told == ["appeared r1"]
        assert [one.run for one in stage.following.live] == ["r1"]
        commit(journal, "r1", [text("whole"), spent(), events.Finished(at=NOON, text="half whole")])
        stage.look()
        assert stage.seen.told == ["appeared r1", "ended r1 done"]
        assert stage.seen.runs["r1"].root.text == "half whole"
        assert stage.following.live == []


def test_a_screen_that_opens_in_the_middle_shows_a_run_from_its_beginning(path: Path) -> None:
    with closing(Journal.open(path)) as journal:
        commit(journal, "r1", [begun("r1"), *[text(f"{n} ") for n in range(3 * MOST)]])
        stage = scene(path)
        stage.look()
        commit(journal, "r1", [text("late")])
        stage.look(5)
        assert stage.seen.told == ["appeared r1"]
        assert stage.seen.runs["r1"].root.text == "".join(f"{n} " for n in range(3 * MOST)) + "late"


def test_a_run_that_is_over_before_the_first_look_appears_and_ends(path: Path) -> None:
    with closing(Journal.open(path)) as journal:
        stage = scene(path)
        stage.look()
        commit(journal, "r1", [begun("r1"), events.Finished(at=NOON, text="quick")])
        stage.look()
        assert stage.seen.told == ["appeared r1", "ended r1 done"]
        commit(journal, "r1", [events.Warned(code="late", message="too late")])
        stage.look()
        assert stage.seen.told == ["appeared r1", "ended r1 done"]


def test_what_was_over_before_we_came_is_not_told(path: Path) -> None:
    with closing(Journal.open(path)) as journal:
        commit(journal, "r1", [begun("r1"), events.Finished(at=NOON, text="old")])
        stage = scene(path)
        stage.look(3)
        assert stage.seen.told == []


def test_ones_own_runs_are_not_followed_but_their_calls_are_noticed(path: Path) -> None:
    with closing(Journal.open(path)) as journal:
        stage = scene(path, "mine")
        stage.look()
        before = stage.seen.ledger
        commit(journal, "mine", [begun("mine"), text("x")])
        stage.look()
        assert (stage.seen.told, stage.seen.ledger) == ([], before)
        commit(journal, "mine", [spent()])
        stage.look()
        assert (stage.seen.told, stage.seen.ledger) == ([], before + 1)


def test_a_run_of_this_process_that_nobody_named_is_still_its_own(path: Path) -> None:
    with closing(Journal.open(path)) as journal:
        commit(journal, "r0", [begun("r0")])
        stage = scene(path, pid=os.getpid())
        stage.look()
        commit(journal, "r1", [begun("r1")])
        stage.look(2)
        assert stage.seen.told == []


def test_a_process_that_is_killed_ends_its_run_as_stopped(path: Path) -> None:
    process = child("forever", str(path), "r1")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    process.stdout.readline()
    stage = scene(path)
    stage.look(2)
    process.kill()
    process.communicate(timeout=60)
    assert stage.seen.told == ["appeared r1"]

    async def main() -> None:
        stage.following.look()
        while stage.following.follower.behind or stage.following.live:
            await asyncio.sleep(CHECK_EVERY)
            stage.following.look()

    jump_run(main())
    assert stage.seen.told == ["appeared r1", "ended r1 failed stopped"]
    assert stage.seen.runs["r1"].root.message == "Its process ended before it did."
    assert sum(len(node.calls) for node in stage.seen.runs["r1"].nodes.values()) > 0


def test_a_damaged_event_is_left_out_told_once_and_the_rest_is_shown(path: Path) -> None:
    with closing(Journal.open(path)) as journal:
        commit(journal, "r1", [begun("r1"), text("a "), text("b "), text("c ")])
        with closing(sqlite3.connect(path)) as other:
            other.execute("UPDATE events SET body='{' WHERE n=3")
            other.commit()
        stage = scene(path)
        stage.look(3)
        commit(journal, "r1", [text("d")])
        stage.look(3)
        assert stage.seen.runs["r1"].root.text == "a c d"
        assert [error.message for error in stage.seen.errors if "Event 3 of run r1" in error.message]
        assert len(stage.seen.errors) == 1


def test_looks_are_frequent_only_while_somebody_else_is_at_work(path: Path) -> None:
    with closing(Journal.open(path)) as journal:
        stage = scene(path)
        stage.look()
        assert stage.following._pause() == IDLE
        commit(journal, "r1", [begun("r1")])
        stage.look()
        assert stage.following._pause() == LIVE
        commit(journal, "r1", [events.Cancelled(at=NOON)])
        stage.look()
        assert stage.following._pause() == IDLE


def test_following_ends_when_it_is_told_to_and_lets_go_of_the_file(path: Path) -> None:
    journal = Journal.open(path)
    stage = scene(path)

    async def main() -> None:
        asyncio.get_running_loop().call_later(3.0, stage.following.stop)
        await stage.following.follow()

    jump_run(main())
    journal.close()
    assert [file.name for file in path.parent.iterdir()] == ["journal.db"]


def test_an_hour_of_nothing_costs_next_to_nothing(path: Path) -> None:
    """18,000 looks; the bound is far above what they cost, so that a busy machine passes too."""
    Journal.open(path).close()
    stage = scene(path)
    stage.look()
    begun = time.process_time()
    stage.look(18_000)
    assert time.process_time() - begun < 3600 * 0.003


def test_a_commit_in_the_ledger_by_another_process_is_noticed(path: Path) -> None:
    with closing(Journal.open(path)) as journal:
        stage = scene(path)
        stage.look()
        before = stage.seen.ledger
        commit(journal, "r1", [begun("r1"), spent(call()), spent(call())])
        stage.look(2)
        assert stage.seen.ledger == before + 1


def test_a_run_whose_end_cannot_be_read_ends_all_the_same(path: Path) -> None:
    with closing(Journal.open(path)) as journal:
        stage = scene(path)
        stage.look()
        commit(journal, "r1", [begun("r1"), text("said")])
        stage.look()
        commit(journal, "r1", [events.Finished(at=NOON, text="said")])
        with closing(sqlite3.connect(path)) as other:
            other.execute("UPDATE events SET body='{' WHERE n=3")
            other.commit()
        look_for_long(stage)
        assert [word.split()[0] for word in stage.seen.told] == ["appeared", "ended"]


def test_a_journal_that_is_deleted_ends_no_run_whose_process_is_there(path: Path) -> None:
    with closing(Journal.open(path)) as journal:
        stage = scene(path)
        stage.look()
        commit(journal, "r1", [begun("r1"), text("said")])
        stage.look()
        for file in path.parent.glob("journal.db*"):
            file.unlink()
        look_for_long(stage)
        assert stage.seen.told == ["appeared r1"]
        assert stage.seen.errors == []


def test_a_run_that_another_process_goes_on_with_appears_again_whole(path: Path) -> None:
    with closing(Journal.open(path)) as journal:
        stage = scene(path)
        stage.look()
        commit(journal, "r1", [begun("r1"), text("first "), events.Cancelled(at=NOON)])
        stage.look()
        commit(journal, "r1", [begun("r1"), events.Started(agent="a", profile="p", backend="b", model="m")])
        stage.look(2)
        assert stage.seen.told == ["appeared r1", "ended r1 cancelled cancelled", "appeared r1"]
        assert [one.run for one in stage.following.live] == ["r1"]
        commit(journal, "r1", [events.Finished(at=NOON, text="whole")])
        stage.look(2)
        assert stage.seen.told[-1] == "ended r1 done"


def look_for_long(stage: Scene) -> None:
    async def main() -> None:
        for _ in range(4):
            stage.following.look()
            await asyncio.sleep(CHECK_EVERY)

    jump_run(main())
