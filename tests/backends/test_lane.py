"""The lane on a clock that jumps: who goes when, which time-out says what, and what is tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clock import jump_run
from tests.engine.telling import tell
from tests.script import Cast, seat_of
from tui_delegate.backends.fleet import Fleet
from tui_delegate.backends.lane import Lane, Laned
from tui_delegate.backends.timeouts import TimeOuts
from tui_delegate.core.chunks import ChatRequest, Chunk, ProgressChunk, QueueChunk, Reply, TextChunk
from tui_delegate.core.errors import (
    BackendError,
    Overloaded,
    RateLimited,
    ResolveError,
    TimedOut,
    Unreachable,
)
from tui_delegate.core.events import Retrying, Spent
from tui_delegate.core.messages import Message
from tui_delegate.core.ports import Sink
from tui_delegate.core.servers import Progress, ServerInfo
from tui_delegate.core.usage import Usage

REQUEST = ChatRequest("m", (Message("user", "hi"),))
DONE = Reply(Message("assistant", "ok"), "stop", Usage(1, 0, 1), "m")
USUAL = TimeOuts()
A_SECOND: tuple[str | float, ...] = ("a", 1.0)
FOUR_SECONDS: tuple[str | float, ...] = ("a", 4.0)
Act = Callable[[Sink], Awaitable[None]]


@dataclass
class Server:
    """A backend that does one act a call, the last again and again."""

    acts: list[Act]
    asked: int = 0
    in_flight: int = 0
    most: int = 0

    async def chat(self, request: ChatRequest, sink: Sink) -> Reply:
        act = self.acts[min(self.asked, len(self.acts) - 1)]
        self.asked += 1
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        try:
            await act(sink)
            return DONE
        finally:
            self.in_flight -= 1


@dataclass
class Host:
    """Says of a load what it was told to say, look after look; then that there is none."""

    says: Sequence[float | Exception | None] = ()
    looks: int = 0

    async def load_progress(self, model: str) -> float | None:
        said = self.says[self.looks] if self.looks < len(self.says) else None
        self.looks += 1
        if isinstance(said, Exception):
            raise said
        return said

    async def info(self) -> ServerInfo:
        raise ResolveError("not here")

    async def load(self, model: str, report: Callable[[Progress], None]) -> None:
        raise AssertionError("a load is never asked for by a lane")

    async def unload(self, model: str) -> None:
        raise ResolveError("not here")

    async def pull(self, model: str, report: Callable[[Progress], None]) -> None:
        raise ResolveError("not here")

    async def window(self, model: str) -> int | None:
        return None

    async def parallel(self, model: str) -> int | None:
        return None


class Ear:
    """A sink that keeps what it hears; `slow` is how long one drain takes."""

    def __init__(self, slow: float = 0.0) -> None:
        self.heard: list[Chunk] = []
        self.slow = slow

    def put(self, chunk: Chunk) -> None:
        self.heard.append(chunk)

    async def drain(self) -> None:
        if self.slow:
            await asyncio.sleep(self.slow)

    def of(self, kind: type[Chunk]) -> list[Chunk]:
        return [chunk for chunk in self.heard if isinstance(chunk, kind)]


def acting(*steps: float | str | BackendError | ProgressChunk) -> Act:
    """Wait for numbers, write texts, raise errors; each text is one read from the network."""

    async def act(sink: Sink) -> None:
        for step in steps:
            if isinstance(step, float):
                await asyncio.sleep(step)
            elif isinstance(step, BackendError):
                raise step
            else:
                sink.put(TextChunk(step) if isinstance(step, str) else step)
                await sink.drain()

    return act


def laned(server: Server, times: TimeOuts = USUAL, host: Host | None = None, places: int = 1) -> Laned:
    return Laned(server, Lane(places), times, host, luck=lambda: 0.0)


async def until_idle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


# Who goes when


@settings(max_examples=50, deadline=None)
@given(
    places=st.integers(1, 4),
    steps=st.lists(st.sampled_from(["come", "leave", "give up", "leave and give up"]), max_size=40),
    data=st.data(),
)
def test_first_come_is_first_served_and_no_place_is_ever_lost(
    places: int, steps: list[str], data: st.DataObject
) -> None:
    async def main() -> None:
        lane = Lane(places)
        line: list[tuple[int, asyncio.Task[None]]] = []
        served: list[int] = []

        async def come(number: int) -> None:
            await lane.enter("m", lambda _: None, 1e6)
            served.append(number)

        waiting: list[int] = []
        inside = 0
        for number, step in enumerate(steps):
            if step == "come":
                line.append((number, asyncio.create_task(come(number))))
                waiting.append(number)
            open_ = [one for one in line if one[0] in waiting]
            if "give up" in step and open_:
                quitter, task = data.draw(st.sampled_from(open_))
                task.cancel()
                waiting.remove(quitter)
            if "leave" in step and inside:
                lane.leave()
                inside -= 1
            await until_idle()
            expected, waiting = waiting[: places - inside], waiting[places - inside :]
            assert served == expected
            inside += len(served)
            served.clear()
            assert lane.load == inside + len(waiting)
        for _, task in line:
            task.cancel()
        await until_idle()

    jump_run(main())


def test_the_places_are_learned_once_and_bound_those_who_came_before_too() -> None:
    async def main() -> None:
        answers: list[asyncio.Future[int]] = []

        def learn(model: str) -> asyncio.Future[int]:
            answers.append(asyncio.get_running_loop().create_future())
            return answers[-1]

        lane = Lane(None, learn)
        order: list[int] = []

        async def come(number: int) -> None:
            await lane.enter("m", lambda _: None, 100)
            order.append(number)

        tasks = [asyncio.create_task(come(number)) for number in range(10)]
        await until_idle()
        assert (len(answers), order, lane.load) == (1, [], 10)
        tasks[1].cancel()
        await until_idle()
        assert lane.load == 9
        answers[0].set_result(3)
        await until_idle()
        assert order == [0, 2, 3]
        for _ in range(6):
            lane.leave()
            await until_idle()
        assert order == [0, 2, 3, 4, 5, 6, 7, 8, 9]
        for _ in range(3):
            lane.leave()
        assert (len(answers), lane.load) == (1, 0)
        await asyncio.wait(tasks)

    jump_run(main())


def test_those_who_wait_hear_their_position_each_time_it_changes() -> None:
    async def main() -> list[list[Chunk]]:
        backend = laned(Server([acting(1.0)]))
        ears = [Ear() for _ in range(3)]
        await asyncio.gather(*(backend.chat(REQUEST, ear) for ear in ears))
        return [ear.of(QueueChunk) for ear in ears]

    positions = [
        [chunk.position for chunk in heard if isinstance(chunk, QueueChunk)] for heard in jump_run(main())
    ]
    assert positions == [[], [1, 0], [2, 1, 0]]


def test_a_call_that_is_cancelled_in_the_line_or_in_flight_leaks_no_place() -> None:
    async def main() -> None:
        server = Server([acting(1000.0)])
        backend = laned(server, places=2)
        tasks = [asyncio.create_task(backend.chat(REQUEST, Ear())) for _ in range(5)]
        await until_idle()
        for number in (3, 0, 4, 1, 2):
            tasks[number].cancel()
            await until_idle()
        assert (backend.lane.load, server.in_flight, server.asked) == (0, 0, 3)
        server.acts = [acting("ok")]
        assert await backend.chat(REQUEST, Ear()) is DONE

    jump_run(main())


def test_a_call_that_is_cancelled_in_the_very_step_in_which_it_is_let_in_leaks_no_place() -> None:
    async def main() -> None:
        for first in ("cancel", "leave"):
            lane = Lane(1)
            await lane.enter("m", lambda _: None, 10)
            quitter = asyncio.create_task(lane.enter("m", lambda _: None, 10))
            after = asyncio.create_task(lane.enter("m", lambda _: None, 10))
            await until_idle()
            acts: list[Callable[[], object]] = [quitter.cancel, lane.leave]
            for act in acts if first == "cancel" else reversed(acts):
                act()
            await until_idle()
            assert quitter.cancelled()
            assert after.done()
            assert lane.load == 1
            lane.leave()
            assert lane.load == 0

    jump_run(main())


# The four time-outs


@pytest.mark.parametrize(
    ("times", "act", "words", "after"),
    [
        (TimeOuts(first=5), acting(100.0), "No first token within 5 s.", 5),
        (TimeOuts(idle=4), acting(50.0, "a", 100.0), "The stream was silent for 4 s.", 54),
        (TimeOuts(total=12), acting(*A_SECOND * 99), "The call took longer than 12 s (total).", 12),
        (TimeOuts.of(3), acting(100.0), "No first token within 3 s.", 3),
        (TimeOuts.of(3), acting(1.0, "a", 2.0, "b", 100.0), "The stream was silent for 3 s.", 6),
    ],
)
def test_each_time_out_says_its_name(times: TimeOuts, act: Act, words: str, after: float) -> None:
    async def main() -> None:
        backend = laned(Server([act]), times)
        begun = asyncio.get_running_loop().time()
        with pytest.raises(TimedOut) as caught:
            await backend.chat(REQUEST, Ear())
        assert caught.value.message == words
        assert caught.value.retry_in is None
        assert asyncio.get_running_loop().time() - begun == pytest.approx(after, abs=1)
        assert backend.lane.load == 0

    jump_run(main())


def test_who_waits_too_long_in_the_line_is_told_so_and_leaves_it() -> None:
    async def main() -> None:
        server = Server([acting(100.0)])
        backend = laned(server, TimeOuts(queue=7))
        first = asyncio.create_task(backend.chat(REQUEST, Ear()))
        await until_idle()
        with pytest.raises(TimedOut, match=r"within 7 s \(queue\)"):
            await backend.chat(REQUEST, Ear())
        assert (server.asked, backend.lane.load) == (1, 1)
        await first

    jump_run(main())


def test_a_stream_that_goes_on_is_never_cut_by_first_or_idle() -> None:
    async def main() -> Reply:
        backend = laned(Server([acting(4.0, *FOUR_SECONDS * 8)]), TimeOuts(first=5, idle=5))
        return await backend.chat(REQUEST, Ear())

    assert jump_run(main()) is DONE


def test_a_slow_reader_is_not_the_servers_silence() -> None:
    async def main() -> Reply:
        backend = laned(Server([acting("a", "b", 3.0, "c")]), TimeOuts(first=5, idle=5))
        return await backend.chat(REQUEST, Ear(slow=60))

    assert jump_run(main()) is DONE


# Loads


def test_a_load_that_the_server_reports_counts_towards_no_time_out() -> None:
    async def main() -> tuple[Server, Ear]:
        host = Host([*(step / 20 for step in range(20))])
        server, ear = Server([acting(23.0, "a")]), Ear()
        assert await laned(server, TimeOuts(first=9, idle=9, total=20), host).chat(REQUEST, ear) is DONE
        return server, ear

    server, ear = jump_run(main())
    assert server.asked == 1
    assert len(ear.of(ProgressChunk)) == 20


def test_a_load_in_the_stream_counts_towards_no_time_out_either() -> None:
    async def main() -> Reply:
        steps: list[float | ProgressChunk] = []
        for _ in range(10):
            steps += [4.0, ProgressChunk("load", 0.5)]
        backend = laned(Server([acting(*steps, 4.0, "a")]), TimeOuts(first=5, total=8))
        return await backend.chat(REQUEST, Ear())

    assert jump_run(main()) is DONE


def test_a_first_token_that_never_comes_after_the_load_is_still_too_late() -> None:
    async def main() -> None:
        backend = laned(Server([acting(1000.0)]), TimeOuts(first=9), Host([0.1, 0.9]))
        with pytest.raises(TimedOut, match="No first token"):
            await backend.chat(REQUEST, Ear())

    jump_run(main())


@pytest.mark.parametrize("trouble", [Unreachable("busy"), ResolveError("no way to tell")])
def test_a_look_that_fails_fails_no_call_and_does_not_end_the_looking(trouble: Exception) -> None:
    async def main() -> None:
        host = Host([0.1, trouble, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
        assert await laned(Server([acting(11.5, "a")]), TimeOuts(first=5), host).chat(REQUEST, Ear()) is DONE

    jump_run(main())


@pytest.mark.parametrize("says", [[0.1, 0.5, 0.9], [None, None], [Unreachable("busy"), 0.5], []])
def test_a_server_that_loads_is_waited_for_without_hurry(says: list[float | Exception | None]) -> None:
    async def main() -> tuple[int, float]:
        loading = Overloaded("Loading model", status=503, loading=True)
        server = Server([acting(loading), acting(loading), acting("ok")])
        begun = asyncio.get_running_loop().time()
        assert await laned(server, host=Host(says)).chat(REQUEST, Ear()) is DONE
        return server.asked, asyncio.get_running_loop().time() - begun

    asked, seconds = jump_run(main())
    assert asked == 3
    assert seconds >= 2.0


def test_a_load_that_is_waited_for_is_one_row_and_no_retry() -> None:
    loading = Overloaded("Loading model", status=503, loading=True)
    backend = laned(Server([acting(loading), acting("ok")]), host=Host([0.5]))
    told = tell(Cast(manager=seat_of("manager", backend)))
    assert len(told.of(Spent)) == 1
    assert told.of(Retrying) == []
    assert told.transcript.root.state == "done"


def test_a_time_out_while_the_look_is_under_way_leaves_no_task_and_no_error() -> None:
    async def main() -> None:
        problems: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context))

        async def slow_end(sink: Sink) -> None:
            try:
                await asyncio.sleep(1000)
            finally:
                await asyncio.sleep(5)  # closing takes a while
                sink.put(ProgressChunk("load", 0.5))

        host = Host([None] * 5 + [0.5] * 50)
        backend = laned(Server([slow_end]), TimeOuts(first=4.5, total=4.5), host)
        with pytest.raises(TimedOut):
            await backend.chat(REQUEST, Ear())
        await until_idle()
        assert problems == []
        assert len(asyncio.all_tasks()) == 1

    jump_run(main())


# What may be tried again


@pytest.mark.parametrize(
    ("error", "least", "most"),
    [
        (Overloaded("full", status=503), 0.25, 0.5),
        (RateLimited("slow down", status=429), 0.25, 0.5),
        (Overloaded("full", retry_after=7.0), 7.0, 7.1),
        (RateLimited("slow down", retry_after=2.5), 2.5, 2.6),
    ],
)
@pytest.mark.parametrize("luck", [0.0, 0.5, 1.0])
def test_what_had_no_room_is_marked_with_when_to_come_again(
    error: BackendError, least: float, most: float, luck: float
) -> None:
    async def main() -> None:
        backend = Laned(Server([acting(error)]), Lane(1), TimeOuts(), luck=lambda: luck)
        with pytest.raises(type(error)) as caught:
            await backend.chat(REQUEST, Ear())
        assert caught.value.retry_in is not None
        assert least <= caught.value.retry_in <= most

    jump_run(main())


@pytest.mark.parametrize("error", [Unreachable("down"), RateLimited("no", retry_after=3600.0)])
def test_what_will_not_go_better_soon_is_not_marked(error: BackendError) -> None:
    async def main() -> None:
        with pytest.raises(type(error)):
            await laned(Server([acting(error)])).chat(REQUEST, Ear())
        assert error.retry_in is None

    jump_run(main())


def test_all_calls_of_a_server_share_one_retry_budget() -> None:
    async def main() -> int:
        marked = 0
        full = Overloaded("full")
        backend = laned(Server([acting(full)]))
        for _ in range(20):
            full.retry_in = None
            with pytest.raises(Overloaded):
                await backend.chat(REQUEST, Ear())
            marked += full.retry_in is not None
        return marked

    assert jump_run(main()) == 8


# Several servers


def test_a_fleet_gives_each_call_to_the_one_with_the_least_to_do() -> None:
    async def main() -> list[int]:
        servers = [Server([acting(10.0)]) for _ in range(3)]
        fleet = Fleet([laned(server, places=2) for server in servers])
        await asyncio.gather(*(fleet.chat(REQUEST, Ear()) for _ in range(9)))
        return [server.asked for server in servers]

    assert jump_run(main()) == [3, 3, 3]


def test_a_fleet_that_is_new_spreads_its_first_calls_too() -> None:
    async def main() -> list[int]:
        def learn(model: str) -> asyncio.Future[int]:
            told: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_later(1, told.set_result, 4)
            return told

        servers = [Server([acting(10.0)]) for _ in range(2)]
        fleet = Fleet([Laned(server, Lane(None, learn), TimeOuts()) for server in servers])
        await asyncio.gather(*(fleet.chat(REQUEST, Ear()) for _ in range(8)))
        assert [server.most for server in servers] == [4, 4]
        return [server.asked for server in servers]

    assert jump_run(main()) == [4, 4]


def test_a_fleet_passes_by_a_server_that_is_down_and_fails_only_when_all_are() -> None:
    async def main(*servers: Server) -> Reply:
        return await Fleet([laned(server) for server in servers]).chat(REQUEST, Ear())

    def down() -> Server:
        return Server([acting(Unreachable("nobody is there"))])

    assert jump_run(main(down(), Server([acting("hello")]))).finish == "stop"
    with pytest.raises(Unreachable):
        jump_run(main(down(), down()))
