"""A stage for pictures and films of the running app: models that say their part in time, and the time itself.

The engine, the journal and the screen are the product's; what the models say, how long that takes and which
servers there are is written here and in whoever uses it. It knows no scene.
"""

from __future__ import annotations

import asyncio
import heapq
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from tui_delegate import profiles
from tui_delegate.backends.discover import Candidate, Found
from tui_delegate.core.choice import Choice
from tui_delegate.core.chunks import ChatRequest, Reply, TextChunk, ThoughtChunk
from tui_delegate.core.messages import Message, ToolCall
from tui_delegate.core.ports import Backend, Sink
from tui_delegate.core.usage import Usage, estimate_tokens
from tui_delegate.engine.call import Meter
from tui_delegate.journal.store import Journal
from tui_delegate.profiles import Profile
from tui_delegate.tui.app import DelegateApp
from tui_delegate.tui.house import House
from tui_delegate.workspace.seating import Seating
from tui_delegate.workspace.seats import Workspace
from tui_delegate.workspace.servers import Servers

BREATH = 0.05
"""Seconds in which all that follows from one thing has happened."""
MOST = 140_000
"""Characters of a picture."""
MONOSPACE = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
STEP = 40
"""Characters that come at once."""


@dataclass
class Time:
    """Stands still until it is moved; whoever waits for a moment goes on when it comes, one by one."""

    now: float
    _waiting: list[tuple[float, int, asyncio.Event]] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=count)

    def __call__(self) -> float:
        return self.now

    async def reach(self, moment: float) -> None:
        """Wait for a moment."""
        come = asyncio.Event()
        heapq.heappush(self._waiting, (moment, next(self._numbers), come))
        await come.wait()

    async def move(self, moment: float, breathe: Callable[[], Awaitable[None]]) -> None:
        """Go to a moment; at every stop on the way all that follows from it is let happen."""
        await breathe()
        while self._waiting and self._waiting[0][0] <= moment:
            self.now, _, come = heapq.heappop(self._waiting)
            come.set()
            await breathe()
        self.now = moment
        await breathe()


@dataclass(frozen=True)
class Part:
    """What a model says in one call."""

    text: str = ""
    thought: str = ""
    tasks: tuple[tuple[str, str], ...] = ()
    """Names and words of the tasks that it hands out."""
    first: float = 0.4
    """Seconds until its first word."""
    rate: float = 60.0
    """Tokens a second."""
    reads: int = 0
    """Tokens that the call holds; 0: about as many as there are words in it."""
    cached: int = 0


@dataclass
class Actor:
    """A model that answers each request by its part, at its pace."""

    time: Time
    rule: Callable[[ChatRequest], Part]

    async def chat(self, request: ChatRequest, sink: Sink) -> Reply:
        part, at = self.rule(request), self.time.now
        if isinstance(sink, Meter):  # it measures on the loop's clock, which never stands still
            sink._time, sink._begun = self.time, at
        at += part.first
        for kind, text in ((ThoughtChunk, part.thought), (TextChunk, part.text)):
            for start in range(0, len(text), STEP):
                piece = text[start : start + STEP]
                await self.time.reach(at)
                sink.put(kind(piece))
                await sink.drain()
                at += estimate_tokens(piece) / part.rate
        calls = tuple(
            ToolCall(f"call_{number}", "subagent", json.dumps({"task_name": name, "task_description": task}))
            for number, (name, task) in enumerate(part.tasks)
        )
        await self.time.reach(at + 0.3 * len(calls))
        written = estimate_tokens(part.thought + part.text) + 30 * len(calls)
        read = part.reads or sum(estimate_tokens(one.text) for one in request.messages)
        return Reply(
            Message("assistant", part.text, calls),
            "calls" if calls else "stop",
            Usage(read, part.cached, written),
            request.model,
            part.rate,
        )


class StagedServers(Servers):
    """Leads to actors, and looks at no server but those that were written down."""

    actors: Mapping[str, Backend]
    found: Sequence[Found]

    async def discover(self, profile: Profile | None = None, *, near_only: bool = False) -> list[Found]:
        return list(self.found) or await super().discover(profile, near_only=near_only)

    def backend(self, profile: Profile) -> Backend:
        return self.actors[profile.name] if profile.name in self.actors else super().backend(profile)

    def candidates(self, profile: Profile | None = None, *, near_only: bool = False) -> list[Candidate]:
        every = super().candidates(profile, near_only=near_only)
        return [one for one in every if one.name in self.settings.written]


@dataclass(slots=True)
class StagedHouse(House):
    """A house in a folder of its own, on a stage."""

    actors: dict[str, Backend] = field(default_factory=dict)
    found: Sequence[Found] = ()
    """Who answers the first look for servers; empty: whoever does."""

    def open(self) -> None:
        self._workspace = self.workspace_here()
        self.journal = Journal.open(self.journal_path, now=self.now)

    def workspace_here(self) -> Workspace:
        """Make a workspace whose models are on the stage and whose runs have its time."""
        settings = profiles.load(self.environ, Path(self.environ["HOME"]))
        reach = StagedServers(settings, self.environ, list(settings.warnings))
        reach.actors, reach.found = self.actors, self.found
        seating = Seating(settings, reach, self.wanted.choice or Choice())
        return Workspace(settings, self.environ, reach, seating, now=self.now)


@dataclass
class Camera:
    """Takes pictures of the app into a folder."""

    app: DelegateApp
    pilot: Pilot[Any]
    time: Time
    into: Path

    async def breathe(self) -> None:
        await self.pilot.pause(BREATH)

    async def until(self, words: str) -> None:
        """Wait until these words are on the screen."""
        try:
            async with asyncio.timeout(15):
                while words not in self.text:
                    await self.pilot.pause(BREATH)
        except TimeoutError:
            raise AssertionError(f"{words!r} never came:\n{self.text}") from None

    @property
    def text(self) -> str:
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.breathe()

    async def ask(self, prompt: str) -> None:
        """Write a prompt and send it."""
        self.app.main.bar.focus()
        self.app.main.bar.draft = prompt
        await self.press("enter")
        for _ in range(20):
            await self.breathe()

    async def go_on(self, seconds: float) -> None:
        """Let time pass, and have drawn what ticks."""
        end = self.time.now + seconds
        while self.time.now < end:
            await self.time.move(min(self.time.now + 0.5, end), self.breathe)
            self.app.main.clock.beat()

    def picture(self, *, simplify: bool = False) -> str:
        """Draw the screen as it is now."""
        ground = self.app.theme_variables["background"]
        svg = self.app.export_screenshot(title="tui-delegate", simplify=simplify)
        return at_home(svg, Path.cwd(), ground)

    async def take(self, name: str) -> None:
        """Take a picture when all that has come is drawn."""
        self.app.clear_notifications()
        for one in self.app.screen.query("Input, TextArea"):
            assert isinstance(one, Input | TextArea)
            one.cursor_blink = False
        for _ in range(25):
            self.app.main.clock.beat()
            await self.breathe()
        picture = self.picture()
        if len(picture) > MOST:  # drawn in fewer pieces, which a poor viewer lays side by side less well
            picture = self.picture(simplify=True)
        (self.into / f"{name}.svg").write_text(picture, encoding="utf-8")


def at_home(svg: str, folder: Path, ground: str) -> str:
    """Ask nobody on the network for a font, leave no seam, and name folder and ports as anywhere."""
    whole = rf'\g<0><rect fill="{ground}" width="100%" height="100%"/>'
    svg = re.sub(r'<g [^>]*-clip-terminal\)">', whole, svg, count=1)
    svg = svg.replace(str(folder), "/home/ada/lane".ljust(len(str(folder)), "\xa0"))
    svg = re.sub(r"\s*@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"terminal-\d+", "terminal", svg.replace(" https://www.textualize.io", ""))
    svg = re.sub(r"font-family:[^;]+;", f"font-family: {MONOSPACE};", svg)
    return re.sub(r"127\.0\.0\.1:[3-6]\d{4}", "127.0.0.1:11434", svg)
