from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.assets import bad_inputs
from tui_delegate.tui.notices import AWAY, BELL, QUIET, Notices, Starter, harmless, way_of
from tui_delegate.tui.preferences import Preferences

KITTY = {"TERM": "xterm-kitty"}
FOOT = {"TERM": "foot-extra"}
DESKTOP = {"TERM": "xterm-256color", "DISPLAY": ":0"}
XTERM = {"TERM": "xterm-256color"}


@dataclass
class Desk:
    """A terminal, a desktop and a clock that remember what came to them."""

    environ: dict[str, str]
    pick: str = "both"
    written: list[str] = field(default_factory=list)
    started: list[tuple[str, ...]] = field(default_factory=list)
    time: float = 1000.0

    def notices(self) -> Notices:
        found = Notices(
            self.written.append,
            self.environ,
            now=lambda: self.time,
            which=lambda name: f"/bin/{name}",
            start=lambda words: self.started.append(tuple(words)),
        )
        found.preferences = Preferences(notify=self.pick)
        return found

    def left(self) -> Notices:
        found = self.notices()
        found.focus(False)
        return found


def test_a_long_run_that_ends_while_the_person_looks_elsewhere_is_told() -> None:
    desk = Desk(KITTY)
    assert desk.left().ended("done", 125, "compare notes")
    assert desk.written == ["\x1b]9;delegate: done after 2m05s: compare notes\x07", BELL]


def test_a_short_run_is_not_told_and_a_question_always_is() -> None:
    desk = Desk(XTERM, "bell")
    notices = desk.left()
    assert not notices.ended("done", 19.9)
    assert notices.asks("may this code run")
    assert desk.written == [BELL]


def test_who_looks_at_the_terminal_is_not_told() -> None:
    desk = Desk(KITTY)
    notices = desk.left()
    notices.focus(True)
    assert not notices.ended("done", 500)
    assert not notices.asks()
    assert desk.written == []


def test_a_terminal_that_never_tells_of_its_focus_is_judged_by_keys() -> None:
    desk = Desk(XTERM, "bell")
    notices = desk.notices()
    assert not notices.asks()
    desk.time += AWAY
    assert notices.asks()
    notices.touched()
    desk.time += QUIET
    assert not notices.asks()


def test_off_is_off() -> None:
    desk = Desk(KITTY, "off")
    assert not desk.left().ended("failed", 500)
    assert (desk.written, desk.started) == ([], [])


def test_notices_keep_five_seconds_between_them() -> None:
    desk = Desk(XTERM, "bell")
    notices = desk.left()
    assert [notices.asks(), notices.asks()] == [True, False]
    desk.time += QUIET
    assert notices.asks()
    assert desk.written == [BELL, BELL]


def test_a_pick_of_the_desktop_rings_where_no_way_leads_there() -> None:
    desk = Desk(XTERM, "desktop")
    desk.left().asks()
    assert desk.written == [BELL]
    desk = Desk(KITTY, "desktop")
    desk.left().asks()
    assert desk.written == ["\x1b]9;delegate: asks you\x07"]


def test_each_terminal_is_told_in_the_way_that_it_understands() -> None:
    desk = Desk(FOOT, "desktop")
    desk.left().ended("failed", 60, "a; b")
    assert desk.written == ["\x1b]777;notify;delegate;failed after 1m00s: a, b\x07"]
    desk = Desk(DESKTOP, "desktop")
    desk.left().asks("-x <b>&")
    assert desk.written == []
    assert desk.started == [
        ("/bin/notify-send", "--app-name=delegate", "--", "delegate", "asks you: -x &lt;b&gt;&amp;")
    ]


@pytest.mark.parametrize(
    ("environ", "way"),
    [
        ({"TERM_PROGRAM": "iTerm.app"}, "9"),
        ({"TERM": "xterm-ghostty"}, "9"),
        ({"TERM": "rxvt-unicode-256color"}, "777"),
        ({**KITTY, "TMUX": "/tmp/x,1,0"}, ""),
        ({**DESKTOP, "SSH_CONNECTION": "1"}, ""),
        ({"TERM": "dumb"}, ""),
        ({"WAYLAND_DISPLAY": "w"}, "/bin/notify-send"),
    ],
)
def test_only_a_terminal_that_is_known_to_obey_is_sent_a_sequence(environ: dict[str, str], way: str) -> None:
    assert way_of(environ, lambda name: f"/bin/{name}") == way
    assert way_of(DESKTOP, lambda name: None) == ""


@pytest.mark.parametrize("environ", [KITTY, FOOT, DESKTOP], ids=["9", "777", "program"])
def test_no_control_byte_of_what_a_run_is_about_arrives(environ: dict[str, str]) -> None:
    for row in bad_inputs("ansi"):
        told = row["b"] if "b" in row else str(row["input"])
        desk = Desk(environ, "desktop")
        desk.left().asks(told)
        inner = "".join(desk.written).removeprefix("\x1b]").removesuffix("\x07")
        assert inner.isprintable()
        assert all(word.isprintable() for words in desk.started for word in words)
    assert harmless("a\x1b[31mb\n\u202ec\x9c\u2028d") == "ab c d"


def test_the_title_says_what_asks_then_who_works_then_how_it_ended() -> None:
    desk = Desk(XTERM)
    notices = desk.notices()
    notices.open()
    notices.show()
    notices.show(2)
    notices.show(2)
    notices.show(1, asking=True)
    notices.show(state="done")
    notices.preferences = replace(notices.preferences, ascii=True)
    notices.show(state="failed")
    notices.close()
    titles = (
        "delegate",
        "● 2 working · delegate",
        "⁇ asks you · delegate",
        "✓ done · delegate",
        "x failed - delegate",
    )
    assert desk.written == ["\x1b[22;0t", *(f"\x1b]0;{title}\x07" for title in titles), "\x1b[23;0t"]


@pytest.mark.parametrize("term", ["linux", "dumb", ""])
def test_a_plain_terminal_gets_no_sequence_but_the_bell(term: str) -> None:
    desk = Desk({"TERM": term})
    notices = desk.left()
    notices.open()
    notices.show(3)
    notices.asks()
    notices.close()
    assert desk.written == [BELL]


def test_a_program_is_started_and_not_waited_for(tmp_path: Path) -> None:
    start = Starter()
    mark = tmp_path / "mark"
    words: Sequence[str] = (sys.executable, "-c", "import sys; open(sys.argv[1], 'w').close()", str(mark))
    start(words)
    for one in start._going:
        one.wait(30)
    assert mark.exists()
    start((str(tmp_path / "missing"),))
    assert start._going == []
