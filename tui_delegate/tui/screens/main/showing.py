"""What the main screen shows of runs and of who does the work: it listens, and tells its parts.

No command is carried out here, and nothing is folded: transcripts come as they are.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from textual import on

from tui_delegate.core.choice import ROLES
from tui_delegate.core.clean import clean_line
from tui_delegate.core.events import Asked, Commanded, Finished, Returned, Spent, Started, Wrote
from tui_delegate.core.savings import savings
from tui_delegate.core.transcript import ENDED
from tui_delegate.core.usage import Usage
from tui_delegate.tui import figures
from tui_delegate.tui.screens.main.around import AroundActions
from tui_delegate.tui.widgets.header import Post, Standing, Totals
from tui_delegate.tui.widgets.strip import Strip

if TYPE_CHECKING:
    from tui_delegate.core.choice import Role
    from tui_delegate.core.errors import DelegateError
    from tui_delegate.core.events import Event, RunPath
    from tui_delegate.core.transcript import Node, Transcript

SETTLED: Final = 1.0
"""Seconds after which what was shown is drawn, however much it was."""


class Showing(AroundActions):
    """Listens to our own run and to those of other processes."""

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
        self.chat.invite("Ask something. Name files with @, see everything that can be done with ^p.")

    def settle_soon(self) -> None:
        """Have what lives long set aside once everything is drawn."""
        self.set_timer(SETTLED, self._settle)

    def _settle(self) -> None:
        if not self.busy:
            self.collecting.settle()

    # What a run tells, in its order.

    def run_began(self, transcript: Transcript) -> None:
        """Show a run whose first event has come, or one that goes on: its panes begin anew, and what ended
        before lets go of its own.
        """
        for run in self.side.runs - {transcript.run, *self.foreign}:
            self.side.drop_ended(run)
        for path in list(transcript.nodes):
            self.side.close(transcript.run, path)
            self.side.touch(transcript, path)
        self.show_conversation()

    def run_told(self, transcript: Transcript, event: Event, node: Node) -> None:
        """Mark what an event changed; the clock draws it."""
        if event.path:
            self.side.touch(transcript, event.path)
            self._touch_detail()
            if isinstance(event, Wrote):
                return
        if isinstance(event, Asked):
            self.notices.asks(clean_line(event.task_name or event.task, 80))
        self.chat.touch()
        own = event.path == () and isinstance(event, Started | Finished | Returned | Commanded)
        if own or isinstance(event, Spent):
            self.show_standing()
            self.clock.want_beat(self.strip)

    def run_ended(self, transcript: Transcript) -> None:
        """Show that a run is over, and say so to a person who looks elsewhere."""
        if self.talk:
            for words in self.talk.conversation.notices:
                self.say(words, bad=True)
            self.talk.conversation.notices.clear()
        root = transcript.root
        self.notices.ended(
            root.state, figures.elapsed(root, self.house.now()), clean_line(transcript.prompt, 80)
        )
        self.show_conversation()
        self.settle_soon()

    # What runs of other processes tell.

    def appeared(self, transcript: Transcript) -> None:
        """Show a run of another process."""
        self.foreign[transcript.run] = transcript
        context = transcript.context
        where = f" in {PurePath(context.cwd).name}" if context.cwd else ""
        self.side.name_run(transcript.run, f"{context.command}{where}: {transcript.prompt}")
        self.show_strip()

    def changed(self, transcript: Transcript, path: RunPath) -> None:
        """Mark what changed in it."""
        self.side.touch(transcript, path)
        self._touch_detail()
        self.clock.want_beat(self.strip)

    def ended(self, transcript: Transcript) -> None:
        """Let it go from the strip; its panes stay until the next prompt, or until they are closed."""
        self.foreign.pop(transcript.run, None)
        self.show_strip()

    def _touch_detail(self) -> None:
        if self.detail is not None and self.app.screen is self.detail:
            self.clock.touch(self.detail)

    def ledger_changed(self) -> None:
        """Have an open ledger read what was committed."""
        if self.ledger is not None and self.app.screen is self.ledger:
            self.ledger.changed()

    def journal_failed(self, error: DelegateError) -> None:
        """Say that the journal can't be followed."""
        self.say_error(error)

    @on(Strip.Picked)
    def show_picked(self, event: Strip.Picked) -> None:
        """Go to the worker whose call was clicked."""
        self.side.open_path(event.run, event.path)

    @on(Strip.Toggled)
    def fold_strip(self) -> None:
        """Fold or unfold the strip."""
        self.action_main_strip()

    def show_strip(self) -> None:
        """Give the strip the runs of this session and every live one of others."""
        runs = self.talk.conversation.made.values() if self.talk else ()
        session = self.talk.conversation.session if self.talk else ""
        self.strip.show([*runs, *self.foreign.values()], session)

    def show_standing(self) -> None:
        """Have it shown who manages, who works, and what it cost, when its turn comes."""
        self.clock.touch(self)

    @property
    def rate(self) -> float:
        """How often figures of the whole session are made anew: they are sums over all of it."""
        return 2.0

    def flush(self) -> None:
        """Show who manages, who works, and what it cost."""
        if self.talk is None:
            return
        self._show_title()
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

    def _show_title(self) -> None:
        """Say in the window's title what goes on."""
        runs = self.talk.conversation.runs if self.talk else []
        nodes = list(runs[-1].nodes.values()) if runs else []
        working = sum(1 for node in nodes if node.path and node.state not in ENDED) or int(self.busy)
        asking = any(node.state == "asking" for node in nodes)
        self.notices.show(working, asking=asking, state=nodes[0].state if nodes else "")

    def _post(self, role: Role) -> Post:
        profile, model = self.house.workspace.sitting(role)
        last = self.talk.conversation.runs[-1] if self.talk and self.talk.conversation.runs else None
        if not model and last:
            nodes = [last.root, *(last.nodes[path] for path in last.root.children)]
            node = nodes[0] if role == "manager" else nodes[-1]
            profile, model = profile or node.profile, node.model if profile in ("", node.profile) else ""
        watch = self.watch_over
        return Post(profile, model, watch.health(profile) if watch and profile else None)

    def _others(self) -> tuple[tuple[str, bool], ...]:
        """Give the servers of this machine that answer and that nobody sits at."""
        taken = {self._post(role).profile for role in ROLES}
        stations = self.watch_over.stations if self.watch_over else ()
        return tuple(
            (one.label, True)
            for one in stations
            if one.health == "up" and not taken.intersection(one.profiles)
        )

    def _totals(self) -> Totals:
        runs = list(self.talk.conversation.made.values()) if self.talk else []
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
