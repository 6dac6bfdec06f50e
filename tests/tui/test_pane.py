"""One delegation's pane: its line at every width, its text as it came, in every state that there is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest
from rich.cells import cell_len
from textual.app import ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot

from tests.assets import bad_inputs
from tests.tui.staged import NOW, STATES, begun, in_state, opened, rerouted, spent
from tui_delegate.core.clean import clean
from tui_delegate.core.events import Commanded, Delegated, Event, Failed, Finished, Started, Thought, Wrote
from tui_delegate.core.transcript import Node, Transcript
from tui_delegate.tui.clock import FrameClock
from tui_delegate.tui.figures import SIGNS
from tui_delegate.tui.stage import Stage
from tui_delegate.tui.widgets.heading import Pace, heading
from tui_delegate.tui.widgets.pane import Pane
from tui_delegate.tui.widgets.watched import Watched


def folded(*events: Event) -> Transcript:
    transcript = Transcript()
    for event in events:
        transcript.apply(event)
    return transcript


def line(transcript: Transcript, width: int, *, pace: Pace | None = None, pinned: bool = False) -> str:
    pieces = heading(transcript.nodes[(0,)], width, NOW, pace, pinned=pinned)
    return "".join(text for text, _ in pieces)


class PaneStage(Stage):
    def __init__(self, transcript: Transcript, label: str = "") -> None:
        super().__init__()
        self.now = NOW
        self.clock = FrameClock(self)
        self.transcript = transcript
        self.pane = Pane(self.clock, Watched(transcript, (0,), label), wall=lambda: self.now)

    def compose(self) -> ComposeResult:
        yield self.pane

    def tell(self, *events: Event) -> None:
        for event in events:
            self.transcript.apply(event)
        self.pane.flush()

    def head(self) -> list[str]:
        head = self.pane.head
        return [strip.text.rstrip() for strip in head.render_lines(head.size.region)]

    def body(self) -> list[str]:
        lines = self.pane.lines
        rows = [strip.text.rstrip() for strip in lines.render_lines(lines.size.region)]
        return [row.strip() for row in rows if row]


def staged(
    transcript: Transcript,
    test: Callable[[PaneStage, Pilot[int]], Awaitable[None]],
    size: tuple[int, int] = (60, 14),
    label: str = "",
) -> None:
    async def main() -> None:
        app = PaneStage(transcript, label)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            app.pane.flush()
            await test(app, pilot)

    asyncio.run(main())


@pytest.mark.parametrize("word", STATES)
@pytest.mark.parametrize("width", [24, 38, 60, 120])
def test_the_states_glyph_and_word_and_the_title_stand_at_every_width(word: str, width: int) -> None:
    transcript = folded(opened(), *in_state(word, (0,)))
    text = line(transcript, width)
    assert cell_len(text) <= width
    assert f" {word}" in text
    if width >= 38:
        assert "find breaking" in text


@pytest.mark.parametrize("width", range(4, 60))
def test_no_line_is_wider_than_its_room(width: int) -> None:
    transcript = folded(opened(), *begun((0,), "中文 " * 20), spent((0,), cost=0.5))
    assert cell_len(line(transcript, width)) <= width


def test_figures_go_one_by_one_the_least_needed_first() -> None:
    transcript = folded(
        opened(), *begun((0,), "find"), Wrote(path=(0,), text="x"), spent((0,), cost=0.012),
        Finished(path=(0,), at=NOW, text="x"),
    )  # fmt: skip
    wide = line(transcript, 90)
    assert all(part in wide for part in ("qwen3:4b", "12s", "288 tok", "93 tok/s", "$0.0120"))
    shown = [
        {
            part
            for part in ("qwen3:4b", "12s", "288 tok", "93 tok/s", "$0.0120")
            if part in line(transcript, width)
        }
        for width in range(90, 20, -1)
    ]
    assert all(later <= earlier for earlier, later in pairwise(shown))
    assert shown[-1] == {"12s"}
    assert {"12s", "93 tok/s"} in shown


def test_what_it_writes_now_is_counted_as_a_guess() -> None:
    transcript = folded(opened(), *begun((0,), "find"), Wrote(path=(0,), text="x" * 660))
    assert "~200 tok" in line(transcript, 80, pace=Pace(200, 41.2))
    assert "41 tok/s" in line(transcript, 80, pace=Pace(200, 41.2))


def test_an_unknown_price_is_never_nothing() -> None:
    transcript = folded(opened(), *begun((0,), "find"), spent((0,), cost=None))
    assert "$?" in line(transcript, 100)


def test_another_worker_than_the_first_is_marked() -> None:
    transcript = folded(opened(), *begun((0,), "find"), rerouted((0,)))
    assert "⇄ other" in line(transcript, 80)


def test_a_pinned_pane_is_marked() -> None:
    assert "◆" in line(folded(opened(), *begun((0,), "find")), 60, pinned=True)


@pytest.mark.parametrize("word", STATES)
@pytest.mark.parametrize("size", [(30, 8), (80, 24), (220, 60)])
def test_every_state_is_drawn_in_a_pane(word: str, size: tuple[int, int]) -> None:
    async def test(app: PaneStage, pilot: Pilot[int]) -> None:
        assert f" {word}" in app.head()[0]

    staged(folded(opened(), *in_state(word, (0,))), test, size)


BODIES = {
    "queued": "2 in line: 1 of 1 in use on llama.cpp",
    "loading model": "load 40%",
    "thinking": "Two lists, then compare. Start with the first.▌",
    "writing": "the synchronous client.▌",
    "tool": '⚙ subagent {"task": "look"}▌',
    "waiting": "→ hands on: 1.1",
    "done": "All is well.",
    "failed": "✗ Nothing answers there. Start the server.",
    "refused": "⊘ Too deep.",
    "cancelled": "Stopped; what had come is kept.",
    "edited by you": "Right.",
}


@pytest.mark.parametrize("word", STATES)
def test_under_the_line_stands_what_it_says_or_why_it_says_nothing(word: str) -> None:
    async def test(app: PaneStage, pilot: Pilot[int]) -> None:
        assert app.body()[-1] == BODIES[word]

    staged(folded(opened(), *in_state(word, (0,))), test)


def test_text_comes_in_by_pieces_and_is_never_taken_twice() -> None:
    async def test(app: PaneStage, pilot: Pilot[int]) -> None:
        for at in range(20):
            app.tell(Wrote(path=(0,), text=f"piece{at} "))
            if at % 3:
                app.pane.flush()
        app.tell(Finished(path=(0,), at=NOW, text=app.transcript.nodes[(0,)].text))
        assert app.pane.lines.text == "".join(f"piece{at} " for at in range(20))

    staged(folded(opened(), *begun((0,), "t")), test)


def test_thinking_and_writing_and_a_note_stand_in_the_order_in_which_they_came() -> None:
    async def test(app: PaneStage, pilot: Pilot[int]) -> None:
        app.tell(Thought(path=(0,), text="hm"), Wrote(path=(0,), text="so"))
        app.tell(Commanded(path=(0,), command="steer", text="be brief"))
        app.tell(spent((0,)), Wrote(path=(0,), text="ok"))
        assert app.body() == ["hm", "so", "✎ you: be brief", "ok▌"]

    staged(folded(opened(), *begun((0,), "t")), test)


def test_a_second_attempt_stands_below_the_first() -> None:
    async def test(app: PaneStage, pilot: Pilot[int]) -> None:
        app.tell(Failed(path=(0,), at=NOW, code="x", message="Lost.", text="half"))
        assert app.body()[-1] == "✗ Lost."
        again = [event for event in begun((0,), "t", "bigger", attempt=2) if isinstance(event, Started)]
        app.tell(*again, Wrote(path=(0,), attempt=2, text="whole"))
        body = app.body()
        assert body[0] == "half"
        assert "attempt 2 · bigger" in body[1]
        assert body[2:] == ["whole▌"]
        assert "⇄ bigger" in app.head()[0]

    staged(folded(opened(), *begun((0,), "t"), Wrote(path=(0,), text="half")), test)


def test_a_done_pane_keeps_its_text_and_says_what_is_partial() -> None:
    async def test(app: PaneStage, pilot: Pilot[int]) -> None:
        app.tell(Finished(path=(0,), at=NOW, text="so far", flags=("length",)))
        assert app.body() == ["so far", "Partial: cut at its longest length"]

    staged(folded(opened(), *begun((0,), "t"), Wrote(path=(0,), text="so far")), test)


def test_speed_is_measured_while_it_writes_and_told_by_the_call_when_it_has_ended() -> None:
    async def test(app: PaneStage, pilot: Pilot[int]) -> None:
        app.tell(Wrote(path=(0,), text="a"))
        app.pane.beat()
        for _ in range(4):
            app.now += 0.5
            app.tell(Wrote(path=(0,), text="x" * 66))
            assert app.pane.beat()
        assert " 40 tok/s" in app.head()[0]
        assert "~80 tok" in app.head()[0]
        app.tell(spent((0,)), Finished(path=(0,), at=app.now, text=app.transcript.nodes[(0,)].text))
        assert not app.pane.beat()
        assert "93 tok/s" in app.head()[0]
        assert " 288 tok" in app.head()[0]

    staged(folded(opened(), *begun((0,), "t")), test, (90, 10))


def test_figures_tick_with_the_beat_and_not_with_every_token() -> None:
    async def test(app: PaneStage, pilot: Pilot[int]) -> None:
        app.tell(Wrote(path=(0,), text="a"))
        before = app.head()
        app.now += 30
        app.tell(Wrote(path=(0,), text="b"))
        assert app.head() == before
        app.pane.beat()
        assert app.head() != before

    staged(folded(opened(), *begun((0,), "t")), test)


def test_another_delegation_can_be_shown_in_the_same_pane() -> None:
    transcript = folded(opened(), *in_state("done", (0,)), *in_state("failed", (1,), "other task"))

    async def test(app: PaneStage, pilot: Pilot[int]) -> None:
        app.pane.show(Watched(transcript, (1,)))
        assert "other task" in app.head()[0]
        assert app.body() == [BODIES["failed"]]

    staged(transcript, test)


def test_a_run_of_another_process_says_so() -> None:
    async def test(app: PaneStage, pilot: Pilot[int]) -> None:
        await pilot.pause()
        assert app.head()[0].strip() == "▸ tui-delegate run 'count'"
        assert "writing" in app.head()[1]

    staged(folded(opened(), *in_state("writing", (0,))), test, label="tui-delegate run 'count'")


def test_a_pane_has_the_focus_by_click_and_shows_it() -> None:
    async def test(app: PaneStage, pilot: Pilot[int]) -> None:
        app.screen.set_focus(None)
        await pilot.pause()
        assert not app.head()[0].startswith("▎")
        await pilot.click(app.pane.lines)
        await pilot.pause()
        assert app.focused is app.pane.lines
        assert app.head()[0].startswith("▎")

    staged(folded(opened(), *in_state("writing", (0,))), test)


def test_names_and_errors_from_outside_bring_no_control_byte() -> None:
    for text in {str(row["input"])[:300] for row in bad_inputs("ansi")}:
        transcript = folded(
            opened(),
            Delegated(path=(0,), call_id="c", task_name=text, task=text),
            Started(path=(0,), at=1.0, agent=text, profile=text, backend=text, model=text),
            Failed(path=(0,), at=2.0, code="x", message=text, hint=text),
        )
        for width in (30, 200):
            shown = line(transcript, width)
            assert shown == clean(shown)
            assert "\n" not in shown


def test_no_bad_input_is_drawn_in_a_pane() -> None:
    async def test(app: PaneStage, pilot: Pilot[int]) -> None:
        for row in bad_inputs("ansi"):
            app.tell(Wrote(path=(0,), text=str(row["input"])[:500]))
            for part in (app.pane.lines, app.pane.head):
                for strip in part.render_lines(Region(0, 0, *part.size)):
                    assert strip.text == clean(strip.text)

    staged(folded(opened(), *begun((0,), "t")), test)


def test_every_state_has_its_sign() -> None:
    words = {sign.word for sign in SIGNS.values()} - {"asks you"}
    assert words | {"edited by you"} == set(STATES)


@pytest.mark.parametrize(
    ("context", "width", "seen"),
    [
        (1024, 120, "window 25%"),
        (1024, 26, ""),
        (3600, 60, "window 88%"),
        (3600, 45, "window 88%"),
        (5, 120, ""),
    ],
)
def test_the_line_says_how_full_the_window_is_and_keeps_that_when_it_is_tight(
    context: int, width: int, seen: str
) -> None:
    node = Node(
        (0,), state="done", task_name="look", model="m1", profile="here", window=4096, context=context
    )
    line = "".join(text for text, _ in heading(node, width, 9.0))
    assert ("window" in line) == bool(seen)
    assert seen in line
