"""Mends what Textual reads from a terminal: alt keys that come as escape and a letter, escapes in a paste.

Without it `alt+enter` arrives as `enter`, two quick `alt+f` put `^f` into the text, and what stands behind an
escape character in a paste is taken for keys: a line end in it would send the prompt. The one place that
touches Textual's reader.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, Final, cast
from weakref import WeakKeyDictionary

from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser

from tui_delegate.core.clean import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual.keys import Keys

BEGINS: Final = "\x1b[200~"
ENDS: Final = "\x1b[201~"


class AltKeys(Enum):
    """Keys by their names in bindings."""

    ENTER = "alt+enter"
    BACKSPACE = "alt+backspace"
    BACK = "alt+b"
    DELETE = "alt+d"
    FORWARD = "alt+f"
    YANK = "alt+y"
    ONE = "alt+1"
    TWO = "alt+2"
    THREE = "alt+3"
    FOUR = "alt+4"
    FIVE = "alt+5"
    SIX = "alt+6"
    SEVEN = "alt+7"
    EIGHT = "alt+8"
    NINE = "alt+9"


SEQUENCES: Final = {
    "\x1b\r": AltKeys.ENTER,
    "\x1b\n": AltKeys.ENTER,
    "\x1b\x7f": AltKeys.BACKSPACE,
    "\x1bb": AltKeys.BACK,
    "\x1bd": AltKeys.DELETE,
    "\x1bf": AltKeys.FORWARD,
    "\x1by": AltKeys.YANK,
    **{f"\x1b{digit}": AltKeys(f"alt+{digit}") for digit in range(1, 10)},
}


class PasteFilter:
    """Leaves no escape character in what is pasted, and every one elsewhere, however the bytes are cut.

    A sequence keeps its beginning as the one character that means the same, so that it can be cleaned whole.
    """

    def __init__(self) -> None:
        self._pasting = False
        self._held = ""

    def feed(self, data: str) -> str:
        """Give what may be read now. Outside of a paste nothing is held back: an escape is a key."""
        passed = []
        while data:
            if self._pasting:
                data, self._held = self._held + data, ""
                inside, ends, data = data.partition(ENDS)
                self._pasting = not ends
                if not ends and (begun := _begun(inside, ENDS)):
                    inside, self._held = inside[:-begun], inside[-begun:]
                passed.append(_without_escapes(inside) + ends)
            else:
                before, begins, data = (self._held + data).partition(BEGINS)
                new = (before + begins)[len(self._held) :]
                self._pasting = bool(begins)
                begun = 0 if begins else _begun(before, BEGINS)
                self._held = before[-begun:] if begun else ""  # was passed on: only remembered
                passed.append(new)
        return "".join(passed)


def _without_escapes(text: str) -> str:
    for two, one in (("\x1b[", "\x9b"), ("\x1b]", "\x9d"), ("\x1bP", "\x90"), ("\x1b", "")):
        text = text.replace(two, one)
    return text


def _begun(text: str, mark: str) -> int:
    """Say how many letters at the end may be the beginning of a mark."""
    return next((size for size in range(len(mark) - 1, 0, -1) if text.endswith(mark[:size])), 0)


_filters: WeakKeyDictionary[XTermParser, PasteFilter] = WeakKeyDictionary()
_feed: Final = cast("Callable[[XTermParser, str], Iterable[Any]]", XTermParser.feed)


def _feed_filtered(self: XTermParser, data: str) -> Iterable[Any]:
    """Feed what is left of the data; nothing at all would be the end of the input."""
    left = _filters.setdefault(self, PasteFilter()).feed(data)
    for event in _feed(self, left) if left or not data else ():
        yield events.Paste(clean(event.text)) if isinstance(event, events.Paste) else event


def mend_reader() -> None:
    """Enter the sequences and the filter; to do it twice changes nothing."""
    table = cast("dict[str, tuple[Keys, ...]]", ANSI_SEQUENCES_KEYS)
    table.update({sequence: (cast("Keys", key),) for sequence, key in SEQUENCES.items()})
    XTermParser.feed = _feed_filtered  # type: ignore[method-assign]
