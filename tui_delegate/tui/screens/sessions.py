"""The list of sessions, with what was last said in each. It asks the journal and gives back a choice.

What a choice leads to is for whoever opened the screen: no run is begun or folded here.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, Literal, Protocol

from textual import on, work
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui_delegate.core.clean import clean_line
from tui_delegate.core.conversation import chain, leaves
from tui_delegate.core.errors import DelegateError
from tui_delegate.core.records import dataclass
from tui_delegate.journal import minutes
from tui_delegate.tui.commands import Command, bindings
from tui_delegate.tui.screens.confirm import AskLine, Confirm
from tui_delegate.tui.screens.sessions_words import note_of, preview_of, row_of
from tui_delegate.tui.widgets.foot import Foot
from tui_delegate.tui.widgets.obeying import TypedLine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from tui_delegate.core.transcript import Transcript
    from tui_delegate.journal.store import Exchange, SessionRow

SHOWN: Final = 200
"""Sessions that stand in the list; older ones are found by typing."""
EXCHANGES: Final = 4


class Shelf(Protocol):
    """What is asked of the journal. Every method may take its time: it is called from another thread."""

    def search_sessions(self, text: str, limit: int = ..., /) -> list[SessionRow]:
        """Give the last sessions that hold every word of a text."""

    def count_sessions(self) -> int:
        """Say how many there are."""

    def exchanges(self, session: str, limit: int = ..., /) -> list[Exchange]:
        """Give what was last said in one."""

    def conversation(self, session: str, /) -> Mapping[str, Transcript]:
        """Give the runs of one, whole."""

    def rename_session(self, session: str, title: str, /) -> None:
        """Raises a DelegateError."""

    def delete_session(self, session: str, /) -> None:
        """Raises a DelegateError."""


@dataclass(frozen=True, slots=True)
class SessionChoice:
    """What a person chose: to go on with a session, to watch one at work elsewhere, or to begin one."""

    kind: Literal["resume", "watch", "new"]
    session: str = ""


class SessionsScreen(Screen[SessionChoice | None]):
    """Find a session again, go on with it, name it, write it out, or delete it."""

    CSS_PATH = "sessions.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - declared so by Textual
    commands: ClassVar[tuple[Command, ...]] = (
        Command(
            "sessions.resume",
            "Go on with this session",
            "Open it where it stood.",
            "enter",
            first=True,
            label="go on",
        ),
        Command("sessions.new", "Begin a new session", "Leave the open one as it is.", "ctrl+n", label="new"),
        Command("sessions.rename", "Rename this session", "Give it another title.", "f6", label="rename"),
        Command("sessions.export", "Export this session", "Writes Markdown or JSON.", "f7", label="export"),
        Command(
            "sessions.delete",
            "Delete this session",
            "Delete what was said in it; the ledger keeps its calls.",
            "f8",
            label="delete",
        ),
        Command("sessions.back", "Go back", "Clear the filter, then leave.", "escape,f2", label="back"),
        Command("sessions.up", "The session above", "Move the cursor up.", "up"),
        Command("sessions.down", "The session below", "Move the cursor down.", "down"),
        Command("sessions.page-up", "A page of sessions up", "Move the cursor up a page.", "pageup"),
        Command("sessions.page-down", "A page of sessions down", "Move the cursor down a page.", "pagedown"),
        Command("sessions.preview-up", "Scroll the preview up", "Show what came before.", "shift+up"),
        Command("sessions.preview-down", "Scroll the preview down", "Show what came after.", "shift+down"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(commands, "sessions")]

    def __init__(
        self,
        shelf: Shelf,
        *,
        current: str = "",
        folder: Path | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`current` is the session that is open now; `folder` is where an export is offered to go."""
        super().__init__()
        self._shelf = shelf
        self._current = current
        self._folder = folder
        self._now = now
        self._rows: list[SessionRow] = []
        self._previewed = ""

    def compose(self) -> ComposeResult:
        """Lay out filter, list, preview and the line of keys."""
        with Horizontal(id="top"):
            yield Static(Content("sessions"), id="title", markup=False)
            yield TypedLine(placeholder="type to find one by its title or prompts", id="filter", compact=True)
            yield Static(id="count", markup=False)
        with Horizontal(id="body"):
            rows = OptionList(id="rows", markup=False)
            rows.can_focus = False
            yield rows
            with VerticalScroll(id="preview", can_focus=False):
                yield Static(id="said", markup=False)
        yield Static(id="note", markup=False)
        yield Foot(self.commands)

    def on_mount(self) -> None:
        """Ask for the list."""
        self.query_one("#filter").focus()
        self.reload()

    def reload(self) -> None:
        """Ask for the list again, and keep the cursor where it is."""
        self._load(self.query_one("#filter", Input).value)

    @property
    def chosen(self) -> SessionRow | None:
        """The session under the cursor."""
        place = self.query_one("#rows", OptionList).highlighted
        return self._rows[place] if place is not None and place < len(self._rows) else None

    @on(Input.Changed, "#filter")
    def _filter(self) -> None:
        self.reload()

    @on(OptionList.OptionHighlighted, "#rows")
    def _moved(self) -> None:
        if (row := self.chosen) and row.id != self._previewed:
            self._preview(row)

    @on(OptionList.OptionSelected, "#rows")
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()  # a click chooses; only a key, or a second click, leaves the screen

    def on_click(self, event: events.Click) -> None:
        """Go on with what is clicked twice."""
        if event.chain == 2 and event.widget is self.query_one("#rows"):
            self.action_sessions_resume()

    @work(exclusive=True, group="sessions")
    async def _load(self, text: str) -> None:
        try:
            found = await asyncio.to_thread(self._shelf.search_sessions, text, SHOWN)
            count = await asyncio.to_thread(self._shelf.count_sessions)
        except DelegateError as error:
            self._show([], clean_line(f"{error.message} {error.hint}", 500), "")
            return
        filtered = bool(text.strip())
        empty = "Nothing holds these words." if filtered else "No sessions yet. The first prompt begins one."
        self._show(found, empty, _counted(len(found), count, filtered=filtered))

    def _show(self, found: Sequence[SessionRow], empty: str, count: str) -> None:
        before = self.chosen
        self._rows, self._previewed = list(found), ""
        now, rows = self._now(), self.query_one("#rows", OptionList)
        rows.clear_options()
        rows.add_options(Option(row_of(row, now, is_open=row.id == self._current)) for row in found)
        self.query_one("#count", Static).update(Content(count))
        self.set_class(not found, "-empty")
        if not found:
            self.workers.cancel_group(self, "preview")
            self.query_one("#said", Static).update(Content(empty))
            self.query_one("#note", Static).update(Content(""))
            return
        kept = next((place for place, row in enumerate(found) if before and row.id == before.id), 0)
        rows.highlighted = kept

    @work(exclusive=True, group="preview")
    async def _preview(self, row: SessionRow) -> None:
        self._previewed = row.id
        note = note_of(row, is_open=row.id == self._current)
        self.query_one("#note", Static).update(Content(note))
        try:
            said = await asyncio.to_thread(self._shelf.exchanges, row.id, EXCHANGES)
        except DelegateError as error:
            self.query_one("#said", Static).update(Content(clean_line(f"{error.message} {error.hint}", 500)))
            return
        self.query_one("#said", Static).update(preview_of(row, said, self._now()))
        self.query_one("#preview").scroll_end(animate=False)

    def action_sessions_resume(self) -> None:
        """Leave with the session under the cursor."""
        row = self.chosen
        if row is None:
            return
        if row.id == self._current:
            self.dismiss(None)
        else:
            self.dismiss(SessionChoice("watch" if row.live else "resume", row.id))

    def action_sessions_new(self) -> None:
        """Leave for a new session."""
        self.dismiss(SessionChoice("new"))

    def action_sessions_back(self) -> None:
        """Clear the filter; where there is none, leave."""
        field = self.query_one("#filter", Input)
        if field.value:
            field.value = ""
        else:
            self.dismiss(None)

    def action_sessions_up(self) -> None:
        """Move the cursor up."""
        self.query_one("#rows", OptionList).action_cursor_up()

    def action_sessions_down(self) -> None:
        """Move the cursor down."""
        self.query_one("#rows", OptionList).action_cursor_down()

    def action_sessions_page_up(self) -> None:
        """Move the cursor up a page."""
        self.query_one("#rows", OptionList).action_page_up()  # type: ignore[no-untyped-call]

    def action_sessions_page_down(self) -> None:
        """Move the cursor down a page."""
        self.query_one("#rows", OptionList).action_page_down()  # type: ignore[no-untyped-call]

    def action_sessions_preview_up(self) -> None:
        """Scroll the preview up."""
        self.query_one("#preview").scroll_relative(y=-3, animate=False)

    def action_sessions_preview_down(self) -> None:
        """Scroll the preview down."""
        self.query_one("#preview").scroll_relative(y=3, animate=False)

    @work(exclusive=True, group="change")
    async def action_sessions_rename(self) -> None:
        """Ask for another title."""
        row = self.chosen
        if row is None:
            return
        title = await self.app.push_screen_wait(AskLine("What shall this session be called?", row.title))
        if title is not None and title != row.title:
            await self._change(self._shelf.rename_session, row.id, title)

    @work(exclusive=True, group="change")
    async def action_sessions_delete(self) -> None:
        """Ask, then delete the session under the cursor."""
        row = self.chosen
        if row is None:
            return
        if row.id == self._current:
            self._say("This session is open: begin or open another one first.", bad=True)
            return
        question = (
            f"Delete “{clean_line(row.title, 60) or 'untitled'}” and all that was said in it?\n"
            "It can't be brought back, and what was forked from it loses its beginning.\n"
            "The ledger keeps its calls: figures and names, no text."
        )
        if await self.app.push_screen_wait(Confirm(question, "delete it", "keep it")):
            await self._change(self._shelf.delete_session, row.id)

    async def _change(self, action: Callable[..., None], *values: str) -> None:
        try:
            await asyncio.to_thread(action, *values)
        except DelegateError as error:
            self._say(f"{error.message} {error.hint}", bad=True)
        self.reload()

    @work(exclusive=True, group="change")
    async def action_sessions_export(self) -> None:
        """Ask where to, then write the session there."""
        row = self.chosen
        if row is None:
            return
        offered = (self._folder or Path.cwd()) / f"{minutes.file_name(row.title)}.md"
        told = await self.app.push_screen_wait(
            AskLine(
                "Where shall it be written?",
                str(offered),
                "A name that ends in .json gives JSON, any other Markdown.",
            )
        )
        if not told:
            return
        path = _place(told)
        over = await asyncio.to_thread(path.is_file)
        if over and not await self.app.push_screen_wait(
            Confirm(f"{path} is there already. Write over it?", "write over it", "leave it")
        ):
            return
        try:
            await asyncio.to_thread(_write, self._shelf, row, path, over)
        except DelegateError as error:
            self._say(f"{error.message} {error.hint}", bad=True)
            return
        self._say(f"Written to {path}")

    def _say(self, words: str, *, bad: bool = False) -> None:
        self.notify(clean_line(words, 400), severity="error" if bad else "information", markup=False)


def _write(shelf: Shelf, row: SessionRow, path: Path, over: bool) -> None:
    """Write all runs as JSON; as Markdown what the conversation is now, without answers it left behind."""
    runs = shelf.conversation(row.id)
    if path.suffix.lower() == ".json":
        text = minutes.json_text(minutes.to_json(list(runs.values()), row.title))
    else:
        ends = leaves(runs, row.id) or leaves(runs)
        text = minutes.to_markdown(chain(runs, ends[-1]) if ends else [], row.title)
    minutes.save(path, text, over=over)


def _place(told: str) -> Path:
    try:
        return Path(told).expanduser()
    except RuntimeError:  # nobody of that name has a home
        return Path(told)


def _counted(shown: int, count: int, *, filtered: bool) -> str:
    if filtered:
        return f"{shown} of {count:,}"
    return f"{count:,}" if shown >= count else f"the last {shown} of {count:,}"
