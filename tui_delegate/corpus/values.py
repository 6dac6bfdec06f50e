"""How much may be handed on, and what was left out, as values. Nothing is read here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui_delegate.core.errors import ConfigError
from tui_delegate.core.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_FILE_BYTES: Final = 750_000
MAX_CORPUS_BYTES: Final = 3_000_000
MOST_PARTS: Final = 32
"""So many times the usual bytes may be read where they are sent in parts."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may be handed on: a file's bytes, all bytes, all tokens."""

    file_bytes: int = MAX_FILE_BYTES
    total_bytes: int = MAX_CORPUS_BYTES
    tokens: int | None = None

    @classmethod
    def of_environ(cls, environ: Mapping[str, str], tokens: int | None = None) -> Bounds:
        """Read the bounds that the environment sets."""
        return cls(
            _bytes(environ, "AGENT_DELEGATE_MAX_FILE_BYTES", MAX_FILE_BYTES),
            _bytes(environ, "AGENT_DELEGATE_MAX_CORPUS_BYTES", MAX_CORPUS_BYTES),
            tokens,
        )

    def in_parts(self) -> Bounds:
        """Give the bounds of what is sent in parts: each part may have the bytes of a whole corpus."""
        most = MOST_PARTS * self.total_bytes
        return Bounds(most, most, self.tokens)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file or folder that was met and not taken."""

    name: str
    why: str
    wanted: bool = False
    """A text that a person would expect to be there: whoever sends the rest says so, asked or not."""


def say_left_out(left: list[LeftOut], most: int = 5) -> str:
    """Put what was left out into one line."""
    words = [f"{item.name} ({item.why})" for item in left[:most]]
    if len(left) > most:
        words.append(f"{len(left) - most} more")
    return ", ".join(words)


def _bytes(environ: Mapping[str, str], name: str, usual: int) -> int:
    told = environ.get(name, "").strip()
    if not told:
        return usual
    if not (told.isascii() and told.isdigit() and len(told) < 16 and int(told) > 0):
        raise ConfigError(f"{name} must be a whole number above 0.", f"Usual: {usual}.")
    return int(told)
