"""The small workspace of a verb that makes a call and ends: one seat, one task at a time, no event loop.

It prints nothing and parses no arguments; gathering files and writing them is done next door.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tui_delegate import profiles
from tui_delegate.core.choice import Choice
from tui_delegate.core.records import dataclass, replace
from tui_delegate.core.straight import straight
from tui_delegate.engine.errand import Bench, do
from tui_delegate.engine.plain import PlainPurser, PlainStream, plain_clock
from tui_delegate.workspace.origin import fresh_id, origin, within
from tui_delegate.workspace.seating import Seating
from tui_delegate.workspace.servers import Servers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tui_delegate.core.calls import RunContext
    from tui_delegate.core.events import Event
    from tui_delegate.core.limits import Limits
    from tui_delegate.core.specs import Seat
    from tui_delegate.engine.errand import Done, Errand
    from tui_delegate.journal.store import Journal
    from tui_delegate.profiles import Profile, Settings
    from tui_delegate.workspace.seating import Place

ANSWER_SHARE = 4
"""A quarter of a window stays free for the answer."""
SMALLEST_WINDOW = 2048
"""What fits in here fits everywhere, so that no server has to be asked."""


@dataclass(frozen=True, slots=True)
class Told:
    """How an errand ended, and the run that it is in the journal."""

    run: str
    context: RunContext
    done: Done
    unwritten: Exception | None = None
    """Why the journal does not have all of it."""


@dataclass(slots=True)
class Sending:
    """Who may be sent on errands: the profiles, the servers behind them, the limits of all that is sent."""

    settings: Settings
    environ: Mapping[str, str]
    reach: Servers
    seating: Seating
    limits: Limits

    @classmethod
    def read(cls, changes: Sequence[str], environ: Mapping[str, str] | None, *, plain: bool) -> Sending:
        """Read the profiles. Raises a ConfigError, or a DepthExceeded: we are too deep in other runs."""
        environ = os.environ if environ is None else environ
        settings = profiles.load(environ, Path.home())
        limits = profiles.with_limits(settings.limits, changes) if changes else settings.limits
        reach = Servers(settings, environ, list(settings.warnings), seconds=limits.seconds, plain=plain)
        return Sending(settings, environ, reach, Seating(settings, reach, Choice()), within(limits, environ))

    def protocols(self, place: Place, spares: Sequence[str]) -> set[str]:
        """Say which backends a place is on, and all that may take over."""
        known = self.settings.profiles
        names = [place.profile, *spares, *known[place.profile].fallback]
        return {known[name].backend for one in names if (name := profiles.split(one)[0]) in known}

    def profile(self, seat: Seat) -> Profile:
        """Give the profile that a seat is on."""
        return profiles.select(self.settings, seat.profile, seat.model)


@dataclass(slots=True)
class Errands(Sending):
    """One for a process. Close it: it holds connections."""

    @classmethod
    def open(cls, changes: Sequence[str] = (), environ: Mapping[str, str] | None = None) -> Errands:
        """Read the profiles; raises what `read` raises."""
        read = cls.read(changes, environ, plain=True)
        return cls(read.settings, read.environ, read.reach, read.seating, read.limits)

    def close(self) -> None:
        """Close every connection."""
        straight(self.reach.aclose())

    def sent(self, profile: str, model: str, command: str) -> Place:
        """Say who is sent with a command. Raises a ResolveError; no server is asked."""
        return self.seating.sent(profile, model, command)

    def seat(self, place: Place, temperature: float | None = None, spares: Sequence[str] = ()) -> Seat:
        """Find the seat. Raises a BackendError where a server has to say its model, and can't."""
        return straight(self.seating.errand(place, temperature, spares))

    def measured(self, seat: Seat, tokens: int) -> Seat:
        """Ask for the seat's window, if so many tokens might be too many for it."""
        if seat.window is not None or tokens < SMALLEST_WINDOW * (1 - 1 / ANSWER_SHARE):
            return seat
        return replace(seat, window=straight(self.reach.window(self.profile(seat), seat.model)))

    def journal(self, *, keep_text: bool = True) -> Journal:
        """Open the journal. Raises a JournalError."""
        from tui_delegate.journal.store import Journal

        return Journal.open(profiles.journal_path(self.environ), keep_text=keep_text)

    def do(
        self,
        errand: Errand,
        seat: Seat,
        prompt: str,
        *,
        command: str,
        target: str = "",
        journal: Journal | None = None,
        tell: Callable[[Event], None] = lambda event: None,
    ) -> Told:
        """Do an errand as a run of its own. Ctrl-C breaks it off, and is raised when that is written down."""
        run = fresh_id("r")
        stream = PlainStream(run, journal, tell)
        bench = Bench(stream, PlainPurser(self.limits), plain_clock())
        context = origin(self.environ, command, target=target)
        try:
            bench.open(run, prompt, self.limits, context)
            done = straight(do(bench, errand, seat))
        finally:
            stream.close()
        return Told(run, context, done, stream.broken)
