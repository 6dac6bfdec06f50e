"""What leaves the process: stdout is data, stderr is talk, and an exit code says how it went.

Everything that came from outside passes `clean` before a terminal. Whether there is talk, colour and
progress is decided here and nowhere else. Nothing here knows what a verb does.
"""

from __future__ import annotations

import os
import sys

from tui_delegate.core.clean import clean
from tui_delegate.core.errors import DelegateError

TYPE_CHECKING = False  # importing typing for it costs more than the rest of this file
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Final, TextIO

    from tui_delegate.cli.progress import Progress

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130

EXIT_CODES: Final[Mapping[str, int]] = {
    "input_error": 2,
    "corpus_error": 2,
    "empty_ledger": 2,
    "context_overflow": 65,
    "cut_off": 65,
    "bad_reply": 65,
    "unreachable": 69,
    "model_not_found": 69,
    "target_exists": 73,
    "ledger_not_written": 74,
    "rate_limited": 75,
    "overloaded": 75,
    "auth": 77,
    "config_error": 78,
    "resolve_error": 78,
    "timeout": 124,
    "hangup": 129,
    "cancelled": INTERRUPTED,
}
"""Exit codes by error code; every other failure is 1."""

FEW_CODES: Final = frozenset(
    {"ask", "write", "summarize", "status", "doctor", "ledger", "profiles", "install", "uninstall"}
)
"""The verbs of agent-delegate. Its callers know 0, 1 and 2; only what it has no word for has another."""

_NEW_TO_ITS_CALLERS: Final[Mapping[str, int]] = {
    "ledger_not_written": 74,
    "config_error": 78,
    "hangup": INTERRUPTED,
    "cancelled": INTERRUPTED,
}
_REFUSED_BEFORE_A_CALL: Final = frozenset(
    {
        *("resolve_error", "missing_target", "target_root_escape", "target_exists", "corpus_error"),
        *("empty_stdin", "empty_ledger"),
    }
)
"""Seven of agent-delegate's eight error types. The eighth, `backend_error`, is 1."""


def exit_code(code: str, verb: str = "") -> int:
    """Give the exit code of an error code. The verbs of agent-delegate have fewer than the others."""
    if verb not in FEW_CODES:
        return EXIT_CODES.get(code, FAILED)
    if code in _NEW_TO_ITS_CALLERS:
        return _NEW_TO_ITS_CALLERS[code]
    from tui_delegate.core.errors import type_of

    return USAGE if {code, type_of(code)} & _REFUSED_BEFORE_A_CALL else FAILED


class _Manner:
    """How this process was asked to speak."""

    quiet = False
    verbose = False
    json = False
    answered = False
    """Whether its one JSON object is out: there is never a second one."""
    lost: OSError | None = None
    """Why stdout can't be written any more."""
    bar: Progress | None = None
    """What shows how far the work is; every line of ours goes above it."""


def speak(*, quiet: bool = False, verbose: bool = False, json: bool = False) -> None:
    """Say once, before a verb begins, how much talk is wanted. With JSON there is none."""
    _Manner.quiet, _Manner.verbose, _Manner.json = quiet, verbose, json
    _Manner.answered = False
    _Manner.lost = None


def data(text: str, *, end: str = "\n") -> None:
    """Write to stdout. A reader that went away is a BrokenPipeError, any other failure a DelegateError."""
    try:
        if _Manner.lost:
            raise _Manner.lost
        if _Manner.bar:
            _Manner.bar.give_way()
        sys.stdout.write(text + end)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        no_more(sys.stdout)
        _Manner.lost = error
        raise DelegateError(
            f"The output can't be written: {error.strerror}.", "What was spent is in the ledger."
        ) from error


def no_more(stream: TextIO) -> None:
    """Let a stream that failed swallow the rest: what it still holds would fail again as the process ends."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError):  # it is no file: then nothing of it is written at the end
        return


def data_json(value: object) -> None:
    """Write one JSON value on one line to stdout; control characters leave escaped."""
    data(json_text(value))
    _Manner.answered = True


def has_answered() -> bool:
    """Say whether the one JSON object is out."""
    return _Manner.answered


def json_text(value: object) -> str:
    """Make one line of a JSON value, control characters escaped."""
    import json

    return json.dumps(value, ensure_ascii=False).translate(_JSON_CONTROLS)


def say(text: str, *, end: str = "\n") -> None:
    """Write talk to stderr, cleaned. Where nobody can hear it any more, the work goes on."""
    if _Manner.bar:
        _Manner.bar.give_way()
    try:
        sys.stderr.write(clean(text) + end)
        sys.stderr.flush()
    except OSError:
        no_more(sys.stderr)


def tell(text: str) -> None:
    """Say what is going on: nothing of it under --quiet and --json."""
    if not (_Manner.quiet or _Manner.json):
        say(text)


def detail(text: str) -> None:
    """Say what only somebody who asked with --verbose wants to hear."""
    if _Manner.verbose:
        tell(text)


def say_error(error: DelegateError) -> None:
    """Say what happened and what to do next."""
    from tui_delegate.workspace.envelopes import without_keys

    say(f"tui-delegate: {without_keys(error)}")
    if error.hint:
        say(f"  {error.hint}")


def fail(verb: str, error: DelegateError, *, json: bool, **told: str) -> int:
    """Tell an error in the form that was asked for and give its exit code. `told`: see `error_envelope`."""
    if not json:
        say_error(error)
    elif not _Manner.answered:
        data_json(error_envelope(verb, error, **told))
    return exit_code(error.code, verb)


def error_envelope(verb: str, error: DelegateError, **told: str) -> dict[str, object]:
    """Make the JSON object of a verb that failed; `told`: see `workspace.envelopes`."""
    from tui_delegate.workspace.envelopes import error_envelope as envelope

    return envelope(verb, error, **told)


def colour(stream: TextIO) -> bool:
    """Whether colour may go here. NO_COLOR wins over FORCE_COLOR, both win over what the stream is."""
    if os.environ.get("NO_COLOR"):
        return False
    if forced := os.environ.get("FORCE_COLOR"):
        return forced != "0"
    return os.environ.get("TERM") != "dumb" and stream.isatty()


def paint(text: str, style: str, stream: TextIO) -> str:
    """Colour a cleaned text: `good`, `bad`, `odd` or `faint`; as it is where no colour may go."""
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if colour(stream) else text


def progress(total: int | None, label: str) -> Progress:
    """Show how far long work is, in one line on a terminal's stderr; elsewhere nothing.

    `with output.progress(len(names), "Reading") as bar: … bar.step(note=name)`. None: how much is not known.
    """
    from tui_delegate.cli.progress import Progress

    wanted = not (_Manner.quiet or _Manner.json) and os.environ.get("TERM") != "dumb"
    _Manner.bar = Progress(sys.stderr, total, label, shown=wanted and sys.stderr.isatty())
    return _Manner.bar


def table(rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset()) -> str:
    """Set rows in columns, two spaces apart; columns named in `right` are set to the right."""
    cleaned = [[clean(cell) for cell in row] for row in rows]
    widths = (
        [max(len(row[column]) for row in cleaned) for column in range(len(cleaned[0]))] if cleaned else []
    )
    lines = []
    for row in cleaned:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


_JSON_CONTROLS = {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), 0x2028, 0x2029)}
_STYLES = {"good": "32", "bad": "31", "odd": "33", "faint": "2"}
