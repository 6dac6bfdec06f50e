"""The stream: one order, facts never before they are safe, text at once; a slow reader slows the network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clock import jump_run
from tests.core.shapes_of import EVENTS
from tests.engine.telling import play, tell
from tests.script import Cast, Script, echo
from tui_delegate.core.codec import without_text
from tui_delegate.core.events import (
    Calling,
    Event,
    Finished,
    Queued,
    Returned,
    Spent,
    Started,
    Thought,
    Warned,
    Wrote,
)
from tui_delegate.core.transcript import Transcript
from tui_delegate.engine.run import Plan, open_run
from tui_delegate.engine.stream import BOUND, Stream
from tui_delegate.engine.texts import TEXT_EVERY, coalesce

Done = Callable[[Exception | None], None]


class Hand:
    """A recorder that says that something is safe only when it is told to."""

    def __init__(self) -> None:
        self.stored: list[list[Event]] = []
        self.open: list[Done] = []

    def append(self, run: str, events: Sequence[Event], done: Done | None) -> None:
        assert events, "nothing is never stored"
        self.stored.append(list(events))
        if done:
            self.open.append(done)

    def answer(self, error: Exception | None = None) -> None:
        self.open.pop(0)(error)

    @property
    def all(self) -> list[Event]:
        return [event for batch in self.stored for event in batch]


class Prompt(Hand):
    """A recorder that answers at once, before `append` returns."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.error = error

    def append(self, run: str, events: Sequence[Event], done: Done | None) -> None:
        super().append(run, events, done)
        if done:
            self.answer(self.error)


class Broken:
    """A recorder that can't even be handed something."""

    def append(self, run: str, events: Sequence[Event], done: Done | None) -> None:
        raise OSError("no such disk")


class Reader:
    """Reads a stream in a task of its own."""

    def __init__(self, stream: Stream) -> None:
        self.seen: list[Event] = []
        self.task = asyncio.create_task(self._read(stream))

    async def _read(self, stream: Stream) -> None:
        async for event in stream:
            self.seen.append(event)

    @property
    def words(self) -> str:
        return " ".join(word_of(event) for event in self.seen)


def word_of(event: Event) -> str:
    return event.message if isinstance(event, Warned) else getattr(event, "text", type(event).__name__)


def fact(word: str) -> Warned:
    return Warned(code="c", message=word)


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def test_without_a_journal_everything_comes_in_its_order() -> None:
    async def main() -> str:
        stream = Stream("r", None)
        reader = Reader(stream)
        for number in range(20):
            stream.emit(Wrote(text=f"t{number}") if number % 3 else fact(f"f{number}"))
            if number % 4 == 0:
                await turns(1)
        await stream.close()
        await reader.task
        return reader.words

    assert jump_run(main()) == " ".join(f"{'t' if number % 3 else 'f'}{number}" for number in range(20))


def test_a_fact_is_never_shown_before_it_is_safe_and_text_after_it_waits_with_it() -> None:
    async def main() -> None:
        hand = Hand()
        stream = Stream("r", hand)
        reader = Reader(stream)
        stream.emit(fact("one"))
        stream.emit(Wrote(text="two"))
        await turns()
        stream.emit(Wrote(text="three"))
        stream.emit(fact("four"))
        await turns()
        assert reader.words == ""
        hand.answer()
        await turns()
        assert reader.words == "one two"
        hand.answer()
        await turns()
        assert reader.words == "one two three four"
        assert hand.open == []
        await stream.close()

    jump_run(main())


def test_text_is_shown_at_once_and_stored_a_few_times_a_second() -> None:
    async def main() -> None:
        hand = Hand()
        stream = Stream("r", hand)
        reader = Reader(stream)
        for word in ("a", "b", "c"):
            stream.emit(Wrote(text=word))
        await turns(2)
        assert reader.words == "a b c"
        assert hand.stored == []
        await asyncio.sleep(TEXT_EVERY * 1.5)
        assert hand.stored == [[Wrote(text="abc")]]
        stream.emit(Wrote(text="d"))
        await stream.close()
        assert hand.stored[1:] == [[Wrote(text="d")]]

    jump_run(main())


def test_facts_that_come_together_are_one_group_and_one_group_is_in_flight() -> None:
    async def main() -> None:
        hand = Hand()
        stream = Stream("r", hand)
        for number in range(64):
            stream.emit(fact(str(number)))
        await turns()
        for number in range(64, 128):
            stream.emit(fact(str(number)))
            await turns(1)
        assert [len(batch) for batch in hand.stored] == [64]
        hand.answer()
        await turns()
        assert [len(batch) for batch in hand.stored] == [64, 64]

    jump_run(main())


def test_what_only_waits_is_shown_and_never_stored() -> None:
    async def main() -> None:
        hand = Hand()
        stream = Stream("r", hand)
        reader = Reader(stream)
        stream.emit(Queued(position=1, reason="busy"))
        await turns()
        await asyncio.sleep(TEXT_EVERY * 2)
        assert reader.words == "Queued"
        assert hand.stored == []
        await stream.close()

    jump_run(main())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(EVENTS, st.integers(0, 3), st.booleans()), max_size=25))
def test_shown_and_stored_are_one_order_whenever_the_journal_answers(
    plan: list[tuple[Event, int, bool]],
) -> None:
    async def main() -> tuple[list[Event], list[Event]]:
        hand = Hand()
        stream = Stream("r", hand)
        reader = Reader(stream)
        for event, pause, answers in plan:
            stream.emit(event)
            await turns(pause)
            if answers and hand.open:
                hand.answer()
        closing = asyncio.create_task(stream.close())
        while not closing.done():
            await turns(1)
            if hand.open:
                hand.answer()
        await reader.task
        return reader.seen, hand.all

    seen, stored = jump_run(main())
    assert seen == [event for event, _, _ in plan]
    assert [event for event in stored if event.durable] == [event for event in seen if event.durable]
    assert texts(stored) == texts(seen)


def texts(events: Sequence[Event]) -> dict[object, str]:
    """What was said by whom, cut at the facts of the same turn."""
    told: dict[object, str] = {}
    facts: dict[object, int] = {}
    for event in events:
        if isinstance(event, Wrote | Thought | Calling):
            slot = event.slot if isinstance(event, Calling) else 0
            key = (type(event), event.path, facts.get(event.path, 0), slot)
            told[key] = told.get(key, "") + event.text
        elif event.durable:
            facts[event.path] = facts.get(event.path, 0) + 1
    return told


@settings(max_examples=120, deadline=None)
@given(st.lists(EVENTS, max_size=25))
def test_joined_text_keeps_every_word_its_turn_and_its_place_among_the_facts(events: list[Event]) -> None:
    joined = coalesce(events)
    assert texts(joined) == texts(events)
    assert [event for event in joined if event.durable] == [event for event in events if event.durable]
    assert coalesce(joined) == joined
    assert len(joined) <= len(events)


def test_a_slow_reader_makes_the_network_wait_and_loses_nothing() -> None:
    async def main() -> None:
        stream = Stream("r", None)
        written = 0

        async def network() -> None:
            nonlocal written
            while written < BOUND * 3:
                stream.emit(Wrote(text=str(written)))
                written += 1
                await stream.drain()

        writer = asyncio.create_task(network())
        await turns(50)
        assert written == BOUND + 1
        for number in range(BOUND * 3):
            assert word_of(await anext(stream)) == str(number)
            await turns(1)
            assert written - number <= BOUND + 2
        await writer

    jump_run(main())


def test_a_slow_journal_makes_the_network_wait_too() -> None:
    async def main() -> None:
        hand = Hand()
        stream = Stream("r", hand)
        reader = Reader(stream)
        stream.emit(fact("unsafe"))
        await turns()
        written = 0

        async def network() -> None:
            nonlocal written
            while written < BOUND * 2:
                stream.emit(Wrote(text="x"))
                written += 1
                await stream.drain()

        writer = asyncio.create_task(network())
        await turns(50)
        assert written <= BOUND + 1
        hand.answer()
        await writer
        await stream.close()
        await reader.task
        assert len(reader.seen) == BOUND * 2 + 1

    jump_run(main())


def test_once_nobody_reads_nobody_waits() -> None:
    async def main() -> None:
        stream = Stream("r", None)
        for _ in range(BOUND + 5):
            stream.emit(Wrote(text="x"))
        waiting = asyncio.create_task(stream.drain())
        await turns()
        assert not waiting.done()
        stream.release()
        await waiting
        await stream.drain()

    jump_run(main())


def test_settled_waits_for_what_was_said_before_and_for_nothing_after() -> None:
    async def main() -> None:
        hand = Hand()
        stream = Stream("r", hand)
        await stream.settled()
        stream.emit(fact("one"))
        first = asyncio.create_task(stream.settled())
        await turns()
        stream.emit(fact("two"))
        second = asyncio.create_task(stream.settled())
        await turns()
        assert (first.done(), second.done()) == (False, False)
        hand.answer()
        await turns()
        assert (first.done(), second.done()) == (True, False)
        hand.answer()
        await second

    jump_run(main())


def test_a_waiter_that_gives_up_keeps_nobody_else_waiting() -> None:
    async def main() -> None:
        hand = Hand()
        stream = Stream("r", hand)
        stream.emit(fact("one"))
        first, second = (asyncio.create_task(stream.settled()) for _ in range(2))
        await turns()
        first.cancel()
        await turns()
        hand.answer()
        await second

    jump_run(main())


@pytest.mark.parametrize("recorder", [Prompt(OSError("disk full")), Broken()], ids=["says so", "raises"])
def test_a_journal_that_fails_stops_nothing_and_is_told_once(recorder: Hand | Broken) -> None:
    async def main() -> list[Event]:
        manager = Script().delegates("a 1", "b 2").then().says("end")
        seen = []
        async with open_run(Plan("r", "go"), Cast(manager=manager, worker=echo()), recorder=recorder) as run:
            async for event in run:
                seen.append(event)
            assert isinstance(run.journal_error, OSError)
        return seen

    seen = jump_run(main())
    notices = [event for event in seen if isinstance(event, Warned)]
    assert [notice.code for notice in notices] == ["ledger_not_written"]
    assert isinstance(seen[-1], Finished)
    assert len([event for event in seen if isinstance(event, Returned)]) == 2


def test_what_a_fold_of_the_stored_events_says_is_what_the_screen_said() -> None:
    recorder = Prompt()
    manager = Script().says("I ", "ask").delegates("a 1", "b 2").then().says("e", "nd")
    told = tell(Cast(manager=manager, worker=Script().thinks("hm").says("r", "es", "ult")), recorder=recorder)
    again = Transcript()
    for event in recorder.all:
        again.apply(event)
    assert list(again.nodes) == list(told.transcript.nodes)
    for path, node in told.transcript.nodes.items():
        other = again.nodes[path]
        assert (node.text, node.state, node.usage, node.cost) == (
            other.text, other.state, other.usage, other.cost,
        )  # fmt: skip
    assert [event for event in recorder.all if event.durable] == [
        event for event in told.events if event.durable
    ]


def test_leaving_while_the_journal_is_busy_waits_for_it_and_no_longer() -> None:
    async def main() -> None:
        hand = Hand()
        never = asyncio.Event()
        manager = Script().says("half").waits_for(never)
        opened = open_run(Plan("r", "go"), Cast(manager=manager), recorder=hand)
        await opened.__aenter__()
        await turns(10)
        assert len(hand.open) == 1
        leaving = asyncio.create_task(opened.__aexit__(None, None, None))
        await turns(10)
        assert not leaving.done()
        while not leaving.done():
            if hand.open:
                hand.answer()
            await turns(1)
        await leaving
        assert manager.in_flight == 0
        assert [type(event).__name__ for event in hand.all if event.terminal] == ["Cancelled"]
        assert len(asyncio.all_tasks()) == 1

    jump_run(main())


def test_leaving_a_run_before_it_began_makes_no_call() -> None:
    async def main() -> None:
        hand = Prompt()
        manager = Script().says("expensive")
        async with open_run(Plan("r", "go"), Cast(manager=manager), recorder=hand):
            pass
        assert manager.asked == []
        assert len(asyncio.all_tasks()) == 1

    jump_run(main())


def test_a_run_that_is_cancelled_before_it_began_is_told_as_cancelled() -> None:
    async def main() -> list[str]:
        manager = Script().says("expensive")
        async with open_run(Plan("r", "go"), Cast(manager=manager)) as run:
            run.cancel()
            names = [type(event).__name__ async for event in run]
        assert manager.asked == []
        return names

    assert jump_run(main()) == ["Opened", "Commanded", "Cancelled"]


def test_every_event_of_a_run_survives_the_loss_of_its_text() -> None:
    told = jump_run(play(Cast(manager=Script().delegates("a 1").then().says("end"), worker=echo())))
    bare = Transcript()
    for event in told.events:
        bare.apply(without_text(event))
    assert bare.usage == told.transcript.usage
    assert bare.root.state == "done"
    assert all(isinstance(event.path, tuple) for event in told.of(Started, Spent))
