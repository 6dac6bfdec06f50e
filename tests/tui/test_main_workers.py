"""What a person does to workers from the main screen, with scripted models behind the real engine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.script import Answering, Script, Step
from tests.tui.driver import Stand, drive, house_in
from tui_delegate.core.chunks import ChatRequest
from tui_delegate.core.limits import Limits
from tui_delegate.core.messages import ToolCall
from tui_delegate.tui.house import Wanted

TASKS = ("alpha part", "beta part")


@dataclass
class Crew:
    """A manager that hands out two tasks, and workers that write and then wait for a word of ours."""

    boss: Script = field(
        default_factory=lambda: Script().says("Two parts.").delegates(*TASKS).then().says("Both are told.")
    )
    gates: dict[str, asyncio.Event] = field(default_factory=lambda: {one: asyncio.Event() for one in TASKS})

    def __post_init__(self) -> None:
        self.hands = Answering(self._work)

    def _work(self, request: ChatRequest) -> Step:
        task = next(one for one in self.gates if any(one in told.text for told in request.messages))
        return Step([f"result of {task}, as far as it goes"], gate=self.gates[task])

    def let_go(self, *tasks: str) -> None:
        for task in tasks or self.gates:
            self.gates[task].set()

    @property
    def told(self) -> str:
        """What the manager was told last."""
        return "\n".join(one.text for one in self.boss.asked[-1].messages if one.role == "tool")

    def tasks(self) -> list[str]:
        """What workers were asked, as often as they were."""
        return [task for one in self.hands.asked for task in self.gates if task in one.messages[-1].text]


def at_work(
    home: Path,
    part: Callable[[Stand, Crew], Awaitable[None]],
    crew: Crew | None = None,
    *,
    size: tuple[int, int] = (160, 50),
    limits: Callable[[Limits], Limits] = lambda limits: limits,
    **picks: str,
) -> None:
    """Ask for two tasks, and do something once both workers write."""

    told = crew or Crew()

    async def main(stand: Stand) -> None:
        await stand.ask("do both")
        await stand.until("1 ● writing", "2 ● writing")
        await part(stand, told)

    scripts = {"big": told.boss, "small": told.hands}
    house = house_in(home, scripts=scripts, picks={f"screen.{key}": value for key, value in picks.items()})
    house.wanted = Wanted(limits=limits)
    drive(house, main, size)


def test_two_delegations_have_a_pane_each_and_a_line_in_the_chat(tmp_path: Path) -> None:
    async def part(stand: Stand, crew: Crew) -> None:
        await stand.until("├ 1 alpha", "└ 2 beta")
        assert stand.text.count("result of alpha part") == 1
        crew.let_go()
        await stand.until("Both are told.", "1 ✓ done", "2 ✓ done")
        assert "result of alpha part" in crew.told
        assert "result of beta part" in crew.told

    at_work(tmp_path, part)


def test_cancelling_one_worker_keeps_what_it_wrote_and_the_other_goes_on(tmp_path: Path) -> None:
    async def part(stand: Stand, crew: Crew) -> None:
        await stand.press("alt+1", "x")
        await stand.until("1 ■ cancelled", "2 ● writing", "result of alpha part, as far as it goes")
        crew.let_go("beta part")
        await stand.until("Both are told.", "2 ✓ done", "■ cancelled")
        assert "cancel" in crew.told
        assert "result of beta part" in crew.told

    at_work(tmp_path, part)


def test_cancelling_what_a_worker_delegated_leaves_the_worker_at_work(tmp_path: Path) -> None:
    crew = Crew()
    nested = asyncio.Event()

    def work(request: ChatRequest) -> Step:
        if "deep part" in request.messages[-1].text:
            return Step(["deep words"], gate=nested)
        if any(one.role == "tool" for one in request.messages):
            return Step(["alone, then"])
        if "alpha part" in request.messages[-1].text:
            arguments = '{"task_name": "deep", "task_description": "deep part"}'
            return Step(["one more"], [ToolCall("n", "subagent", arguments)])
        return crew._work(request)

    crew.hands = Answering(work)

    async def main(stand: Stand) -> None:
        await stand.ask("do both")
        await stand.until("1.1 ● writing", "deep words")
        await stand.press("alt+1", "X")
        await stand.until("1.1 ■ cancelled", "1 ✓ done", "alone, then")
        crew.let_go()
        await stand.until("Both are told.")

    house = house_in(tmp_path, scripts={"big": crew.boss, "small": crew.hands})
    house.wanted = Wanted(limits=lambda limits: replace(limits, nested=True))
    drive(house, main, (160, 50))


def test_a_worker_that_is_done_can_be_asked_again_until_all_are(tmp_path: Path) -> None:
    async def part(stand: Stand, crew: Crew) -> None:
        crew.let_go("alpha part")
        await stand.until("1 ✓ done", "2 ● writing")
        await stand.press("alt+1", "r")
        await stand.until(lambda: crew.tasks().count("alpha part") == 2, "attempt 2", "1 ✓ done")
        crew.let_go()
        await stand.until("Both are told.")

    at_work(tmp_path, part)


def test_a_worker_is_tried_on_another_model(tmp_path: Path) -> None:
    async def part(stand: Stand, crew: Crew) -> None:
        await stand.press("alt+1", "R")
        await stand.until("Run worker 1 once more on", "builtin/extract")
        assert "as default" not in stand.text
        assert "tab role" not in stand.text
        await stand.press("tab", "ctrl+s")
        await stand.until("Run worker 1 once more on")
        await stand.type("extract")
        await stand.until(lambda: "builtin/digest" not in stand.text)
        await stand.press("enter")
        await stand.until("attempt 2 · builtin/extract", "⇄")
        crew.let_go()
        await stand.until("Both are told.")
        assert crew.tasks().count("alpha part") == 1

    at_work(tmp_path, part)


def test_a_note_reaches_the_worker_that_it_was_written_for(tmp_path: Path) -> None:
    async def part(stand: Stand, crew: Crew) -> None:
        await stand.press("alt+2", "s")
        await stand.until("Tell worker 2:")
        await stand.type("be brief")
        await stand.press("enter")
        await stand.until("✎ you: be brief")
        crew.let_go()
        await stand.until("Both are told.")
        noted = [one for one in crew.hands.asked if any("be brief" in told.text for told in one.messages)]
        assert len(noted) == 1
        assert any("beta part" in told.text for told in noted[0].messages)

    at_work(tmp_path, part)


def test_a_result_is_edited_before_the_manager_gets_it(tmp_path: Path) -> None:
    async def part(stand: Stand, crew: Crew) -> None:
        crew.let_go("alpha part")
        await stand.until("1 ✓ done")
        await stand.press("alt+1", "e")
        await stand.until("Result of worker 1", "result of alpha part")
        crew.let_go()
        await stand.until(lambda: len(crew.hands.asked) == 2)
        assert len(crew.boss.asked) == 1
        await stand.press("ctrl+home")
        await stand.type("EDITED ")
        await stand.press("ctrl+s")
        await stand.until("Both are told.", "✎ edited by you")
        assert "EDITED result of alpha part" in crew.told

    at_work(tmp_path, part)


def test_an_edit_shows_at_once_and_is_what_the_next_edit_begins_with(tmp_path: Path) -> None:
    async def part(stand: Stand, crew: Crew) -> None:
        crew.let_go("alpha part")
        await stand.until("1 ✓ done")
        await stand.press("alt+1", "e")
        await stand.until("Result of worker 1")
        await stand.press("ctrl+home")
        await stand.type("EDITED ")
        await stand.press("ctrl+s")
        await stand.until("1 ✎ edited by you", "── as you edited it", "EDITED result of alpha part")
        assert len(crew.boss.asked) == 1
        await stand.press("e")
        await stand.until("Result of worker 1", "EDITED result of alpha part")
        await stand.press("ctrl+home")
        await stand.type("TWICE ")
        await stand.press("ctrl+s")
        crew.let_go()
        await stand.until("Both are told.")
        assert "TWICE EDITED result of alpha part" in crew.told

    at_work(tmp_path, part)


def test_leaving_the_edit_lets_the_result_go_as_it_is(tmp_path: Path) -> None:
    async def part(stand: Stand, crew: Crew) -> None:
        crew.let_go()
        await stand.until("Both are told.")
        assert "✎" not in stand.text

    async def held(stand: Stand, crew: Crew) -> None:
        await stand.press("alt+1", "e")
        await stand.until("Result of worker 1")
        crew.let_go()
        await stand.press("escape")
        await part(stand, crew)
        assert "result of alpha part" in crew.told

    at_work(tmp_path, held)


def test_a_pinned_pane_stays_when_the_next_prompt_clears_the_others(tmp_path: Path) -> None:
    async def part(stand: Stand, crew: Crew) -> None:
        crew.let_go()
        await stand.until("Both are told.")
        await stand.press("alt+2", "p")
        await stand.until("2 ◆ ✓ done")
        await stand.ask("thanks")
        await stand.until(lambda: len(crew.boss.asked) == 3, lambda: not stand.main.busy)
        await stand.settle()
        assert "result of beta part" in stand.text
        assert "result of alpha part" not in stand.text

    at_work(tmp_path, part)


def test_an_answer_is_copied_from_its_pane(tmp_path: Path) -> None:
    async def part(stand: Stand, crew: Crew) -> None:
        await stand.press("alt+2", "y")
        await stand.until(lambda: stand.app.clipboard == "result of beta part, as far as it goes")
        crew.let_go()

    at_work(tmp_path, part)


def test_a_delegation_opens_in_detail_from_its_pane(tmp_path: Path) -> None:
    async def part(stand: Stand, crew: Crew) -> None:
        await stand.press("alt+2", "enter")
        await stand.until("beta part", "section")
        await stand.press("escape")
        crew.let_go()
        await stand.until("Both are told.")

    at_work(tmp_path, part)


def test_esc_stops_the_manager_and_all_workers_and_a_second_one_quits_nothing(tmp_path: Path) -> None:
    async def part(stand: Stand, crew: Crew) -> None:
        await stand.press("escape")
        await stand.until("1 ■ cancelled", "2 ■ cancelled", lambda: not stand.main.busy)
        await stand.press("escape", "escape")
        assert stand.app.is_running
        assert stand.text.count("result of") >= 2
        assert (crew.boss.in_flight, crew.hands.in_flight) == (0, 0)

    at_work(tmp_path, part)


def test_commands_to_a_run_that_is_over_say_so(tmp_path: Path) -> None:
    async def part(stand: Stand, crew: Crew) -> None:
        crew.let_go()
        await stand.until("Both are told.", lambda: not stand.main.busy)
        for key in ("x", "r", "s", "e"):
            stand.app.clear_notifications()
            await stand.press("alt+1", key)
            await stand.until(lambda: "This run has ended" in stand.said)

    at_work(tmp_path, part)


def test_a_run_of_another_process_is_only_looked_at_while_it_goes_on_and_after(tmp_path: Path) -> None:
    async def part(stand: Stand) -> None:
        transcript = await stand.watch("foreign")
        await stand.press("alt+1", "x")
        await stand.until(lambda: "Another process runs this" in stand.said)
        stand.main.ended(transcript)
        await stand.press("alt+1", "x")
        await stand.until(lambda: "This is not of this conversation, and has ended" in stand.said)

    drive(house_in(tmp_path), part)


def test_a_worker_that_has_ended_says_so_to_who_would_stop_or_tell_it(tmp_path: Path) -> None:
    async def part(stand: Stand, crew: Crew) -> None:
        await stand.press("alt+1", "s")
        await stand.until("Tell worker 1:")
        crew.let_go("alpha part")
        await stand.until("✓ done")
        await stand.type("be brief")
        await stand.press("enter")
        await stand.until(lambda: "Worker 1 has ended: r gives it its task once more." in stand.said)
        for key in ("s", "x"):
            stand.app.clear_notifications()
            await stand.press(key)
            await stand.until(lambda: "Worker 1 has ended" in stand.said)
        await stand.press("alt+3")
        await stand.until(lambda: "There is no worker 3 here." in stand.said)
        crew.let_go()
        await stand.until("Both are told.")

    at_work(tmp_path, part)


def asked(home: Path, part: Callable[[Stand, Crew], Awaitable[None]]) -> None:
    """Ask for two tasks where every delegation waits for the person's word."""

    async def main(stand: Stand) -> None:
        await stand.ask("do both")
        await stand.until("alpha part", "approve")
        assert crew.hands.asked == []
        # An answer that comes as soon as the question does was a key meant for something else.
        await stand.pilot.pause(0.6)
        await part(stand, crew)

    crew = Crew()
    crew.let_go()
    scripts = {"big": crew.boss, "small": crew.hands}
    drive(house_in(home, scripts=scripts, picks={"screen.approval": "all"}), main, (120, 40))


def test_each_approved_delegation_runs(tmp_path: Path) -> None:
    async def part(stand: Stand, crew: Crew) -> None:
        await stand.press("a")
        await stand.until("beta part", lambda: crew.tasks() == ["alpha part"])
        await stand.pilot.pause(0.6)
        await stand.press("a")
        await stand.until("Both are told.")
        assert sorted(crew.tasks()) == list(TASKS)

    asked(tmp_path, part)


def test_all_of_a_run_is_approved_with_one_key(tmp_path: Path) -> None:
    async def part(stand: Stand, crew: Crew) -> None:
        await stand.press("A")
        await stand.until("Both are told.")
        assert sorted(crew.tasks()) == list(TASKS)

    asked(tmp_path, part)


def test_a_task_is_put_in_other_words_before_it_runs(tmp_path: Path) -> None:
    async def part(stand: Stand, crew: Crew) -> None:
        await stand.press("e", "end")
        await stand.type(" in French")
        await stand.press("ctrl+s", "a")
        await stand.until(lambda: crew.hands.asked)
        assert "alpha part in French" in crew.hands.asked[0].messages[-1].text
        await stand.pilot.pause(0.6)
        await stand.press("A")
        await stand.until("Both are told.")

    asked(tmp_path, part)


def test_a_refusal_is_told_to_the_manager_with_its_reason(tmp_path: Path) -> None:
    async def part(stand: Stand, crew: Crew) -> None:
        await stand.press("n")
        await stand.type("too dear")
        await stand.press("enter")
        await stand.until("beta part")
        await stand.pilot.pause(0.6)
        await stand.press("a")
        await stand.until("Both are told.", "⊘ refused")
        assert crew.tasks() == ["beta part"]
        assert "too dear" in crew.told

    asked(tmp_path, part)


def test_a_delegation_is_sent_elsewhere(tmp_path: Path) -> None:
    async def part(stand: Stand, crew: Crew) -> None:
        await stand.press("r")
        await stand.type("builtin")
        await stand.press("enter", "a")
        await stand.until("beta part")
        await stand.pilot.pause(0.6)
        await stand.press("a")
        await stand.until("Both are told.")
        assert crew.tasks() == ["beta part"]
        assert "⇄" in stand.text

    asked(tmp_path, part)
