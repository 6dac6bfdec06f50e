"""The strip: this session's sums, rows of what ended and of what is under way, and no drawing for nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from textual.app import ComposeResult
from textual.pilot import Pilot

from tests.tui.ledger_stage import DEAR, HOSTILE, SHOWN, lines_of
from tui_delegate.core.calls import ModelCall, RunContext, Status
from tui_delegate.core.events import (
    Delegated,
    Event,
    Failed,
    Finished,
    Opened,
    RunPath,
    Spent,
    Started,
    Wrote,
)
from tui_delegate.core.transcript import Transcript
from tui_delegate.core.usage import LOCAL, Price, Usage
from tui_delegate.tui.stage import Stage
from tui_delegate.tui.widgets.strip import Strip

Story = Callable[["StripStage", Pilot[int]], Awaitable[None]]
NOW = 1_794_916_800.0


class Clock:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class StripStage(Stage):
    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.strip = Strip("s1", now=self.clock)
        self.told: list[object] = []

    def compose(self) -> ComposeResult:
        yield self.strip

    def on_strip_toggled(self, event: Strip.Toggled) -> None:
        self.told.append(event)

    def on_strip_picked(self, event: Strip.Picked) -> None:
        self.told.append((event.run, event.path))


def play(story: Story, size: tuple[int, int] = (120, 10)) -> StripStage:
    app = StripStage()

    async def main() -> None:
        async with app.run_test(size=size) as pilot:
            await story(app, pilot)

    asyncio.run(main())
    return app


def spent(
    path: RunPath,
    usage: Usage,
    *,
    at: float = NOW,
    price: Price | None = LOCAL,
    model: str = "qwen3:4b",
    status: Status = "ok",
) -> Spent:
    cost = None if price is None else price.cost(usage)
    code = "" if status == "ok" else "unreachable"
    call = ModelCall(
        "worker", "p", "b", "h", model, model, usage, 0, 40, 3100, 93.0, price, cost, status, code
    )
    return Spent(path=path, at=at, call=call)


def run(name: str = "r1", session: str = "s1", *more: Event) -> Transcript:
    """A manager that has one worker at work and one done."""
    transcript = Transcript()
    for event in (
        Opened(run=name, prompt="p", context=RunContext("ask", session, "/home/me/release-notes")),
        Started(agent="manager", profile="p", backend="b", model="dear", at=NOW - 20),
        spent((), Usage(2011, 0, 61), price=DEAR, at=NOW - 17),
        Delegated(path=(0,), call_id="c"),
        Delegated(path=(1,), call_id="c"),
        Started(path=(0,), agent="worker", profile="p", backend="b", model="qwen3:4b", at=NOW - 17),
        spent((0,), Usage(1204, 1024, 288), at=NOW - 10),
        Finished(path=(0,), text="x", at=NOW - 10),
        Started(path=(1,), agent="worker", profile="p", backend="b", model="qwen3:8b", at=NOW - 12),
        Wrote(path=(1,), text="hello " * 300),
        *more,
    ):
        transcript.apply(event)
    return transcript


def test_it_sums_this_session_up_and_shows_what_is_under_way_last() -> None:
    async def story(app: StripStage, pilot: Pilot[int]) -> None:
        app.strip.show([run()])
        await pilot.pause()
        sums, *rows = lines_of(app.strip)
        assert "ledger" in sums
        for words in ("calls 2", "in 3,215", "out 349", "cached 1,024", "$0.0213", "saved ~$0.0086"):
            assert words in sums
        assert rows[0].split()[1:] == [
            "0",
            "worker",
            "p",
            "qwen3:4b",
            "2,011",
            "61",
            "–",
            "3.1s",
            "93/s",
            "ok",
        ]
        assert rows[2].split()[1:3] == ["2", "worker"]
        assert rows[2].endswith("● writing")
        assert "12s" in rows[2]
        assert "~546" in rows[2]

    play(story)


def test_a_run_of_elsewhere_is_marked_and_not_counted() -> None:
    async def story(app: StripStage, pilot: Pilot[int]) -> None:
        app.strip.show([run(), run("r2", "other")])
        await pilot.pause()
        sums, *rows = lines_of(app.strip)
        assert "calls 2" in sums
        assert "elsewhere 1 live" in sums
        assert sum("ask release-notes" in row for row in rows) == 3

    play(story, (130, 10))


@pytest.mark.parametrize("size", [(80, 8), (120, 8), (220, 8)])
def test_a_failure_shows_its_code_and_unknown_is_never_nothing(size: tuple[int, int]) -> None:
    async def story(app: StripStage, pilot: Pilot[int]) -> None:
        lost = spent((1,), Usage(0, 0, 0, 0, "unknown"), price=None, status="failed")
        app.strip.show([run("r1", "s1", lost, Failed(path=(1,), code="unreachable", message="gone"))])
        await pilot.pause()
        sums, *rows = lines_of(app.strip)
        assert "$0.0213+?" in sums
        assert "in ~3,215" in sums
        assert "✗ unreachable" in rows[2]
        assert "–" in rows[2]
        assert all(len(line) <= size[0] for line in (sums, *rows))

    play(story, size)


def test_nothing_is_drawn_where_nothing_changed_and_at_most_twice_a_second() -> None:
    async def story(app: StripStage, pilot: Pilot[int]) -> None:
        transcript = run()
        transcript.apply(Finished(path=(1,), at=NOW))
        app.strip.show([transcript])
        drawn: list[object] = []
        app.strip.refresh = lambda *_, **__: drawn.append(1)  # type: ignore[assignment, method-assign]
        for _ in range(10):
            app.clock.now += 1
            app.strip.flush()
        assert not drawn
        for _ in range(20):
            transcript.apply(spent((1,), Usage(1, 0, 1)))
            app.clock.now += 0.1
            app.strip.flush()
        assert 3 <= len(drawn) <= 5

    play(story)


def test_it_says_what_was_clicked_and_folds_to_its_sums() -> None:
    async def story(app: StripStage, pilot: Pilot[int]) -> None:
        app.strip.show([run()])
        await pilot.pause()
        await pilot.click(app.strip, offset=(5, 2))
        await pilot.click(app.strip, offset=(5, 0))
        assert app.told[0] == ("r1", (0,))
        assert isinstance(app.told[1], Strip.Toggled)
        app.strip.collapsed = True
        await pilot.pause()
        assert (app.strip.size.height, app.strip.collapsed) == (1, True)

    play(story)


def test_before_the_first_call_it_says_what_will_stand_there() -> None:
    async def story(app: StripStage, pilot: Pilot[int]) -> None:
        app.strip.show([])
        await pilot.pause()
        assert "no model call yet" in lines_of(app.strip)[1]
        assert "calls 0" in lines_of(app.strip)[0]

    play(story, (80, 8))


def test_a_hostile_name_is_a_name_and_wide_letters_keep_the_columns() -> None:
    async def story(app: StripStage, pilot: Pilot[int]) -> None:
        app.strip.show([run("r1", "s1", spent((0,), Usage(1, 0, 1), model=HOSTILE)), run(HOSTILE, HOSTILE)])
        await pilot.pause()
        text = "\n".join(lines_of(app.strip))
        assert SHOWN[:7] in text
        assert "owned" not in text
        assert not [sign for sign in text if sign != "\n" and (ord(sign) < 32 or 127 <= ord(sign) < 160)]

    play(story)
