"""What a person does with the conversation: queue, steer, go back, fork, copy, search, make room."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from tests.script import Answering, Script, Step, echo
from tests.tui.driver import DrivenHouse, Stand, drive, house_in

CODE = "Use it so:\n\n```python\nlane = Lane()\n```\n\nor so:\n\n```sh\nmake lane\n```\n"


def saying(*answers: str) -> Script:
    """A manager that answers one prompt after another; the last answer stays."""
    script = Script().says(answers[0])
    for answer in answers[1:]:
        script.then().says(answer)
    return script


def talking(
    home: Path,
    boss: Script,
    part: Callable[[Stand], Awaitable[None]],
    *,
    window: int = 0,
    size: tuple[int, int] = (120, 40),
    session: str = "",
) -> DrivenHouse:
    """Open the app with this manager."""
    house = house_in(
        home,
        scripts={"big": boss, "small": echo()},
        windows={"big": window} if window else {},
        session=session,
    )
    drive(house, part, size)
    return house


def asked(boss: Script, place: int = -1) -> list[str]:
    """What the manager was sent, but for its instructions."""
    return [one.text for one in boss.asked[place].messages if one.role != "system"]


async def said(stand: Stand, prompt: str, answer: str) -> None:
    """Ask, and wait for the whole answer."""
    await stand.ask(prompt)
    await stand.until(answer, lambda: not stand.main.busy)
    await stand.settle()


def test_prompts_wait_while_the_manager_works_and_run_in_their_order(tmp_path: Path) -> None:
    gate = asyncio.Event()
    boss = Answering(lambda request: Step([f"answer to {request.messages[-1].text}"], gate=gate))

    async def part(stand: Stand) -> None:
        await stand.ask("first")
        await stand.until("answer to first")
        await stand.ask("second")
        await stand.ask("third")
        await stand.until("queued 1  second", "queued 2  third")
        assert len(boss.asked) == 1
        gate.set()
        await stand.until("answer to second", "answer to third", lambda: not stand.main.busy)
        assert [one.messages[-1].text for one in boss.asked] == ["first", "second", "third"]
        assert "queued" not in stand.text

    talking(tmp_path, boss, part)


def test_a_queued_prompt_is_taken_back_into_the_bar(tmp_path: Path) -> None:
    gate = asyncio.Event()
    boss = Answering(lambda request: Step(["words"], gate=gate))

    async def part(stand: Stand) -> None:
        await stand.ask("first")
        await stand.until("words")
        await stand.ask("second")
        await stand.until("queued 1  second")
        await stand.press("alt+up")
        await stand.until(lambda: "queued" not in stand.text, "❯ second")
        gate.set()
        await stand.until(lambda: not stand.main.busy)
        assert len(boss.asked) == 1

    talking(tmp_path, boss, part)


def test_from_the_prompt_alt_up_goes_to_the_messages_where_letters_are_keys(tmp_path: Path) -> None:
    async def part(stand: Stand) -> None:
        await said(stand, "first", "answer to first")
        await stand.press("alt+up")
        await stand.press("e")
        await stand.until("❯ first")

    talking(tmp_path, Answering(lambda request: Step(["answer to first"])), part)


def test_a_note_reaches_the_manager_at_its_next_step(tmp_path: Path) -> None:
    gate = asyncio.Event()
    boss = Script().says("Wait.").delegates("alpha part").then().says("Noted.")
    hands = Answering(lambda request: Step(["alpha"], gate=gate))

    async def part(stand: Stand) -> None:
        await stand.ask("go")
        await stand.until("1 ● writing")
        stand.main.bar.focus()
        await stand.type("in French, please")
        await stand.press("alt+enter")
        await stand.until("you, meanwhile: in French, please")
        gate.set()
        await stand.until("Noted.")
        assert "in French, please" in "\n".join(asked(boss))

    drive(house_in(tmp_path, scripts={"big": boss, "small": hands}), part)


def test_a_prompt_is_edited_and_sent_again_without_what_came_after(tmp_path: Path) -> None:
    boss = saying("one", "two", "three")

    async def part(stand: Stand) -> None:
        await said(stand, "first", "one")
        await said(stand, "second", "two")
        stand.main.chat.focus()
        await stand.press("k", "k", "e")
        await stand.until("❯ first", lambda: "Enter asks this in place" in stand.said)
        await stand.type(" again")
        await stand.press("enter")
        await stand.until("three", lambda: "second" not in stand.text)
        assert asked(boss) == ["first again"]

    talking(tmp_path, boss, part)


def test_an_edit_that_is_left_takes_nothing_away(tmp_path: Path) -> None:
    boss = saying("one", "two", "three")

    async def part(stand: Stand) -> None:
        await said(stand, "first", "one")
        await said(stand, "second", "two")
        stand.main.chat.focus()
        await stand.press("k", "k", "e")
        await stand.until("❯ first")
        await stand.press("ctrl+c")
        await stand.until("❯ Ask the manager")
        await stand.ask("third")
        await stand.until("three", "one", "two")
        assert asked(boss) == ["first", "one", "second", "two", "third"]

    talking(tmp_path, boss, part)


def test_a_draft_comes_back_after_an_edit_that_is_sent_and_after_one_that_is_left(tmp_path: Path) -> None:
    boss = saying("one", "two")

    async def part(stand: Stand) -> None:
        await said(stand, "first", "one")
        await stand.type("not yet sent")
        stand.main.chat.focus()
        await stand.press("k", "e", "escape")
        await stand.until("❯ first")
        stand.main.chat.focus()
        await stand.press("e")
        stand.main.bar.focus()
        await stand.press("ctrl+c")
        await stand.until("❯ not yet sent")
        stand.main.chat.focus()
        await stand.press("e")
        await stand.until("❯ first")
        await stand.press("enter")
        await stand.until("two", "❯ not yet sent")
        assert asked(boss) == ["first"]

    talking(tmp_path, boss, part)


def test_what_was_gone_back_from_stays_in_the_sums(tmp_path: Path) -> None:
    async def part(stand: Stand) -> None:
        await said(stand, "first", "one")
        await said(stand, "second", "two")
        await stand.until("calls 2")
        stand.main.chat.focus()
        await stand.press("g")
        await stand.until("three", "calls 3")

    talking(tmp_path, saying("one", "two", "three"), part)


def test_the_last_prompt_is_asked_once_more(tmp_path: Path) -> None:
    boss = saying("one", "two", "three")

    async def part(stand: Stand) -> None:
        await said(stand, "first", "one")
        await said(stand, "second", "two")
        stand.main.chat.focus()
        await stand.press("g")
        await stand.until("three", lambda: "two" not in stand.text)
        assert asked(boss) == ["first", "one", "second"]

    talking(tmp_path, boss, part)


def test_a_fork_goes_on_in_a_session_of_its_own(tmp_path: Path) -> None:
    boss = saying("one", "two", "three")

    async def part(stand: Stand) -> None:
        await said(stand, "first", "one")
        await said(stand, "second", "two")
        stand.main.chat.focus()
        await stand.press("k", "k", "f")
        await stand.until(lambda: "second" not in stand.text)
        await said(stand, "other", "three")
        assert asked(boss) == ["first", "one", "other"]
        await stand.press("f2")
        await stand.until("sessions", "other", "first")
        assert stand.house.journal is not None
        assert len({row.id for row in stand.house.journal.sessions()}) == 2

    talking(tmp_path, boss, part)


def test_answer_and_code_blocks_are_copied(tmp_path: Path) -> None:
    async def part(stand: Stand) -> None:
        await said(stand, "how", "make lane")
        stand.main.chat.focus()
        await stand.press("y")
        await stand.until(lambda: stand.app.clipboard == CODE)
        await stand.press("Y")
        await stand.until(lambda: stand.app.clipboard == "make lane\n")
        await stand.press("Y")
        await stand.until(lambda: stand.app.clipboard == "lane = Lane()\n")

    talking(tmp_path, saying(CODE), part)


def test_words_are_found_in_the_conversation(tmp_path: Path) -> None:
    async def part(stand: Stand) -> None:
        await said(stand, "how", "make lane")
        await stand.press("ctrl+f")
        await stand.until("Search for:")
        await stand.type("or so")
        await stand.press("enter")
        await stand.until(lambda: "1 of 1" in stand.said)
        await stand.press("ctrl+f")
        await stand.until("Search for:")
        await stand.press("ctrl+u")
        await stand.type("nowhere")
        await stand.press("enter")
        await stand.until(lambda: "nowhere" in stand.said)

    talking(tmp_path, saying(CODE), part)


LONG = "word " * 2_300


def test_a_window_that_is_too_small_is_told_of_before_anything_is_sent(tmp_path: Path) -> None:
    boss = saying(LONG, "after all")

    async def part(stand: Stand) -> None:
        await stand.ask("first")
        await stand.until(lambda: stand.conversation.runs and not stand.main.busy)
        await stand.ask("second")
        await stand.until("Summarise", "Drop the oldest", "Fork")
        assert len(boss.asked) == 1
        await stand.press("escape")
        await stand.until("❯ second", lambda: "not sent" in stand.said)
        await stand.press("enter")
        await stand.until("Drop the oldest")
        await stand.press("down", "enter")
        await stand.until("after all")
        assert asked(boss) == ["second"]

    talking(tmp_path, boss, part, window=4_096)


def test_a_prompt_that_comes_back_takes_nothing_from_what_is_written_meanwhile(tmp_path: Path) -> None:
    gate = asyncio.Event()

    async def part(stand: Stand) -> None:
        await stand.ask("first")
        await stand.until(lambda: stand.main.busy)
        await stand.ask("second")
        await stand.type("third thought")
        gate.set()
        await stand.until("Drop the oldest")
        await stand.press("escape")
        await stand.until("❯ second", "third thought")

    talking(tmp_path, Answering(lambda request: Step([LONG], gate=gate)), part, window=4_096)


def _answered(stand: Stand, number: int) -> bool:
    return len(stand.conversation.runs) == number and not stand.main.busy


def test_what_was_said_is_summed_up_and_told_in_its_place(tmp_path: Path) -> None:
    half = LONG[: len(LONG) // 2]
    boss = saying(half, half, "The sum of it.", "going on")

    async def part(stand: Stand) -> None:
        for number in (1, 2):
            await stand.ask(f"question {number}")
            answered = partial(_answered, stand, number)
            await stand.until(answered)
        await stand.ask("question 3")
        await stand.until("Summarise")
        await stand.press("enter")
        await stand.until("going on")
        assert "The sum of it." in "\n".join(asked(boss))
        assert len("\n".join(asked(boss))) < len(LONG)

    talking(tmp_path, boss, part, window=4_096)


def test_quitting_asks_only_while_something_runs(tmp_path: Path) -> None:
    gate = asyncio.Event()
    boss = Answering(lambda request: Step(["words"], gate=gate))

    async def part(stand: Stand) -> None:
        await stand.ask("first")
        await stand.until("words")
        await stand.press("ctrl+q")
        await stand.until("Stop it and quit?")
        await stand.press("n")
        assert stand.app.return_value is None
        gate.set()
        await stand.until(lambda: not stand.main.busy)
        await stand.press("ctrl+q")
        assert stand.app.return_value == 0

    talking(tmp_path, boss, part)


def test_manager_and_workers_are_switched_in_mid_conversation_and_history_is_kept(tmp_path: Path) -> None:
    boss, other = (
        saying("one", "never"),
        Script().says("I am new.").delegates("alpha part").then().says("two"),
    )

    async def pick(stand: Stand, name: str) -> None:
        await stand.type(name)
        await stand.until("as typed")
        await stand.press("enter")
        await stand.settle()

    async def part(stand: Stand) -> None:
        await said(stand, "first", "one")
        await stand.press("ctrl+o")
        await stand.until("Model for")
        await pick(stand, "spare/new-model")
        await stand.until("new-model · spare")
        await stand.press("ctrl+o", "tab")
        await pick(stand, "big/hand-model")
        await stand.until("hand-model · big")
        await said(stand, "second", "two")
        assert asked(other)[:3] == ["first", "one", "second"]
        assert other.asked[0].model == "new-model"
        assert boss.asked[-1].model == "hand-model"

    house = house_in(tmp_path, scripts={"big": boss, "small": echo(), "spare": other})
    drive(house, part, (160, 40))


def test_what_the_manager_was_told_to_forget_is_forgotten_when_the_session_is_gone_on_with(
    tmp_path: Path,
) -> None:
    async def first(stand: Stand) -> None:
        await said(stand, "first", "one")
        await said(stand, "second", "two")
        await stand.type("/forget")
        await stand.press("enter")
        await stand.until(lambda: "not told of one message" in stand.said)

    talking(tmp_path, saying("one", "two"), first)
    boss = saying("three")

    async def second(stand: Stand) -> None:
        await said(stand, "third", "three")
        assert asked(boss) == ["second", "two", "third"]

    talking(tmp_path, boss, second, session="last")


def test_a_session_is_named_exported_left_and_gone_on_with(tmp_path: Path) -> None:
    async def first(stand: Stand) -> None:
        await said(stand, "what is a lane", "A queue.")
        await stand.type("/rename lanes of ours")
        await stand.press("enter")
        await stand.until("delegate ▸ lanes of ours")
        await stand.type(f"/export {tmp_path}/out.md")
        await stand.press("enter")
        await stand.until(lambda: (tmp_path / "out.md").exists())
        await stand.type("/new")
        await stand.press("enter")
        await stand.until("new session", "Ask something")

    async def second(stand: Stand) -> None:
        await stand.press("f2")
        await stand.until("lanes of ours", "A queue.")
        await stand.press("enter")
        await stand.until("delegate ▸ lanes of ours", "what is a lane", "A queue.")
        await said(stand, "and then", "Still one.")
        assert asked(again) == ["what is a lane", "A queue.", "and then"]

    again = saying("Still one.")
    talking(tmp_path, saying("A queue."), first)
    assert "what is a lane" in (tmp_path / "out.md").read_text()
    talking(tmp_path, again, second)


def test_a_conversation_is_exported_as_json_too(tmp_path: Path) -> None:
    async def part(stand: Stand) -> None:
        await said(stand, "what is a lane", "A queue.")
        await stand.type(f"/export {tmp_path}/out.json")
        await stand.press("enter")
        await stand.until(lambda: (tmp_path / "out.json").exists())

    talking(tmp_path, saying("A queue."), part)
    assert "A queue." in json.dumps(json.loads((tmp_path / "out.json").read_text()))


def test_settings_take_effect_at_once_and_stay(tmp_path: Path) -> None:
    async def part(stand: Stand) -> None:
        await stand.press("f3")
        await stand.until("ask before")
        await stand.press(*["down"] * 10)
        await stand.until("What waits for your word")
        await stand.press("enter", "enter", "escape")
        assert stand.house.preferences.approval == "all"
        await stand.ask("go")
        await stand.until("alpha part", "approve")

    boss = Script().delegates("alpha part").then().says("Fine.")
    talking(tmp_path, boss, part)

    async def later(stand: Stand) -> None:
        assert stand.house.preferences.approval == "all"

    talking(tmp_path, boss, later)


def test_a_theme_is_put_on_by_its_name_and_stays(tmp_path: Path) -> None:
    async def part(stand: Stand) -> None:
        await stand.type("/theme paper")
        await stand.press("enter")
        await stand.until(lambda: stand.app.theme == "paper")

    async def later(stand: Stand) -> None:
        assert stand.app.theme == "paper"

    talking(tmp_path, saying("one"), part)
    talking(tmp_path, saying("one"), later)


def test_parts_are_hidden_made_larger_and_stay_so(tmp_path: Path) -> None:
    async def part(stand: Stand) -> None:
        await stand.press("f6", "ctrl+l")
        assert "Workers appear here" not in stand.text
        assert "no model call yet" not in stand.text
        await stand.press("f6", "alt+shift+right")
        assert "Workers appear here" in stand.text

    async def later(stand: Stand) -> None:
        assert "no model call yet" not in stand.text
        assert stand.text.splitlines()[4].index("│") > 60

    talking(tmp_path, saying("one"), part)
    talking(tmp_path, saying("one"), later)


def test_a_prompt_that_no_model_answers_comes_back_with_what_to_do(tmp_path: Path) -> None:
    async def part(stand: Stand) -> None:
        await stand.ask("hello?")
        await stand.until("✗ failed", lambda: not stand.main.busy)
        assert "Traceback" not in stand.text

    drive(house_in(tmp_path), part)


def test_thinking_is_folded_until_somebody_wants_to_read_it(tmp_path: Path) -> None:
    async def part(stand: Stand) -> None:
        await stand.play("answer")
        stand.main.chat.focus()
        await stand.press("k")
        await stand.until("▸ thought")
        await stand.press("t")
        await stand.until("▾ thought", "The answer needs no worker.")

    drive(house_in(tmp_path), part)


def test_request_of_nothing_sends_nothing(tmp_path: Path) -> None:
    boss = Answering(lambda request: Step([request.messages[-1].text]))

    async def part(stand: Stand) -> None:
        await stand.press("enter", "space", "enter")
        assert boss.asked == []

    talking(tmp_path, boss, part)
