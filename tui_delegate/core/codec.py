"""Events to JSON objects and back, for the journal, `--events` and whoever follows another process.

The form is made from the dataclasses themselves, so a new event needs nothing here. What comes back is
checked: a stored event of an unknown kind or shape is a BadEvent, never a half-made value.
"""

from __future__ import annotations

import types
import typing
from typing import TYPE_CHECKING, cast

from tui_delegate.core import calls, events, limits, messages, usage
from tui_delegate.core.records import MISSING, fields, is_dataclass, replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_delegate.core.events import Event

KINDS: dict[str, type[Event]] = {kind.__name__.lower(): kind for kind in typing.get_args(events.Event)}
_NAMES = {**vars(calls), **vars(usage), **vars(limits), **vars(messages), **vars(events)}

_PLAIN = frozenset((str, int, float, bool, type(None)))
Decode = typing.Callable[[object], object]
_DEFAULTS: dict[type, tuple[tuple[str, object], ...]] = {}
_RECORDS: dict[type, Decode] = {}


_COMMON = ("path", "at", "attempt")


class BadEvent(ValueError):
    """A stored object that is no event of ours."""


def encode(event: Event) -> dict[str, object]:
    """Make a JSON object of an event. Fields at their defaults are left out, but for the path."""
    return {
        "event": type(event).__name__.lower(),
        "path": list(event.path),
        **_encode_fields(event, without=("path",)),
    }


def encode_rest(event: Event) -> dict[str, object]:
    """Make a JSON object of what an event has beside its kind, its path, its time and its attempt."""
    return _encode_fields(event, without=_COMMON)


def decode(data: object) -> Event:
    """Make the event again."""
    if not isinstance(data, dict) or not isinstance(kind := data.get("event"), str) or kind not in KINDS:
        raise BadEvent(f"not an event: {_seen(data)}")
    body = {key: value for key, value in data.items() if key != "event"}
    return cast("Event", _record_decoder(KINDS[kind])(body))


def without_text(event: Event) -> Event:
    """Make the same event with nothing left of what was said."""
    return cast("Event", _strip(event))


def _strip(value: object) -> object:
    if isinstance(value, tuple):
        return tuple(_strip(item) for item in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changes: dict[str, object] = {}
    for field in fields(value):
        before = getattr(value, field.name)
        after = type(before)() if field.metadata.get("text") else _strip(before)
        if after != before:
            changes[field.name] = after
    return replace(value, **changes) if changes else value


def _encode(value: object) -> object:
    if isinstance(value, str | int | float):  # of a kind of its own: an enum's
        return value
    if isinstance(value, tuple):
        return [_encode(item) for item in value]
    return _encode_fields(value)


def _encode_fields(value: object, without: tuple[str, ...] = ()) -> dict[str, object]:
    out: dict[str, object] = {}
    for name, default in _defaults(type(value)):
        item = getattr(value, name)
        if item is default or name in without or (item == default and default is not MISSING):
            continue
        out[name] = item if type(item) in _PLAIN else _encode(item)
    return out


def _defaults(kind: type) -> tuple[tuple[str, object], ...]:
    if kind not in _DEFAULTS:
        _DEFAULTS[kind] = tuple((field.name, field.default) for field in fields(kind))
    return _DEFAULTS[kind]


def _record_decoder(kind: type) -> Decode:
    if kind not in _RECORDS:
        _RECORDS[kind] = _make_record_decoder(kind)
    return _RECORDS[kind]


def _make_record_decoder(kind: type) -> Decode:
    hints = typing.get_type_hints(kind, _NAMES)
    decoders = {field.name: _decoder(hints[field.name]) for field in fields(kind)}

    def record(value: object) -> object:
        if not isinstance(value, dict):
            raise BadEvent(f"{kind.__name__}: an object is wanted")
        try:
            return kind(**{name: decoders[name](item) for name, item in value.items()})
        except (KeyError, TypeError) as error:
            raise BadEvent(f"{kind.__name__}: {error}") from error

    return record


def _decoder(hint: object) -> Decode:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _either([_decoder(arg) for arg in args])
    if origin is typing.Literal:
        return _one_of(args)
    if origin is tuple:
        return _many(_decoder(args[0]))
    if hint is type(None):
        return _one_of((None,))
    assert isinstance(hint, type), hint
    if is_dataclass(hint):
        return _record_decoder(hint)
    return _plain(hint)


def _plain(kind: type) -> Decode:
    def plain(value: object) -> object:
        if kind is float and type(value) is int and abs(value) < 2**1000:
            return float(value)
        if type(value) is not kind:
            raise BadEvent(f"{kind.__name__} wanted, {_seen(value)} found")
        return value

    return plain


def _one_of(choices: tuple[object, ...]) -> Decode:
    def one_of(value: object) -> object:
        if value not in choices:
            raise BadEvent(f"one of {choices} wanted, {_seen(value)} found")
        return value

    return one_of


def _seen(value: object) -> str:
    """Name what was found. Only a text is shown: a deep list or a huge number can't be written at all."""
    return repr(value[:40]) if isinstance(value, str) else type(value).__name__


def _many(each: Decode) -> Decode:
    def many(value: object) -> object:
        if not isinstance(value, list):
            raise BadEvent("a list is wanted")
        return tuple(each(item) for item in value)

    return many


def _either(choices: list[Callable[[object], object]]) -> Decode:
    def either(value: object) -> object:
        for choice in choices:
            try:
                return choice(value)
            except BadEvent:
                continue
        raise BadEvent(f"nothing fits {_seen(value)}")

    return either
