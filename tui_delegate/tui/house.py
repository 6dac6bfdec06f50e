"""What the app has that lives as long as it does: workspace, journal, preferences, and where files are.

Opened in two steps: what the first paint needs is read at once, the rest when the screen stands. Nothing is
drawn here.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from tui_delegate import profiles
from tui_delegate.core.errors import JournalError
from tui_delegate.core.records import dataclass, field, replace
from tui_delegate.journal.sessions import Reader
from tui_delegate.tui import preferences
from tui_delegate.tui.preferences import Preferences

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tui_delegate.core.choice import Choice
    from tui_delegate.core.limits import Limits
    from tui_delegate.journal.store import Journal
    from tui_delegate.workspace.seats import Workspace


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asked for."""

    choice: Choice | None = None
    limits: Callable[[Limits], Limits] = lambda limits: limits
    session: str = ""
    """The session to go on with; `last` is the one that was worked in last."""
    theme: str = ""


@dataclass(slots=True)
class House:
    """One for an app."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    wanted: Wanted = field(default_factory=Wanted)
    preferences: Preferences = field(default_factory=Preferences)
    keys: dict[str, str] = field(default_factory=dict)
    journal: Journal | None = None
    journal_error: JournalError | None = None
    now: Callable[[], float] = time.time
    """What the clock on the wall says."""
    _workspace: Workspace | None = None

    @property
    def state(self) -> Path:
        """The folder of the journal."""
        return profiles.state_path(self.environ)

    @property
    def journal_path(self) -> Path:
        """The journal's file."""
        return self.state / "journal.db"

    @property
    def config(self) -> Path:
        """The profiles file."""
        return profiles.config_path(self.environ)

    @property
    def workspace(self) -> Workspace:
        """The workspace; there once `open` is done."""
        assert self._workspace is not None
        return self._workspace

    @property
    def is_open(self) -> bool:
        """Whether there is a workspace yet."""
        return self._workspace is not None

    def read_picks(self) -> None:
        """Read what the first paint needs; a journal that can't be read has no picks."""
        reader = Reader(self.journal_path)
        try:
            self.preferences = preferences.load(reader.pick)
            self.keys = preferences.load_keys(reader.pick)
        except JournalError:
            return
        finally:
            reader.close()

    def open(self) -> None:
        """Open the rest. Raises a ConfigError; a journal that can't be written is told of later."""
        from tui_delegate.workspace.seats import Workspace

        self._workspace = Workspace.open(self.wanted.choice, self.environ)
        try:
            self.journal = self._workspace.open_journal()
        except JournalError as error:
            self.journal_error = error

    async def close(self) -> None:
        """Close what is open."""
        import asyncio

        if self._workspace:
            await self._workspace.aclose()
        if self.journal:
            await asyncio.to_thread(self.journal.close)

    def pick(self, key: str) -> str | None:
        """Say what a person picked."""
        return self.journal.pick(key) if self.journal else None

    def set_pick(self, key: str, value: str) -> None:
        """Keep what a person picked, where there is a journal."""
        if self.journal:
            self.journal.set_pick(key, value)

    def wish(self, **changes: Any) -> Preferences:
        """Change preferences and keep them."""
        return self.prefer(replace(self.preferences, **changes))

    def prefer(self, after: Preferences) -> Preferences:
        """Take over preferences and keep what changed."""
        before, self.preferences = self.preferences, after
        preferences.store(before, after, self.set_pick)
        return after
