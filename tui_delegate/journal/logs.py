"""Reads logs that agent-delegate wrote: line by line, so that memory stays flat however long a log is.

What can't be read is left out and counted; nothing of a log is believed to be of the right type. Nothing is
written here, and no journal is opened. The ledger verb loads this, so it imports little.
"""

import json
import os
import stat
import time
from collections import deque
from operator import add
from typing import TYPE_CHECKING, Final, NamedTuple

from tui_delegate.core.errors import InputError
from tui_delegate.journal.ledger import Call, Query, Total, check_dimension

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping
    from io import BufferedReader

LONGEST: Final = 1 << 20
"""Bytes of a line that are looked at. agent-delegate's have some hundred."""
COUNTED: Final = ("command", "profile", "model", "backend", "agent", "status")
"""What a log is always summed up by."""
_MARK: Final = b"\xef\xbb\xbf"
"""What some editors put before UTF-8."""
_TAIL: Final = 1 << 16
"""Bytes at a log's end in which its last line is looked for."""
_COUNTS: Final = ("prompt_eval_count", "eval_count", "cached_tokens", "reasoning_tokens", "total_duration_ms")


class Entry(NamedTuple):
    """One line that is an object."""

    line: bytes
    fields: "Mapping[str, object]"


class Skipped:
    """What was left out of a log, as counts."""

    def __init__(self) -> None:
        self.lines = 0
        """That are no JSON object."""
        self.figures = 0
        """That are no number; the rest of their line is taken."""
        self.undated = 0
        """Lines whose moment can't be read, where moments are asked for."""


def entries(
    path: str, skipped: Skipped, seen: "Callable[[int], object] | None" = None
) -> "Generator[Entry, None, None]":
    """Give a log's lines, the oldest first; `seen` is told the bytes of each. Raises an InputError."""
    try:
        with open(path, "rb") as log:
            if _is_endless(log):
                return
            for line in _lines(log):
                if seen is not None:
                    seen(len(line))
                if not line.strip():
                    continue
                fields = _fields(line)
                if fields is None:
                    skipped.lines += 1
                else:
                    yield Entry(line, fields)
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or str(error)
        raise InputError(f"The log {path} can't be read: {words}.", "Name another file.") from error


def _is_endless(log: "BufferedReader") -> bool:
    """Say whether it is a device such as /dev/null or /dev/zero: nothing of ours was ever kept there."""
    return stat.S_ISCHR(os.fstat(log.fileno()).st_mode) and not log.isatty()


def call_of(fields: "Mapping[str, object]", skipped: Skipped) -> Call:
    """Make a row of the ledger of a line. Its moment is 0 where the line has none that can be read."""
    prompt, completion, cached, reasoning, total_ms = (number(fields.get(name), skipped) for name in _COUNTS)
    cost, parent, saved = (fields.get(name) for name in ("cost", "parent_pid", "saved_tokens"))
    return Call(
        at=moment(text(fields, "ts")) or 0.0,
        run="",
        n=0,
        session="",
        path="",
        attempt=1,
        command=text(fields, "command"),
        agent=text(fields, "agent"),
        profile=text(fields, "profile"),
        backend=text(fields, "backend"),
        model=text(fields, "model"),
        answered=text(fields, "answered_model"),
        prompt=prompt,
        cached=cached,
        completion=completion,
        reasoning=reasoning,
        usage_source=text(fields, "usage_source") or "reported",
        queue_ms=0,
        first_token_ms=None,
        total_ms=total_ms,
        tokens_per_second=None,
        price_input=None,
        price_cached=None,
        price_output=None,
        price_source=None,
        cost=float(cost) if isinstance(cost, int | float) and abs(cost) < 1e12 else None,
        status=text(fields, "status") or "ok",
        code=text(fields, "error_code"),
        target=text(fields, "target"),
        cwd=text(fields, "cwd"),
        host=text(fields, "host"),
        parent_pid=parent if type(parent) is int else 0,
        claude_session_id=text(fields, "claude_session_id"),
        codex_session_id=text(fields, "codex_session_id"),
        delegated=saved if type(saved) is int else max(prompt + completion, 0),
    )


def text(fields: "Mapping[str, object]", name: str) -> str:
    """Read a field that holds a text; nothing stands for null and for none at all."""
    value = fields.get(name)
    return value if isinstance(value, str) else str(value or "")


def number(value: object, skipped: Skipped) -> int:
    """Read a count, as agent-delegate does; what is none is 0, and counted."""
    if type(value) is int:
        return value
    if not value:
        return 0
    try:
        if isinstance(value, str | float | int):
            return int(value)
    except (ValueError, OverflowError):
        pass
    skipped.figures += 1
    return 0


def moment(stamp: str) -> float | None:
    """Read a moment: agent-delegate's form, or whatever else is ISO 8601; without a zone it is UTC."""
    from datetime import UTC, datetime

    try:
        at = datetime.fromisoformat(stamp)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def ends(path: str) -> list[float]:
    """Give the moments of a log's first and last line, as far as they are there and can be read."""
    try:
        with open(path, "rb") as log:
            first = log.readline(LONGEST).removeprefix(_MARK)
            log.seek(max(0, os.fstat(log.fileno()).st_size - _TAIL))
            last = log.read().rstrip().rpartition(b"\n")[2]
    except (OSError, ValueError):
        return []
    found = (moment(text(_fields(line) or {}, "ts")) for line in (first, last))
    return [at for at in found if at is not None]


class LogLedger:
    """A ledger over a log: the same questions as of the journal's, answered by one pass over the file."""

    def __init__(self, path: str, query: Query, by: str = "") -> None:
        """Read the log. Raises an InputError."""
        self.path = path
        self.skipped = Skipped()
        self.entries: deque[Mapping[str, object]] = deque(maxlen=query.limit if query.limit > 0 else None)
        """The last lines as they stand in the log."""
        self._query = query
        self._sums: dict[str, list[float]] = {}
        """By the keys of `by`."""
        self._counts: dict[tuple[str, ...], int] = {}
        """Lines by all of `COUNTED` at once."""
        self._by = by
        if by:
            check_dimension(by)
        self._read()

    def close(self) -> None:
        """Do nothing: the file is closed already."""

    def total(self, query: Query) -> Total:
        """Sum up everything."""
        sums = [sum(column) for column in zip(*self._sums.values(), strict=True)]
        return _total("", sums) if sums else Total("")

    def totals(self, by: str, query: Query) -> list[Total]:
        """Sum up by what was asked for, sorted by key; by another of `COUNTED` only the calls are known."""
        if by == self._by:
            return [_total(key, sums) for key, sums in sorted(self._sums.items())]
        place, calls = COUNTED.index(by), dict[str, int]()
        for names, count in self._counts.items():
            calls[names[place]] = calls.get(names[place], 0) + count
        return [Total(key, count) for key, count in sorted(calls.items())]

    def last(self, query: Query) -> list[Call]:
        """Give the last calls, oldest first."""
        unheard = Skipped()
        return [call_of(fields, unheard) for fields in self.entries]

    def all(self, query: Query) -> "Generator[Call, None, None]":
        """Give all calls, one at a time."""
        for entry in self._chosen(Skipped()):
            yield call_of(entry.fields, Skipped())

    def _read(self) -> None:
        counts, by = self._counts, self._by
        for entry in self._chosen(self.skipped):
            fields = entry.fields
            self.entries.append(fields)
            names: tuple[str, ...]
            if by or "run" in fields:  # a line of our own export says more
                call = call_of(fields, self.skipped)
                names = (call.command, call.profile, call.model, call.backend, call.agent, call.status)
                key, figures = _key(call, by) if by else "", _figures(call)
            else:
                names = (*[text(fields, name) for name in COUNTED[:4]], "", "ok")
                key, figures = "", _plain_figures(fields, self.skipped)
            counts[names] = counts.get(names, 0) + 1
            sums = self._sums.get(key)
            self._sums[key] = figures if sums is None else list(map(add, sums, figures))

    def _chosen(self, skipped: Skipped) -> "Generator[Entry, None, None]":
        since = self._query.since
        for entry in entries(self.path, skipped):
            if since is not None:
                at = moment(text(entry.fields, "ts"))
                if at is None:
                    skipped.undated += 1
                if at is None or at < since:
                    continue
            yield entry


def _lines(log: "BufferedReader") -> "Iterable[bytes]":
    """Give lines whole; of one that is longer than any of ours only its beginning, which is no JSON."""
    if log.peek(3).startswith(_MARK):
        log.read(len(_MARK))
    while line := log.readline(LONGEST):
        if len(line) == LONGEST and not line.endswith(b"\n"):
            while (rest := log.readline(LONGEST)) and not rest.endswith(b"\n"):
                pass
            line = b"?\n"
        yield line


# NaN and Infinity are no JSON: given on as words, they break no reader, and count as no figures.
_read = json.JSONDecoder(parse_constant=str).decode


def _fields(line: bytes) -> "Mapping[str, object] | None":
    try:
        value: object = _read(line.decode())
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _plain_figures(fields: "Mapping[str, object]", skipped: Skipped) -> list[float]:
    """Sum up a line as agent-delegate writes it: no cost, no status."""
    prompt, completion, cached, reasoning, total_ms = [
        value if type(value) is int else number(value, skipped) for value in map(fields.get, _COUNTS)
    ]
    return [1, 0, prompt, cached, completion, reasoning, total_ms, 0.0, 1, 0, max(prompt + completion, 0)]


def _figures(call: Call) -> list[float]:
    return [
        1,
        call.status == "failed",
        call.prompt,
        call.cached,
        call.completion,
        call.reasoning,
        call.total_ms,
        call.cost or 0.0,
        call.cost is None,
        call.usage_source != "reported",
        call.delegated,
    ]


def _total(key: str, sums: list[float]) -> Total:
    calls, failed, prompt, cached, completion, reasoning, total_ms = map(int, sums[:7])
    unpriced, guessed, delegated = map(int, sums[8:])
    return Total(
        key,
        calls,
        failed,
        prompt,
        cached,
        completion,
        reasoning,
        total_ms,
        sums[7],
        unpriced,
        guessed,
        delegated,
    )


def _key(call: Call, by: str) -> str:
    if by == "day":
        return time.strftime("%Y-%m-%d", time.localtime(call.at)) if call.at > 0 else ""
    return str(getattr(call, "cwd" if by == "project" else by))
