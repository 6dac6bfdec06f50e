"""Puts the questions of a run before the person, one after another. What is asked for is the preferences'.

The engine asks; the screen that is shown is handed in. Nothing is decided here.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tui_delegate.core.approval import AskedKind, Question, Verdict


class ScreenApprover:
    """One for the screen; it is what a run is given as its `Approver`."""

    def __init__(self, level: Callable[[], str], show: Callable[[Question], Awaitable[Verdict]]) -> None:
        """`level` says what to ask about: `off`, `tools` or `all`; `show` puts one question on the screen."""
        self._level = level
        self._show = show
        self._turn = asyncio.Lock()

    def wants(self, kind: AskedKind) -> bool:
        """Say whether the person wants to be asked about such things now."""
        level = self._level()
        return level == "all" or (level == "tools" and kind != "delegation")

    async def ask(self, question: Question) -> Verdict:
        """Wait for the answer; other questions wait until this one is gone."""
        async with self._turn:
            return await self._show(question)
