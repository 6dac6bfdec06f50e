"""Teaches Textual's reader the alt keys of terminals that send them as escape and a letter.

Without it `alt+enter` arrives as `enter`, and two quick `alt+f` put `^f` into the text. The one place that
touches Textual's table of sequences.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, cast

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS

if TYPE_CHECKING:
    from textual.keys import Keys


class AltKeys(Enum):
    """Keys by their names in bindings."""

    ENTER = "alt+enter"
    BACKSPACE = "alt+backspace"
    BACK = "alt+b"
    DELETE = "alt+d"
    FORWARD = "alt+f"
    YANK = "alt+y"


SEQUENCES: Final = {
    "\x1b\r": AltKeys.ENTER,
    "\x1b\n": AltKeys.ENTER,
    "\x1b\x7f": AltKeys.BACKSPACE,
    "\x1bb": AltKeys.BACK,
    "\x1bd": AltKeys.DELETE,
    "\x1bf": AltKeys.FORWARD,
    "\x1by": AltKeys.YANK,
}


def teach_alt_keys() -> None:
    """Enter the sequences; to do it twice changes nothing."""
    table = cast("dict[str, tuple[Keys, ...]]", ANSI_SEQUENCES_KEYS)
    table.update({sequence: (cast("Keys", key),) for sequence, key in SEQUENCES.items()})
