"""One run on the command line: opened as it was asked for, told as it happens, signals to commands.

Nothing here knows a server or a limit's rule; how a run is told is next door.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from typing import TYPE_CHECKING

from tui_delegate.cli import output
from tui_delegate.cli.asking import TerminalApprover
from tui_delegate.cli.telling import Telling
from tui_delegate.core.conversation import chain, history
from tui_delegate.core.errors import InputError, JournalError
from tui_delegate.core.transcript import Transcript

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from tui_delegate.cli.telling import Wanted
    from tui_delegate.core.transcript import Node
    from tui_delegate.engine.run import Run
    from tui_delegate.journal.store import Journal
    from tui_delegate.workspace.seats import Workspace


async def run_prompt(workspace: Workspace, wanted: Wanted) -> int:
    """Run a prompt to its end and give the exit code."""
    approver = TerminalApprover.at(sys.stdin) if wanted.ask else None
    shelf = None if wanted.resume else workspace.shelf(wanted.prompt)
    telling = Telling(wanted)
    journal, journal_error = _open_journal(workspace, wanted)
    begun = time.monotonic()
    try:
        opening = (
            _resumed(workspace, wanted, journal, journal_error, approver)
            if wanted.resume
            else workspace.run(wanted.prompt, wanted.limits, journal=journal, shelf=shelf, approver=approver)
        )
        async with opening as run:
            telling.tell_before(run)
            signals = _Signals(run)
            async for event in run:
                telling.tell_notices(workspace)
                telling.tell(event)
            signals.restore()
            journal_error = journal_error or run.journal_error
    finally:
        if journal:
            await asyncio.to_thread(journal.close)
        await workspace.aclose()
    telling.end(time.monotonic() - begun)
    if journal_error:
        output.say(f"tui-delegate: THE LEDGER WAS NOT WRITTEN: {journal_error}")
    return _exit_code(telling.transcript.root, signals.received, journal_error)


def _resumed(
    workspace: Workspace,
    wanted: Wanted,
    journal: Journal | None,
    error: Exception | None,
    approver: TerminalApprover | None,
) -> AbstractAsyncContextManager[Run]:
    """Open the run that is to go on. Its files are read from where it was begun."""
    if journal is None:
        raise error or JournalError("There is no journal to go on from.")
    row = next(iter(journal.stopped(1)), None) if wanted.resume == "last" else journal.run(wanted.resume)
    if row is None:
        raise InputError(f"There is no such run: {wanted.resume}.", "Its id is in `tui-delegate ledger`.")
    shelf = workspace.shelf(row.prompt, row.cwd) if row.prompt and row.status != "ok" else None
    transcripts = journal.conversation(row.session)
    own = transcripts.get(row.id, Transcript())
    told = history(chain(transcripts, own.after), own.forgets, own.recap)
    return workspace.resume(
        row.id, journal=journal, shelf=shelf, approver=approver, history=told, limits=wanted.changed
    )


def _exit_code(root: Node, received: int, journal_error: Exception | None) -> int:
    if received and root.state == "cancelled":
        return 128 + received
    if root.state == "done":
        return output.exit_code("ledger_not_written") if journal_error else output.OK
    return output.exit_code(root.code)


def _open_journal(workspace: Workspace, wanted: Wanted) -> tuple[Journal | None, Exception | None]:
    try:
        journal = workspace.open_journal(keep_text=wanted.keep_text)
    except JournalError as error:
        return None, error
    workspace.notices.extend(journal.warnings)
    return journal, None


class _Signals:
    """The first Ctrl-C, TERM or HUP cancels the run cleanly; the second one leaves at once."""

    def __init__(self, run: Run) -> None:
        self.received = 0
        self._run = run
        self._loop = asyncio.get_running_loop()
        self._caught = [
            one
            for name in ("SIGINT", "SIGTERM", "SIGHUP")
            if (one := getattr(signal, name, None)) is not None
        ]
        for one in self._caught:
            try:
                self._loop.add_signal_handler(one, self._cancel, one)
            except (NotImplementedError, RuntimeError):  # a platform, or a thread, without them
                self._caught = []
                return

    def restore(self) -> None:
        """Let signals do what they usually do."""
        for one in self._caught:
            self._loop.remove_signal_handler(one)
        self._caught = []

    def _cancel(self, received: signal.Signals) -> None:
        self.received = int(received)
        self.restore()
        self._run.cancel()
