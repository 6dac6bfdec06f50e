"""What is written down of a conversation: an export, a picture, a link that is opened."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from textual import work

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import DelegateError
from tui_delegate.tui.screens.confirm import AskLine, Confirm
from tui_delegate.tui.screens.main.opening import OpeningActions

if TYPE_CHECKING:
    from tui_delegate.core.transcript import Transcript
    from tui_delegate.tui.widgets.answer import Answer


class KeepingActions(OpeningActions):
    """Each leaves something outside of the screen."""

    @work(group="around", exclusive=True)
    async def action_main_export(self) -> None:
        """Write the conversation as Markdown, or as JSON where the name ends so."""
        from tui_delegate.journal import minutes

        runs = list(self.talk.conversation.runs) if self.talk else []
        if not runs:
            self.say("Nothing has been said yet.")
            return
        offered = f"{minutes.file_name(self.session_title())}.md"
        told: str | None = self.argument or await self.app.push_screen_wait(
            AskLine("Write this conversation to:", offered, "Markdown, or JSON if the name ends in .json.")
        )
        if told:
            await self._export(runs, await asyncio.to_thread(_place, told))

    async def _export(self, runs: list[Transcript], path: Path) -> None:
        from tui_delegate.journal import minutes

        title = self.session_title()
        text = (
            minutes.json_text(minutes.to_json(runs, title))
            if path.suffix == ".json"
            else minutes.to_markdown(runs, title)
        )
        over = await asyncio.to_thread(path.exists) and await self.app.push_screen_wait(
            Confirm(f"{path} is there already. Write over it?", "write over it", "leave it")
        )
        try:
            await asyncio.to_thread(minutes.save, path, text, over=bool(over))
        except DelegateError as error:
            self.say_error(error)
            return
        self.say(f"Written: {clean_line(str(path), 300)}")

    @work(group="around", exclusive=True)
    async def on_answer_link_clicked(self, event: Answer.LinkClicked) -> None:
        """Open a link of an answer only after the person saw where it really leads."""
        event.stop()
        try:
            parts = urlsplit(event.href)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            self.say(f"This link is not opened: {clean_line(event.href, 120)}")
            return
        where = f"{parts.scheme}://{parts.hostname}"
        if await self.app.push_screen_wait(
            Confirm(
                f"Open in your browser?\n\n{clean_line(where)}\n{clean_line(event.href, 300)}",
                "open",
                "leave it",
            )
        ):
            self.app.open_url(event.href)


def _place(told: str) -> Path:
    return Path(told).expanduser().absolute()
