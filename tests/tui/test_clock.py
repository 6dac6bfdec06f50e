"""The frame clock: a few in each frame, oldest first, nothing while nothing is touched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tui_delegate.tui import clock
from tui_delegate.tui.clock import BEAT, FRAME, HIDDEN, MOST, SLOWEST, FrameClock


@pytest.fixture(autouse=True)
def _at_its_own_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "FRAME", FRAME)


@dataclass
class Ticker:
    interval: float
    callback: Callable[[], None]
    going: bool = False

    def pause(self) -> None:
        self.going = False

    def resume(self) -> None:
        self.going = True


class House:
    """Timers that ring when the test says so, and a time that passes when it says so."""

    def __init__(self) -> None:
        self.timers: list[Ticker] = []
        self.time = 100.0
        self.spent = 1.0
        self.clock = FrameClock(self, now=lambda: self.time, cpu=lambda: self.spent)

    def set_interval(self, interval: float, callback: Callable[[], None], *, pause: bool) -> Ticker:
        ticker = Ticker(interval, callback, not pause)
        self.timers.append(ticker)
        return ticker

    def frame(self, cost: float = 0.0) -> None:
        """Let one frame pass, and what is drawn for it cost so much."""
        self.time += FRAME
        for timer in self.timers:
            if timer.going and timer.interval == FRAME:
                timer.callback()
        self.spent += cost

    def beat(self) -> None:
        self.time += BEAT
        for timer in self.timers:
            if timer.going and timer.interval == BEAT:
                timer.callback()

    @property
    def quiet(self) -> bool:
        return not any(timer.going for timer in self.timers)


@dataclass(eq=False)
class Part:
    """A part of a screen that writes down when it was flushed."""

    house: House
    name: str = ""
    rate: float = 1_000.0
    cost: float = 0.0
    flushed: list[float] = field(default_factory=list)
    wanted: int = 0

    def flush(self) -> None:
        self.flushed.append(self.house.time)
        self.house.spent += self.cost

    def beat(self) -> bool:
        self.wanted -= 1
        return self.wanted > 0


def test_there_is_no_timer_until_something_is_touched_and_none_after() -> None:
    house = House()
    assert house.quiet
    part = Part(house)
    house.clock.touch(part)
    assert house.clock.running
    house.frame()
    assert len(part.flushed) == 1
    assert house.quiet


def test_a_thousand_touches_are_one_flush() -> None:
    house = House()
    part = Part(house)
    for _ in range(1_000):
        house.clock.touch(part)
    house.frame()
    house.frame()
    assert len(part.flushed) == 1


def test_a_frame_takes_a_few_and_each_comes_in_its_turn() -> None:
    house = House()
    parts = [Part(house, str(at)) for at in range(10)]
    for part in parts:
        house.clock.touch(part)
    house.frame()
    assert [part.name for part in parts if part.flushed] == [str(at) for at in range(MOST)]
    for part in parts:
        house.clock.touch(part)
    house.frame()
    house.frame()
    assert [len(part.flushed) for part in parts] == [2, 2, 1, 1, 1, 1, 1, 1, 1, 1]


def test_a_long_flush_leaves_the_others_to_the_next_frame() -> None:
    house = House()
    parts = [Part(house, cost=0.01) for _ in range(3)]
    for part in parts:
        house.clock.touch(part)
    house.frame()
    assert [len(part.flushed) for part in parts] == [1, 0, 0]
    house.frame()
    assert [len(part.flushed) for part in parts] == [1, 1, 0]


def test_nobody_is_flushed_more_often_than_it_may_be() -> None:
    house = House()
    part = Part(house, rate=5.0)
    for _ in range(50):
        house.clock.touch(part)
        house.frame()
    assert 9 <= len(part.flushed) <= 11


def test_what_is_hidden_waits_without_a_timer_until_it_is_seen() -> None:
    house = House()
    part = Part(house, rate=HIDDEN)
    house.clock.touch(part)
    house.frame()
    assert house.quiet
    house.clock.touch(part)
    assert house.quiet
    part.rate = 5.0
    house.clock.seen(part)
    house.frame()
    assert len(part.flushed) == 1


def test_seeing_what_has_nothing_new_starts_nothing() -> None:
    house = House()
    house.clock.seen(Part(house))
    assert house.quiet


def test_long_frames_make_frames_smaller_and_then_fewer() -> None:
    house = House()
    parts = [Part(house, rate=25.0) for _ in range(8)]

    def frames(number: int, cost: float) -> int:
        before = sum(len(part.flushed) for part in parts)
        for _ in range(number):
            for part in parts:
                house.clock.touch(part)
            house.frame(cost)
        return sum(len(part.flushed) for part in parts) - before

    quick = frames(20, 0.001)
    frames(20, 0.2)
    assert house.clock.slow > 1
    slow = frames(20, 0.2)
    assert slow <= quick / 4
    assert house.clock.slow <= SLOWEST
    frames(60, 0.001)
    assert house.clock.slow == 1.0
    assert frames(20, 0.001) == quick


def test_the_beat_goes_on_while_somebody_has_use_for_it() -> None:
    house = House()
    part = Part(house, wanted=3)
    house.clock.want_beat(part)
    assert house.clock.ticking
    for _ in range(5):
        house.beat()
    assert part.wanted == 0
    assert house.quiet
    part.wanted = 1
    house.clock.want_beat(part)
    assert house.clock.ticking
    assert len(house.timers) == 1


def test_who_is_gone_is_not_called() -> None:
    house = House()
    part = Part(house, wanted=9)
    house.clock.touch(part)
    house.clock.want_beat(part)
    house.clock.drop(part)
    house.clock.no_beat(part)
    house.frame()
    house.beat()
    assert not part.flushed
    assert part.wanted == 9
    assert house.quiet
