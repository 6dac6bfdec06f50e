"""What a verb is to send of files: gathered as its flags say, told about, or only shown.

Which file is left out and why is the corpus's to decide.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from tui_delegate.cli import output
from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InputError
from tui_delegate.workspace.material import Files

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tui_delegate.cli.conduct import Conduct
    from tui_delegate.corpus.packet import Packet

TOLD = 5
"""How many names are told before it is only counted."""


def gathered(conduct: Conduct, words: Sequence[str], tag: str) -> Files:
    """Gather the files that were named. Raises an InputError; what was left out is said."""
    from tui_delegate.corpus.packing import pack
    from tui_delegate.corpus.values import Bounds

    bounds = Bounds.of_environ(conduct.errands.environ)
    bounds = bounds.in_parts() if conduct.args.split else bounds
    try:
        cwd = os.getcwd()
    except FileNotFoundError:
        raise InputError("The current folder is not there any more.", "Go to one that is: cd …") from None
    if rev := conduct.args.diff_only:
        from tui_delegate.corpus.changed import changed_since

        packet = changed_since(rev, words or ["."], cwd, bounds)
    elif words:
        packet = pack(words, cwd, bounds, stdin=_stdin(), fetch=_fetch)
    else:
        raise InputError("No file is named.", "Name files, folders or patterns, or --diff-only REV.")
    if not conduct.args.preview and (missed := packet.missed):
        told = ", ".join(f"{item.name} ({item.why})" for item in missed[:TOLD])
        more = f", and {len(missed) - TOLD} more" if len(missed) > TOLD else ""
        conduct.say(f"left out: {told}{more}")
    return Files.of(packet, tag)


def prompt_of(words: str, files: Files) -> str:
    """Write down what was asked, as a person would have: the words, then the files."""
    names = " ".join(f"@{clean_line(name)}" for name in files.names[:TOLD])
    more = f" and {len(files.names) - TOLD} more" if len(files.names) > TOLD else ""
    return f"{words}\n\n{names}{more}"


def show(conduct: Conduct, files: Files) -> int:
    """Show what would be sent, and what would not; nobody is asked."""
    packet = files.packet
    if conduct.args.json:
        output.data_json(_shown(conduct, packet, files))
        return output.OK
    from tui_delegate.corpus.packet import preview_rows

    rows = [("file", "bytes", "tokens")]
    left = []
    for row in preview_rows(packet):
        if row.why_not:
            left.append(f"left out: {row.name} ({row.why_not})")
        else:
            rows.append((row.name, str(row.size), str(row.tokens)))
    rows.append((f"{len(packet.sheets)} files", str(packet.size), str(files.tokens)))
    output.data(output.table(rows, right=frozenset((1, 2))))
    for line in left:
        output.tell(line)
    return output.OK


def _shown(conduct: Conduct, packet: Packet, files: Files) -> dict[str, object]:
    from tui_delegate.corpus.packet import preview_rows

    place = conduct.place
    rows = [
        {"name": row.name, "bytes": row.size, "tokens": row.tokens, "left_out": row.why_not}
        for row in preview_rows(packet)
    ]
    return {
        "ok": True,
        "command": conduct.args.verb,
        "model": place.model if place else "",
        "profile": place.profile if place else "",
        "preview": {"files": rows, "bytes": packet.size, "tokens": files.tokens},
    }


def _stdin() -> Callable[[], bytes] | None:
    if sys.stdin is None or sys.stdin.isatty():
        return None
    return sys.stdin.buffer.read


def _fetch(url: str, most: int, /) -> bytes:
    from tui_delegate.tools.page import read_page

    return read_page(url, most)
