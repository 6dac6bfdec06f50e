from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from tests.assets import bad_inputs
from tests.tui.standing import SIZES, Standing, seen
from tui_delegate.backends.discover import Found
from tui_delegate.core.errors import AuthRefused, DelegateError, ResolveError, Unreachable
from tui_delegate.core.servers import ModelInfo, ServerInfo
from tui_delegate.tui.screens.welcome import Beginning, WelcomeScreen, name_of, servers_text

sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
GONE = Unreachable("nothing answers")
NONE = [
    Found("http://127.0.0.1:11434", ("ollama",), error=GONE),
    Found("http://127.0.0.1:1234", error=GONE),
    Found("http://127.0.0.1:8080", error=GONE),
]
OLLAMA = Found(
    "http://127.0.0.1:11434",
    ("ollama",),
    ServerInfo("ollama", "http://127.0.0.1:11434", "0.12.3", (ModelInfo("a", "loaded"), ModelInfo("b"))),
)
EMPTY = Found("http://127.0.0.1:1234", (), ServerInfo("lmstudio", "http://127.0.0.1:1234"))
LOCKED = Found("https://far.example/v1", ("far",), error=AuthRefused("far wants a key.", "Set one."))


class Eyes:
    """Finds one list after the other; waits to be let look where it is told to."""

    def __init__(self, *found: Sequence[Found] | DelegateError) -> None:
        self.found = list(found)
        self.looked = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self) -> Sequence[Found]:
        await self.gate.wait()
        self.looked += 1
        now = self.found[min(self.looked, len(self.found)) - 1]
        if isinstance(now, DelegateError):
            raise now
        return now


def standing(eyes: Eyes, *, first: bool = True) -> Standing:
    return Standing(lambda: WelcomeScreen(eyes, first=first))


@sizes
def test_where_no_server_is_the_person_is_told_how_to_begin_without(size: tuple[int, int]) -> None:
    async def main() -> None:
        async with standing(Eyes(NONE)).run_test(size=size) as pilot:
            await pilot.pause()
            words = seen(pilot)
            for told in (
                "Welcome.",
                "ollama     127.0.0.1:11434  not running  try: ollama serve",
                "lm studio  127.0.0.1:1234   not running",
                "You can begin without one",
                "It is not a language model.",
                "begin offline",
                "look again",
                "add a server",
            ):
                assert told in words
            assert "use " not in words

    asyncio.run(main())


@sizes
def test_what_was_found_is_said_with_its_models_and_can_be_used(size: tuple[int, int]) -> None:
    async def main() -> None:
        app = standing(Eyes([OLLAMA, EMPTY, LOCKED]))
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            words = seen(pilot)
            assert "2 models, 1 loaded, version 0.12.3" in words
            assert "runs, and has no model yet" in words
            assert "far wants a key." in words
            assert ("use ollama" in words, "use lm studio" in words) == (True, False)
            await pilot.press("enter")
            await pilot.pause()
            assert app.results == [Beginning("server", OLLAMA)]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("keys", "result"),
    [
        (("b",), Beginning("offline")),
        (("a",), Beginning("add")),
        (("escape",), None),
        (("enter",), Beginning("offline")),
        (("down", "down", "enter"), Beginning("add")),
    ],
)
def test_each_key_leads_to_its_beginning(keys: tuple[str, ...], result: Beginning | None) -> None:
    async def main() -> None:
        app = standing(Eyes(NONE))
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            await pilot.press(*keys)
            await pilot.pause()
            assert app.results == [result]

    asyncio.run(main())


@pytest.mark.parametrize("keys", [("r",), ("down", "enter")])
def test_looking_again_finds_what_was_started_meanwhile(keys: tuple[str, ...]) -> None:
    async def main() -> None:
        eyes = Eyes(NONE, [OLLAMA])
        app = standing(eyes, first=False)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            assert "Model servers:" in seen(pilot)
            eyes.gate.clear()
            await pilot.press(*keys)
            await pilot.pause()
            assert "looking…" in seen(pilot)
            eyes.gate.set()
            await pilot.pause()
            assert "use ollama" in seen(pilot)
            assert app.results == []

    asyncio.run(main())


def test_a_person_need_not_wait_until_all_is_found() -> None:
    async def main() -> None:
        eyes = Eyes(NONE)
        eyes.gate.clear()
        app = standing(eyes)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            assert "You can begin" in seen(pilot)
            await pilot.press("b")
            await pilot.pause()
            assert app.results == [Beginning("offline")]

    asyncio.run(main())


def test_a_look_that_fails_is_a_line() -> None:
    async def main() -> None:
        app = standing(Eyes(ResolveError("No way.", "Try [b]again\x1b[31m.")))
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            assert "No way. Try [b]again." in seen(pilot)

    asyncio.run(main())


@pytest.mark.parametrize("row", bad_inputs("ansi")[:60], ids=lambda row: row["id"])
def test_what_a_server_calls_itself_reaches_the_screen_clean(row: dict[str, str]) -> None:
    told = row["b"] if "b" in row else str(row["input"])
    info = ServerInfo(told, told, told, (ModelInfo(told),))
    found = [Found("http://" + told, (told,), info), Found(told, (told,), error=AuthRefused(told, told))]
    assert "".join(servers_text(found).plain.split("\n")).isprintable()
    assert name_of(found[0]).isprintable()


def test_nowhere_to_look_is_said() -> None:
    assert servers_text([]).plain == "No place to look at."
