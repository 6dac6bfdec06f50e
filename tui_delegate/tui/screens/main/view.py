"""How the main screen is arranged: what is hidden, what has all of it, where the lines between parts are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual import work

from tui_delegate.tui.screens.confirm import AskLine
from tui_delegate.tui.screens.main.chat import ChatActions

if TYPE_CHECKING:
    from tui_delegate.tui.widgets.workers import Mode

MODES: Final[dict[str, Mode]] = {"panes": "panes", "list": "list", "tree": "tree"}
PARTS: Final = ("chat", "side", "strip")
NARROW: Final = 100
"""Columns below which the workers stand under the chat."""
STEP: Final = 5
"""Hundredths of the width by which the line between chat and workers moves."""


class ViewActions(ChatActions):
    """What is arranged here is remembered."""

    def lay_out(self) -> None:
        """Put every part where the preferences say."""
        wishes = self.house.preferences
        self.side.display = (wishes.side or self.whole == "side") and self.whole != "chat"
        # Below one another each has the whole width: shares of it would be as many widths.
        beside = self.app.size.width >= NARROW
        self.side.styles.width = f"{100 - wishes.split}fr" if beside else "1fr"
        self.chat.styles.width = f"{wishes.split}fr" if beside else "1fr"
        # A pane that is to have all of the room is the one beside the list.
        self.side.mode = "list" if self.whole == "side" else MODES.get(wishes.workers, "panes")
        rows = self._strip_rows()
        self.strip.collapsed = not rows
        self.strip.styles.height = "1fr" if self.whole == "strip" else rows + 2

    def _strip_rows(self) -> int:
        """Say how many calls the strip shows: a small terminal keeps its rows for what is said."""
        wishes = self.house.preferences
        if self.whole == "strip":
            return self.app.size.height
        return min(wishes.strip_rows, max((self.app.size.height - 16) // 4, 0)) if wishes.strip else 0

    def action_main_strip(self) -> None:
        """Fold or unfold the strip."""
        self._wish(strip=not self.house.preferences.strip)

    def action_main_workers(self) -> None:
        """Hide or show the workers."""
        self._wish(side=not self.house.preferences.side)

    def action_main_wider(self) -> None:
        """Give the chat more of the width."""
        self._split(min(self.house.preferences.split + STEP, 80))

    def action_main_narrower(self) -> None:
        """Give the workers more of the width."""
        self._split(max(self.house.preferences.split - STEP, 20))

    def _split(self, percent: int) -> None:
        self._wish(split=percent)
        if self.app.size.width < NARROW:
            self.say(f"The chat has {percent} % of the width where the screen has {NARROW} columns or more.")

    def action_main_higher(self) -> None:
        """Give the strip one line more."""
        self._wish(strip_rows=min(self.house.preferences.strip_rows + 1, 20), strip=True)
        if (room := self._strip_rows()) < self.house.preferences.strip_rows:
            self.say(f"A screen of this height has room for {room} rows of the strip.")

    def action_main_lower(self) -> None:
        """Take one line from the strip."""
        wished = self.house.preferences.strip_rows
        self._wish(strip_rows=max(min(self._strip_rows() or wished, wished) - 1, 1), strip=True)

    def action_main_maximise(self) -> None:
        """Give the whole screen to what has the focus, or give it back."""
        part = "" if self.whole else self._part_name()
        for name in PARTS:
            self.set_class(name == part, f"-whole-{name}")
        self.whole = part
        self.lay_out()

    def action_main_maximise_any(self) -> None:
        """Do the same from anywhere; from the prompt it is the chat."""
        self.action_main_maximise()

    def action_main_prompt(self) -> None:
        """Give the prompt the focus."""
        self.bar.focus()

    def action_workers_mode(self) -> None:
        """Show workers as panes, as a list, as a tree."""
        mode = self.side.next_mode()
        self._wish(workers=mode, side=True)
        where = "" if self.app.size.width >= NARROW else f", where the screen has {NARROW} columns or more"
        self.say(f"Workers as {mode}{where}.")

    @work(group="find", exclusive=True)
    async def action_main_find(self) -> None:
        """Search in what has the focus."""
        in_chat = self._part_name() == "chat"
        words: str | None = self.argument or await self.app.push_screen_wait(
            AskLine("Search for:", self.sought, hint="The same words again go to the next place.")
        )
        if words is None:
            return
        again, self.sought = words == self.sought, words
        if in_chat:
            self._find_in_chat(words, again=again)
        else:
            self._find_in_pane(words, again=again)

    def _find_in_chat(self, words: str, *, again: bool) -> None:
        found = self.chat.find(words)
        if not found:
            if words:
                self.say(f"Nothing here holds “{words}”.")
            return
        self.hit = (self.hit + 1) % len(found) if again else 0
        self.chat.go_to(found[self.hit])
        self.say(f"{self.hit + 1} of {len(found)}")

    def _find_in_pane(self, words: str, *, again: bool) -> None:
        pane = self.side.current_pane
        if pane is None:
            return
        if again:
            pane.lines.find_next()
        elif not pane.lines.find(words) and words:
            self.say(f"This worker said nothing of “{words}”.")

    def _part_name(self) -> str:
        """Name the part that has the focus; from elsewhere it is the chat."""
        parts = {"chat": self.chat, "side": self.side, "strip": self.strip}
        over = self.focused.ancestors_with_self if self.focused else []
        return next((name for name, part in parts.items() if part in over), "chat")

    def _wish(self, **changes: object) -> None:
        self.house.wish(**changes)
        self.lay_out()
