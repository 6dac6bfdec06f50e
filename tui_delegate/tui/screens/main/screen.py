"""The main screen put together: it opens the house, listens to runs, and hands what they tell to its parts.

What each command does is in the files beside this one; what a run is, far below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on

from tui_delegate.core.clean import clean_line
from tui_delegate.core.events import Commanded, Finished, Returned, Spent, Started, Wrote
from tui_delegate.core.savings import savings
from tui_delegate.core.usage import Usage
from tui_delegate.tui.commands import Command, bindings
from tui_delegate.tui.screens.main.commands import COMMANDS
from tui_delegate.tui.screens.main.opening import OpeningActions
from tui_delegate.tui.widgets.chat import Chat
from tui_delegate.tui.widgets.header import Post, Standing, Totals
from tui_delegate.workspace.seating import ROLES

if TYPE_CHECKING:
    from tui_delegate.core.events import Event, RunPath
    from tui_delegate.core.transcript import Node, Transcript
    from tui_delegate.workspace.seating import Role


class MainScreen(OpeningActions):
    """The chat, the workers, the ledger's strip, the prompt."""

    commands: ClassVar[tuple[Command, ...]] = COMMANDS
    BINDINGS = bindings(COMMANDS, "main")
    HORIZONTAL_BREAKPOINTS: ClassVar[list[tuple[int, str]] | None] = [
        (0, "-narrow"),
        (100, "-normal"),
        (180, "-wide"),
    ]
    CSS_PATH = "main.tcss"

    def on_mount(self) -> None:
        """Paint first, then open the rest."""
        self.lay_out()
        self.bar.focus()
        self.call_after_refresh(self.run_worker, self.open_house(), group="house")

    @property
    def busy(self) -> bool:
        """Whether a run of ours is under way."""
        return self.talk is not None and self.talk.conversation.busy

    def show_conversation(self) -> None:
        """Show the conversation and what waits."""
        if self.talk is None:
            return
        conversation = self.talk.conversation
        self.chat.show(conversation.runs, conversation.forgets)
        self.bar.queued = tuple(conversation.queued)
        self.bar.busy = conversation.busy
        self.show_strip()
        self.show_standing()

    # What a run tells, in its order.

    def run_began(self, transcript: Transcript) -> None:
        """Show a run whose first event has come."""
        self.show_conversation()

    def run_told(self, transcript: Transcript, event: Event, node: Node) -> None:
        """Mark what an event changed; the clock draws it."""
        if event.path:
            self.side.touch(transcript, event.path)
            if isinstance(event, Wrote):
                return
        self.chat.touch()
        if event.path == () and isinstance(event, Started | Spent | Finished | Returned | Commanded):
            self.show_standing()
            self.strip.touch()

    def run_ended(self, transcript: Transcript) -> None:
        """Show that a run is over."""
        self.show_conversation()

    # What runs of other processes tell.

    def appeared(self, transcript: Transcript) -> None:
        """Show a run of another process."""
        self.foreign[transcript.run] = transcript
        self.show_strip()

    def changed(self, transcript: Transcript, path: RunPath) -> None:
        """Mark what changed in it."""
        if path:
            self.side.touch(transcript, path)
        self.strip.touch()

    def ended(self, transcript: Transcript) -> None:
        """Let it go from the strip; its panes stay until they are closed."""
        self.foreign.pop(transcript.run, None)
        self.show_strip()

    @on(Chat.Below)
    def tell_below(self, event: Chat.Below) -> None:
        """Say that something new stands below."""
        self.chat.border_subtitle = "↓ new below (end)" if event.waiting else ""

    def show_strip(self) -> None:
        """Give the strip the runs of this session and every live one of others."""
        runs = self.talk.conversation.runs if self.talk else []
        self.strip.show([*runs, *self.foreign.values()])

    def show_standing(self) -> None:
        """Show who manages, who works, and what it cost."""
        if self.talk is None:
            return
        self.header.show(
            Standing(
                title=self.session_title(),
                manager=self._post("manager"),
                worker=self._post("worker"),
                others=self._others(),
                totals=self._totals(),
                context=self.talk.conversation.told_tokens(),
                window=self._window(),
            )
        )

    def session_title(self) -> str:
        """Say what the session is called."""
        if self.title_told:
            return self.title_told
        runs = self.talk.conversation.runs if self.talk else []
        return clean_line(runs[0].prompt, 60) if runs else "new session"

    def focused_part(self) -> str:
        """Name the part of the screen that has the focus, as commands do."""
        focused = self.focused
        parts = {"chat": self.chat, "pane": self.side, "ledger": self.strip, "prompt": self.bar}
        for name, part in parts.items():
            if focused and part in focused.ancestors_with_self:
                return name
        return "main"

    def _post(self, role: Role) -> Post:
        profile, model = self.house.workspace.sitting(role)
        last = self.talk.conversation.runs[-1] if self.talk and self.talk.conversation.runs else None
        if not model and role == "manager" and last:
            profile, model = last.root.profile, last.root.model
        watch = self.watch_over
        return Post(profile, model, watch.health(profile) if watch and profile else None)

    def _others(self) -> tuple[tuple[str, bool], ...]:
        """Give the servers of this machine that answer and that nobody sits at."""
        taken = {self.house.workspace.sitting(role)[0] for role in ROLES}
        stations = self.watch_over.stations if self.watch_over else ()
        return tuple(
            (one.label, True)
            for one in stations
            if one.health == "up" and not taken.intersection(one.profiles)
        )

    def _totals(self) -> Totals:
        runs = self.talk.conversation.runs if self.talk else []
        usage = sum((one.usage for one in runs), Usage())
        worth = savings(runs)
        costs = [one.cost for one in runs]
        return Totals(
            usage.prompt,
            usage.completion,
            usage.source != "reported",
            None if None in costs else sum(cost for cost in costs if cost is not None),
            worth.share or 0.0,
            worth.saved,
        )

    def _window(self) -> int | None:
        runs = self.talk.conversation.runs if self.talk else []
        return runs[-1].root.window if runs else None
