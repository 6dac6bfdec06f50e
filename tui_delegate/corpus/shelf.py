"""The shelf that a run is given: the files that were named, read again when they are asked for.

What is not on it can't be read, whatever a model asks for. Every refusal is a sentence for that model.
"""

from __future__ import annotations

import difflib
import os
import re
from typing import TYPE_CHECKING

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InputError
from tui_delegate.core.files import Excerpt, FileEntry, render_frame
from tui_delegate.core.records import dataclass, field
from tui_delegate.core.usage import estimate_tokens
from tui_delegate.corpus.gather import Gathering
from tui_delegate.corpus.guard import JUNK, decode
from tui_delegate.corpus.headings import sections
from tui_delegate.corpus.pattern import MAGIC, Pattern
from tui_delegate.corpus.reading import look_into, read_bytes
from tui_delegate.corpus.refusals import FEWER, nothing, too_much
from tui_delegate.corpus.values import Bounds, LeftOut

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_RANGE = re.compile(r"(?P<name>.+?):(?P<lines>[0-9 -]*)", re.DOTALL)
_LINES = re.compile(r"\s*(\d{1,9})\s*(?:(-)\s*(\d{1,9})?)?\s*")


@dataclass(frozen=True, slots=True)
class Shelved:
    """A file that may be read, and the state in which it was seen."""

    entry: FileEntry
    path: str
    seen: tuple[int, int]
    """Size and time of last change, in nanoseconds: another pair means another file."""

    @property
    def name(self) -> str:
        """What it is called."""
        return self.entry.name

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.entry.size


@dataclass(frozen=True, slots=True)
class Corpus:
    """All files that were named, in their one order, and what was left out."""

    files: tuple[Shelved, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    bounds: Bounds = field(default_factory=Bounds)

    @property
    def entries(self) -> tuple[FileEntry, ...]:
        """Names, sizes and token estimates."""
        return tuple(file.entry for file in self.files)

    @property
    def tokens(self) -> int:
        """About how many tokens all of it is."""
        return sum(file.entry.tokens for file in self.files)


def expand(words: Sequence[str], cwd: Path, bounds: Bounds | None = None) -> Corpus:
    """Gather all that the words name. Raises an InputError for a word that gives nothing."""
    bounds = bounds or Bounds()
    gathering: Gathering[Shelved] = Gathering(os.path.abspath(cwd), bounds, JUNK, FEWER)
    gathering.add_all(words, lambda name, path, exact, _: look_at(name, path, exact, bounds))
    corpus = Corpus(gathering.in_order(), tuple(gathering.left_out), bounds)
    if bounds.tokens is not None and corpus.tokens > bounds.tokens:
        sizes = ((entry.tokens, entry.name) for entry in corpus.entries)
        raise too_much(corpus.tokens, bounds.tokens, "tokens", sizes, FEWER)
    for word, left in gathering.barren.items():
        raise nothing([word], left)
    return corpus


def look_at(name: str, path: str, exact: bool, bounds: Bounds) -> Shelved | LeftOut:
    """Read a file once for its size, tokens and sections; one named exactly has to be there."""
    try:
        raw, seen = look_into(name, path, exact, bounds)
    except InputError as error:
        if exact:
            raise
        return LeftOut(clean_line(name), error.message)
    text = decode(raw)
    lines = text.count("\n") + (not text.endswith("\n") if text else 0)
    entry = FileEntry(name, lines, len(raw), estimate_tokens(text), sections(name, text))
    return Shelved(entry, path, seen)


class CorpusShelf:
    """Gives the files of a corpus, whole or by lines."""

    def __init__(self, corpus: Corpus) -> None:
        self._files = {file.entry.name: file for file in corpus.files}
        self._bounds = corpus.bounds

    def entries(self) -> tuple[FileEntry, ...]:
        """Names, sizes, token estimates."""
        return tuple(file.entry for file in self._files.values())

    async def read(self, names: Sequence[str]) -> str:
        """Give files, `name:10-80` of one, or all in a folder, in one framed text."""
        import asyncio

        return await asyncio.to_thread(self.read_now, tuple(names))

    def read_now(self, names: Sequence[str]) -> str:
        """Do the same where no loop runs."""
        wanted = dict.fromkeys(part for name in names for part in self._find(name))
        if not wanted:
            raise InputError("No file is named.", self._at_hand())
        texts: dict[str, str] = {}
        excerpts = []
        for name, lines in wanted:
            if name not in texts:
                texts[name] = self._text(self._files[name])
            excerpts.append(_excerpt(name, texts[name], lines))
        return render_frame(excerpts)

    def _find(self, asked: str) -> list[tuple[str, str]]:
        """Resolve what was asked for to names on the shelf, each with its lines."""
        for name in _spellings(asked):
            if name in self._files:
                return [(name, "")]
            if found := _RANGE.fullmatch(name):
                for plain in _spellings(found["name"]):
                    if plain in self._files:
                        return [(plain, found["lines"] or "-")]
            if below := self._below(name):
                return [(one, "") for one in below]
        close = difflib.get_close_matches(asked, self._files, 1, 0.5)
        raise InputError(
            f"There is no file {clean_line(asked)!r} at hand.",
            f"Did you mean {clean_line(close[0])!r}?" if close else self._at_hand(),
        )

    def _below(self, name: str) -> list[str]:
        folder = name.rstrip("/")
        if folder in ("", "."):
            return list(self._files) if name else []
        if MAGIC.search(folder):
            pattern = Pattern(folder.split("/"))
            return [one for one in self._files if pattern.takes(one.split("/"))]
        return [one for one in self._files if one.startswith(folder + "/")]

    def _at_hand(self) -> str:
        names = [clean_line(name) for name in self._files]
        more = f" and {len(names) - 10} more" if len(names) > 10 else ""
        return f"At hand: {', '.join(names[:10])}{more}."

    def _text(self, file: Shelved) -> str:
        name = clean_line(file.entry.name)
        try:
            raw, seen = read_bytes(file.path, max(self._bounds.file_bytes, file.entry.size))
        except InputError as error:
            raise InputError(f"{name}: {error.message}", "It was there when it was named.") from None
        if seen != file.seen:
            raise InputError(
                f"{name} has changed since it was named.", "Name it again to have it as it is now."
            )
        return decode(raw).removesuffix("\n").removesuffix("\r")


def _spellings(asked: str) -> dict[str, None]:
    """Give the ways in which a model may have written a name."""
    plain = asked.strip().strip("`\"'")
    bare = plain.removeprefix("@").strip("\"'")
    return dict.fromkeys((asked, plain, bare, bare.removeprefix("./")))


def _excerpt(name: str, text: str, asked: str) -> Excerpt:
    """Cut lines out of a text; a range that goes on past its end ends where it does."""
    if not asked:
        return Excerpt(name, text)
    lines = text.split("\n")
    found = _LINES.fullmatch(asked)
    if not found:
        raise InputError(f"{clean_line(name)}:{clean_line(asked)} is no range of lines.", "Write name:10-80.")
    first = max(int(found[1]), 1)
    last = int(found[3]) if found[3] else (len(lines) if found[2] else first)
    if last < first:
        raise InputError(
            f"{clean_line(name)}:{clean_line(asked)} ends before it begins.", "Write name:10-80."
        )
    if first > len(lines):
        raise InputError(
            f"{clean_line(name)} has {len(lines)} lines: it does not reach line {first}.",
            f"Name lines between 1 and {len(lines)}.",
        )
    last = min(last, len(lines))
    return Excerpt(name, "\n".join(lines[first - 1 : last]), first, last)
