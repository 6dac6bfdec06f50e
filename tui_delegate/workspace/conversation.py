"""One conversation with the manager: its runs in order, the prompts that wait, and the run under way.

It folds events into transcripts and tells whoever listens; it draws nothing and decides nothing about models.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Protocol

from tui_delegate.core.conversation import SUMS_UP, chain, given_way, history
from tui_delegate.core.errors import InputError
from tui_delegate.core.events import Opened
from tui_delegate.core.messages import estimate_prompt
from tui_delegate.core.records import replace
from tui_delegate.core.transcript import ENDED, Transcript
from tui_delegate.core.usage import estimate_tokens

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractAsyncContextManager

    from tui_delegate.core.events import Event
    from tui_delegate.core.limits import Limits
    from tui_delegate.core.ports import Approver, Shelf
    from tui_delegate.core.transcript import Node
    from tui_delegate.engine.run import Run
    from tui_delegate.journal.store import Journal
    from tui_delegate.workspace.seats import Workspace

RECAP_PROMPT = (
    "Sum up our conversation so far for yourself, so that it can go on without the earlier messages: what was"
    " asked, what was found out, what was decided, what is open. Facts and names, no preamble."
)
ROUND = 300
"""Tokens that instructions of ours and the tool on offer take, about."""
ANSWER_SHARE = 4
"""A quarter of a window stays free for the answer."""


class Listener(Protocol):
    """Who is told what happens. Every call returns at once."""

    def run_began(self, transcript: Transcript) -> None:
        """Tell of a run whose first event has come."""

    def run_told(self, transcript: Transcript, event: Event, node: Node) -> None:
        """Tell of an event, after it was folded in."""

    def run_ended(self, transcript: Transcript) -> None:
        """Tell that a run's last event has come."""


class Conversation:
    """The runs of one session, oldest first, and what is done with them."""

    def __init__(
        self,
        workspace: Workspace,
        journal: Journal | None,
        listener: Listener,
        limits: Limits,
        *,
        session: str = "",
        approver: Approver | None = None,
    ) -> None:
        self._workspace = workspace
        self._journal = journal
        self._listener = listener
        self._approver = approver
        self.limits = limits
        self.session = session or new_session()
        self.runs: list[Transcript] = []
        """What was said, and is gone on from."""
        self.made: dict[str, Transcript] = {}
        """All that the session has cost: its own runs, those too that were gone back from or that sum up."""
        self.forgets = 0
        """How many of the first runs the manager is not told any more."""
        self.recap = ""
        """What it is told in their place."""
        self.queued: list[str] = []
        """Prompts that wait for the run under way."""
        self.live: Run | None = None
        self.notices: list[str] = []
        """What a person should be told once; the reader empties it."""

    @property
    def busy(self) -> bool:
        """Whether a run is under way."""
        return self.live is not None

    @property
    def under_way(self) -> Transcript | None:
        """The run under way, as far as it has been told."""
        last = self.runs[-1] if self.runs else None
        return last if last and self.busy and last.root.state not in ENDED else None

    def load(self, transcripts: Mapping[str, Transcript], leaf: str) -> None:
        """Stand where the run `leaf` left off."""
        self.runs = chain(transcripts, leaf)
        self.forgets, self.recap = given_way(transcripts, self.runs)
        self.made = {run: one for run, one in transcripts.items() if one.session == self.session}

    def begin_anew(self) -> None:
        """Begin a session of its own, with nothing said."""
        self.session, self.runs, self.made, self.queued = new_session(), [], {}, []
        self.forgets, self.recap = 0, ""

    def rewind(self, keep: int) -> None:
        """Go back to where only the first `keep` runs had been; the others stay in the journal."""
        self.runs = self.runs[:keep]
        if self.forgets > keep:
            last = self.runs[-1] if self.runs else None
            self.forgets, self.recap = (last.forgets, last.recap) if last else (0, "")

    def fork(self, keep: int) -> None:
        """Go on from the first `keep` runs in a session of its own."""
        self.rewind(keep)
        self.session, self.made = new_session(), {}

    def forget(self, runs: int, recap: str = "") -> None:
        """Tell the manager no more of the first runs, but for a recap."""
        self.forgets, self.recap = min(runs, len(self.runs)), recap

    def told_tokens(self) -> int:
        """Guess how many tokens of the conversation the manager is told."""
        return estimate_prompt(history(self.runs, self.forgets, self.recap))

    async def room(self, prompt: str) -> tuple[int, int | None]:
        """Say about how many tokens the next call would hold, and how many the manager's window takes."""
        seat = await self._workspace.seating.seat("manager")
        needed = self.told_tokens() + estimate_tokens(prompt) + estimate_tokens(seat.instructions) + ROUND
        return needed, seat.window and int(seat.window * (1 - 1 / ANSWER_SHARE))

    def most_to_sum_up(self, window: int) -> int:
        """Say how many of the first runs the manager can be told at once, to sum them up."""
        asked = estimate_tokens(RECAP_PROMPT) + ROUND
        for count in range(len(self.runs), self.forgets, -1):
            if estimate_prompt(history(self.runs[:count], self.forgets, self.recap)) + asked <= window:
                return count
        return self.forgets

    async def play(self, prompt: str) -> Transcript:
        """Run a prompt to its end. Raises what keeps it from beginning, before anything is spent."""
        shelf = await asyncio.to_thread(self._shelf, prompt)
        return await self._play(prompt, "chat", self.limits, shelf, self.runs)

    async def sum_up(self, runs: int) -> Transcript:
        """Have the manager sum up the first runs; forget them for the summary if there is one."""
        limits = replace(self.limits, depth=1, max_steps=1)
        made = await self._play(RECAP_PROMPT, SUMS_UP, limits, None, self.runs[:runs])
        if made.root.state == "done" and made.root.text.strip():
            self.forget(runs, made.root.text)
        return made

    async def resume(self) -> Transcript:
        """Go on with the last run, which stopped; what was done of it is not done again.

        Raises an InputError where it can't go on.
        """
        if self._journal is None or not self.runs:
            raise InputError("There is no run to go on with.")
        stopped = self.runs[-1]
        row = await asyncio.to_thread(self._journal.run, stopped.run)
        if row is None:
            raise InputError(f"Run {stopped.run} is not in the journal.")
        shelf = await asyncio.to_thread(self._workspace.shelf, row.prompt, row.cwd)
        opening = self._workspace.resume(
            stopped.run,
            journal=self._journal,
            shelf=shelf,
            approver=self._approver,
            history=history(self.runs[:-1], stopped.forgets, stopped.recap),
        )
        return await self._follow(opening, again=True)

    async def _play(
        self, prompt: str, command: str, limits: Limits, shelf: Shelf | None, before: list[Transcript]
    ) -> Transcript:
        opening = self._workspace.run(
            prompt,
            limits,
            journal=self._journal,
            shelf=shelf,
            approver=self._approver,
            context=replace(self._workspace.context(command), session=self.session),
            history=history(before, self.forgets, self.recap),
            after=before[-1].run if before else "",
            forgets=self.forgets,
            recap=self.recap,
        )
        return await self._follow(opening, shown=command == "chat")

    async def _follow(
        self, opening: AbstractAsyncContextManager[Run], *, shown: bool = True, again: bool = False
    ) -> Transcript:
        """Fold a run to its end and tell of it; `again` puts it in the place of what it was before."""
        transcript = Transcript()
        async with opening as run:
            self.live = run
            for event in run.told:
                transcript.apply(event)
            if again:
                self.runs[-1] = self.made[transcript.run] = transcript
                self._listener.run_began(transcript)
            try:
                async for event in run:
                    node = transcript.apply(event)
                    if isinstance(event, Opened):
                        self.runs += [transcript] if shown else []
                        self.made[transcript.run] = transcript
                        self._listener.run_began(transcript)
                    self._listener.run_told(transcript, event, node)
            finally:
                self.live = None
                self._listener.run_ended(transcript)
            if run.journal_error:
                self.notices.append(f"The ledger was not written: {run.journal_error}")
        return transcript

    def _shelf(self, prompt: str) -> Shelf | None:
        """Give the files that this prompt names, and those that were named before and are still there."""
        earlier = "\n".join(one.prompt for one in self.runs[self.forgets :])
        try:
            return self._workspace.shelf(f"{prompt}\n{earlier}")
        except InputError:
            return self._workspace.shelf(prompt)


def new_session() -> str:
    """Make the id of a session."""
    return f"s-{uuid.uuid4().hex[:12]}"
