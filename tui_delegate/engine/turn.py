"""The one loop of the product: ask the model, do the tool calls, ask again, until it answers.

The manager and every worker run through here, streaming or not. Who is asked, and under which limits, is
handed in; nothing is saved and restored around a child.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tui_delegate.core.chunks import ChatRequest, Reply
from tui_delegate.core.errors import BadReply, BudgetExceeded
from tui_delegate.core.flags import UNSOUND
from tui_delegate.core.markup import is_call_markup
from tui_delegate.core.messages import Message, ToolSpec, estimate_prompt, user
from tui_delegate.core.records import dataclass, field, replace
from tui_delegate.core.usage import WEIGHT_PER_TOKEN
from tui_delegate.engine.asking import no_answer
from tui_delegate.engine.delegate import Desk, delegation_tool

if TYPE_CHECKING:
    from tui_delegate.core.events import RunPath
    from tui_delegate.core.limits import Allowance
    from tui_delegate.core.specs import Seat
    from tui_delegate.engine.asking import Asker
    from tui_delegate.engine.crew import Crew
    from tui_delegate.engine.past import PastTurn

ANSWER_SHARE = 4
"""A quarter of a window stays free for the answer when results are cut to fit."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a turn ended with. Flags say what is partial about it."""

    text: str
    model: str
    flags: tuple[str, ...] = ()


@dataclass(slots=True)
class Turn:
    """One agent at work. Invariant: every call in `messages` has its answer before the model is asked."""

    crew: Crew
    asker: Asker
    path: RunPath
    allowance: Allowance
    messages: list[Message]
    desk: Desk
    steps: int = 0
    flags: list[str] = field(default_factory=list)
    heard: int = 0
    """How many notes it has read."""
    past: PastTurn | None = None
    """What it did before the run stopped."""

    @property
    def seat(self) -> Seat:
        """Who is asked: another than at first, where that one failed."""
        return self.asker.seat

    async def answer(self) -> Answer:
        """Run the turn. Raises BackendError, or BudgetExceeded where not even a list of results is left."""
        while True:
            self._read_notes()
            if limit := self._limit():
                return await self._last_word(limit)
            try:
                reply = await self._ask(self._tools())
            except BudgetExceeded as error:
                return self.listing(error.code, error)
            self.steps += 1
            self.messages.append(reply.message)
            if reply.message.calls and reply.finish != "length":
                self.messages += await self.desk.carry_out(reply.message.calls, self._room())
            elif not self._notes():
                return self._answer_of(reply)

    def listing(self, limit: str, error: Exception | None = None) -> Answer:
        """Make an answer of what the workers brought, where the model gives none."""
        if not self.desk.finished:
            raise error or BadReply("The model gave no answer.", "Ask again, or take another model.")
        parts = [f"{name}:\n{text}" for name, text in self.desk.finished]
        return Answer("\n\n".join(parts), self.seat.model, (*self.flags, f"limit:{limit}", "listed"))

    async def _last_word(self, limit: str) -> Answer:
        """At a limit, ask once more without tools, so that paid work becomes an answer."""
        try:
            reply = await self._ask(())
        except BudgetExceeded as error:
            return self.listing(limit, error)
        if not reply.message.text.strip() or is_call_markup(reply.message.text):
            return self.listing(limit)
        self.flags.append(f"limit:{limit}")
        return self._answer_of(reply)

    def _answer_of(self, reply: Reply) -> Answer:
        text = reply.message.text
        if not text.strip():
            if self.desk.finished:
                return self.listing("empty_answer")
            raise no_answer(reply)
        if reply.finish == "length":
            self.flags.append("length")
        return Answer(text, reply.model or self.seat.model, tuple(self.flags))

    async def _ask(self, tools: tuple[ToolSpec, ...]) -> Reply:
        reply = self.past.read_back() if self.past else None
        if not reply:
            reply = await self.asker.ask(partial(self._request, tools), self.heard)
        self.flags += [flag for flag in reply.flags if flag in UNSOUND and flag not in self.flags]
        return reply

    def _request(self, tools: tuple[ToolSpec, ...], seat: Seat) -> ChatRequest:
        # A history that holds calls needs the tools named, though none may be called any more.
        named = tools or (self._all_tools() if any(message.calls for message in self.messages) else ())
        return ChatRequest(
            model=seat.model,
            messages=tuple(_fit(message, seat) for message in self.messages),
            tools=named,
            may_call=bool(tools),
            temperature=seat.temperature,
            max_tokens=seat.max_tokens,
            think=seat.think,
        )

    def _tools(self) -> tuple[ToolSpec, ...]:
        return self._all_tools() if self.allowance.may_delegate else ()

    def _all_tools(self) -> tuple[ToolSpec, ...]:
        return (delegation_tool(with_files=self.crew.shelf is not None),)

    def _limit(self) -> str:
        if self.desk.spent:
            return self.desk.spent
        return "max_steps" if self.steps >= self.crew.limits.max_steps else ""

    def _room(self) -> int | None:
        """Say how much of results, by weight, this turn's window has room for."""
        if self.seat.window is None:
            return None
        request = self._request(self._tools(), self.seat)
        used = estimate_prompt(request.messages, request.tools)
        return max(int((self.seat.window * (1 - 1 / ANSWER_SHARE) - used) * WEIGHT_PER_TOKEN), 200)

    def _notes(self) -> list[str]:
        return self.crew.notes.get(self.path, [])

    def _read_notes(self) -> None:
        notes = self._notes()
        due = len(notes)
        if self.past and self.past.replies:
            due = min(due, self.past.replies[0].heard - self.heard)
        self.messages += [user(note) for note in notes[:due]]
        self.heard += due
        del notes[:due]


def _fit(message: Message, seat: Seat) -> Message:
    """Leave out thinking of another provider: it must not be sent it."""
    if all(block.origin == seat.origin for block in message.thinking):
        return message
    kept = tuple(block for block in message.thinking if block.origin == seat.origin)
    return replace(message, thinking=kept)
