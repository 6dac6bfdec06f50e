"""Gathers what `ask --paths` and `write --context` send: files, folders, patterns, stdin, pages.

Never nothing. What is there is read once. Pages are fetched by whoever may use the network, and hands in how.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InputError
from tui_delegate.corpus.gather import Gathering
from tui_delegate.corpus.guard import HEAD_BYTES, MADE, is_binary
from tui_delegate.corpus.packet import Packet, Sheet
from tui_delegate.corpus.reading import look_into, read_small
from tui_delegate.corpus.refusals import SPLIT_OR_BYTES, SPLIT_OR_FILE_BYTES, nothing
from tui_delegate.corpus.values import Bounds, LeftOut

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    Fetch = Callable[[str, int], bytes]
    """Reads a page by its address, or raises an InputError; what is beyond so many bytes need not be read."""

STDIN: Final = "-"
STDIN_NAME: Final = "stdin"
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff")


def pack(
    words: Sequence[str],
    cwd: Path | str,
    bounds: Bounds | None = None,
    *,
    stdin: Callable[[], bytes] | None = None,
    fetch: Fetch | None = None,
) -> Packet:
    """Gather all that the words name: paths, folders, patterns, `-` for stdin, addresses.

    Raises an InputError for a word that leads nowhere, for too much of it, and where nothing is left.
    """
    bounds = bounds or Bounds()
    try:
        packet = _packed(words, os.path.abspath(cwd), bounds, stdin, fetch)
    except InputError as error:
        raise InputError(
            error.message, error.hint or "Name a file, a folder or a pattern of files."
        ) from None
    packet.check(bounds)
    return packet


def _packed(
    words: Sequence[str],
    cwd: str,
    bounds: Bounds,
    stdin: Callable[[], bytes] | None,
    fetch: Fetch | None,
) -> Packet:
    gathering: Gathering[Sheet] = Gathering(cwd, bounds, MADE, SPLIT_OR_BYTES)
    for word in dict.fromkeys(words):
        if word == STDIN:
            gathering.add(word, _streamed(stdin, bounds))
        elif word.startswith(("http://", "https://")):
            gathering.add(word, _fetched(word, fetch, bounds))
    paths = [word for word in words if word not in gathering.taken]
    gathering.add_all(paths, lambda name, path, exact, link: look_at(name, path, exact, link, bounds))
    packet = Packet(gathering.in_order(), _left_out(gathering))
    if not packet.sheets:
        raise nothing(words, packet.left_out)
    return packet


def look_at(name: str, path: str, exact: bool, link: bool, bounds: Bounds) -> Sheet | LeftOut:
    """Read a file's text; one named exactly has to be there, one met on the way has to be text."""
    raw = None if exact or link else read_small(path)
    if raw is None or not name.isascii() or raw.find(b"\0", 0, HEAD_BYTES) >= 0:
        try:
            raw, _ = look_into(name, path, exact, bounds, SPLIT_OR_FILE_BYTES)
        except InputError as error:
            if exact:
                raise
            return LeftOut(clean_line(name), error.message, error.message != "binary")
    elif len(raw) > bounds.file_bytes:
        return LeftOut(clean_line(name), f"too large: {len(raw)} bytes > {bounds.file_bytes}", wanted=True)
    return Sheet(name, text_of(raw), len(raw))


def text_of(raw: bytes) -> str:
    """Make text of bytes as agent-delegate does: line ends are newlines, what is no UTF-8 is marked.

    But for wide text that says what it is by its mark: agent-delegate sends that as rubbish.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("utf-16" if raw.startswith(_WIDE) else "utf-8", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _streamed(stdin: Callable[[], bytes] | None, bounds: Bounds) -> Sheet:
    if stdin is None:
        raise InputError("Nothing is piped in, so `-` has nothing to stand for.", "Name a file.")
    raw = stdin()
    if not raw.strip():
        raise InputError("stdin is empty.", "Pipe the text in, or name a file.")
    return _sheet(STDIN_NAME, raw, bounds)


def _fetched(url: str, fetch: Fetch | None, bounds: Bounds) -> Sheet:
    if fetch is None:
        raise InputError(f"{clean_line(url)} can't be fetched here.", "Name a file.")
    return _sheet(url, fetch(url, bounds.file_bytes), bounds)


def _sheet(name: str, raw: bytes, bounds: Bounds) -> Sheet:
    if len(raw) > bounds.file_bytes:
        raise InputError(
            f"{clean_line(name)}: too large: {len(raw)} bytes > {bounds.file_bytes}", SPLIT_OR_FILE_BYTES
        )
    if is_binary(raw):
        raise InputError(f"{clean_line(name)} is no text.", "Only text can be handed on.")
    return Sheet(name, text_of(raw), len(raw))


def _left_out(gathering: Gathering[Sheet]) -> tuple[LeftOut, ...]:
    """Give what was left out and not named exactly besides, and the words that gave nothing."""
    taken = {clean_line(sheet.name) for sheet in gathering.taken.values()}
    left = {item: None for item in gathering.left_out if item.name not in taken}
    barren = {LeftOut(clean_line(word), "gives no file", wanted=True): None for word in gathering.barren}
    return tuple(barren | left if gathering.taken else left)
