"""Help: the keys of the part that has the focus, then all others, made of the commands that there are.

What a command does is its screen's. The few words on how to do things are here.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, ClassVar, Final

from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui_delegate.core.records import dataclass
from tui_delegate.tui.commands import Command, bindings
from tui_delegate.tui.keys import keys_of, shown
from tui_delegate.tui.widgets.foot import Foot
from tui_delegate.tui.widgets.obeying import TypedLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the screen, as help tells of it."""

    title: str
    text: str = ""


PARTS: Final[Mapping[str, Part]] = {
    "app": Part("Everywhere", "Everything there is to do is in the palette too: type a part of its name."),
    "main": Part(
        "The whole screen",
        "Chat on the left, workers on the right, the ledger's strip below, the prompt at the foot. Each can "
        "be made larger, hidden or shown alone, and stays so.",
    ),
    "prompt": Part(
        "The prompt",
        "Write to the manager and press enter. While it works, what you send waits for its turn; steering "
        "reaches it at its next step. / opens commands, @ names files.",
    ),
    "chat": Part(
        "The chat",
        "The manager's answers. It follows the newest line until you scroll up. Lines with a number are "
        "tasks that it handed to workers; enter opens one.",
    ),
    "workers": Part(
        "The workers",
        "Each task has a pane of its own: as panes, as a list with one of them open, or as a tree.",
    ),
    "pane": Part(
        "A worker's pane",
        "Watch it, stop it, send it a note, try it again elsewhere, or change its answer before the manager "
        "reads it. Stopping keeps what was written so far.",
    ),
    "ledger": Part(
        "The ledger",
        "Every call of a model: tokens, seconds and dollars. Sort it, filter it by typing, group it.",
    ),
    "sessions": Part(
        "Sessions",
        "All conversations so far. Opening one goes on where it stood, and pays for nothing twice.",
    ),
    "models": Part(
        "Models", "Every model of every server. A model that can't call tools can't be the manager."
    ),
    "profiles": Part(
        "Profiles",
        "Named ways to servers, kept in one file. A backup is made at each change; keys stay hidden.",
    ),
    "settings": Part(
        "Settings", "What you change holds at once. Limits hold for this session until you save them."
    ),
    "themes": Part("Themes", "Move over a theme to try it on."),
    "welcome": Part("Welcome"),
    "line": Part("A line to type in"),
    "menu": Part("The list at the prompt"),
    "editor": Part("The editor of a profile"),
    "choose": Part("A list to choose from"),
    "confirm": Part("A question"),
    "approval": Part(
        "Approval", "Something waits for your word. What you refuse, the manager reads, with your reason."
    ),
    "detail": Part("A worker in detail", "All that was sent and said, as it was."),
    "help": Part("This help", "Type to search. More words find less."),
}
"""By the first word of a command's id."""
_WIDE: Final = 92
_KEYS: Final = 17
_TITLES: Final = 36


def part_of(name: str) -> Part:
    """Say what a part is called."""
    return PARTS.get(name) or Part(name.replace("-", " ").replace("_", " ").capitalize())


def matching(commands: Iterable[Command], words: str, keymap: Mapping[str, str]) -> list[Command]:
    """Find the commands that hold every one of these words."""
    wanted = words.casefold().split()
    return [one for one in commands if all(word in _all_of(one, keymap) for word in wanted)]


def _all_of(one: Command, keymap: Mapping[str, str]) -> str:
    keys = keys_of(one, keymap)
    slash = f"/{one.slash}" if one.slash else ""
    return f"{one.title} {one.help} {slash} {keys} {shown(keys)} {part_of(one.part).title}".casefold()


def text_of(
    commands: Sequence[Command], focused: str, keymap: Mapping[str, str], width: int, words: str = ""
) -> Content:
    """Write all of help for a width."""
    found = matching(commands, words, keymap)
    if not found:
        return Content.styled("Nothing here is called that.", "$dim")
    names = dict.fromkeys([focused, *(one.part for one in found)])
    longest = max(len(shown(keys_of(one, keymap))) for one in commands)
    columns = _Columns(width, min(longest, _KEYS), keymap)
    sections = [
        _section(name, within, columns, told=not words.strip())
        for name in names
        if (within := [one for one in found if one.part == name])
    ]
    return Content("\n\n").join(sections)


@dataclass(frozen=True, slots=True)
class _Columns:
    """How wide everything is, and which keys there are."""

    width: int
    keys: int
    keymap: Mapping[str, str]

    @property
    def wide(self) -> bool:
        """Whether help stands beside the title, and not below it."""
        return self.width >= _WIDE

    @property
    def indent(self) -> int:
        """Where help begins."""
        return self.keys + (_TITLES if self.wide else 2)


def _section(name: str, commands: Sequence[Command], columns: _Columns, *, told: bool) -> Content:
    part = part_of(name)
    lines = [Content.styled(part.title, "bold $accent")]
    if told and part.text:
        lines += [Content.styled(line, "$dim") for line in textwrap.wrap(part.text, max(columns.width, 20))]
    for one in commands:
        lines += _lines(one, columns)
    return Content("\n").join(lines)


def _lines(one: Command, columns: _Columns) -> list[Content]:
    keys = shown(keys_of(one, columns.keymap))
    slash = f"  /{one.slash}" if one.slash else ""
    head = Content.assemble((f"{keys:<{columns.keys}}  ", "$foreground bold"), one.title, (slash, "$live"))
    indent = columns.indent
    rows = textwrap.wrap(one.help, max(columns.width - indent, 20)) or [""]
    below = [Content.styled(" " * indent + row, "$dim") for row in rows]
    if columns.wide and head.cell_length < indent:
        gap = " " * (indent - head.cell_length)
        return [Content.assemble(head, (gap + rows[0], "$dim")), *below[1:]]
    return [head, *below]


class HelpScreen(ModalScreen[None]):
    """Shows help for the part that had the focus."""

    commands: ClassVar[tuple[Command, ...]] = (
        Command("help.close", "Close help", "Go back to where you were.", "escape,f1", label="close"),
        Command("help.up", "Scroll up", "One line up.", "up"),
        Command("help.down", "Scroll down", "One line down.", "down"),
        Command("help.page-up", "Page up", "One page up.", "pageup"),
        Command("help.page-down", "Page down", "One page down.", "pagedown"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(commands, "help")]
    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > Vertical {
        width: 100%; max-width: 124; height: 100%; max-height: 52; background: $panel; padding: 1 2 0 2;
    }
    HelpScreen Input, HelpScreen Input:focus {
        border: none; height: 1; padding: 0; background: $panel; background-tint: $foreground 0%;
    }
    HelpScreen VerticalScroll { height: 1fr; margin: 1 0; scrollbar-size-vertical: 1; }
    HelpScreen #words { height: auto; padding-right: 1; }
    HelpScreen Foot { padding: 0; margin-bottom: 1; }
    """

    def __init__(
        self, commands: Sequence[Command], focused: str = "app", keymap: Mapping[str, str] | None = None
    ) -> None:
        super().__init__()
        self._all = tuple(commands)
        self._focused = focused
        self._keymap = dict(keymap or {})
        self._width = 0

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with Vertical():
            yield TypedLine(placeholder="type to search", id="search")
            with VerticalScroll(can_focus=False):
                yield Static(id="words", markup=False)
            yield Foot(self.commands, ("↑ ↓", "scroll"), ("pgup pgdn", "page"))

    def on_mount(self) -> None:
        """Begin in the search."""
        self.query_one(Input).focus()

    def on_resize(self) -> None:
        """Write it anew for another width."""
        width = min(self.app.size.width, 124) - 7
        if width != self._width:
            self._width = width
            self._show(self.query_one(Input).value)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search."""
        event.stop()
        self._show(event.value)
        self._scroll.scroll_home(animate=False)

    def _show(self, words: str) -> None:
        text = text_of(self._all, self._focused, self._keymap, self._width, words)
        self.query_one("#words", Static).update(text)

    @property
    def _scroll(self) -> VerticalScroll:
        return self.query_one(VerticalScroll)

    def action_help_close(self) -> None:
        """Go back."""
        self.dismiss(None)

    def action_help_up(self) -> None:
        """Scroll."""
        self._scroll.scroll_up(animate=False)

    def action_help_down(self) -> None:
        """Scroll."""
        self._scroll.scroll_down(animate=False)

    def action_help_page_up(self) -> None:
        """Scroll."""
        self._scroll.scroll_page_up(animate=False)

    def action_help_page_down(self) -> None:
        """Scroll."""
        self._scroll.scroll_page_down(animate=False)
