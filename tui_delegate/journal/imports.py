"""Brings logs that agent-delegate wrote into the journal's ledger, each line once.

A line is known by what it says: so it does not matter whether a log has grown, was moved, copied or cut off
at its beginning since it was last read, nor where an import was interrupted. No events are made of it.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from tui_delegate.journal import rows, schema
from tui_delegate.journal.logs import Skipped, call_of, entries
from tui_delegate.journal.writer import ADD_CALL, ADD_TOTAL

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tui_delegate.core.usage import Price
    from tui_delegate.journal.ledger import Call

CHUNK: Final = 4000
"""Lines that share a transaction."""
RUN: Final = "imported"
"""What stands in the place of a run, which an imported call has none of."""
_NEAR: Final = 4096
"""Lines among which two that are alike are two calls: they were written in the same second."""
_LONGEST_NAME: Final = 4096
_LATEST: Final = 1e11
_ADD_LINE: Final = "INSERT INTO imported VALUES(?) ON CONFLICT DO NOTHING"
_PARENTS: Final = "SELECT key FROM totals WHERE dim='parent_pid' AND day=''"
_OURS: Final = """
    SELECT 1 FROM calls AS c WHERE at>=? AND at<? AND imported=0 AND command=? AND parent_pid=? AND cwd=?
        AND claude_session_id=? AND codex_session_id=? AND profile=? AND model=?
        AND (SELECT sum(prompt) FROM calls WHERE run=c.run)=?
        AND (SELECT sum(completion) FROM calls WHERE run=c.run)=? LIMIT 1"""
"""A verb of ours writes such a line too, where a log is asked for; the journal has its calls already."""


class Imported(NamedTuple):
    """What became of a log's lines."""

    file: str
    calls: int = 0
    """That were not in the journal before."""
    known: int = 0
    """That were: by an earlier import, or because a verb of ours wrote the line."""
    exported: int = 0
    """Lines of our own export, which are not brought back."""
    undated: int = 0
    """Lines without a moment that can be read, which have no place in a ledger."""
    skipped_lines: int = 0
    skipped_figures: int = 0


class Importer:
    """Writes to one journal; close it."""

    def __init__(self, path: Path, price_of: Callable[[str, str, str], Price | None]) -> None:
        """Open the journal. `price_of` is told model, backend and host. Raises a JournalError."""
        self._path = path
        self._connection, self.warnings = schema.open_for_writing(path)
        self._price_of = price_of

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def read(self, log: str, report: Callable[[int], None]) -> Imported:
        """Bring one log in; `report` is told how many bytes are done. Raises InputError and JournalError."""
        skipped = Skipped()
        done = exported = undated = added = taken = 0
        chunk: list[tuple[bytes, Call]] = []
        near: OrderedDict[bytes, int] = OrderedDict()

        def seen(size: int) -> None:
            nonlocal done
            done += size

        for entry in entries(log, skipped, seen):
            if isinstance(entry.fields.get("run"), str):
                exported += 1
                continue
            call = call_of(entry.fields, skipped)
            if not 0 < call.at < _LATEST:
                undated += 1
                continue
            chunk.append((_digest(entry.line, near), self._priced(call)))
            taken += 1
            if len(chunk) == CHUNK:
                added += self._commit(chunk)
                chunk = []
                report(done)
        added += self._commit(chunk)
        report(done)
        return Imported(log, added, taken - added, exported, undated, skipped.lines, skipped.figures)

    def _priced(self, call: Call) -> Call:
        """Make the row whole: figures that the file can hold, and what the call cost by our list."""
        from tui_delegate.core.usage import Usage

        prompt, cached, completion = (rows.bounded(n) for n in (call.prompt, call.cached, call.completion))
        if cached > prompt:  # that protocol counts them apart, and agent-delegate leaves them out
            prompt = rows.bounded(prompt + cached)
        price = self._price_of(call.model, call.backend, call.host)
        call = call._replace(
            prompt=prompt,
            cached=cached,
            completion=completion,
            reasoning=rows.bounded(call.reasoning),
            total_ms=rows.bounded(call.total_ms),
            parent_pid=rows.bounded(call.parent_pid),
            delegated=prompt + completion,
            agent="",
            status="ok",
            code="",
            usage_source="reported",
            cost=None,
            run=RUN,
            imported=1,
        )
        if price is None:
            return call
        return call._replace(
            price_input=price.input,
            price_cached=price.cached,
            price_output=price.output,
            price_source=price.source,
            cost=price.cost(Usage(prompt, cached, completion)),
        )

    def _commit(self, chunk: list[tuple[bytes, Call]]) -> int:
        """Add what is not there yet, in one transaction; gives how many calls that was."""
        if not chunk:
            return 0
        try:
            return schema.patiently(lambda: self._write(chunk))
        except sqlite3.Error as error:
            raise schema.journal_error(error, self._path) from error

    def _write(self, chunk: list[tuple[bytes, Call]]) -> int:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            parents = {int(key) for (key,) in self._connection.execute(_PARENTS)}
            new: list[rows.Row] = []
            for line, call in chunk:
                if not self._connection.execute(_ADD_LINE, (line,)).rowcount:
                    continue
                if call.parent_pid not in parents or not self._is_ours(call):
                    new.append(_row(call))
            self._connection.executemany(ADD_CALL, new)
            totals = [(*key, *sums) for key, sums in rows.fold(new).items()]
            self._connection.executemany(ADD_TOTAL, totals)
            self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        return len(new)

    def _is_ours(self, call: Call) -> bool:
        values = (
            *(call.at - 1, call.at + 2, rows.plain(call.command), call.parent_pid, rows.plain(call.cwd)),
            *(rows.plain(call.claude_session_id), rows.plain(call.codex_session_id)),
            *(rows.plain(call.profile), rows.plain(call.model), call.prompt, call.completion),
        )
        return self._connection.execute(_OURS, values).fetchone() is not None


def _digest(line: bytes, near: OrderedDict[bytes, int]) -> bytes:
    """Say by what a line is known again; one that is like another near it is another call."""
    digest = sha256(line.strip()).digest()[:16]
    alike = near[digest] = near.pop(digest, 0) + 1
    if len(near) > _NEAR:
        near.popitem(last=False)
    return digest if alike == 1 else sha256(b"%d %b" % (alike, digest)).digest()[:16]


def _row(call: Call) -> rows.Row:
    """Set the cells as the writer does: the number last."""
    cells = (rows.plain(cell[:_LONGEST_NAME]) if isinstance(cell, str) else cell for cell in call)
    at, run, n, *others = cells
    return (at, run, *others, n)
