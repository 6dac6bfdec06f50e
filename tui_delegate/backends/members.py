"""Reads members out of JSON that may be anything: what is absent or of another type reads as nothing.

Every edge where a server's JSON becomes a value of ours stands on these. Nothing here knows a server.
"""

from __future__ import annotations


def member(value: object, *path: str) -> object:
    """Follow keys down through objects; None where the way ends."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def text(value: object, *path: str) -> str:
    """Read a string; empty where there is none."""
    found = member(value, *path)
    return found if isinstance(found, str) else ""


def whole(value: object, *path: str) -> int | None:
    """Read a whole number that is not negative."""
    found = member(value, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None


def number(value: object, *path: str) -> float | None:
    """Read any number."""
    found = member(value, *path)
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def truth(value: object, *path: str) -> bool:
    """Read a flag; whatever is not `true` is false."""
    return member(value, *path) is True


def items(value: object, *path: str) -> tuple[object, ...]:
    """Read a list; empty where there is none."""
    found = member(value, *path)
    return tuple(found) if isinstance(found, list) else ()


def words(value: object, *path: str) -> tuple[str, ...]:
    """Read a list of strings, and of it the strings."""
    return tuple(item for item in items(value, *path) if isinstance(item, str))


def amount(count: int | None) -> str:
    """Write a parameter count as people do: `4.0B`, `329K`."""
    if not count:
        return ""
    for unit, letter in ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "K")):
        if count >= unit:
            size = count / unit
            return f"{size:.1f}{letter}" if size < 10 else f"{size:.0f}{letter}"
    return str(count)
