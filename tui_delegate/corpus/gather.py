"""From the words that name files to a corpus: found, looked at, bounded, in one order. Never an empty one.

A word that gives nothing is an error that says what was met and why it was left out.
"""

from __future__ import annotations

import difflib
import os
import re
import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InputError
from tui_delegate.core.files import FileEntry
from tui_delegate.core.usage import estimate_tokens
from tui_delegate.corpus.guard import decode, is_binary
from tui_delegate.corpus.headings import sections
from tui_delegate.corpus.values import Bounds, Corpus, Found, LeftOut, Shelved, say_left_out
from tui_delegate.corpus.walk import MAGIC, MOST_FILES, Pattern, Walk

if TYPE_CHECKING:
    from collections.abc import Sequence

_LINES = re.compile(r"(.+):\d+(?:-\d*)?")


def expand(words: Sequence[str], cwd: Path, bounds: Bounds | None = None) -> Corpus:
    """Gather all that the words name. Raises an InputError for a word that gives nothing."""
    bounds, cwd = bounds or Bounds(), Path(os.path.abspath(cwd))
    named = [(word, *_named(word, cwd)) for word in words]
    left_out = [item for _, _, left in named for item in left]
    shelved: dict[str, Shelved] = {}
    total = 0
    for file in _once([file for _, files, _ in named for file in files]):
        looked_at = look_at(file, bounds)
        if isinstance(looked_at, LeftOut):
            left_out.append(looked_at)
            continue
        total += looked_at.entry.size
        shelved[file.real] = looked_at
        if total > bounds.total_bytes:
            raise _too_much(f"{total} bytes > {bounds.total_bytes}", len(shelved))
    corpus = Corpus(tuple(shelved.values()), tuple(dict.fromkeys(left_out)), bounds)
    if bounds.tokens is not None and corpus.tokens > bounds.tokens:
        raise _too_much(f"about {corpus.tokens} tokens > {bounds.tokens}", len(shelved))
    for word, files, left in named:
        if not any(file.real in shelved for file in files):
            raise _nothing(word, left, files, left_out)
    return corpus


def exists(word: str, cwd: Path) -> bool:
    """Whether a word names something that is there, as it stands or as a pattern."""
    place = locate(word, cwd)
    if os.path.lexists(place) or _without_lines(word, cwd):
        return True
    try:
        return bool(MAGIC.search(word)) and bool(_pattern(word, cwd).found)
    except InputError:
        return False


def locate(word: str, cwd: Path) -> Path:
    """Say where a word leads. `..` is taken where it is, not where a link says that it is."""
    if "\0" in word or not word:
        raise InputError("A file's name can't be empty, or hold a zero byte.")
    path = cwd / os.path.expanduser(word)
    return Path(os.path.realpath(path) if ".." in path.parts else os.path.abspath(path))


def display(path: Path, cwd: Path) -> str:
    """Say what a file is called: from the working folder on, if it is in there."""
    if path.is_relative_to(cwd):
        return path.relative_to(cwd).as_posix()
    place, base = Path(os.path.realpath(path)), Path(os.path.realpath(cwd))
    return (place.relative_to(base) if place.is_relative_to(base) else path).as_posix()


def look_at(file: Found, bounds: Bounds) -> Shelved | LeftOut:
    """Read a file once for its size, tokens and sections; one named exactly has to be there."""
    try:
        _writable(file.name)
        raw, seen = read_bytes(file.path, bounds.file_bytes)
    except InputError as error:
        if file.exact:
            raise InputError(f"{clean_line(file.name)}: {error.message}", error.hint) from None
        return LeftOut(clean_line(file.name), error.message)
    if not file.exact and is_binary(raw):
        return LeftOut(clean_line(file.name), "binary")
    text = decode(raw)
    lines = text.count("\n") + (not text.endswith("\n") if text else 0)
    entry = FileEntry(file.name, lines, len(raw), estimate_tokens(text), sections(file.name, text))
    return Shelved(entry, file.path, seen)


def read_bytes(path: Path, most: int) -> tuple[bytes, tuple[int, int]]:
    """Read a plain file, and say in which state it was. A pipe or a device is not waited for."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a name that a file can have"
        raise InputError(f"can't be read: {reason}") from None
    state = os.fstat(handle)
    if not stat.S_ISREG(state.st_mode):
        os.close(handle)
        raise InputError("not a file")
    with os.fdopen(handle, "rb", buffering=0) as file:
        try:
            raw = file.read(most + 1)
        except OSError as error:
            raise InputError(f"can't be read: {error.strerror}") from None
    size = max(state.st_size, len(raw))
    if size > most:
        raise InputError(
            f"too large: {size} bytes > {most}", "AGENT_DELEGATE_MAX_FILE_BYTES sets another bound."
        )
    return raw, (state.st_size, state.st_mtime_ns)


def _writable(name: str) -> None:
    """Refuse a name that is no text: it could neither be shown nor stored."""
    try:
        name.encode()
    except UnicodeEncodeError:
        raise InputError("its name is not UTF-8") from None


def _named(word: str, cwd: Path) -> tuple[list[Found], list[LeftOut]]:
    place = locate(word, cwd)
    if not os.path.lexists(place):
        if base := _without_lines(word, cwd):
            place = base
        elif MAGIC.search(word):
            walk = _pattern(word, cwd)
            return walk.found, walk.left_out
        else:
            raise _missing(word, place)
    if not os.path.isdir(place):
        return [Found(display(place, cwd), place, os.path.realpath(place), exact=True)], []
    walk = Walk(lambda path: display(path, cwd))
    walk.start(place, cwd)
    return _not_too_many(word, walk).found, walk.left_out


def _without_lines(word: str, cwd: Path) -> Path | None:
    """Take `:10-80` off a word; the file is given whole, and the manager reads the lines in the prompt."""
    found = _LINES.fullmatch(word)
    place = locate(found[1], cwd) if found else None
    return place if place and os.path.isfile(place) else None


def _pattern(word: str, cwd: Path) -> Walk:
    """Walk from the part of a pattern that is plain."""
    parts = Path(os.path.expanduser(word)).parts
    plain = next(number for number, part in enumerate(parts) if MAGIC.search(part))
    folder = locate(str(Path(*parts[:plain])), cwd)
    walk = Walk(lambda path: display(path, cwd), Pattern(parts[plain:]))
    if os.path.isdir(folder):
        walk.start(folder, cwd)
    return _not_too_many(word, walk)


def _not_too_many(word: str, walk: Walk) -> Walk:
    if len(walk.found) >= MOST_FILES:
        raise InputError(f"@{clean_line(word)} names more than {MOST_FILES} files.", "Name a smaller folder.")
    return walk


def _once(found: list[Found]) -> list[Found]:
    """Keep each file once, however often and by whatever links it was named, in the order of the names."""
    kept: dict[str, Found] = {}
    exact = {file.real for file in found if file.exact}
    for file in sorted(found, key=lambda file: (not file.exact, file.path.is_symlink(), *_order(file.name))):
        kept.setdefault(file.real, replace(file, exact=file.real in exact))
    return sorted(kept.values(), key=lambda file: _order(file.name))


def _order(name: str) -> tuple[str, str]:
    return name.casefold(), name


def _nothing(word: str, left: list[LeftOut], files: list[Found], left_out: list[LeftOut]) -> InputError:
    """Say that a word gives nothing, and why, so that nothing is ever asked of an empty corpus."""
    names = {clean_line(file.name) for file in files}
    left = [*left, *(item for item in left_out if item.name in names)]
    if not left:
        return InputError(f"@{clean_line(word)} gives no file: nothing is there that matches.")
    return InputError(
        f"@{clean_line(word)} gives no file. Left out: {clean_line(say_left_out(left), 600)}.",
        "Name a file exactly to have it all the same.",
    )


def _missing(word: str, place: Path) -> InputError:
    folder = place.parent
    while not os.path.isdir(folder):
        folder = folder.parent
    wanted = place.relative_to(folder).parts[0]
    try:
        names = os.listdir(folder)
    except OSError:
        names = []
    close = difflib.get_close_matches(wanted, names, 1, 0.5)
    hint = (
        f"Did you mean {clean_line(str(Path(word).parent / close[0]))}?"
        if close and folder == place.parent
        else ""
    )
    if close and not hint:
        hint = f"{clean_line(wanted)} is not there either; {clean_line(close[0])} is."
    return InputError(f"There is no file or folder {clean_line(word)!r}.", hint)


def _too_much(what: str, files: int) -> InputError:
    return InputError(
        f"Too much to hand on: {what}, after {files} files.",
        "Name fewer files, or set AGENT_DELEGATE_MAX_CORPUS_BYTES.",
    )
