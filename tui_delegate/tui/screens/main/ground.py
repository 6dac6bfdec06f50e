"""What all parts of the main screen stand on: its widgets, the talk, and what the app lends it.

No command is carried out here.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, ClassVar, Final

from textual.containers import Container
from textual.screen import Screen

from tui_delegate.core.clean import clean_line
from tui_delegate.tui import figures
from tui_delegate.tui.clock import FrameClock
from tui_delegate.tui.collecting import Collecting
from tui_delegate.tui.keys import keys_of, shown
from tui_delegate.tui.screens.main.commands import COMMANDS
from tui_delegate.tui.widgets.chat import Chat
from tui_delegate.tui.widgets.header import Header
from tui_delegate.tui.widgets.prompt import PromptBar
from tui_delegate.tui.widgets.strip import Strip
from tui_delegate.tui.widgets.workers import Workers

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tui_delegate.core.errors import DelegateError
    from tui_delegate.core.transcript import Transcript
    from tui_delegate.tui.commands import Command
    from tui_delegate.tui.house import House
    from tui_delegate.tui.notices import Notices
    from tui_delegate.tui.screens.detail import DetailScreen
    from tui_delegate.tui.screens.ledger import LedgerScreen
    from tui_delegate.tui.talk import Talk
    from tui_delegate.tui.themes import Themes
    from tui_delegate.workspace.catalog import Recent, Watch

SAID_WITH: Final = ContextVar("said_with", default="")
"""What stood behind a command in the prompt. Work that the command begins keeps it as long as it lasts."""

FORGOTTEN: Final = "forgotten"
"""The pick that says after which run the manager was last told to forget, and how many runs."""


class Ground(Screen[None]):
    """The widgets and what they are about."""

    if TYPE_CHECKING:
        # What one part asks of another that comes after it in the row of files: said here, done there.
        async def pick_place(self, worker: str) -> str:
            """Ask for a profile or a `profile/model` for a worker; empty: the person left it."""

        async def go_on_with(self, session: str) -> None:
            """Stand where a session was left."""

        def session_title(self) -> str:
            """Say what the session is called."""

        def show_conversation(self) -> None:
            """Show the conversation and what waits."""

        def show_standing(self) -> None:
            """Show who manages, who works, and what it cost."""

    commands: ClassVar[tuple[Command, ...]] = COMMANDS

    def __init__(self, house: House, themes: Themes, notices: Notices) -> None:
        super().__init__()
        self.house = house
        self.themes = themes
        self.notices = notices
        self.clock = FrameClock(self)
        self.collecting = Collecting()
        self.header = Header(id="header")
        self.chat = Chat(self.clock, id="chat", wall=house.now)
        self.side = Workers(self.clock, id="workers", wall=house.now)
        self.strip = Strip(id="strip", now=house.now)
        self.bar = PromptBar(placeholder="Ask the manager; @ names files, / lists commands")
        self.bar.id = "prompt"
        self.talk: Talk | None = None
        self.watch_over: Watch | None = None
        """What knows which servers answer; there once they have been asked."""
        self.early: list[str] = []
        """Prompts that were sent before the house was open."""
        self.title_told = ""
        """The title that the person gave the session."""
        self.detail: DetailScreen | None = None
        """What looks into a delegation, as it was last opened."""
        self.ledger: LedgerScreen | None = None
        """The full ledger, as it was last opened."""
        self.told_once: set[str] = set()
        self.whole = ""
        """The part that has the whole screen; empty: none."""
        self.instead = ""
        """The run whose prompt is edited in the bar: what is sent next takes its place."""
        self.set_aside = ""
        """What was written before that, and comes back after it."""
        self.sought, self.hit, self.copied = "", 0, 0
        self.foreign: dict[str, Transcript] = {}
        """Runs of other processes that are live, by their id."""

    @property
    def argument(self) -> str:
        """What stood behind the command in the prompt that is being carried out; empty: it was a key."""
        return SAID_WITH.get()

    def compose(self) -> ComposeResult:
        """Put the parts where they stand."""
        yield self.header
        yield Container(self.chat, self.side, id="body")
        yield self.strip
        yield self.bar

    @property
    def recent(self) -> Recent:
        """The models that were picked last."""
        from tui_delegate.workspace.catalog import Recent

        return Recent(self.house.pick, self.house.set_pick)

    def say(self, words: str, *, title: str = "", bad: bool = False) -> None:
        """Tell the person something for a moment."""
        self.notify(
            words,
            title=clean_line(title),
            severity="error" if bad else "information",
            markup=False,
            timeout=6,
        )

    def say_error(self, error: DelegateError) -> None:
        """Tell the person what went wrong and what to do."""
        self.say(clean_line(figures.sentences(error.message, error.hint), 600), bad=True)

    def key_hint(self, command: str, word: str) -> str:
        """Write a command's key, as it is mapped now, and what it does."""
        found = next(one for one in (*self.commands, *getattr(self.app, "commands", ())) if one.id == command)
        return f"{shown(keys_of(found, self.house.keys).split(',')[0])} {word}"
