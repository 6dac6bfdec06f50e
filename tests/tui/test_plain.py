from __future__ import annotations

import ast
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len

import tui_delegate.tui
from tests.tui.staged import STATES, WorkersStage, in_state, opened
from tests.tui.standing import Standing, seen
from tui_delegate.core.limits import Limits
from tui_delegate.core.transcript import Transcript
from tui_delegate.tui.plain import _TABLE, plain
from tui_delegate.tui.preferences import Preferences
from tui_delegate.tui.screens.choose import Choose
from tui_delegate.tui.screens.confirm import AskLine, Confirm
from tui_delegate.tui.screens.detail import DetailScreen
from tui_delegate.tui.screens.help import HelpScreen
from tui_delegate.tui.screens.key_catcher import KeyCatcher
from tui_delegate.tui.screens.ledger_columns import ColumnsScreen
from tui_delegate.tui.screens.main.commands import WHOLE
from tui_delegate.tui.screens.settings import SettingsScreen
from tui_delegate.tui.screens.theme_picker import ThemePicker
from tui_delegate.tui.themes import Themes
from tui_delegate.tui.widgets.ledger_columns import usual

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from textual.screen import Screen

READ_ONLY = {"wrap.py", "page.py", "marks.py", "completion.py"}
"""Files whose signs are looked for in texts, and never drawn."""
SCREENS: dict[str, Callable[[], Screen[Any]]] = {
    "ask": lambda: AskLine("What?", "this", "or that"),
    "choose": lambda: Choose("Which?", [("a", "one", "the first")]),
    "columns": lambda: ColumnsScreen("", usual(80)),
    "confirm": lambda: Confirm("Shall it be?"),
    "detail": lambda: DetailScreen(_told("edited by you"), (0,), "calls"),
    "help": lambda: HelpScreen(WHOLE),
    "key": lambda: KeyCatcher("Stop"),
    "settings": lambda: SettingsScreen(Preferences(), Limits(), themes=Themes(), commands=WHOLE),
    "themes": lambda: ThemePicker(Themes(), "dark"),
}


def _told(word: str) -> Transcript:
    transcript = Transcript("r1")
    for event in (opened(), *in_state(word, (0,))):
        transcript.apply(event)
    return transcript


def _drawn() -> Iterator[tuple[str, str]]:
    """Every sign in a text of the screen's code, with its file."""
    for path in Path(tui_delegate.tui.__file__).parent.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
                yield from ((sign, path.name) for sign in node.value if sign.isprintable())


def test_every_sign_that_is_drawn_has_something_plain_that_stands_for_it() -> None:
    lacking = {(sign, name) for sign, name in _drawn() if name not in READ_ONLY and not plain(sign).isascii()}
    assert not lacking


def test_what_stands_for_a_sign_is_as_wide_as_the_sign() -> None:
    assert all(cell_len(chr(code)) == len(instead) for code, instead in _TABLE.items())


def test_other_texts_are_left_as_they_are() -> None:
    assert plain("größer als 漢字 …") == "größer als 漢字 ~"


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_in_plain_signs_has_no_other(name: str) -> None:
    async def main() -> None:
        app = Standing(SCREENS[name])
        app.sign_plainly(True)
        async with app.run_test(size=(100, 40)) as pilot:
            await pilot.pause()
            assert not {sign for sign in seen(pilot) if not sign.isascii() and sign != "\xa0"}

    asyncio.run(main())


def test_plain_signs_come_and_go_while_the_screen_stands() -> None:
    async def main() -> None:
        app = WorkersStage()
        async with app.run_test(size=(120, 60)) as pilot:
            transcript = Transcript("r1")
            app.tell(transcript, [opened()])
            for number, word in enumerate(STATES):
                app.tell(transcript, in_state(word, (number,)))
            app.crew.flush()
            await pilot.pause()
            before = seen(pilot)
            assert "✓" in before
            app.sign_plainly(True)
            await pilot.pause()
            assert seen(pilot).isascii()
            app.sign_plainly(False)
            await pilot.pause()
            assert "✓" in seen(pilot)

    asyncio.run(main())
