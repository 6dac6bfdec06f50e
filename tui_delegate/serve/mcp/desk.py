"""What is behind the tools of one process: one workspace with its lanes, one journal, one session.

Profiles are read again before each call, since a server outlives many changes of them. What a tool asks of
all this is told in `errands` and `looks`.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from tui_delegate import profiles
from tui_delegate.core.errors import JournalError
from tui_delegate.engine.purser import Purser
from tui_delegate.workspace.many import Many
from tui_delegate.workspace.origin import fresh_id, within
from tui_delegate.workspace.seating import Place
from tui_delegate.workspace.seats import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tui_delegate.core.limits import Limits
    from tui_delegate.journal.store import Journal
    from tui_delegate.serve.mcp.call import Call
    from tui_delegate.serve.mcp.wishes import Usual, Who


class Desk:
    """One for a process. Close it: it holds connections and the journal."""

    def __init__(self, environ: Mapping[str, str], usual: Usual) -> None:
        self.environ = environ
        self.usual = usual
        self.session = fresh_id("s")
        self._workspace: Workspace | None = None
        self._journal: Journal | None = None
        self._opening = asyncio.Lock()
        self._noticed = 0

    async def aclose(self) -> None:
        """Close the connections, and the journal when all is in it."""
        if self._workspace:
            await self._workspace.aclose()
        if self._journal:
            await asyncio.to_thread(self._journal.close)

    def workspace(self) -> Workspace:
        """Give the workspace, with the profiles as they are now. Raises a ConfigError."""
        if self._workspace is None:
            self._workspace = Workspace.open(environ=self.environ)
        elif profiles.load(self.environ, Path.home()) != self._workspace.settings:
            self._workspace.reload()
        return self._workspace

    def limits(self, changes: Sequence[str]) -> Limits:
        """Give the limits of a call. Raises an InputError."""
        flags = [*self.usual.limits, *changes]
        settings = self.workspace().settings
        return profiles.with_limits(settings.limits, flags) if flags else settings.limits

    def many(self, changes: Sequence[str]) -> Many:
        """Open a purse for one call, over the lanes of all. Raises a DepthExceeded: we are in too deep."""
        workspace = self.workspace()
        limits = within(self.limits(changes), self.environ)
        return Many(
            workspace.settings, self.environ, workspace.reach, workspace.seating, limits, Purser(limits)
        )

    def sent(self, many: Many, who: Who, call: Call) -> Place:
        """Say who is sent. Raises a ResolveError; no server is asked."""
        profile = who.profile or self.usual.profile
        model = who.model or ("" if who.profile else self.usual.model)
        call.place = Place(profile, model)
        call.place = many.seating.sent(profile, model, call.command)
        call.protocol = many.settings.profiles[call.place.profile].backend
        return call.place

    async def journal(self, call: Call) -> Journal | None:
        """Give the journal; where it can't be opened, the call goes on and its result says so."""
        async with self._opening:
            if self._journal is None:
                try:
                    self._journal = await asyncio.to_thread(self._open)
                except JournalError as error:
                    call.unwritten = error
            return self._journal

    def tell_notices(self, call: Call) -> None:
        """Say once what the workspace has to say."""
        notices = self.workspace().notices
        for notice in notices[self._noticed :]:
            call.telling.note(notice)
        self._noticed = len(notices)

    def _open(self) -> Journal:
        from tui_delegate.journal.store import Journal

        path = profiles.journal_path(self.environ)
        return Journal.open(path, keep_text=self.usual.keep_text)
