"""What can be put in the place of a half-written word, and how it is written. Pure: the list is `menu`'s.

No file is looked for here and nothing is sent.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Final, Protocol

from tui_delegate.core.clean import clean, clean_line
from tui_delegate.core.records import dataclass
from tui_delegate.tui.ranking import Hit, Ranker, sift

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tui_delegate.corpus.names import Name, Names

MOST: Final = 50
_SLASH = re.compile(r"/(?P<word>[^\s/]*)")
_WHOLE_SLASH = re.compile(r"/(?P<word>[^\W\d_][\w-]*)(?:\s+(?P<rest>.*))?", re.DOTALL)
_FILE = re.compile(
    r"""(?<![^\s(\[{<"'`,;:|=“‘«])@"""
    r"""(?:"(?P<double>[^"\n]*)|'(?P<single>[^'\n]*)|(?P<bare>(?:\\[ ]|[^\s`"'])*))\Z"""
)
_LINES = re.compile(r".*:\d*(?:-\d*)?")


class Slash(Protocol):
    """A command as far as its word goes; `Command` is one."""

    @property
    def slash(self) -> str: ...  # noqa: D102
    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def help(self) -> str: ...  # noqa: D102


class NameSource(Protocol):
    """Where the names of files come from; asked in a thread."""

    def read(self) -> Iterator[Names]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Choice:
    """One row of the list. Its texts are clean."""

    label: str
    note: str
    written: str
    """What stands in the prompt once it is taken."""
    lit: tuple[int, ...] = ()
    """The letters of the label that fit."""
    goes_on: bool = False
    """A folder: what is in it may follow."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A half-written word, and what may be meant by it."""

    kind: str
    """`slash`, `file` or `history`."""
    typed: str
    """The text before the cursor that a choice takes the place of."""
    choices: tuple[Choice, ...]
    foot: str = ""

    @property
    def settled(self) -> bool:
        """Whether the best choice is already written."""
        return bool(self.choices) and self.choices[0].written.rstrip("/") == self.typed.rstrip("/")


@dataclass(frozen=True, slots=True)
class SlashLine:
    """A prompt that is a command."""

    word: str
    rest: str


def read_slash(text: str) -> SlashLine | None:
    """Read a prompt as a command; None where it is words for the model, as a path is."""
    found = _WHOLE_SLASH.fullmatch(text.rstrip())
    return SlashLine(found["word"], found["rest"] or "") if found else None


class SlashWords:
    """The commands that the prompt takes."""

    def __init__(self, commands: Sequence[Slash] = ()) -> None:
        self._commands = tuple(command for command in commands if command.slash)
        self._words = Ranker([command.slash for command in self._commands])
        self._in_order = tuple(Hit(at) for at in range(len(self._commands)))

    def has(self, word: str) -> bool:
        """Whether there is a command of this word."""
        return any(command.slash == word for command in self._commands)

    def offer(self, before: str, after: str) -> Offer | None:
        """Offer commands for a text that begins with a slash."""
        found = _SLASH.fullmatch(before)
        if not found or (after and not after[0].isspace()):
            return None
        word = found["word"]
        hits = self._words.find(word, MOST) if word else self._in_order
        met = {hit.at for hit in hits}
        low = word.lower()
        by_title = [
            Hit(at)
            for at, one in enumerate(self._commands)
            if len(low) > 1 and at not in met and low in one.title.lower()
        ]
        return Offer("slash", before, tuple(self._choice(hit) for hit in (*hits, *by_title)))

    def unknown(self, word: str) -> str:
        """Say that there is no such command, and which may be meant."""
        words = [command.slash for command in self._commands]
        close = difflib.get_close_matches(word, words, 1, 0.5)
        close = close or [words[hit.at] for hit in self._words.find(word, 1)]
        said = f"There is no command /{clean_line(word, 40)}"
        said += f"; did you mean /{clean_line(close[0], 40)}?" if close else "."
        return f"{said} With a space before it, it is sent as it is."

    def _choice(self, hit: Hit) -> Choice:
        command = self._commands[hit.at]
        word = f"/{clean_line(command.slash, 40)}"
        note = clean_line(command.help or command.title)
        return Choice(word, note, word, tuple(spot + 1 for spot in hit.lit))


class FileNames:
    """The files that the prompt can name: those that were met so far."""

    def __init__(self, names: Names | None = None) -> None:
        self._names = names
        self._ranker = Ranker([name.path for name in names.names] if names else ())

    def offer(self, before: str, after: str) -> Offer | None:
        """Offer files for a word that begins with `@`."""
        found = _FILE.search(before)
        if not found or (after and not after[0].isspace() and after[0] not in ")]}>,;\"'`"):
            return None
        query = found["double"] or found["single"] or (found["bare"] or "").replace("\\ ", " ")
        if _LINES.fullmatch(query):
            return None
        if self._names is None:
            return Offer("file", found[0], (), "looking for files…")
        hits = self._ranker.find(query.removeprefix("./"), MOST)
        choices = tuple(made for hit in hits if (made := _file_choice(self._names.names[hit.at], hit)))
        return Offer("file", found[0], choices, self._foot())

    def _foot(self) -> str:
        if self._names is None or (self._names.whole and not self._names.cut):
            return ""
        number = f"{len(self._names.names):,}"
        return f"only the first {number} names are searched" if self._names.cut else f"{number} names so far…"


def offer_history(query: str, prompts: Sequence[str]) -> Offer:
    """Offer earlier prompts, the newest first."""
    choices = []
    for hit in sift(query, prompts, MOST):
        first = clean_line(prompts[hit.at], 400)
        more = prompts[hit.at].strip().count("\n")
        plain = prompts[hit.at].startswith(first)  # else the letters stand elsewhere than in the prompt
        lit = tuple(spot for spot in hit.lit if spot < len(first)) if plain else ()
        choices.append(Choice(first, f"+{more} lines" if more else "", prompts[hit.at], lit))
    return Offer("history", query, tuple(choices))


def mention(path: str) -> str:
    """Write a path so that it is read back as itself; empty where nobody could."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return ""
    word = path if path == clean(path) and not set("\n\t") & set(path) else _pattern(path)
    forms = (word.replace(" ", "\\ "), f'"{word}"', f"'{word}'")
    return next((f"@{form}" for form in forms if _read_as(form) == (word,)), "")


def _read_as(form: str) -> tuple[str, ...]:
    """Say what the corpus reads there. It is loaded for the first file: the first picture has none."""
    from tui_delegate.corpus.mentions import find_mentions

    return find_mentions(f"@{form} ")


def _pattern(path: str) -> str:
    """Make of a name with characters that can't be typed a pattern that fits it."""
    return "".join(
        "?" if clean(letter) != letter or letter in "\n\t" else f"[{letter}]" if letter in "*?[" else letter
        for letter in path
    )


def _file_choice(name: Name, hit: Hit) -> Choice | None:
    written = mention(name.path)
    if not written:
        return None
    label = " ".join(clean(name.path).splitlines())
    note = "" if name.size is None else _size(name.size)
    return Choice(label, note, written, hit.lit if label == name.path else (), name.path.endswith("/"))


def _size(size: int) -> str:
    if size < 1000:
        return f"{size} B"
    for unit in ("kB", "MB", "GB"):
        size_in = size / 1000
        if size_in < 999.5 or unit == "GB":
            return f"{size_in:.1f} {unit}" if size_in < 10 else f"{size_in:.0f} {unit}"
        size = round(size_in)
    return ""
