"""The one thread that writes: whatever waits goes into the next commit, then everybody who waits is told.

What an event means for the tables is decided in `rows`; nothing is read back for others here.
"""

from __future__ import annotations

import os
import queue
import sqlite3
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from tui_delegate.core.calls import RunContext
from tui_delegate.core.errors import DelegateError, JournalError
from tui_delegate.core.records import dataclass
from tui_delegate.core.usage import Price
from tui_delegate.journal import processes, rows, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tui_delegate.core.events import Event
    from tui_delegate.journal.rows import Batch, Row

LINGER: Final = 2.0
"""Seconds after the last write for which the thread stays. A journal that nobody closed holds up the end of
the process no longer than that, and loses nothing."""
_RUNS_KEPT: Final = 256
_TITLE: Final = 80

_ADD_EVENT: Final = "INSERT INTO events(run, n, at, path, attempt, kind, body) VALUES(?, ?, ?, ?, ?, ?, ?)"
_CALL_COLUMNS: Final = (
    "at, run, session, path, attempt, command, agent, profile, backend, model, answered, prompt, cached, "
    "completion, reasoning, usage_source, queue_ms, first_token_ms, total_ms, tokens_per_second, "
    "price_input, price_cached, price_output, price_source, cost, status, code, target, cwd, host, "
    "parent_pid, claude_session_id, codex_session_id, delegated, saved, imported, n"
)
"""In the order of a call's row; the number comes last because only the commit knows it."""
ADD_CALL: Final = f"INSERT INTO calls({_CALL_COLUMNS}) VALUES(?{', ?' * _CALL_COLUMNS.count(',')})"
ADD_TOTAL: Final = (
    "INSERT INTO totals(dim, day, key, calls, failed, prompt, cached, completion, reasoning, total_ms, cost, "
    f"unpriced, guessed, delegated, saved, compared) VALUES(?, ?, ?{', ?' * rows.FIGURES}) "
    "ON CONFLICT(dim, day, key) DO UPDATE SET "
    "calls=calls+excluded.calls, failed=failed+excluded.failed, prompt=prompt+excluded.prompt, "
    "cached=cached+excluded.cached, completion=completion+excluded.completion, "
    "reasoning=reasoning+excluded.reasoning, total_ms=total_ms+excluded.total_ms, cost=cost+excluded.cost, "
    "unpriced=unpriced+excluded.unpriced, guessed=guessed+excluded.guessed, "
    "delegated=delegated+excluded.delegated, saved=saved+excluded.saved, compared=compared+excluded.compared"
)
_ADD_RUN: Final = (
    f"INSERT INTO runs VALUES(?, ?, ?, NULL, 'open'{', ?' * 9}) ON CONFLICT(id) DO UPDATE SET "
    "ended=NULL, status='open', pid=excluded.pid, machine=excluded.machine"
)
_END_RUN: Final = "UPDATE runs SET ended=?, status=? WHERE id=?"
_ADD_SESSION: Final = (
    "INSERT INTO sessions VALUES(?, ?, ?, ?) "
    "ON CONFLICT(id) DO UPDATE SET updated=max(updated, excluded.updated)"
)
_ADD_PICK: Final = "INSERT INTO picks VALUES(?, ?) ON CONFLICT(key) DO UPDATE SET value=excluded.value"
_LAST_NUMBER: Final = "SELECT max(n) FROM events WHERE run=?"
_CONTEXT: Final = (
    "SELECT command, session, cwd, target, parent_pid, claude_session_id, codex_session_id "
    "FROM runs WHERE id=?"
)

_PRICE: Final = (
    "SELECT price_input, price_output, price_cached, price_source FROM calls "
    "WHERE run=? AND path='' AND price_input IS NOT NULL ORDER BY id DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Append:
    """Events that wait for their commit."""

    run: str
    events: Sequence[Event]
    done: Callable[[Exception | None], None] | None


@dataclass(frozen=True, slots=True)
class Pick:
    """A pick that waits for its commit."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Change:
    """What a person changes, which waits for a transaction of its own."""

    action: Callable[[sqlite3.Connection], None]
    done: Callable[[Exception | None], None] | None


@dataclass(slots=True)
class _Run:
    """What later rows of a run need of its first event, and whether the file has it."""

    context: RunContext
    opened: Row | None
    stored: bool
    price: Price | None = None
    """The manager's, by its last call whose price is known."""


Waiting = Append | Pick | Change


class Writer:
    """Commits in groups. `put` and `close` are for any thread; `close` waits for the last commit."""

    def __init__(
        self, connection: sqlite3.Connection, path: Path, *, keep_text: bool, now: Callable[[], float]
    ) -> None:
        self._connection = connection
        self.path = path
        self._file = schema.file_at(path)
        self._keep_text = keep_text
        self._now = now
        self._queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._runs: OrderedDict[str, _Run] = OrderedDict()
        self._held = False
        """Whether another process held the file to the end of our patience: a run waits for that once."""

    def put(self, item: Waiting) -> None:
        """Hand it to the thread; returns at once."""
        with self._lock:
            if not self._closed:
                self._queue.put(item)
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._work, name="journal")
                    self._thread.start()
                return
        _tell(item, JournalError("The journal is closed.", "This is a bug: a run outlived its journal."))

    def close(self) -> None:
        """Commit what waits, and close the file.

        SQLite moves the log's pages into it when the last one leaves, or when the log is long: while others
        are there, a verb that makes one call need not pay for that.
        """
        with self._lock:
            closed, self._closed, thread = self._closed, True, self._thread
            self._queue.put(None)
        if closed:
            return
        if thread is not None:
            thread.join()
        self._connection.close()

    def _work(self) -> None:
        while True:
            waiting, last = self._take()
            for group in _in_order(waiting):
                self._commit(group)
            if not waiting and not last:
                with self._lock:
                    if self._queue.empty():
                        self._thread = None
                        return
            if last:
                return

    def _take(self) -> tuple[list[Waiting], bool]:
        """Wait for something, then take all there is; also say whether it was the last."""
        waiting: list[Waiting] = []
        try:
            item = self._queue.get(timeout=LINGER)
            while item is not None:
                waiting.append(item)
                item = self._queue.get_nowait()
        except queue.Empty:
            return waiting, False
        return waiting, True

    def _commit(self, group: list[Waiting]) -> None:
        error: Exception | None = None
        refused: dict[int, Exception] = {}
        try:
            if schema.file_at(self.path) != self._file:  # what it would take nobody could read again
                raise schema.gone(self.path)
            if isinstance(group[0], Change):
                change = group[0].action
                schema.patiently(lambda: change(self._connection), patient=not self._held)
            else:
                self._commit_rows(group, refused)
            self._held = False
        except sqlite3.Error as trouble:
            self._held = schema.is_busy(trouble)
            error = schema.journal_error(trouble, self.path)
        except DelegateError as refusal:
            error = refusal
        except Exception as bug:  # the task boundary: who waits is told, and the next commit gets its turn
            error = JournalError(f"The journal failed: {type(bug).__name__}: {bug}", "This is a bug.")
        for place, item in enumerate(group):
            _tell(item, refused.get(place, error))

    def _commit_rows(self, group: list[Waiting], refused: dict[int, Exception]) -> None:
        batches = self._prepare(group, refused)
        picks = [(item.key, item.value) for item in group if isinstance(item, Pick)]
        schema.patiently(lambda: self._write(batches, picks), patient=not self._held)
        self._remember_stored(batches)

    def _prepare(self, waiting: list[Waiting], refused: dict[int, Exception]) -> list[Batch]:
        """Make rows of all that waits, outside of the transaction; what can't be a row spoils no other's."""
        batches = []
        for place, item in enumerate(waiting):
            if not isinstance(item, Append):
                continue
            try:
                batches.append(self._batch(item))
            except (ValueError, TypeError, AttributeError, ArithmeticError, OSError) as error:
                refused[place] = JournalError(f"An event of run {item.run} can't be stored: {error}")
        return batches

    def _batch(self, item: Append) -> Batch:
        known = self._run(rows.plain(item.run))
        made = rows.batch(
            item.run, item.events, known.context, known.price, keep_text=self._keep_text, now=self._now()
        )
        known.price = made.price
        if made.opened is not None:
            known.context, known.opened, known.stored = made.context, made.opened, False
        return made

    def _run(self, run: str) -> _Run:
        """Find what is known of a run: here, else in the file, where another process may have opened it."""
        known = self._runs.get(run)
        if known is None:
            row = self._connection.execute(_CONTEXT, (run,)).fetchone()
            context = RunContext(*row) if row else RunContext()
            known = self._runs[run] = _Run(context, None, True, self._manager_price(run) if row else None)
            if len(self._runs) > _RUNS_KEPT:
                self._runs.popitem(last=False)
        self._runs.move_to_end(run)
        return known

    def _manager_price(self, run: str) -> Price | None:
        row = self._connection.execute(_PRICE, (run,)).fetchone()
        return Price(*row) if row else None

    def _write(self, batches: list[Batch], picks: list[tuple[str, str]]) -> None:
        execute, many = self._connection.execute, self._connection.executemany
        execute("BEGIN IMMEDIATE")
        try:
            events, calls = self._number(batches)
            many(_ADD_RUN, self._new_runs(batches))
            many(_ADD_SESSION, self._sessions(batches))
            many(_ADD_EVENT, events)
            if calls:
                many(ADD_CALL, calls)
                many(ADD_TOTAL, [(*key, *sums) for key, sums in rows.fold(calls).items()])
            many(_END_RUN, [(*made.ended, made.run) for made in batches if made.ended])
            many(_ADD_PICK, picks)
            execute("COMMIT")
        finally:
            if self._connection.in_transaction:  # a full disk has rolled back already
                execute("ROLLBACK")

    def _number(self, batches: list[Batch]) -> tuple[list[Row], list[Row]]:
        """Give events their numbers. They come from the file: another process may go on with a run."""
        last: dict[str, int] = {}
        events: list[Row] = []
        calls: list[Row] = []
        for made in batches:
            if made.run not in last:
                last[made.run] = self._connection.execute(_LAST_NUMBER, (made.run,)).fetchone()[0] or 0
            first = last[made.run] + 1
            events.extend((made.run, first + place, *row) for place, row in enumerate(made.events))
            calls.extend((*row, first + place) for place, row in made.calls)
            last[made.run] += len(made.events)
        return events, calls

    def _new_runs(self, batches: list[Batch]) -> list[Row]:
        found: dict[str, Row] = {}
        for made in batches:
            known = self._runs.get(made.run)
            if known is not None and known.opened is not None and not known.stored:
                session = rows.plain(known.context.session)
                found[made.run] = (made.run, session, *known.opened, os.getpid(), processes.machine())
        return list(found.values())

    def _sessions(self, batches: list[Batch]) -> list[Row]:
        found: dict[str, Row] = {}
        for made in batches:
            session = rows.plain(made.context.session)
            if session and made.opened is not None:
                title = str(made.opened[2]).strip().partition("\n")[0][:_TITLE]
                found.setdefault(session, (session, title, made.opened[0], made.last))
            elif session and made.ended:
                found.setdefault(session, (session, "", made.last, made.last))
        return list(found.values())

    def _remember_stored(self, batches: list[Batch]) -> None:
        for made in batches:
            if made.run in self._runs:
                self._runs[made.run].stored = True


def _in_order(waiting: list[Waiting]) -> list[list[Waiting]]:
    """Group what may share a commit; a change stands alone between what came before it and after."""
    groups: list[list[Waiting]] = []
    for item in waiting:
        if not groups or isinstance(item, Change) or isinstance(groups[-1][0], Change):
            groups.append([item])
        else:
            groups[-1].append(item)
    return groups


def _tell(item: Waiting, error: Exception | None) -> None:
    if isinstance(item, Append | Change) and item.done is not None:
        try:
            item.done(error)
        except RuntimeError:
            pass  # the event loop of whoever waited is closed
