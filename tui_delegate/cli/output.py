"""What leaves the process: stdout is data, stderr is talk, and an exit code says how it went.

Everything that came from outside passes `clean` before a terminal. Nothing here knows what a verb does.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from tui_delegate.core.clean import clean
from tui_delegate.core.errors import DelegateError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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


def exit_code(code: str) -> int:
    """Give the exit code of an error code."""
    return EXIT_CODES.get(code, FAILED)


def data(text: str, *, end: str = "\n") -> None:
    """Write to stdout. A reader that went away is a BrokenPipeError, any other failure a DelegateError."""
    try:
        sys.stdout.write(text + end)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise DelegateError(
            f"The output can't be written: {error.strerror}.", "What was spent is in the ledger."
        ) from error


def data_json(value: object) -> None:
    """Write one JSON value on one line to stdout; control characters leave escaped."""
    data(json_text(value))


def json_text(value: object) -> str:
    """Make one line of a JSON value, control characters escaped."""
    import json

    return json.dumps(value, ensure_ascii=False).translate(_JSON_CONTROLS)


def say(text: str, *, end: str = "\n") -> None:
    """Write talk to stderr, cleaned. Where nobody can hear it any more, the work goes on."""
    try:
        sys.stderr.write(clean(text) + end)
        sys.stderr.flush()
    except OSError:
        return


def say_error(error: DelegateError) -> None:
    """Say what happened and what to do next."""
    say(f"tui-delegate: {error.message}")
    if error.hint:
        say(f"  {error.hint}")


def error_envelope(verb: str, error: DelegateError, **more: object) -> dict[str, object]:
    """Make the JSON object of a verb that failed."""
    return {"ok": False, "command": verb, "error": error.envelope(), **more}


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
