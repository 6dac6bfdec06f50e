"""One table of the file, taken apart key by key: each value is what it should be, or one line says why not.

No table's own keys are known here. A message never holds a value: any of them may be a secret.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NoReturn

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

NAME = r"[^\W_][\w ._-]{0,63}"
"""What a profile, an agent, a team or a tool may be called."""

_UNSEEN = "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"


def nearest(word: str, known: Iterable[str]) -> str:
    """Say which known name was probably meant, or list them all."""
    names = list(known)
    import difflib

    close = difflib.get_close_matches(word, names, 1, 0.6)
    if close:
        return f"Did you mean {close[0]}?"
    return f"Known: {', '.join(names)}." if names else ""


def _holds_unseen(text: str) -> bool:
    return not text.isprintable() and re.search(_UNSEEN, text) is not None


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


class Source:
    """The file that is being read, and what there is to warn of."""

    __slots__ = ("broken", "file", "lenient", "warnings")

    def __init__(self, file: str, lenient: bool = False, warnings: list[str] | None = None) -> None:
        self.file = file
        self.lenient = lenient
        """Whether an unknown key is only warned of, and a wrong profile too: another program's file."""
        self.broken: dict[str, tuple[str, str]] = {}
        """What is wrong with each profile that is only warned of, and a hint."""
        self.warnings: list[str] = [] if warnings is None else warnings

    def refuse(self, table: str, key: str, problem: str, hint: str = "") -> NoReturn:
        """Raise the one line that names file, table and key."""
        place = f"[{clean_line(table, 80)}] " if table else ""
        raise ConfigError(f"{self.file}: {place}{clean_line(key, 60)}: {problem}", hint)

    def leave_out(self, name: str, error: ConfigError) -> None:
        """Do without a profile, and say so; in our own file nothing is done without. Raises the error."""
        if not self.lenient:
            raise error
        self.broken[name] = error.message, error.hint
        self.warnings.append(f"{error.message}: profile {clean_line(name, 60)} is left out")


class Table:
    """A table and its place in the file. Its keys are checked when it is made."""

    __slots__ = ("known", "name", "source", "values")

    def __init__(self, source: Source, name: str, values: Mapping[str, object], known: Sequence[str]) -> None:
        self.source = source
        self.name = name
        self.values = values
        self.known = known
        for key in self.values:
            if key not in self.known:
                self._unknown(key)

    def _unknown(self, key: str) -> None:
        hint = nearest(key, self.known)
        if not self.source.lenient:
            self.refuse(key, f"is not a key here. {hint}")
        place = f"[{clean_line(self.name, 80)}] " if self.name else ""
        warning = f"{self.source.file}: {place}{clean_line(key, 60)}: is not a key here, left alone"
        if warning not in self.source.warnings:  # a table that goes over a built-in one is made twice
            self.source.warnings.append(warning)

    def refuse(self, key: str, problem: str, hint: str = "") -> NoReturn:
        """Refuse a key of this table."""
        self.source.refuse(self.name, key, problem, hint)

    def table(self, key: str, known: Sequence[str]) -> Table:
        """Give a table of known keys; an empty one where it isn't there."""
        full = f"{self.name}.{key}" if self.name else key
        return Table(self.source, full, self.mapping(key), known)

    def mapping(self, key: str) -> Mapping[str, object]:
        """Give a table whose keys are names."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            self.refuse(key, "must be a table")
        return {str(name): item for name, item in value.items()}

    def named(self, key: str, known: Sequence[str]) -> dict[str, Table]:
        """Give the tables under a key: `[profiles.a]`, `[profiles.b]`."""
        found = {}
        for name, value in self.mapping(key).items():
            try:
                found[name] = self._named(key, name, value, known)
            except ConfigError as error:
                if key != "profiles":
                    raise
                self.source.leave_out(name, error)
        return found

    def _named(self, key: str, name: str, value: object, known: Sequence[str]) -> Table:
        if not re.fullmatch(NAME, name) or name != name.strip():
            self.source.refuse(
                f"{key}.{name}",
                "the name",
                "must begin with a letter or digit; then letters, digits, spaces and . _ - may follow",
            )
        if not isinstance(value, dict):
            self.source.refuse(key, name, f"must be a table: [{key}.{name}]")
        return Table(self.source, f"{key}.{name}", value, known)

    def text(self, key: str, *, multiline: bool = False) -> str:
        """Give a string; empty where it isn't there."""
        value = self.values.get(key, "")
        if not isinstance(value, str):
            self.refuse(key, "must be a string")
        if _holds_unseen(value.replace("\n", "").replace("\t", "") if multiline else value):
            self.refuse(key, "holds a line break or another control character")
        return value if multiline else value.strip()

    def texts(self, key: str) -> tuple[str, ...]:
        """Give a list of strings."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.refuse(key, "must be a list of strings")
        if any(not item.strip() or _holds_unseen(item) for item in value):
            self.refuse(key, "holds an empty string or a control character")
        return tuple(item.strip() for item in value)

    def flag(self, key: str, usual: bool) -> bool:
        """Give a truth value."""
        value = self.values.get(key, usual)
        if not isinstance(value, bool):
            self.refuse(key, "must be true or false")
        return value

    def number(self, key: str, *, zero: bool) -> float | None:
        """Give a finite number, 0 or above; None where it isn't there."""
        value = self.values.get(key)
        if value is None:
            return None
        wanted = "must be a number, 0 or above" if zero else "must be a number above 0"
        if self.source.lenient and isinstance(value, str):  # agent-delegate reads "120" too
            value = _float(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(key, wanted)
        if not (0 <= value <= 1e15 and math.isfinite(value)) or (value == 0 and not zero):
            self.refuse(key, wanted)
        return float(value)

    def whole(self, key: str, least: int) -> int | None:
        """Give a whole number; None where it isn't there."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= 10**12:
            self.refuse(key, f"must be a whole number, {least} or above")
        return value

    def choice(self, key: str, choices: Sequence[str], usual: str) -> str:
        """Give one of a few words."""
        value = self.text(key) or usual
        if value not in choices:
            self.refuse(key, f"must be one of {', '.join(choices)}")
        return value
