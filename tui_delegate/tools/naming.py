"""Whether a name may be a file's: judged by its letters alone, before any disk is looked at.

What lies behind a name, and whether it may be written to, is not asked here.
"""

from __future__ import annotations

import os
import sys
from typing import Final

from tui_delegate.core.clean import clean, clean_line
from tui_delegate.core.errors import BadTarget, MissingTarget

LONGEST_PART: Final = 255
LONGEST_PATH: Final = 1023 if sys.platform == "darwin" else 4095
_NO_PART: Final = "Give a shorter name."
_RESERVED: Final = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"}
)


def judge(name: str | None) -> str:
    """Give the name back if it may be a file's; else say why not."""
    if name is None or not name.strip():
        raise MissingTarget("There is no target.", "Name the file to write: --target FILE (or use --stdout).")
    for reason, hint in _reasons(name):
        raise BadTarget(f"{clean_line(name)!r} can't be the target: {reason}.", hint)
    return name


def parts_of(path: str) -> list[str]:
    """Take a path apart; what says nothing is left out."""
    return [part for part in path.replace(os.sep, "/").split("/") if part not in ("", ".")]


def judge_length(path: str) -> None:
    """Refuse what no file system holds, before anything is spent on it."""
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise BadTarget(f"The target's path has more than {LONGEST_PATH} bytes.", _NO_PART)
    for part in parts_of(path):
        if len(os.fsencode(part)) > LONGEST_PART:
            raise BadTarget(f"{clean_line(part, 40)!r} has more than {LONGEST_PART} bytes.", _NO_PART)


def _reasons(name: str) -> list[tuple[str, str]]:
    found = []
    if _holds_unseen(name):
        found.append(("it holds a character that can't be seen", "Write the name with plain letters."))
    elif "://" in name or name.casefold().startswith("file:"):
        found.append(("it is an address, not a file's name", "Give a path."))
    elif name.startswith("~") and ("/" in name or name == "~"):
        found.append(("~ is not read here", "Write your home folder out, or ./~/… if that is the name."))
    elif os.sep == "/" and "\\" in name:
        found.append(("it holds a backslash", "Put / between folders."))
    elif os.sep == "\\" and (bad := bad_on_windows(name)):
        found.append((f"{clean_line(bad)!r} can't be a name here", "Choose another."))
    return found


def _holds_unseen(name: str) -> bool:
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return True
    # Bytes that are no UTF-8 come as half characters: an old name, which must still be told from a trick.
    plain = "".join(letter for letter in name if not "\udc80" <= letter <= "\udcff")
    return clean(plain) != plain or any(letter in plain for letter in "\n\t\u2028\u2029\xad\u200b\u2060")


def bad_on_windows(name: str) -> str:
    """Give the part of a name that Windows would read as something else, or refuse."""
    for part in parts_of(os.path.splitdrive(name)[1]):
        stem = part.split(".")[0].rstrip().casefold()
        if part != ".." and (
            stem in _RESERVED or part[-1] in ". " or any(sign in part for sign in '<>:"|?*')
        ):
            return part
    return ""
