"""Limits from the command line: `max_uses=3`, checked like the same key in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import ConfigError, InputError
from tui_delegate.core.limits import Limits
from tui_delegate.profiles.keys import KEYS, limits
from tui_delegate.profiles.table import Source, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def with_limits(under: Limits, flags: Sequence[str]) -> Limits:
    """Lay `name=value` words over limits; `none` takes a bound away that need not be there."""
    values: dict[str, object] = {name: getattr(under, name) for name in KEYS["limits"]}
    for flag in flags:
        name, equals, told = (part.strip() for part in flag.partition("="))
        if not equals or not told:
            raise InputError(f"--limit {clean_line(flag, 60)!r} is not name=value.", _known())
        may_go = told.casefold() == "none" and getattr(Limits(), name, 0) is None
        values[name] = None if may_go else _value(told)
    try:
        return limits(Table(Source("--limit"), "", values, KEYS["limits"]))
    except ConfigError as error:
        raise InputError(error.message, _known()) from None


def _value(told: str) -> object:
    if told.casefold() in _WORDS:
        return _WORDS[told.casefold()]
    if told.isascii() and told.isdigit() and len(told) < 20:
        return int(told)
    try:
        return float(told)
    except ValueError:
        return told


def _known() -> str:
    return f"Limits: {', '.join(KEYS['limits'])}."
