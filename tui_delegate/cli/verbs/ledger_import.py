"""`ledger import`: brings logs of agent-delegate in, and says what became of their lines."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from typing import TYPE_CHECKING

from tui_delegate.cli import output
from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InputError
from tui_delegate.journal.imports import Imported, Importer
from tui_delegate.workspace.accounts import EmptyLedger

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tui_delegate.core.usage import Price

_PROTOCOLS = {"openai-compat": "openai"}
"""What agent-delegate calls a protocol, and we."""
_ALSO = (
    ("known", "there already"),
    ("exported", "of our own export, left out"),
    ("undated", "without a readable time, left out"),
    ("skipped_lines", "no JSON object, left out"),
    ("skipped_figures", "figures that are no number, taken as 0"),
)


def run_import(files: Sequence[str], journal: Path, *, as_json: bool) -> int:
    """Bring the files in, one after the other; those that were done stay done whatever comes after."""
    for file in files:
        if not os.path.exists(file):
            raise EmptyLedger(f"There is no log {file}.", "Nothing was imported; name files that are there.")
    importer = Importer(journal, _price_of)
    try:
        done = [_import(importer, file, loud=not as_json) for file in files]
    finally:
        importer.close()
    if as_json:
        content = {"imported": sum(one.calls for one in done), "files": [one._asdict() for one in done]}
        output.data_json({"ok": True, "command": "ledger", "model": "-", "content": content})
        return output.OK
    for warning in importer.warnings:
        output.say(f"tui-delegate: {warning}")
    for one in done:
        also = "".join(f"; {count} {words}" for key, words in _ALSO if (count := getattr(one, key)))
        output.data(f"{clean_line(one.file, 500)}: {one.calls} calls imported{also}")
    return output.OK


def _import(importer: Importer, file: str, *, loud: bool) -> Imported:
    size = os.path.getsize(file)
    drawn = loud and sys.stderr.isatty()

    def report(done: int) -> None:
        if drawn:
            share = f"{done * 100 // size}%" if size else f"{done} bytes"
            output.say(f"  {share} of {clean_line(file, 60)}", end="")
            sys.stderr.write("\r")

    try:
        return importer.read(file, report)
    except InputError as error:
        raise EmptyLedger(error.message, error.hint) from error
    finally:
        if drawn:
            sys.stderr.write("\x1b[K")


@lru_cache(1024)
def _price_of(model: str, backend: str, host: str) -> Price | None:
    from tui_delegate.backends.prices import price_of

    try:
        return price_of(model, _PROTOCOLS.get(backend, backend), host) if model else None
    except ValueError:  # a host that is no address
        return None
