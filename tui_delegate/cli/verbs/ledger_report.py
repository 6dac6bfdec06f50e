"""`ledger report`: the lines that a coding agent ends its summary with; `workspace.reporting` makes them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tui_delegate.cli import output
from tui_delegate.core.errors import InputError
from tui_delegate.workspace.reporting import report_content, scope_of

if TYPE_CHECKING:
    import argparse


def run_report(args: argparse.Namespace) -> int:
    """Say what was delegated."""
    told = _told(args.manager_tokens)
    folder = os.path.join(_here(), args.project) if args.project else ""
    scope, words = scope_of(args.session, folder, args.since, os.environ, _here())
    content = report_content(args.journal, scope, words, told)
    if args.json:
        output.data_json({"ok": True, "command": "ledger", "model": "-", "content": content})
        return output.OK
    lines = content["lines"]
    output.data("\n".join(lines) if isinstance(lines, list) else "")
    return output.OK


def _here() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        raise InputError("The current folder is not there any more.", "Go to one that is: cd …") from None


def _told(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or len(text) > 15:
        raise InputError(f"--manager-tokens takes a number of tokens, not {text!r}.")
    return int(text)
