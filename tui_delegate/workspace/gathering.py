"""What is to be sent of files: gathered from a folder as they were named, in their frame.

Which file is left out and why is the corpus's to decide; what is said of it, and where, the caller's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InputError
from tui_delegate.core.records import dataclass
from tui_delegate.workspace.material import Files

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TOLD = 5
"""How many names are told before it is only counted."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which files are wanted, and how they are framed."""

    words: tuple[str, ...]
    """Files, folders, patterns, addresses; `-` for what comes in by the pipe."""
    tag: str
    diff_only: str = ""
    """The git revision since which only changes are wanted; empty: all."""
    split: bool = False
    """Whether they may be more than goes into one call."""
    listed: bool = False
    """Whether they are only listed."""


def gather(
    wanted: Wanted,
    folder: str,
    environ: Mapping[str, str],
    *,
    stdin: Callable[[], bytes] | None = None,
) -> Files:
    """Gather them. Raises an InputError."""
    from tui_delegate.corpus.packing import pack
    from tui_delegate.corpus.values import Bounds

    bounds = Bounds.of_environ(environ)
    if wanted.split or wanted.listed:
        bounds = bounds.widened()
    if wanted.diff_only:
        from tui_delegate.corpus.changed import changed_since

        packet = changed_since(wanted.diff_only, wanted.words or (".",), folder, bounds)
    elif wanted.words:
        packet = pack(wanted.words, folder, bounds, stdin=stdin, fetch=_fetch)
    else:
        raise InputError("No file is named.", "Name files, folders or patterns, or --diff-only REV.")
    return Files.of(packet, wanted.tag)


def refusal(files: Files, environ: Mapping[str, str], model: str, window: int | None, taken: int) -> str:
    """Say why so much would not be sent in one call, as far as nobody has to be asked; empty: it would.

    `taken`: the tokens of what is asked.
    """
    from tui_delegate.corpus.values import Bounds
    from tui_delegate.workspace.asking import room_in, too_much

    bounds = Bounds.of_environ(environ)
    for sheet in files.packet.sheets:
        if sheet.size > bounds.file_bytes:
            name = clean_line(sheet.name)
            return f"{name}: too large: {sheet.size} bytes > {bounds.file_bytes}."
    try:
        files.packet.check(bounds)
        room = room_in(window, taken)
        if room is not None and files.tokens > room:
            raise too_much(files, model, window, room)
    except InputError as error:
        return f"{error.message} {error.hint}"
    return ""


def left_out(files: Files) -> str:
    """Say which files a person would expect to be sent and are not; empty: none."""
    missed = files.packet.missed
    if not missed:
        return ""
    told = ", ".join(f"{clean_line(item.name)} ({item.why})" for item in missed[:TOLD])
    more = f", and {len(missed) - TOLD} more" if len(missed) > TOLD else ""
    return f"left out: {told}{more}"


def prompt_of(words: str, files: Files) -> str:
    """Write down what was asked, as a person would have: the words, then the files."""
    names = " ".join(f"@{clean_line(name)}" for name in files.names[:TOLD])
    more = f" and {len(files.names) - TOLD} more" if len(files.names) > TOLD else ""
    return f"{words}\n\n{names}{more}"


def _fetch(url: str, most: int, /) -> bytes:
    from tui_delegate.tools.page import read_page

    return read_page(url, most)
