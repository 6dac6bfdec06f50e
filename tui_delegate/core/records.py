"""The standard library's `dataclass`, `field`, `fields` and `replace`, for a process that is over in no time.

The standard decorator writes and compiles half a dozen functions for every class, which costs more than all
that a short verb does with them. Here nothing is compiled when a class is made, and an `__init__` only once
it has been called often. A type checker sees the standard ones, and the standard `fields`, `asdict`,
`replace` and `is_dataclass` work on what is made here.

Nothing that the standard ones do not do may live here. What they do beside this is refused: `order`,
`unsafe_hash`, `init=False` and the like for a whole class, `KW_ONLY`, `InitVar`, standard bases.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # importing typing for it would cost as much as fifty classes
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from dataclasses import MISSING as MISSING
    from dataclasses import dataclass as dataclass
    from dataclasses import field as field
    from dataclasses import fields as fields
    from dataclasses import is_dataclass as is_dataclass
    from dataclasses import replace as replace
    from typing import Any, Final

OFTEN: Final = 50
"""Calls after which compiling an `__init__` has paid for itself."""


class _Nothing:
    def __repr__(self) -> str:
        return "MISSING"

    def __call__(self) -> object:
        raise TypeError("there is no default to be made")


NOTHING: Final = _Nothing()
"""No default, and nothing that makes one."""


class Field:
    """What is known of one field; the names are those of the standard library."""

    __slots__ = (
        "compare", "default", "default_factory", "hash", "init", "kw_only", "metadata", "name", "repr", "type"
    )  # fmt: skip
    __hash__ = None  # type: ignore[assignment]  # then the standard decorator refuses it as a default

    name: str
    type: object
    default: object
    default_factory: Callable[[], object]
    init: bool
    repr: bool
    hash: bool | None
    """None: as it is compared."""
    compare: bool
    metadata: Mapping[str, object]
    kw_only: bool | None
    """None, until its class says it."""


class Shape:
    """What is known of one class: its fields in order, and what is made of them when it is asked for."""

    __slots__ = ("_calls", "_compared", "_keys", "_standard", "fields", "frozen", "kind", "slots")

    def __init__(self, fields: dict[str, Field], *, frozen: bool, slots: bool) -> None:
        self.kind: type = object
        self.fields = fields
        self.frozen = frozen
        self.slots = slots
        self._calls: tuple[tuple[str, ...], frozenset[str], frozenset[str]] | None = None
        self._keys: tuple[Callable[[object], object], ...] = ()
        self._compared = 0
        self._standard: type | None = None

    @property
    def calls(self) -> tuple[tuple[str, ...], frozenset[str], frozenset[str]]:
        """Names that may be given in order, those that must be given, and those that may be."""
        if self._calls is None:
            taken = [one for one in self.fields.values() if one.init]
            must = [one.name for one in taken if one.default is one.default_factory]
            self._calls = positional(taken), frozenset(must), frozenset([one.name for one in taken])
        return self._calls

    def key(self, *, hashed: bool) -> Callable[[object], object]:
        """Give what makes the value that an instance is hashed by, or compared by."""
        if len(self._keys) < 2:
            from tui_delegate.core.records_late import key

            self._keys = key(self, hashed=False), key(self, hashed=True)
        self._compared += 1
        if self._compared == OFTEN:
            from tui_delegate.core.records_late import compile_comparing

            compile_comparing(self, _eq, _hash)
        return self._keys[hashed]

    @property
    def standard(self) -> type:
        """A class of the same fields by the standard decorator, for whoever wants to look at them."""
        if self._standard is None:
            from tui_delegate.core.records_late import standard

            self._standard = standard(self)
        return self._standard

    def fill(self, made: object, args: tuple[object, ...], given: dict[str, object]) -> bool:
        """Do what an `__init__` does, unless the call is wrong."""
        names, must, may = self.calls
        if args:
            if len(args) > len(names) or not given.keys().isdisjoint(names[: len(args)]):
                return False
            given = dict(zip(names, args, strict=False)) | given
        if not must <= given.keys() <= may:
            return False
        put = object.__setattr__ if self.frozen else setattr
        for name, one in self.fields.items():
            if name in given:
                put(made, name, given[name])
            elif one.default_factory is not NOTHING:
                put(made, name, one.default_factory())
            elif one.default is not NOTHING and (one.init or self.slots):
                put(made, name, one.default)
        if hasattr(made, "__post_init__"):
            made.__post_init__()
        return True


def positional(fields: Iterable[Field]) -> tuple[str, ...]:
    """Name those that may be given without their name."""
    return tuple([one.name for one in fields if one.init and not one.kw_only])


def shape_of(kind: object) -> Shape:
    """Give the shape of a record, or of a class of records."""
    shape: Shape = kind.__record__  # type: ignore[attr-defined]
    return shape


def is_ours(kind: type) -> bool:
    """Whether its fields are declared here; the standard decorator may have added some, one class below."""
    for base in kind.__mro__:
        if "__dataclass_fields__" in base.__dict__:
            return "__record__" in base.__dict__
    return False


def _fields_of(of: object) -> tuple[Any, ...]:
    if is_ours(of if isinstance(of, type) else type(of)):
        return tuple(shape_of(of).fields.values())
    import dataclasses

    return dataclasses.fields(of)  # type: ignore[arg-type]


def _is_record(of: object) -> bool:
    kind = of if isinstance(of, type) else type(of)
    return hasattr(kind, "__record__") or hasattr(kind, "__dataclass_fields__")


def _describe(
    *,
    default: object = NOTHING,
    default_factory: Callable[[], object] = NOTHING,
    init: bool = True,
    repr: bool = True,
    hash: bool | None = None,
    compare: bool = True,
    metadata: Mapping[str, object] | None = None,
    kw_only: bool | None = None,
) -> Field:
    if default is not NOTHING and default_factory is not NOTHING:
        raise ValueError("cannot specify both default and default_factory")
    one = Field()
    one.default, one.default_factory = default, default_factory
    one.init, one.repr, one.hash, one.compare = init, repr, hash, compare
    one.metadata, one.kw_only = metadata or {}, kw_only
    return one


def _change(record: object, /, **changes: object) -> object:
    if isinstance(record, type) or not is_ours(type(record)):
        import dataclasses

        return dataclasses.replace(record, **changes)  # type: ignore[type-var]
    shape = shape_of(record)
    taken = shape.calls[2]
    if len(taken) < len(shape.fields) and (wrong := (changes.keys() & shape.fields.keys()) - taken):
        raise ValueError(f"field {min(wrong)} is declared with init=False, it cannot be given to replace()")
    return type(record)(**{name: getattr(record, name) for name in taken} | changes)


def _decorate(
    kind: type | None = None,
    /,
    *,
    eq: bool = True,
    frozen: bool = False,
    kw_only: bool = False,
    slots: bool = False,
) -> object:
    if kind is None:
        return lambda kind: _make(kind, eq, frozen, kw_only, slots)
    return _make(kind, eq, frozen, kw_only, slots)


def _make(kind: type, eq: bool, frozen: bool, kw_only: bool, slots: bool) -> type:
    shape = Shape(_fields(kind, frozen, kw_only), frozen=frozen, slots=slots)
    body = vars(kind)
    added = {name: value for name, value in _methods(shape, eq).items() if name not in body}
    if eq and (body.get("__hash__") is None):
        added["__hash__"] = _hash if frozen else None
    if frozen:
        if "__setattr__" in body or "__delattr__" in body:
            raise TypeError(f"{kind.__name__} has its own __setattr__ or __delattr__: it can't be frozen")
        added |= _FROZEN if not slots else _FROZEN | {n: v for n, v in _STATE.items() if n not in body}
    added["__record__"] = shape
    if slots:
        kind = _with_slots(kind, shape.fields, added)
    else:
        for name, value in added.items():
            setattr(kind, name, value)
    shape.kind = kind
    return kind


def _methods(shape: Shape, eq: bool) -> dict[str, object]:
    names = positional(shape.fields.values())
    made = _SHARED | {"__init__": _first_init(shape), "__match_args__": names}
    return made | {"__eq__": _eq} if eq else made


def _fields(kind: type, frozen: bool, kw_only: bool) -> dict[str, Field]:
    found: dict[str, Field] = {}
    for base in kind.__mro__[-2:0:-1]:
        shape = base.__dict__.get("__record__")
        if shape is None:
            if "__dataclass_fields__" in base.__dict__:
                raise TypeError(f"{base.__name__} is a dataclass of the standard library, and no base here")
            continue
        if shape.frozen is not frozen:
            raise TypeError("cannot inherit a frozen dataclass from a non-frozen one, or the other way")
        found |= shape.fields
    hints = kind.__annotations__
    for name, hint in hints.items():
        if not _is_of_class(hint):
            found[name] = _own_field(kind, name, hint, kw_only)
    for name, value in kind.__dict__.items():
        if type(value) is Field and name not in hints:
            raise TypeError(f"{name!r} is a field but has no type annotation")
    _check_order(found)
    return found


def _own_field(kind: type, name: str, hint: object, kw_only: bool) -> Field:
    value = getattr(kind, name, NOTHING)
    if type(value) is Field:
        one = value
        if one.default is NOTHING:
            delattr(kind, name)
        else:
            setattr(kind, name, one.default)
    else:
        one = _describe(default=NOTHING if type(value) is _Slot else value)
    one.name, one.type = name, hint
    one.kw_only = kw_only if one.kw_only is None else one.kw_only
    if type(one.default).__hash__ is None:
        raise ValueError(f"mutable default {type(one.default)} for field {name} is not allowed")
    if type(one.default).__module__ == "dataclasses":
        raise TypeError(f"{name}: a field() of the standard library, which means nothing here")
    return one


def _check_order(fields: dict[str, Field]) -> None:
    seen = ""
    for name, one in fields.items():
        if one.init and not one.kw_only:
            if one.default is not one.default_factory:
                seen = name
            elif seen:
                raise TypeError(f"non-default argument {name!r} follows default argument {seen!r}")


def _is_of_class(hint: object) -> bool:
    """Whether a field's type says that it is the class's, not its instances'."""
    if isinstance(hint, str):
        if hint.startswith(("InitVar", "dataclasses.InitVar", "KW_ONLY", "dataclasses.KW_ONLY")):
            raise TypeError(f"{hint} means nothing here")
        return hint.startswith(("ClassVar", "typing.ClassVar"))
    typing = sys.modules.get("typing")  # whoever has a ClassVar has loaded it
    return typing is not None and typing.ClassVar in (hint, getattr(hint, "__origin__", None))


def _with_slots(kind: type, fields: dict[str, Field], added: dict[str, object]) -> type:
    """Make the class again, as only a new one can have slots."""
    if "__slots__" in kind.__dict__:
        raise TypeError(f"{kind.__name__} already specifies __slots__")
    taken: set[str] = set()
    for base in kind.__mro__[1:-1]:
        slots = base.__dict__.get("__slots__", ())
        taken.update((slots,) if isinstance(slots, str) else slots)
    body = {name: value for name, value in kind.__dict__.items() if name not in fields}
    body.pop("__dict__", None)
    body.pop("__weakref__", None)
    body["__slots__"] = tuple([name for name in fields if name not in taken])
    body["__qualname__"] = kind.__qualname__
    return type(kind)(kind.__name__, kind.__bases__, body | added)


def _first_init(shape: Shape) -> Callable[..., None]:
    """Make an `__init__` that works without having been compiled, and sees to it when it pays."""
    left = OFTEN

    def __init__(self: object, /, *args: object, **given: object) -> None:
        nonlocal left
        left -= 1
        if left >= 0 and shape.fill(self, args, given):
            return
        from tui_delegate.core.records_late import init

        compiled = init(shape)
        if shape.kind.__dict__["__init__"] is __init__:
            shape.kind.__init__ = compiled  # type: ignore[misc]
        compiled(self, *args, **given)

    return __init__


def _eq(self: object, other: object) -> bool:
    if other.__class__ is not self.__class__:
        return NotImplemented  # type: ignore[no-any-return]
    key = shape_of(self).key(hashed=False)
    return bool(key(self) == key(other))


def _hash(self: object) -> int:
    return hash(shape_of(self).key(hashed=True)(self))


def _repr(self: object) -> str:
    from tui_delegate.core.records_late import shown

    return shown(self, shape_of(self))


def _getstate(self: object) -> list[object]:
    from tui_delegate.core.records_late import names_of

    return [getattr(self, name) for name in names_of(self)]


def _setstate(self: object, state: list[object]) -> None:
    from tui_delegate.core.records_late import names_of

    for name, value in zip(names_of(self), state, strict=True):
        object.__setattr__(self, name, value)


def _refuse_set(self: object, name: str, value: object) -> None:
    from tui_delegate.core.records_late import refuse

    refuse(self, name, "assign to")
    object.__setattr__(self, name, value)


def _refuse_delete(self: object, name: str) -> None:
    from tui_delegate.core.records_late import refuse

    refuse(self, name, "delete")
    object.__delattr__(self, name)


class _Standard:
    """What the standard library looks for in a class, made when it does."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, kind: type) -> object:
        value: object = getattr(shape_of(kind).standard, self._name)
        return value


_Slot: Final = type(vars(Field)["name"])
_FROZEN: Final[dict[str, object]] = {"__setattr__": _refuse_set, "__delattr__": _refuse_delete}
_STATE: Final[dict[str, object]] = {"__getstate__": _getstate, "__setstate__": _setstate}
_SHARED: Final[dict[str, object]] = {
    "__repr__": _repr,
    "__replace__": _change,
    "__dataclass_fields__": _Standard("__dataclass_fields__"),
    "__dataclass_params__": _Standard("__dataclass_params__"),
}

if not TYPE_CHECKING:
    MISSING = NOTHING
    dataclass, field, fields, is_dataclass, replace = _decorate, _describe, _fields_of, _is_record, _change
