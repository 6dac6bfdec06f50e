"""What a replaced file held, kept beside it under the time of the change; the oldest go when there are many.

Whether a file may be replaced is not decided here.
"""

from __future__ import annotations

import os
import stat
import time
from typing import TYPE_CHECKING, Final

from tui_delegate.tools.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_delegate.tools.walk import Folder

KEPT: Final = 5
_LONGEST: Final = 255
_STAMP: Final = "%Y%m%d-%H%M%S"
_STAMP_LETTERS: Final = 15
_MOST: Final = 998
_DIGITS: Final = frozenset("0123456789")


def keep(
    folder: Folder, leaf: str, data: bytes, rights: os.stat_result, now: float, listing: Sequence[str]
) -> str:
    """Write a backup under a name that nothing has, later than all of its second, and give the name."""
    begins = _stem(leaf) + time.strftime(_STAMP, time.gmtime(now))
    others = [name.removeprefix(begins)[1:] for name in listing if name.startswith(begins)]
    count = max((int(rest or 0) + 1 for rest in others if not rest or _DIGITS.issuperset(rest)), default=0)
    with Draft(folder, rights) as draft:
        draft.fill(data)
        while True:
            name = f"{begins}-{count:03d}" if count else begins
            try:
                draft.name(name)
                return name
            except FileExistsError:
                if count > _MOST:
                    raise
                count += 1


def drop_oldest(folder: Folder, leaf: str, newest: str, listing: Sequence[str]) -> None:
    """Take away all backups of a file but the newest few. Only what has a backup's name is touched."""
    stem = _stem(leaf)
    kept = sorted(
        name for name in listing if name != newest and name.startswith(stem) and _is_stamp(name[len(stem) :])
    )
    for name in kept[: -(KEPT - 1)]:
        found = folder.inspect(name)
        if found is not None and stat.S_ISREG(found.st_mode):
            os.unlink(folder.at(name), dir_fd=folder.handle)


def _stem(leaf: str) -> str:
    ending = ".bak-"
    room = _LONGEST - len(ending) - _STAMP_LETTERS - len("-000")
    return (
        os.fsencode(leaf)[:room].decode("utf-8", "ignore") + ending
        if len(os.fsencode(leaf)) > room
        else leaf + ending
    )


def _is_stamp(text: str) -> bool:
    shape = "".join("0" if letter in _DIGITS else letter for letter in text)
    return shape in ("00000000-000000", "00000000-000000-000")
