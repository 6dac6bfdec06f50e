"""The ends of lines: what replaces a file takes over the way in which the file ended its lines.

Bytes in, bytes out. Which file is replaced, and whether it may be, is not known here.
"""

from __future__ import annotations

from typing import Final

_MARK: Final = b"\xef\xbb\xbf"


def like(data: bytes, before: bytes | None) -> bytes:
    """Give new bytes the line ends and the byte order mark of the old ones. What isn't text stays."""
    if before is None or b"\0" in data or b"\0" in before:
        return data
    whole = before.count(b"\r\n")
    bare = before.count(b"\n") - whole
    if whole and not bare:
        data = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    elif bare and not whole:
        data = data.replace(b"\r\n", b"\n")
    if data and before.startswith(_MARK) and not data.startswith(_MARK):
        data = _MARK + data
    return data
