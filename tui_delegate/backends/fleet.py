"""Several servers of one profile: each call goes to the one with the least to do.

How a call waits in front of its server is the lane's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tui_delegate.core.errors import Unreachable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_delegate.core.chunks import ChatRequest, Reply
    from tui_delegate.core.ports import Sink


class Member(Protocol):
    """One server behind its line."""

    @property
    def load(self) -> int:
        """How many are being served or wait."""

    async def chat(self, request: ChatRequest, sink: Sink) -> Reply:
        """Make one model call."""


class Fleet:
    """The servers of one profile, as one backend."""

    def __init__(self, members: Sequence[Member]) -> None:
        self._members = members

    async def chat(self, request: ChatRequest, sink: Sink) -> Reply:
        """Make the call on the least loaded server, the first named of equals; pass by one that is down."""
        members = list(self._members)
        while True:
            member = min(members, key=lambda member: member.load)
            try:
                return await member.chat(request, sink)
            except Unreachable:
                members.remove(member)
                if not members:
                    raise
