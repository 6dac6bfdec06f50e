"""What opens over the prompt: commands after `/`, files after `@`, earlier prompts in a search.

One list at a time, which follows what is written. Nothing is sent from here, and no file is looked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.actions import SkipAction

from tui_delegate.tui.commands import Command, bindings
from tui_delegate.tui.widgets.completion import FileNames, SlashWords, offer_history
from tui_delegate.tui.widgets.line_editor import LineEditor
from tui_delegate.tui.widgets.menu import Menu
from tui_delegate.tui.widgets.obeying import obey

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events
    from textual.binding import BindingType
    from textual.dom import DOMNode

    from tui_delegate.tui.widgets.completion import Offer

MENU_COMMANDS: Final = (
    Command("menu.take", "Take the marked entry", "Put it into the prompt.", "tab"),
    Command("menu.accept", "Take it, or send", "Put it into the prompt; send what is complete.", "enter"),
    Command("menu.close", "Close the list", "Close it and leave the text as it is.", "escape"),
)
"""Keys that are alive only while a list is open over the prompt."""


class PromptField(LineEditor):
    """The editor inside the prompt: while a list is open, some keys are the list's."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(MENU_COMMANDS, "menu")]

    def __init__(self) -> None:
        super().__init__()
        self.menu = Menu()
        self.lists = PromptLists(self, self.menu)
        self.holder: DOMNode = self
        """The widget whose keys work here too."""

    async def _on_key(self, event: events.Key) -> None:
        await obey(self, event, self.holder)

    def on_focus(self) -> None:
        """Open again what was open."""
        self.lists.look()

    def on_blur(self) -> None:
        """Let no list stand over what has the focus now."""
        self.lists.hide()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let the keys of a list live only with it, so that `escape` stops a run and `tab` moves on."""
        return self.lists.is_open if action.startswith("menu_") else True

    def action_menu_take(self) -> None:
        """Put the marked entry into the prompt."""
        if not self.lists.take():
            raise SkipAction

    def action_menu_accept(self) -> None:
        """Put the marked entry into the prompt; what is complete already is sent."""
        if self.lists.is_settled or not self.lists.take():
            raise SkipAction

    def action_menu_close(self) -> None:
        """Close the list."""
        self.lists.close()

    def action_cursor_up(self, select: bool = False) -> None:
        """Go up in the list, else in the text."""
        if not self.lists.move(-1):
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        """Go down in the list, else in the text."""
        if not self.lists.move(1):
            super().action_cursor_down(select)


class PromptLists:
    """The list that is open, if one is, for what stands in the field now."""

    def __init__(self, field: LineEditor, menu: Menu) -> None:
        self._field = field
        self._menu = menu
        self.words = SlashWords()
        self.files: FileNames | None = None
        """None: there is no folder to choose from."""
        self.asks_names: Callable[[], None] = lambda: None
        """Called when a list of files opens: it may be time to look again."""
        self._offer: Offer | None = None
        self._looked_at: tuple[object, ...] = ()
        self._closed_at = -1
        self._past: list[str] = []
        self.stashed: str | None = None
        """While earlier prompts are searched: the draft."""

    @property
    def is_open(self) -> bool:
        """Whether there is a list for what is written now: a key may come before the news of the last one."""
        self.look()
        return self._menu.is_open

    @property
    def is_settled(self) -> bool:
        """Whether the entry that is marked already stands in the prompt."""
        return bool(self._offer and self._offer.settled and self._menu.marked == self._offer.choices[0])

    def search(self, past: Sequence[str], draft: str) -> None:
        """Begin a search; the field holds what is looked for, until it is over."""
        self.stashed, self._past = draft, list(past)
        self._field.clear()
        self.look()

    def leave_search(self, text: str | None = None) -> None:
        """End a search with what was found, else with the draft."""
        if self.stashed is not None:
            text = self.stashed if text is None else text
            self.stashed, self._past = None, []
            self._field.write(text)
            self.look()
            self.close()  # what was found may begin with a slash, and nobody is writing it now

    def move(self, step: int) -> bool:
        """Move the mark; False where there is no list."""
        if not self.is_open:
            return False
        self._menu.move(step)
        return True

    def close(self) -> None:
        """Close the list and leave the word alone from now on; leave the search."""
        if self.stashed is not None:
            self.leave_search()
        elif self._offer:
            self._closed_at = self._start(self._offer)
            self._show(None)

    def hide(self) -> None:
        """Take the list off the screen until it is looked for again."""
        self._menu.close()
        self._looked_at = ()

    def take(self) -> bool:
        """Put the marked entry in the place of the half-written word."""
        choice, offer = self._menu.marked, self._offer
        if choice is None or offer is None:
            return False
        if offer.kind == "history":
            self.leave_search(choice.written)
            return True
        field = self._field
        space = "" if choice.goes_on or field.after[:1].isspace() else " "
        row, column = field.cursor_location
        start = (row, column - len(offer.typed))
        field.replace(choice.written + space, start, (row, column), maintain_selection_offset=False)
        self.look()
        return True

    def look(self) -> None:
        """Look at what is written; the same text is looked at once."""
        before, after = self._field.before, self._field.after
        looks_at = (before, after, self.words, self.files, self.stashed is None)
        if looks_at == self._looked_at:
            return
        self._looked_at = looks_at
        if self.stashed is not None:
            self._show(offer_history(self._field.text, self._past))
            return
        offer = self._find(before, after)
        if offer and offer.kind == "file" and not (self._offer and self._offer.kind == "file"):
            self.asks_names()
        start = self._start(offer) if offer else -1
        if start != self._closed_at:
            self._closed_at = -1
        self._show(None if start == self._closed_at else offer)

    def _find(self, before: str, after: str) -> Offer | None:
        offer = self.words.offer(before, after)
        if offer is None and self.files is not None:
            offer = self.files.offer(before.rpartition("\n")[2], after)
        return offer

    def _start(self, offer: Offer) -> int:
        return len(self._field.before) - len(offer.typed)

    def _key(self, command: str) -> str:
        """Write the key that a command has now, as short as a line of keys needs it."""
        usual = next(one.keys for one in MENU_COMMANDS if one.id == command)
        key = self._field.app._keymap.get(command, usual).split(",")[0]
        return key.replace("ctrl+", "^").replace("escape", "esc")

    def _show(self, offer: Offer | None) -> None:
        before, self._offer = self._offer, offer
        if offer is None or not (offer.choices or offer.foot or offer.kind == "history"):
            self._menu.close()
            return
        takes, closes = ("menu.accept", "back") if offer.kind == "history" else ("menu.take", "closes")
        keys = f"{self._key(takes)} takes · {self._key('menu.close')} {closes}"
        none = "nothing fits" if offer.kind == "history" and not offer.choices else ""
        foot = " · ".join(part for part in (none, offer.foot, keys) if part)
        self._menu.open(offer.choices, foot, beside=offer.kind == "slash", more=_same(before, offer))


def _same(one: Offer | None, other: Offer) -> bool:
    return one is not None and (one.kind, one.typed) == (other.kind, other.typed)
