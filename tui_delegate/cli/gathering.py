"""What a verb is to send of files: gathered as its flags say, told about, or only shown.

How they are gathered is `workspace.gathering`'s; which is left out and why, the corpus's.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from tui_delegate.cli import output
from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InputError
from tui_delegate.workspace.gathering import Wanted, gather, left_out, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tui_delegate.cli.conduct import Conduct
    from tui_delegate.corpus.packet import Packet
    from tui_delegate.workspace.asking import Question
    from tui_delegate.workspace.material import Files

LONGEST_NAME = 4096


def gathered(conduct: Conduct, words: Sequence[str], tag: str) -> Files:
    """Gather the files that were named. Raises an InputError; what was left out is said."""
    try:
        cwd = os.getcwd()
    except FileNotFoundError:
        raise InputError("The current folder is not there any more.", "Go to one that is: cd …") from None
    args = conduct.args
    wanted = Wanted(tuple(words), tag, args.diff_only, split=args.split, listed=args.preview)
    files = gather(wanted, cwd, conduct.errands.environ, stdin=_stdin())
    if not args.preview and (told := left_out(files)):
        conduct.say(told)
    return files


def show(conduct: Conduct, files: Files, question: Question) -> int:
    """Show what would be sent, and what would not; nobody is asked."""
    packet, refused = files.packet, _refusal(conduct, files, question)
    if conduct.args.json:
        output.data_json(_shown(conduct, packet, files, refused))
        return output.OK
    from tui_delegate.corpus.packet import preview_rows

    rows = [("file", "bytes", "tokens")]
    left = []
    for row in preview_rows(packet):
        if row.why_not:
            left.append(f"left out: {clean_line(row.name, LONGEST_NAME)} ({row.why_not})")
        else:
            rows.append((clean_line(row.name, LONGEST_NAME), str(row.size), str(row.tokens)))
    rows.append((f"{len(packet.sheets)} files", str(packet.size), str(files.tokens)))
    output.data(output.table(rows, right=frozenset((1, 2))))
    for line in left:
        output.tell(line)
    if refused:
        output.tell(f"As it is it would not be sent: {refused}")
    return output.OK


def _refusal(conduct: Conduct, files: Files, question: Question) -> str:
    place = conduct.place
    window = conduct.errands.settings.profiles[place.profile].num_ctx if place else None
    model = place.model if place else ""
    return refusal(files, conduct.errands.environ, model, window, question.tokens)


def _shown(conduct: Conduct, packet: Packet, files: Files, refused: str) -> dict[str, object]:
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
        "preview": {"files": rows, "bytes": packet.size, "tokens": files.tokens, "refused": refused},
    }


def _stdin() -> Callable[[], bytes] | None:
    if sys.stdin is None or sys.stdin.isatty():
        return None
    return sys.stdin.buffer.read
