"""The ledger, full screen: the model calls of a run, a session, a day or all time, and their sums.

It follows the journal when it is told that there is something new. No figure is made here: the journal's
queries are asked, off this thread, and the latest question wins.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, ParamSpec, TypeAlias

from textual.containers import Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input, Static

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import DelegateError
from tui_delegate.core.records import replace
from tui_delegate.tui.commands import bindings
from tui_delegate.tui.screens.ledger_call import CallScreen
from tui_delegate.tui.screens.ledger_columns import ColumnsScreen
from tui_delegate.tui.screens.ledger_commands import COMMANDS
from tui_delegate.tui.screens.ledger_export import ExportScreen, Target
from tui_delegate.tui.screens.ledger_reading import Reading
from tui_delegate.tui.screens.ledger_wish import Wish
from tui_delegate.tui.screens.ledger_words import head_line, nothing, said, sum_line
from tui_delegate.tui.widgets.foot import Foot
from tui_delegate.tui.widgets.ledger_columns import usual
from tui_delegate.tui.widgets.ledger_sheets import CallSheet, ListSheet
from tui_delegate.tui.widgets.ledger_table import LedgerTable
from tui_delegate.tui.widgets.obeying import TypedLine
from tui_delegate.tui.widgets.plot import Plot

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.worker import Worker

    from tui_delegate.journal.browse import Sums, View
    from tui_delegate.journal.ledger import Call
    from tui_delegate.tui.commands import Command
    from tui_delegate.tui.widgets.ledger_table import Sheet

P = ParamSpec("P")
Work: TypeAlias = "Coroutine[None, None, None]"
LEAST: Final = 0.5
"""Seconds from one look at what is new to the next."""
EASE: Final = 5
"""So many times as long as a look took is waited before the next, so that a huge ledger costs no more."""


class LedgerScreen(Screen[None]):
    """A table of calls with its sums; plots instead of it on demand."""

    commands: ClassVar[tuple[Command, ...]] = COMMANDS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(COMMANDS, "ledger")]
    CSS_PATH = "ledger.tcss"
    AUTO_FOCUS = ""  # after help over the plots the hidden filter would get it, and take every key

    class ColumnsChanged(Message):
        """The person chose other columns; whoever made the screen keeps the spec."""

        def __init__(self, spec: str) -> None:
            super().__init__()
            self.spec = spec

    def __init__(
        self,
        path: Path,
        *,
        run: str = "",
        session: str = "",
        columns: str = "",
        scope: str = "today",
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self._run_id, self._session_id = run, session
        self._columns_spec, self._fitted = columns, ""
        self._now = now
        self._reading = Reading(path)
        self._wish = Wish(scope)
        self._sheet: Sheet = CallSheet(())
        self._known: dict[int, Call] = {}
        self._newest = -1
        self._looked, self._took, self._due = 0.0, 0.0, False
        self._sums: Sums | None = None

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        yield Static(id="ledger-head", markup=False)
        words = "words that a call has to have · model:qwen status:failed for one column"
        yield TypedLine(placeholder=words, id="ledger-words")
        yield LedgerTable(id="ledger-table")
        yield Static(id="ledger-note", markup=False)
        with Vertical(id="ledger-plots"):
            for name in ("tokens", "cost", "speed"):
                yield Plot(id=f"ledger-{name}")
        yield Static(id="ledger-sums", markup=False)
        yield Foot(COMMANDS)

    def on_mount(self) -> None:
        """Read the first window."""
        self._fitted = self._usual
        self._table.focus()
        self._load(keep=False)

    def on_unmount(self) -> None:
        """Let go of the journal."""
        self._reading.close()

    def on_resize(self) -> None:
        """Make columns and plots that fit."""
        self._show_sums()
        if self._fitted != self._usual:
            self._fitted = self._usual
            self._load(keep=True)
        elif self._plotting:
            self._ask("plots", self._plot)

    def changed(self) -> None:
        """The journal has something new: look at it soon, but not too often."""
        if self._due or not self.is_mounted:
            return
        wait = max(LEAST, EASE * self._took) - (time.monotonic() - self._looked)
        if wait <= 0:
            self.refresh_rows()
        else:
            self._due = True
            self.set_timer(wait, self.refresh_rows)

    def refresh_rows(self) -> None:
        """Look at what is new now."""
        self._due = False
        self._looked = time.monotonic()
        if any(one.group == "ledger-rows" and not one.is_finished for one in self.workers):
            self.changed()
        else:
            self._ask("rows", self._read, self._wish, keep=True, only_new=True)

    def action_ledger_run(self) -> None:
        """Show this run."""
        self._scope("run", self._run_id)

    def action_ledger_session(self) -> None:
        """Show this session."""
        self._scope("session", self._session_id)

    def action_ledger_today(self) -> None:
        """Show today."""
        self._scope("today", "today")

    def action_ledger_all(self) -> None:
        """Show everything."""
        self._scope("all", "all")

    def action_ledger_filter(self) -> None:
        """Type what to look for."""
        self.query_one(Input).display = True
        self.query_one(Input).focus()

    def action_ledger_group(self) -> None:
        """Group by the next thing."""
        self._want(self._wish.grouped())

    def action_ledger_ungroup(self) -> None:
        """Group by what was before."""
        self._want(self._wish.grouped(-1))

    def action_ledger_sort(self) -> None:
        """Sort by the next column."""
        keys = [head.key for head in self._sheet.heads]
        if keys:
            place = keys.index(self._wish.sort) if self._wish.sort in keys else -1
            self._want(replace(self._wish, sort="").sorted_by(keys[(place + 1) % len(keys)]))

    def action_ledger_reverse(self) -> None:
        """Sort the other way round."""
        self._want(self._wish.sorted_by(self._wish.sort))

    def action_ledger_columns(self) -> None:
        """Choose columns."""
        self.app.push_screen(ColumnsScreen(self._columns_spec, usual(self.size.width)), self._take_columns)

    def action_ledger_export(self) -> None:
        """Ask where to write."""
        stem = f"ledger-{time.strftime('%Y-%m-%d', time.localtime(self._now()))}"
        title = f"write the calls of {said(self._wish)}"
        self.app.push_screen(ExportScreen(title, Path.cwd(), stem), self._take_target)

    def action_ledger_plots(self) -> None:
        """Show plots, or the table again."""
        self.query_one("#ledger-plots").display = not self._plotting
        self._arrange()
        if self._plotting:
            self.call_after_refresh(self._ask, "plots", self._plot)

    def action_ledger_open(self) -> None:
        """Open the cursor's row."""
        if not self._plotting:
            self._table.pick()

    def action_ledger_close(self) -> None:
        """Take one step back; with none left, close."""
        if self._plotting:
            self.action_ledger_plots()
        elif self._wish.words or self.query_one(Input).display:
            self.query_one(Input).value = ""
            self.query_one(Input).display = False
            self._table.focus()
        elif self._wish.exact:
            self._want(replace(self._wish, exact=()))
        else:
            self.dismiss()

    def action_ledger_quit(self) -> None:
        """Close."""
        self.dismiss()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Look for what is typed."""
        if event.value != self._wish.words:
            self._want(replace(self._wish, words=event.value))

    def on_input_submitted(self) -> None:
        """Go to what was found."""
        self._table.focus()

    def on_ledger_table_sort_picked(self, event: LedgerTable.SortPicked) -> None:
        """Sort by the head that was clicked."""
        self._want(self._wish.sorted_by(event.key))

    def on_ledger_table_wants(self, event: LedgerTable.Wants) -> None:
        """Read what came into sight."""
        if isinstance(self._sheet, CallSheet):
            self._ask("pages", self._fill, self._sheet, event.first, event.last)

    def on_ledger_table_picked(self, event: LedgerTable.Picked) -> None:
        """Open a call; look into a group."""
        sheet = self._sheet
        if isinstance(sheet, CallSheet):
            if call := sheet.call(event.index):
                self._ask("open", self._open, call)
        elif isinstance(sheet, ListSheet):
            row = sheet.rows[event.index]
            if self._wish.group == "delegation":
                self._want(self._wish.narrowed(("run", row.run), ("path", row.path)))
            else:
                self._want(self._wish.narrowed((self._wish.group, row.key)))

    @property
    def _table(self) -> LedgerTable:
        return self.query_one("#ledger-table", LedgerTable)

    @property
    def _usual(self) -> str:
        """The columns that the person chose, or those that suit the width."""
        return self._columns_spec or usual(self.size.width)

    @property
    def _plotting(self) -> bool:
        return bool(self.query_one("#ledger-plots").display)

    def _scope(self, scope: str, named: str) -> None:
        if named:
            self._want(replace(self._wish, scope=scope))
        else:
            self.notify(f"There is no {scope} here yet.", markup=False)

    def _want(self, wish: Wish) -> None:
        self._wish = wish
        self._load(keep=False)

    def _load(self, *, keep: bool) -> None:
        """Ask for what is wanted; whatever was asked before is not waited for."""
        for group in ("ledger-rows", "ledger-pages", "ledger-sums"):
            self.workers.cancel_group(self, group)
        self._reading.hurry()
        self.query_one("#ledger-head", Static).update(head_line(self._wish))
        self._ask("rows", self._read, self._wish, keep=keep)
        if self._plotting:
            self._ask("plots", self._plot)

    def _ask(self, group: str, work: Callable[P, Work], *given: P.args, **named: P.kwargs) -> None:
        """Do something beside the screen; all but pages and exports take the place of their like."""
        begin: Callable[[], Work] = partial(work, *given, **named)
        alone = group not in ("pages", "export")
        _: Worker[None] = self.run_worker(begin, group=f"ledger-{group}", exclusive=alone)

    async def _read(self, wish: Wish, *, keep: bool, only_new: bool = False) -> None:
        """Read rows and show them, and see to the sums after."""
        begun = time.monotonic()
        try:
            newest = await self._reading.newest()
            if only_new and newest == self._newest:
                return
            top = round(self._table.scroll_y) if keep else 0
            view = self._view(wish)
            sheet = await self._reading.sheet(wish, view, self._usual, self._known, top=top, now=self._now())
        except DelegateError as error:
            self._trouble(error)
            return
        self._newest, self._took = newest, time.monotonic() - begun
        self._sheet = sheet
        self._table.show(sheet, wish.sort, descending=wish.descending, keep=keep)
        self._say(len(sheet))
        self._ask("sums", self._add_up, view)
        if only_new and self._plotting:
            self._ask("plots", self._plot)

    async def _fill(self, sheet: CallSheet, first: int, last: int) -> None:
        try:
            sheet.take(await self._reading.calls(sheet.lacking(first, last)))
        except DelegateError as error:
            self._trouble(error)
        else:
            self._table.fill()

    async def _add_up(self, view: View) -> None:
        try:
            self._sums = await self._reading.sums(view)
        except DelegateError as error:
            self._trouble(error)
        else:
            self._show_sums()

    def _show_sums(self) -> None:
        if self._sums is not None:
            self.query_one("#ledger-sums", Static).update(sum_line(self._sums, self.size.width - 2))

    async def _open(self, call: Call) -> None:
        try:
            places = await self._reading.delegations(replace(self._view(Wish("all")), run=call.run))
        except DelegateError as error:
            self._trouble(error)
            return
        place = next((one for one in places if one.run == call.run and one.path == call.path), None)
        self.app.push_screen(CallScreen(call, place))

    async def _plot(self) -> None:
        plots = list(self.query(Plot))
        try:
            made = await self._reading.charts(self._view(self._wish), plots[0].columns)
        except DelegateError as error:
            self._trouble(error)
            return
        for plot, chart in zip(plots, made, strict=True):
            plot.show(chart)

    def _take_columns(self, spec: str | None) -> None:
        if spec is not None and spec != self._columns_spec:
            self._columns_spec = spec
            self.post_message(self.ColumnsChanged(spec))
            self._load(keep=True)

    def _take_target(self, target: Target | None) -> None:
        if target is not None:
            self._ask("export", self._export, target, self._view(self._wish))

    async def _export(self, target: Target, view: View) -> None:
        try:
            count = await self._reading.export(view, target.form, target.path, replace=target.replace)
        except DelegateError as error:
            self.notify(clean_line(f"{error.message} {error.hint}", 400), severity="error", markup=False)
        else:
            self.notify(clean_line(f"Wrote {count:,} calls to {target.path.absolute()}", 400), markup=False)

    def _view(self, wish: Wish) -> View:
        return wish.view(run=self._run_id, session=self._session_id, now=self._now())

    def _say(self, rows: int) -> None:
        """Show the rows, or in their place a calm word on why there are none."""
        note = self.query_one("#ledger-note", Static)
        note.remove_class("-bad")
        note.update("" if rows else nothing(self._wish))
        self._arrange()

    def _trouble(self, error: DelegateError) -> None:
        """Show what is wrong with the journal in the place of the rows."""
        note = self.query_one("#ledger-note", Static)
        self._newest = -1
        note.add_class("-bad")
        note.update(f"{clean_line(error.message, 500)}\n{clean_line(error.hint, 500)}")
        self.query_one("#ledger-sums", Static).update("")
        self._arrange(trouble=True)

    def _arrange(self, *, trouble: bool = False) -> None:
        """Give the middle to plots, note or table."""
        note = self.query_one("#ledger-note")
        noted = trouble or note.has_class("-bad") or not len(self._sheet)
        note.display = noted and not self._plotting
        self._table.display = not noted and not self._plotting
        if self._table.display and self.focused is None:
            self._table.focus()
