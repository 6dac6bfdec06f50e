"""A real run that asks at a real screen: answers, questions in line, questions that are taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Static

from tests.script import Cast, Script, echo
from tui_delegate.core.events import Asked, Event, Finished, Refused
from tui_delegate.core.transcript import Transcript
from tui_delegate.engine.run import Plan, Run, open_run
from tui_delegate.tui.approver import ScreenApprover
from tui_delegate.tui.screens.approval import ApprovalScreen
from tui_delegate.tui.stage import Stage


class Asking(Stage):
    """Runs three delegations and asks for each."""

    def __init__(self) -> None:
        super().__init__()
        self.manager = Script().delegates("a 1", "b 2", "c 3").then().says("end")
        self.told: list[Event] = []
        self.transcript = Transcript()
        self.going: Run | None = None

    def on_mount(self) -> None:
        self.run_worker(self.go())

    async def go(self) -> None:
        cast = Cast(manager=self.manager, worker=echo(), other=Script().says("better"))
        approver = ScreenApprover(self, lambda: ["other"], guard=0)
        async with open_run(Plan("r", "go"), cast, approver=approver) as run:
            self.going = run
            async for event in run:
                self.told.append(event)
                self.transcript.apply(event)


def tried(check: Callable[[Asking, Pilot[int]], Awaitable[None]]) -> Asking:
    async def main() -> Asking:
        app = Asking()
        async with app.run_test() as pilot:
            await until(pilot, lambda: isinstance(app.screen, ApprovalScreen))
            await check(app, pilot)
            await until(pilot, lambda: bool(app.told) and app.told[-1].terminal and not app.told[-1].path)
            await until(pilot, lambda: not isinstance(app.screen, ApprovalScreen))
        return app

    return asyncio.run(main())


async def until(pilot: Pilot[int], true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await pilot.pause()


async def answer(app: Asking, pilot: Pilot[int], *keys: str) -> None:
    """Press keys on the question that is open, and wait until it is another's turn."""
    before = app.screen
    await pilot.press(*keys)
    await until(pilot, lambda: app.screen is not before)


def states(app: Asking) -> list[str]:
    return [node.state for node in app.transcript.delegations()]


def heads(app: Asking) -> str:
    return str(app.screen.query_one("#asked", Static).render())


async def shown(app: Asking, pilot: Pilot[int], words: str) -> None:
    await until(pilot, lambda: words in heads(app))


def test_a_question_counts_those_that_came_after_it() -> None:
    async def check(app: Asking, pilot: Pilot[int]) -> None:
        for behind in ("2 more after this", "1 more after this"):
            await shown(app, pilot, behind)
            await answer(app, pilot, "a")
            await until(pilot, lambda: isinstance(app.screen, ApprovalScreen))
        assert "after this" not in heads(app)
        await answer(app, pilot, "a")

    tried(check)


def test_each_question_has_its_turn_and_its_answer() -> None:
    async def check(app: Asking, pilot: Pilot[int]) -> None:
        await answer(app, pilot, "a")
        await until(pilot, lambda: isinstance(app.screen, ApprovalScreen))
        await answer(app, pilot, "n", *"no", "enter")
        await until(pilot, lambda: isinstance(app.screen, ApprovalScreen))
        await answer(app, pilot, "r", *"oth", "enter", "a")

    app = tried(check)
    assert states(app) == ["done", "refused", "done"]
    assert app.transcript.node((2,)).rerouted
    assert [event.message for event in app.told if isinstance(event, Refused)] == [
        "The person refused this task: no."
    ]


def test_approving_the_run_closes_the_line() -> None:
    async def check(app: Asking, pilot: Pilot[int]) -> None:
        await answer(app, pilot, "A")

    app = tried(check)
    assert states(app) == ["done"] * 3
    assert sum(isinstance(event, Asked) for event in app.told) == 3


def test_a_run_that_is_cancelled_takes_its_questions_back_even_from_under_another_screen() -> None:
    async def check(app: Asking, pilot: Pilot[int]) -> None:
        over: ModalScreen[None] = ModalScreen()
        await app.push_screen(over)
        assert app.going is not None
        app.going.cancel()
        await until(pilot, lambda: app.told[-1].terminal and not app.told[-1].path)
        over.dismiss(None)

    assert states(tried(check)) == ["cancelled"] * 3


def test_an_answered_run_ends_with_its_answer() -> None:
    async def check(app: Asking, pilot: Pilot[int]) -> None:
        for _ in range(3):
            await until(pilot, lambda: isinstance(app.screen, ApprovalScreen))
            await answer(app, pilot, "escape")

    app = tried(check)
    assert states(app) == ["refused"] * 3
    assert isinstance(app.told[-1], Finished)
