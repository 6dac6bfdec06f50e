"""The conversation on the screen: what is followed, what stays in its place, what is found and copied."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from textual.app import ComposeResult
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.selection import Selection

from tests.tui.standing import lines
from tui_delegate.core.events import Finished, Opened, Refused, Started, Wrote
from tui_delegate.core.transcript import Transcript
from tui_delegate.tui.clock import FrameClock
from tui_delegate.tui.stage import Stage
from tui_delegate.tui.widgets.answer import AT_ONCE, Answer
from tui_delegate.tui.widgets.chat import MOUNTED, Chat

LONG = "A line that is there.\n\n" * 60


class Talk(Stage):
    """An app that has nothing but a chat on it."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FrameClock(self, now=lambda: 1_000.0)  # it flushes once; the rest is for `draw`
        self.chat = Chat(self.clock, wall=lambda: 1_000.0)
        self.links: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.chat

    def on_answer_link_clicked(self, event: Answer.LinkClicked) -> None:
        self.links.append(event.href)

    async def draw(self, pilot: Pilot[int]) -> None:
        """Have all drawn that is there."""
        await pilot.pause()
        for _ in range(3):
            self.chat.flush()
            await pilot.pause()
        while any(one.more for one in self.chat._shown):
            self.chat.flush()
            await pilot.pause()

    def rows(self, pilot: Pilot[int]) -> list[str]:
        """What is seen, without the scroll bar."""
        return [row[:-1].rstrip() for row in lines(pilot)]


def told(text: str, prompt: str = "What is new?", *, done: bool = False) -> Transcript:
    transcript = Transcript()
    transcript.apply(Opened(run=prompt, prompt=prompt))
    transcript.apply(Started(at=999.0, agent="manager", profile="p", backend="b", model="m"))
    transcript.apply(Wrote(text=text))
    if done:
        transcript.apply(Finished(at=1_000.0, text=text))
    return transcript


def chatting(part: Callable[[Talk, Pilot[int]], Awaitable[None]]) -> None:
    async def main() -> None:
        app = Talk()
        async with app.run_test(size=(60, 20)) as pilot:
            await part(app, pilot)

    asyncio.run(main())


def test_what_has_room_stands_at_the_top() -> None:
    async def part(app: Talk, pilot: Pilot[int]) -> None:
        app.chat.show([told("Hi **you**.")])
        await app.draw(pilot)
        assert app.rows(pilot)[1:4] == ["▌ What is new?", "", "  Hi you."]
        app.chat.show([told(LONG)])
        await app.draw(pilot)
        app.chat.show([told("Short again.")])
        await app.draw(pilot)
        assert app.rows(pilot)[3] == "  Short again."

    chatting(part)


def test_the_tail_is_followed_until_somebody_leaves_it() -> None:
    async def part(app: Talk, pilot: Pilot[int]) -> None:
        live = told(LONG)
        app.chat.show([live])
        await app.draw(pilot)
        live.apply(Wrote(text="The newest.\n\n"))
        await app.draw(pilot)
        assert "  The newest." in app.rows(pilot)
        app.chat.scroll_page_up(animate=False)
        await pilot.pause()
        before = app.rows(pilot)
        live.apply(Wrote(text="Unseen.\n\n" * 30))
        await app.draw(pilot)
        assert app.rows(pilot) == before
        assert before[-1].endswith("↓ new below (end)")
        await pilot.click(app.chat._below)
        await app.draw(pilot)
        assert "  Unseen." in app.rows(pilot)
        assert "new below" not in "".join(app.rows(pilot))

    chatting(part)


def test_what_comes_back_above_moves_nothing_that_is_read() -> None:
    async def part(app: Talk, pilot: Pilot[int]) -> None:
        past = [told(LONG, f"prompt {number}", done=True) for number in range(2 * MOUNTED)]
        app.chat.show(past)
        await app.draw(pilot)
        app.chat.scroll_to(y=70, animate=False, immediate=True)
        await pilot.pause()
        before = app.rows(pilot)
        app.chat.show_older()
        await app.draw(pilot)
        assert len(app.chat._shown) == 2 * MOUNTED
        assert app.rows(pilot) == before

    chatting(part)


def test_older_ones_come_back_by_a_click_and_by_pgup_at_the_top_as_forgotten_as_they_are() -> None:
    async def part(app: Talk, pilot: Pilot[int]) -> None:
        past = [told(f"Answer {number}.", f"prompt {number}", done=True) for number in range(3 * MOUNTED)]
        app.chat.show(past, forgets=2 * MOUNTED + 1)
        await app.draw(pilot)
        app.chat.focus()
        await pilot.press("pageup")
        await app.draw(pilot)
        assert len(app.chat._shown) == MOUNTED
        await pilot.press(*["pageup"] * 9)
        await app.draw(pilot)
        assert len(app.chat._shown) > MOUNTED
        app.chat.scroll_home(animate=False, immediate=True)
        await pilot.pause()
        await pilot.click(".older")
        await app.draw(pilot)
        assert len(app.chat._shown) == 3 * MOUNTED
        assert "older" not in "\n".join(app.rows(pilot))
        assert [one.has_class("-forgotten") for one in app.chat._shown].count(True) == 2 * MOUNTED + 1

    chatting(part)


def test_words_are_shown_where_they_are_found() -> None:
    async def part(app: Talk, pilot: Pilot[int]) -> None:
        app.chat.show([told(f"A needle.\n\n{LONG}and a Needle\n\n{LONG}", done=True)])
        await app.draw(pilot)
        places = app.chat.find("needle")
        assert len(places) == 2
        for place, words in zip(places, ("  A needle.", "  and a Needle"), strict=True):
            app.chat.go_to(place)
            await pilot.pause()
            assert words in app.rows(pilot)
        assert not app.chat.following
        assert app.chat.find("nothing of it") == app.chat.find("") == []

    chatting(part)


def test_a_title_gives_way_to_the_reason_of_a_refusal() -> None:
    async def part(app: Talk, pilot: Pilot[int]) -> None:
        transcript = told("")
        title, refused = "sort the names of all people", "The person refused this: too costly."
        transcript.apply(
            Refused(path=(0,), call_id="c", code="denied", message=refused, tool="t", task_name=title)
        )
        app.chat.show([transcript])
        await app.draw(pilot)
        line = next(row for row in app.rows(pilot) if "refused" in row)
        assert line.startswith("  └ 1 sort the na… ⊘ refused  The person refused this:")

    chatting(part)


def test_a_link_says_where_it_leads_and_opens_nothing() -> None:
    async def part(app: Talk, pilot: Pilot[int]) -> None:
        app.chat.show([told("[here](http://a.b/'\")", done=True)])
        await app.draw(pilot)
        await pilot.click(Answer, offset=(3, 0))
        await pilot.pause()
        assert app.links == ["http://a.b/'%22"]

    chatting(part)


def test_what_is_selected_is_copied_as_it_was_said() -> None:
    async def part(app: Talk, pilot: Pilot[int]) -> None:
        words = "word " * 20
        app.chat.show([told(f"- {words}\n- **two**\n", done=True)])
        await app.draw(pilot)
        answer = app.query_one(Answer)
        assert answer.get_selection(Selection(None, None)) == (f"- {words.strip()}\n- two", "\n")
        part = Selection(Offset(5, 0), Offset(1, 1))
        assert answer.get_selection(part) == (f"{words.strip()[5:]}\n- t", "\n")
        _, place = app.screen.get_widget_and_offset_at(*(answer.content_region.offset + Offset(4, 1)))
        row_two = answer.document.rows[1]
        assert place == Offset(answer.document.lines[0].starts[row_two[1]] + 2, 0)

    chatting(part)


def test_a_very_long_answer_comes_in_pieces() -> None:
    async def part(app: Talk, pilot: Pilot[int]) -> None:
        text = LONG * (6 * AT_ONCE // len(LONG)) + "The end."
        app.chat.show([told(text, done=True)])
        await pilot.pause()
        app.chat.flush()
        answer = app.query_one(Answer)
        assert len(answer.source) <= 2 * AT_ONCE < len(text)
        await app.draw(pilot)
        assert answer.source == text
        assert "  The end." in app.rows(pilot)

    chatting(part)
