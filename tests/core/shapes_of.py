"""Values of every event kind, drawn from the dataclasses themselves: a new event needs nothing here."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass

from hypothesis import strategies as st

from tui_delegate.core import calls, events, limits, messages, usage
from tui_delegate.core.codec import KINDS
from tui_delegate.core.events import Event

NAMES = {**vars(calls), **vars(usage), **vars(limits), **vars(messages), **vars(events)}
WORDS = st.text(max_size=12)
PATHS = st.lists(st.integers(0, 3), max_size=3).map(tuple)
PLAIN: dict[object, st.SearchStrategy[object]] = {
    str: WORDS,
    int: st.integers(0, 2**40),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    type(None): st.none(),
}


def some(hint: object) -> st.SearchStrategy[object]:
    """Draw values of one annotated type."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return st.one_of([some(arg) for arg in args])
    if origin is typing.Literal:
        return st.sampled_from(args)
    if origin is tuple:
        return st.lists(some(args[0]), max_size=2).map(tuple)
    if isinstance(hint, type) and is_dataclass(hint):
        return records(hint)
    return PLAIN[hint]


def records(kind: type) -> st.SearchStrategy[object]:
    """Draw values of a dataclass, with all of its fields drawn or left at their defaults."""
    hints = typing.get_type_hints(kind, NAMES)
    wanted: dict[str, st.SearchStrategy[object]] = {}
    optional: dict[str, st.SearchStrategy[object]] = {}
    for field in fields(kind):
        drawn: st.SearchStrategy[object] = PATHS if field.name == "path" else some(hints[field.name])
        has_default = field.default is not MISSING or field.default_factory is not MISSING
        (optional if has_default else wanted)[field.name] = drawn
    return st.fixed_dictionaries(wanted, optional=optional).map(lambda values: kind(**values))


EVENTS = typing.cast(
    "st.SearchStrategy[Event]", st.one_of([records(kind) for _, kind in sorted(KINDS.items())])
)


def planted(kind: type, word: str, leave: Callable[[type, Field[object]], bool]) -> object:
    """Make a value with `word` in every field of text, but for those that are left as they would be."""
    hints = typing.get_type_hints(kind, NAMES)
    values: dict[str, object] = {}
    for field in fields(kind):
        values[field.name] = _planted(hints[field.name], word, leave, plain=leave(kind, field))
    return kind(**values)


def _planted(hint: object, word: str, leave: Callable[[type, Field[object]], bool], *, plain: bool) -> object:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _planted(args[0], word, leave, plain=plain)
    if origin is typing.Literal:
        return args[0]
    if origin is tuple:
        return (_planted(args[0], word, leave, plain=plain),)
    if isinstance(hint, type) and is_dataclass(hint):
        return planted(hint, word, leave)
    if hint is str:
        return "left" if plain else word
    return 1.0 if hint is float else hint is bool or 1
