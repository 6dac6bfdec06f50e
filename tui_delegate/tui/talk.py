"""Drives the conversation for a screen: sends prompts one after another, and asks before a window overflows.

What is said and done lives in the conversation; what is shown, on the screen. Here is only the order of it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal, Protocol

from tui_delegate.core.errors import DelegateError

if TYPE_CHECKING:
    from tui_delegate.workspace.conversation import Conversation

MakeRoom = Literal["summarise", "drop", "fork", "send", ""]
"""What to do before a prompt that will not fit; empty: do not send it."""


class View(Protocol):
    """The screen, as far as the talk needs it."""

    async def ask_for_room(self, needed: int, window: int) -> MakeRoom:
        """Ask what to do about a window that is too small."""

    def prompt_refused(self, prompt: str, error: DelegateError) -> None:
        """Give a prompt back that can't be run, and say why."""

    def show_conversation(self) -> None:
        """Show the conversation and what waits, after either changed."""


class Talk:
    """One conversation, and the prompts that wait for it."""

    def __init__(self, conversation: Conversation, view: View) -> None:
        self.conversation = conversation
        self._view = view
        self._wake = asyncio.Event()

    def send(self, prompt: str) -> None:
        """Run a prompt, or let it wait for the run under way."""
        self.conversation.queued.append(prompt)
        self._wake.set()
        self._view.show_conversation()

    def take_back(self, place: int) -> str:
        """Take a prompt out of those that wait."""
        prompt = self.conversation.queued.pop(place)
        self._view.show_conversation()
        return prompt

    def stop(self) -> bool:
        """Stop the run under way and all its children; say whether there was one."""
        if self.conversation.live is None:
            return False
        self.conversation.live.cancel()
        return True

    def steer(self, text: str) -> bool:
        """Give the manager a note for its next step; say whether there is one to come."""
        if self.conversation.live is None:
            return False
        self.conversation.live.steer((), text)
        return True

    async def work(self) -> None:
        """Run what is sent, one prompt after another, as long as the screen stands."""
        while True:
            while not self.conversation.queued:
                self._wake.clear()
                await self._wake.wait()
            prompt = self.conversation.queued.pop(0)
            self._view.show_conversation()
            try:
                if await self._make_room(prompt):
                    await self.conversation.play(prompt)
            except DelegateError as error:
                self._view.prompt_refused(prompt, error)
            self._view.show_conversation()

    async def _make_room(self, prompt: str) -> bool:
        """Say whether a prompt is to be sent, after making room for it where it would not fit."""
        conversation = self.conversation
        needed, window = await conversation.room(prompt)
        if window is None or needed <= window or not conversation.told_tokens():
            return True
        choice = await self._view.ask_for_room(needed, window)
        if choice == "summarise":
            return await self._sum_up(prompt, window)
        if choice == "drop":
            await self._drop(prompt, window)
        elif choice == "fork":
            conversation.fork(len(conversation.runs))
            conversation.forget(len(conversation.runs))
        elif not choice:
            self._view.prompt_refused(prompt, DelegateError("The prompt was not sent.", ""))
        return bool(choice)

    async def _sum_up(self, prompt: str, window: int) -> bool:
        """Have the manager sum up as much as it can be told at once, until the prompt fits."""
        conversation = self.conversation
        while (count := conversation.most_to_sum_up(window)) > conversation.forgets:
            made = await conversation.sum_up(count)
            if made.root.state != "done":
                refused = f"There is no summary: {made.root.message or 'it was stopped.'}"
                self._view.prompt_refused(prompt, DelegateError(refused, made.root.hint))
                return False
            needed, _ = await conversation.room(prompt)
            if needed <= window:
                return True
        self._view.prompt_refused(
            prompt,
            DelegateError("Even summed up it does not fit.", "Drop the oldest, or send a shorter prompt."),
        )
        return False

    async def _drop(self, prompt: str, window: int) -> None:
        """Forget the oldest runs until the prompt fits, or none is left."""
        conversation = self.conversation
        for forgets in range(conversation.forgets + 1, len(conversation.runs) + 1):
            conversation.forget(forgets, conversation.recap)
            needed, _ = await conversation.room(prompt)
            if needed <= window:
                return
        conversation.forget(len(conversation.runs))
