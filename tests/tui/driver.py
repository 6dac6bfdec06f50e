"""Drives the real main screen without a server: recorded runs are played into it up to any of their events,
scripted models stand behind profiles, and the clock on the wall stands still.

`recorded/*.jsonl` hold runs as `run --events` tells them: `builtin` and `tiny` (a real llama-server) are real
runs, moved to one moment and one folder; the others were made, for states that no server shows on demand.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import tomli_w
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from tests.tui.standing import seen
from tui_delegate import profiles
from tui_delegate.backends.discover import Candidate, Found
from tui_delegate.core.choice import Choice
from tui_delegate.core.codec import decode
from tui_delegate.core.events import Event, RunPath
from tui_delegate.core.limits import Limits
from tui_delegate.core.ports import Backend, Shelf
from tui_delegate.core.transcript import Transcript
from tui_delegate.engine.run import Run
from tui_delegate.journal.store import Journal
from tui_delegate.profiles import Profile
from tui_delegate.tui.app import DelegateApp
from tui_delegate.tui.house import House, Wanted
from tui_delegate.tui.screens.main import MainScreen
from tui_delegate.workspace.catalog import Station
from tui_delegate.workspace.seating import Seating
from tui_delegate.workspace.seats import Workspace
from tui_delegate.workspace.servers import Servers

RECORDED = Path(__file__).parent / "recorded"
BEGAN = 1_700_000_000.0
"""When every recorded run began."""
NOW = BEGAN + 12.4
"""What the clock on the wall says."""
CLOSED = "http://127.0.0.1:9/v1"
"""Where nothing listens."""
PLENTY = 40.0
"""Seconds that nothing here takes."""
PLACES: dict[str, object] = {
    "default_profile": "big",
    "roles": {"manager": "big", "worker": "small"},
    "profiles": {
        "big": {"backend": "openai-compat", "base_url": CLOSED, "default_model": "qwen3:32b"},
        "small": {"backend": "llamacpp", "base_url": CLOSED, "default_model": "qwen3:4b"},
        "spare": {"backend": "ollama", "base_url": "http://127.0.0.1:9", "default_model": "gemma3:1b"},
    },
}
"""The profiles file of a driven house."""
UP = (
    Station(CLOSED, "openai-compat", ("big",), "up"),
    Station(CLOSED, "llamacpp", ("small",), "up"),
    Station("http://127.0.0.1:1234", "lmstudio", (), "down"),
)
"""The servers, as somebody would have found them."""


def recorded(name: str) -> list[Event]:
    """Read a recorded run."""
    with (RECORDED / f"{name}.jsonl").open(encoding="utf-8") as lines:
        return [decode(json.loads(line)) for line in lines]


@dataclass
class Tape:
    """A recorded run, played as far as it is wanted. It stands in for a `Run` and obeys no command."""

    events: Sequence[Event]
    upto: int | None = None
    """How many of its events have happened; None: all."""
    journal: Journal | None = None
    commands: list[tuple[str, RunPath]] = field(default_factory=list)
    journal_error: Exception | None = None
    told: tuple[Event, ...] = ()
    at: int = 0
    """How many of its events have been told."""
    limits: Limits = field(default_factory=Limits)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    def move(self, upto: int | None) -> None:
        """Let it go on."""
        self.upto = upto
        self._moved.set()

    @property
    def there(self) -> bool:
        """Whether it has been told as far as it is wanted."""
        return self.at >= (len(self.events) if self.upto is None else self.upto)

    @property
    def _over(self) -> bool:
        last = self.events[-1]
        return last.terminal and not last.path

    async def __aiter__(self) -> AsyncIterator[Event]:
        while self.at < len(self.events) or not self._over:
            upto = len(self.events) if self.upto is None else self.upto
            if self.at < upto and self.journal:
                await stored(self.journal, self.events[self.at : upto], run_of(self.events))
            for event in self.events[self.at : upto]:
                yield event
                self.at += 1
            if self.at < len(self.events) or not self._over:
                self._moved.clear()
                await self._moved.wait()

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name not in ("cancel", "steer", "retry", "replace", "hold", "release"):
            raise AttributeError(name)
        return lambda path=(), *_: self.commands.append((name, path))


async def stored(journal: Journal, events: Sequence[Event], run: str = "") -> None:
    """Store events of a run, and wait until they are safe."""
    done: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()

    def tell(error: Exception | None) -> None:
        loop.call_soon_threadsafe(done.set_result, error)

    journal.append(run or run_of(events), events, tell)
    assert await done is None


def run_of(events: Sequence[Event]) -> str:
    """Name the run that these events begin."""
    return str(getattr(events[0], "run", ""))


class DrivenServers(Servers):
    """Leads to scripted models where there are some, and asks nobody but the profiles' own servers."""

    scripts: Mapping[str, Backend]
    windows: Mapping[str, int]
    found: Sequence[Found]
    asks: bool

    def backend(self, profile: Profile) -> Backend:
        return self.scripts[profile.name] if profile.name in self.scripts else super().backend(profile)

    async def window(self, profile: Profile, model: str) -> int | None:
        if profile.name in self.scripts:
            return self.windows.get(profile.name)
        return await super().window(profile, model)

    def candidates(self, profile: Profile | None = None, *, near_only: bool = False) -> list[Candidate]:
        if not self.asks:
            return []
        return [one for one in super().candidates(profile, near_only=near_only) if one.name in self._written]

    async def discover(self, profile: Profile | None = None, *, near_only: bool = False) -> list[Found]:
        return list(self.found) or await super().discover(profile, near_only=near_only)

    @property
    def _written(self) -> frozenset[str]:
        return frozenset(self.settings.written)


class DrivenWorkspace(Workspace):
    """Plays a tape where there is one for the prompt; any other prompt is a real run."""

    tapes: Mapping[str, Tape]

    def shelf(self, prompt: str, folder: str = "") -> Shelf | None:
        if any(one in prompt for one in self.tapes):
            return None
        return super().shelf(prompt, folder)

    @asynccontextmanager
    async def run(
        self, prompt: str, limits: Limits, *, journal: Journal | None, **more: Any
    ) -> AsyncIterator[Run]:
        if tape := self.tapes.get(prompt):
            context = replace(more["context"], cwd="/home/ada/notes", parent_pid=0)
            opened = replace(cast("Any", tape.events[0]), context=context, after=more["after"])
            tape.events, tape.journal = [opened, *tape.events[1:]], journal
            yield cast("Run", tape)
            return
        async with Workspace.run(self, prompt, limits, journal=journal, **more) as run:
            yield run


@dataclass(slots=True)
class DrivenHouse(House):
    """A house in a folder of its own, in which nothing leads out."""

    scripts: dict[str, Backend] = field(default_factory=dict)
    windows: dict[str, int] = field(default_factory=dict)
    tapes: dict[str, Tape] = field(default_factory=dict)
    found: Sequence[Found] = ()
    asks: bool = False
    wall: float = NOW
    """What the clock on the wall says; it stands still until it is put on."""
    around: AsyncExitStack = field(default_factory=AsyncExitStack)
    """What is to be closed with the house: servers on loopback."""

    def open(self) -> None:
        settings = profiles.load(self.environ, Path(self.environ["HOME"]))
        reach = DrivenServers(settings, self.environ, list(settings.warnings))
        reach.scripts, reach.windows, reach.found, reach.asks = (
            self.scripts,
            self.windows,
            self.found,
            self.asks,
        )
        choice = self.wanted.choice or Choice()
        place = DrivenWorkspace(settings, self.environ, reach, Seating(settings, reach, choice))
        place.tapes = self.tapes
        self._workspace = place
        self.journal = place.open_journal()

    async def close(self) -> None:
        await House.close(self)
        await self.around.aclose()


def house_in(
    home: Path,
    places: Mapping[str, object] | None = PLACES,
    *,
    picks: Mapping[str, str] | None = None,
    now: Callable[[], float] | None = None,
    session: str = "",
    **more: Any,
) -> DrivenHouse:
    """Make a house in a folder: its profiles file, and what the person had picked before."""
    home.mkdir(exist_ok=True)
    if places is not None:
        (home / "profiles.toml").write_text(tomli_w.dumps(places))
        (home / "profiles.toml").chmod(0o600)
    environ = {"TUI_DELEGATE_HOME": str(home), "HOME": str(home), "TERM": "xterm-256color"}
    house = DrivenHouse(environ=environ, wanted=Wanted(session=session), **more)
    house.now = now or (lambda: house.wall)
    journal = Journal.open(house.journal_path)
    for key, value in {"screen.welcomed": "yes", **(picks or {})}.items():
        journal.set_pick(key, value)
    journal.close()
    return house


@dataclass
class Stand:
    """The app as it stands before a person, and what the person can do."""

    app: DelegateApp
    pilot: Pilot[Any]
    house: DrivenHouse

    @property
    def main(self) -> MainScreen:
        return self.app.main

    @property
    def text(self) -> str:
        """All that is on the screen."""
        return seen(self.pilot).replace("\xa0", " ")

    @property
    def said(self) -> str:
        """What the notices say that are on the screen now."""
        return "\n".join(str(one.message) for one in self.app._notifications)

    async def press(self, *keys: str) -> None:
        """Press keys, one after another."""
        await self.pilot.press(*keys)
        await self.pilot.pause(0)

    async def type(self, text: str) -> None:
        """Type a text where the cursor is."""
        await self.press(*("enter" if one == "\n" else one for one in text))

    async def ask(self, prompt: str) -> None:
        """Write a prompt into the bar and send it."""
        self.main.bar.focus()
        self.main.bar.draft = prompt
        await self.press("enter")

    async def until(self, *words: str | Callable[[], object]) -> None:
        """Wait until all of these words are on the screen, or all of this holds."""

        def there(word: str | Callable[[], object]) -> bool:
            return word in self.text if isinstance(word, str) else bool(word())

        try:
            async with asyncio.timeout(PLENTY):
                while not all(there(word) for word in words):
                    await self.pilot.pause(0.01)
        except TimeoutError:
            raise AssertionError(f"{words} never came:\n{self.text}\n{self.said}") from None

    async def settle(self) -> None:
        """Wait until all that has come is drawn, figures that tick and cursors included."""
        main = self.main
        await self.until(lambda: main.talk is not None and main.watch_over is not None)
        for one in self.app.screen.query("Input, TextArea"):
            assert isinstance(one, Input | TextArea)
            one.cursor_blink = False
        for _ in range(2):
            await self.pilot.pause(0)
            main.clock.beat()
            await self.until(lambda: not main.clock.running)
        await self.pilot.pause(0)

    async def later(self, seconds: float = 1.0) -> None:
        """Put the clock on the wall on, and have drawn what ticks."""
        self.house.wall += seconds
        await self.settle()

    async def play(self, name: str, upto: int | None = None, *, prompt: str = "") -> Tape:
        """Ask for what was recorded, up to its nth event; for all of it where none is named."""
        tape = Tape(recorded(name), upto)
        told = prompt or str(getattr(tape.events[0], "prompt", ""))
        self.house.tapes[told] = tape
        before = len(self.conversation.runs)
        assert self.main.talk
        self.main.talk.send(told)
        await self.until(lambda: (len(self.conversation.runs) > before and tape.there) or self.said)
        assert not self.said, self.said
        await self.later()
        return tape

    async def move(self, tape: Tape, upto: int | None = None) -> None:
        """Let a tape go on."""
        tape.move(upto)
        await self.until(lambda: tape.there)

    async def watch(self, name: str) -> Transcript:
        """Have another process begin a recorded run and tell all of it."""
        transcript = Transcript()
        for number, event in enumerate(recorded(name)):
            node = transcript.apply(event)
            if not number:
                self.main.appeared(transcript)
            self.main.changed(transcript, node.path)
        await self.settle()
        return transcript

    def find_servers(self, stations: Sequence[Station] = UP) -> None:
        """Have these servers been seen, and nobody look again."""
        assert self.main.watch_over
        self.main.watch_over.clock = lambda: float("-inf")
        self.main.watch_over.saw(tuple(stations))
        self.main.show_standing()

    @property
    def conversation(self) -> Any:
        """The conversation on the screen."""
        assert self.main.talk
        return self.main.talk.conversation


@asynccontextmanager
async def driven(house: DrivenHouse, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Stand]:
    """Open the app in a house and wait until it stands."""
    app = DelegateApp(house)
    async with app.run_test(size=size) as pilot:
        stand = Stand(app, pilot, house)
        await stand.settle()
        yield stand


def drive(
    house: DrivenHouse, part: Callable[[Stand], Awaitable[None]], size: tuple[int, int] = (120, 40)
) -> None:
    """Open the app in a house and do something on it."""

    async def main() -> None:
        async with driven(house, size) as stand:
            await part(stand)

    asyncio.run(main())
