"""One turn in full: every section, search, copy, and a turn that goes on while it is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from tui_delegate.core.calls import ModelCall
from tui_delegate.core.events import (
    Calling,
    Commanded,
    Delegated,
    Event,
    Failed,
    Finished,
    Opened,
    Returned,
    RunPath,
    Spent,
    Started,
    Thought,
    Wrote,
)
from tui_delegate.core.messages import Message
from tui_delegate.core.transcript import Transcript
from tui_delegate.core.usage import Usage
from tui_delegate.tui import rebuilt
from tui_delegate.tui.screens.detail import SECTIONS, DetailScreen
from tui_delegate.tui.stage import Stage
from tui_delegate.tui.widgets.answer import Answer

W: RunPath = (0,)
ANSWER = "# Changes\n\nThe **old** client is gone. [see](javascript:x) `[red]x[/]`\x1b[2J"
CALL = ModelCall(
    "w", "lms", "lms", "h", "q", "q", Usage(1204, 1024, 288), 12, 310, 3100, 93.2, None, 0.0, "ok"
)
BAD = replace(
    CALL, answered="", usage=Usage(source="unknown"), status="failed", code="timeout", cost=None, price=None
)


def told() -> Transcript:
    transcript = Transcript()
    events: list[Event] = [
        Opened(run="r", prompt="compare", after="r0"),
        Started(agent="manager", profile="p", backend="b", model="big", at=1.0),
        Thought(text="split it"),
        Wrote(text="I split it."),
        Calling(tool="subagent", text='{"task": "sum"}'),
        Spent(call=CALL, reply=Message("assistant")),
        Delegated(path=W, call_id="1", task_name="sum [b]up", task="Sum\x1b[2J up", files=("a\x1b.md",)),
        Started(path=W, agent="worker", profile="lms", backend="lms", model="q", window=8192, at=1.0),
        Commanded(path=W, command="steer", text="be brief"),
        Thought(path=W, text="hmm"),
        Wrote(path=W, text=ANSWER),
        Spent(path=W, call=BAD),
        Spent(path=W, call=CALL, reply=Message("assistant", ANSWER)),
        Finished(path=W, text=ANSWER, at=4.0),
        Returned(path=W, text=ANSWER),
        Wrote(text="All is well."),
        Spent(call=CALL, reply=Message("assistant", "All is well.")),
        Finished(text="All is well.", at=9.0),
    ]
    for event in events:
        transcript.apply(event)
    return transcript


def looked_at(
    check: Callable[[Stage, DetailScreen, Pilot[int]], Awaitable[None]],
    transcript: Transcript | None = None,
    path: RunPath = W,
    size: tuple[int, int] = (100, 30),
) -> None:
    async def main() -> None:
        app = Stage()
        async with app.run_test(size=size) as pilot:
            screen = DetailScreen(transcript or told(), path)
            app.push_screen(screen)
            await pilot.pause()
            await check(app, screen, pilot)

    asyncio.run(main())


def page(screen: DetailScreen) -> TextArea:
    return screen.query_one("#page", TextArea)


def test_the_story_has_every_part_of_every_attempt_in_order() -> None:
    transcript = told()
    transcript.apply(Started(path=W, attempt=2, agent="worker", profile="p", backend="b", model="m"))
    transcript.apply(Wrote(path=W, attempt=2, text="again"))
    transcript.apply(Failed(path=W, attempt=2, code="timeout", message="too slow", hint="wait"))
    story = rebuilt.story(transcript.nodes[W])
    heads = [line for line in story.splitlines() if line.startswith("──")]
    assert heads == [
        "── was told by you ──",
        "── thought ──",
        "── said ──",
        "── said · attempt 2 ──",
        "── failed: timeout ──",
    ]
    assert story.endswith("too slow. wait")


def test_a_request_is_labelled_as_put_together_and_keeps_results_with_their_calls() -> None:
    transcript = told()
    root = rebuilt.request(transcript, ())
    assert root.startswith("Put together from what the journal keeps")
    order = [
        "── system",
        "── before",
        "compare",
        "I split it.",
        '{"task": "sum"}',
        "result of 1",
        "# Changes",
    ]
    assert [root.index(word) for word in order] == sorted(root.index(word) for word in order)
    assert "All is well." not in root
    worker = rebuilt.request(transcript, W)
    assert "Sum␛[2J up" in worker
    assert "be brief" in worker
    assert "\x1b" not in root + worker


def test_a_raw_reply_keeps_what_was_said_and_shows_its_controls() -> None:
    raw = rebuilt.raw(told().nodes[W])
    assert raw == f"⟨thought⟩\nhmm\n{ANSWER}".replace("\x1b", "␛")


def test_calls_are_rows_with_their_times_and_a_sum() -> None:
    lines = rebuilt.calls(told().nodes[W]).splitlines()
    assert " ".join(lines[0].split()) == "# model in out cached queue first total tok/s cost ended"
    assert lines[1].endswith("failed timeout")
    assert " ".join(lines[2].split()) == "2 lms/q 1,204 288 1,024 0.0s 0.3s 3.1s 93 $0.0000 ok"
    assert "together" in lines[3]
    assert lines[-1] == "context of the last call: 1,492 of 8,192 tokens (18%)"
    narrow = rebuilt.calls(told().nodes[W], 56).splitlines()
    assert " ".join(narrow[0].split()) == "# model in out total cost ended"
    assert max(map(len, narrow[:4])) <= 56 < max(map(len, lines[:4]))
    transcript = Transcript()
    assert rebuilt.calls(transcript.root) == "No model call has ended yet."
    assert rebuilt.files(transcript.root) == "It was given no files."
    assert rebuilt.story(transcript.root) == rebuilt.raw(transcript.root) == "Nothing yet."


def test_of_a_very_long_text_the_end_is_shown() -> None:
    transcript = told()
    transcript.apply(Wrote(path=W, text="x" * 500_000 + "end"))
    raw = rebuilt.raw(transcript.nodes[W])
    assert len(raw) < 201_000
    assert raw.startswith("(The end of 500,")
    assert raw.endswith("end")


def test_every_section_has_a_number_and_tab_goes_through_all() -> None:
    async def check(app: Stage, screen: DetailScreen, pilot: Pilot[int]) -> None:
        assert screen.query_one("#answer").display
        by_number = []
        for number in range(1, len(SECTIONS) + 1):
            await pilot.press(str(number))
            by_number.append(page(screen).text if number > 1 else "")
        await pilot.press("1")
        for expected in by_number[1:]:
            await pilot.press("tab")
            assert page(screen).text == expected
        await pilot.press("shift+tab", "shift+tab")
        assert page(screen).text == by_number[3]
        assert len(set(by_number)) == len(SECTIONS)

    looked_at(check)


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40), (220, 60)])
def test_no_control_and_no_markup_of_a_model_reaches_the_screen(size: tuple[int, int]) -> None:
    async def check(app: Stage, screen: DetailScreen, pilot: Pilot[int]) -> None:
        for number in range(1, len(SECTIONS) + 1):
            await pilot.press(str(number))
            await pilot.pause()
            seen = app.export_screenshot()
            assert "\x1b" not in seen
            assert "sum&#160;[b]up" in seen

    looked_at(check, size=size)


def test_an_answer_is_markdown_and_its_links_open_nothing() -> None:
    async def check(app: Stage, screen: DetailScreen, pilot: Pilot[int]) -> None:
        answer = screen.query_one(Answer)
        assert "\x1b" not in answer.source
        answer.post_message(Answer.LinkClicked("javascript:[red]x"))
        await pilot.pause()
        assert [note.message for note in app._notifications] == ["The link leads to javascript:[red]x"]

    looked_at(check)


def test_a_search_goes_from_place_to_place_and_says_where_there_is_none() -> None:
    async def check(app: Stage, screen: DetailScreen, pilot: Pilot[int]) -> None:
        await pilot.press("ctrl+f", *"CLIENT", "enter")
        await pilot.pause()
        assert page(screen).selected_text == "client"
        await pilot.press("enter")
        assert page(screen).selected_text == "client"
        screen.query_one("#find", Input).value = "nowhere"
        await pilot.press("enter")
        assert [note.message for note in app._notifications] == ["It is not in this section."]
        await pilot.press("escape")
        assert app.screen is screen
        await pilot.press("escape")
        assert app.screen is not screen

    looked_at(check)


def test_copying_takes_what_is_selected_else_the_section() -> None:
    async def check(app: Stage, screen: DetailScreen, pilot: Pilot[int]) -> None:
        await pilot.press("4", "y")
        assert app.clipboard == rebuilt.raw(told().nodes[W])
        await pilot.press("ctrl+f", *"client", "enter", "escape", "y")
        assert app.clipboard == "client"

    looked_at(check)


def test_a_turn_that_goes_on_is_shown_anew_and_the_reader_stays_where_he_reads() -> None:
    async def check(app: Stage, screen: DetailScreen, pilot: Pilot[int]) -> None:
        assert not screen.query_one("#answer").display
        transcript.apply(Wrote(path=W, text="line\n" * 200))
        screen.show_node(now=1.0)
        await pilot.pause()
        assert page(screen).scroll_offset.y == page(screen).max_scroll_y > 100
        transcript.apply(Wrote(path=W, text="more\n" * 50))
        screen.show_node(now=2.0)
        await pilot.pause()
        assert page(screen).scroll_offset.y == page(screen).max_scroll_y
        page(screen).scroll_to(y=40, animate=False)
        await pilot.pause()
        transcript.apply(Wrote(path=W, text="yet more"))
        screen.show_node(now=3.0)
        await pilot.pause()
        assert page(screen).scroll_offset.y == 40
        before = page(screen).document
        screen.show_node(now=4.0)
        assert page(screen).document is before
        transcript.apply(Wrote(path=W, text="x" * 100_000))
        screen.show_node(now=5.0)
        transcript.apply(Wrote(path=W, text="still"))
        screen.show_node(now=5.1)
        assert not page(screen).text.endswith("still")
        transcript.apply(Finished(path=W, text="all"))
        screen.show_node(now=5.2)
        assert page(screen).text.endswith("all")

    transcript = Transcript()
    transcript.apply(Started(path=W, agent="worker", profile="p", backend="b", model="m", at=1.0))
    looked_at(check, transcript)
