"""`run --resume`, in processes that are really killed: what was paid for is not asked again."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.speaking import CHAT, TASKS, half_way, said, who
from tests.journal.samples import commit
from tests.loopback import Loopback, serving
from tests.product import Product
from tui_delegate.core.calls import RunContext
from tui_delegate.core.events import Event, Finished, Opened
from tui_delegate.journal.store import Journal

DONE = "Done: result of fix the typo; result of sort these names"
Check = Callable[[Product, Loopback, asyncio.Event], Coroutine[None, None, None]]


def with_slow_worker(tmp_path: Path, check: Check) -> None:
    """Serve two workers, of which the second hangs in the middle of its answer until the gate opens."""

    async def main() -> None:
        gate = asyncio.Event()
        async with serving(half_way(gate)) as server:
            mine = {"backend": "openai-compat", "base_url": server.url, "default_model": "big"}
            await check(Product(tmp_path / "home").write(mine=mine), server, gate)

    asyncio.run(main())


def chats(server: Loopback) -> Counter[str]:
    return Counter(who(one) for one in server.asked if one.line == CHAT)


async def killed(tud: Product) -> str:
    """Run until one worker is done and the other in the middle of its answer; kill it; give the run's id."""
    going = await tud.start("run", "--events", "go")
    wanted, run = {("finished", 0), ("wrote", 1)}, ""
    while wanted:
        event = json.loads(await going.line())
        run = event.get("run", run)
        wanted -= {(event["event"], *event["path"])}
    going.signal(signal.SIGKILL)
    assert (await going.end()).code == -signal.SIGKILL
    return run


def test_a_run_that_was_killed_goes_on_and_pays_for_nothing_twice(tmp_path: Path) -> None:
    async def check(tud: Product, server: Loopback, gate: asyncio.Event) -> None:
        run = await killed(tud)
        gate.set()
        ended = await tud.tell("run", "--resume", "last", "--json")
        assert (ended.code, ended.value["content"], ended.value["run"]) == (0, DONE, run), ended.err
        assert [one["status"] for one in ended.rows("delegations")] == ["ok", "ok"]
        assert chats(server) == {"plan": 1, TASKS[0]: 1, TASKS[1]: 2, "answer": 1}
        rows = await tud.ledger()
        assert Counter(row["status"] for row in rows) == {"ok": 4}
        assert {row["run"] for row in rows} == {run}

    with_slow_worker(tmp_path, check)


def test_all_of_its_story_is_told_in_events_and_what_is_read_back_in_talk(tmp_path: Path) -> None:
    async def check(tud: Product, server: Loopback, gate: asyncio.Event) -> None:
        run = await killed(tud)
        gate.set()
        ended = await tud.tell("run", "--resume", run)
        assert (ended.code, ended.out) == (0, f"{DONE}\n")
        assert "· goes on: 2 model calls and 1 delegations are read back, not made again" in ended.err
        again = await tud.tell("run", "--resume", run, "--events")
        events = [json.loads(line) for line in again.out.splitlines()]
        assert (events[0]["event"], events[-1]["event"], events[-1]["path"]) == ("opened", "finished", [])
        assert sum(event["event"] == "resumed" for event in events) == 1
        assert [
            e["attempt"] for e in events if e["event"] == "started" and e["path"] == [1] and "attempt" in e
        ]

    with_slow_worker(tmp_path, check)


def test_of_two_processes_one_goes_on_and_the_other_says_so(tmp_path: Path) -> None:
    async def check(tud: Product, server: Loopback, gate: asyncio.Event) -> None:
        run = await killed(tud)
        both = [await tud.start("run", "--resume", run, "-q") for _ in range(2)]
        ends = [asyncio.create_task(one.end()) for one in both]
        first, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        (lost,) = first
        assert lost.result().code == 2, lost.result()
        assert run in lost.result().err
        gate.set()
        codes = sorted([(await one).code for one in ends])
        assert codes == [0, 2]
        assert chats(server)[TASKS[1]] == 2

    with_slow_worker(tmp_path, check)


def test_a_run_that_is_alive_is_left_alone(tmp_path: Path) -> None:
    async def check(tud: Product, server: Loopback, gate: asyncio.Event) -> None:
        going = await tud.start("run", "--events", "go")
        run = json.loads(await going.line())["run"]
        refused = await tud.tell("run", "--resume", run, "--json")
        assert (refused.code, refused.error["code"]) == (2, "input_error")
        assert "still running" in str(refused.error["message"])
        assert (await tud.tell("run", "--resume", "last")).code == 2
        gate.set()
        assert (await going.end()).code == 0

    with_slow_worker(tmp_path, check)


def test_a_run_that_has_its_answer_gives_it_again_and_asks_nobody(tmp_path: Path) -> None:
    async def check(tud: Product, server: Loopback, gate: asyncio.Event) -> None:
        gate.set()
        first = await tud.tell("run", "--json", "go")
        before = chats(server)
        again = await tud.tell("run", "--resume", str(first.value["run"]), "-q")
        assert (again.code, again.out) == (0, f"{DONE}\n")
        assert chats(server) == before

    with_slow_worker(tmp_path, check)


@pytest.mark.parametrize("words", [("--resume", "r-nobody"), ("--resume", "last")])
def test_a_run_that_is_not_there_is_named(tmp_path: Path, words: tuple[str, ...]) -> None:
    ended = asyncio.run(Product(tmp_path / "home").write({}).tell("run", *words))
    assert (ended.code, ended.out) == (2, "")
    assert "There is no such run" in ended.err


def test_a_run_that_kept_no_text_can_not_go_on(tmp_path: Path) -> None:
    async def check(tud: Product, server: Loopback, gate: asyncio.Event) -> None:
        going = await tud.start("run", "--no-keep-text", "--events", "go")
        while json.loads(await going.line())["event"] != "delegated":
            pass
        going.signal(signal.SIGKILL)
        await going.end()
        ended = await tud.tell("run", "--resume", "last")
        assert (ended.code, ended.out) == (2, "")
        assert "kept no text" in ended.err

    with_slow_worker(tmp_path, check)


def test_files_are_looked_for_where_the_run_was_begun(tmp_path: Path) -> None:
    async def check(tud: Product, server: Loopback, gate: asyncio.Event) -> None:
        note = tud.home / "note.md"
        note.write_text("hello")
        going = await tud.start("run", "--events", "go @note.md")
        while json.loads(await going.line())["event"] != "delegated":
            pass
        going.signal(signal.SIGKILL)
        await going.end()
        note.unlink()
        gone = await tud.tell("run", "--resume", "last")
        assert gone.code == 2
        assert "note.md" in gone.err
        note.write_text("hello again")
        gate.set()
        assert (await tud.tell("run", "--resume", "last", "-q")).out == f"{DONE}\n"

    with_slow_worker(tmp_path, check)


def test_a_run_in_the_middle_of_a_conversation_goes_on_with_what_was_said_before(tmp_path: Path) -> None:
    async def check(tud: Product, server: Loopback, gate: asyncio.Event) -> None:
        gate.set()
        journal = Journal.open(tud.home / "journal.db")
        session = RunContext(session="s1")
        first: list[Event] = [Opened(run="r1", prompt="who?", context=session), Finished(text="me")]
        assert commit(journal, "r1", first) is None
        assert commit(journal, "r2", [Opened(run="r2", prompt="go", after="r1", context=session)]) is None
        journal.close()
        await asyncio.to_thread(abandon, tud.home / "journal.db", "r2")
        ended = await tud.tell("run", "--resume", "r2", "-q")
        assert (ended.code, ended.out) == (0, f"{DONE}\n"), ended.err
        asked = next(one for one in server.asked if one.line == CHAT)
        assert [words for _, words in said(asked)][1:3] == ["who?", "me"]

    with_slow_worker(tmp_path, check)


def abandon(path: Path, run: str) -> None:
    """Leave a run as if its process were gone."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE runs SET pid=? WHERE id=?", (2**22 + 1, run))
