"""Puts the questions of runs to the person at the screen, one after another.

What a question looks like is its screen's; what a verdict does, the engine's.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tui_delegate.core.approval import Verdict
from tui_delegate.tui.screens.approval import GUARD, ApprovalScreen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import App

    from tui_delegate.core.approval import AskedKind, Question


class ScreenApprover:
    """An `Approver` for an app. One serves any number of runs."""

    def __init__(
        self,
        app: App[Any],
        places: Callable[[], Sequence[str]] = tuple,
        *,
        level: Callable[[], str] = lambda: "all",
        guard: float = GUARD,
    ) -> None:
        """`places` gives the names that a task can be sent to, when a question opens; `level` says what to
        ask about: nothing (`off`), what runs or writes (`tools`), or delegations too (`all`).
        """
        self._app = app
        self._places = places
        self._level = level
        self._guard = guard
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._open: ApprovalScreen | None = None

    def wants(self, kind: AskedKind) -> bool:
        """Say whether the person wants to be asked about such things now."""
        level = self._level()
        return level == "all" or (level == "tools" and kind != "delegation")

    async def ask(self, question: Question) -> Verdict:
        """Open the question when its turn comes. If the run takes it back, it closes."""
        self._count(1)
        try:
            async with self._turn:
                return await self._opened(question)
        finally:
            self._count(-1)

    def _count(self, more: int) -> None:
        """Know how many wait, and tell the question that is open."""
        self._waiting += more
        if self._open is not None:
            self._app.call_next(self._open.count_behind, self._waiting - 1)

    async def _opened(self, question: Question) -> Verdict:
        answered = asyncio.get_running_loop().create_future()
        screen = ApprovalScreen(question, self._places(), waiting=self._waiting - 1, guard=self._guard)
        self._open = screen

        def heard(verdict: Verdict | None) -> None:
            if not answered.done():
                answered.set_result(verdict or Verdict())

        def open_it() -> None:
            if not screen.settled:
                self._app.push_screen(screen, heard)

        # In the app's own turn: whoever asks may be a task of a screen that is gone by then.
        self._app.call_next(open_it)
        try:
            verdict: Verdict = await answered
            return verdict
        finally:
            self._open = None
            screen.settled = True
            self._app.call_next(screen.take_back)
