"""What a record needs only when it is made often, shown, or looked at by the standard library.

Loaded by `records` alone, when that is so: a short verb does without it.
"""

from __future__ import annotations

from _thread import get_ident

from tui_delegate.core.records import NOTHING, is_ours, shape_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from tui_delegate.core.records import Field, Shape

_showing: set[tuple[int, int]] = set()


def init(shape: Shape) -> Callable[..., None]:
    """Compile the `__init__` of a class."""
    me = "self" if "self" not in shape.fields else "self_"
    known: dict[str, object] = {"_missing": NOTHING, "_set": object.__setattr__}
    body = list(_assignments(shape, me, known))
    if hasattr(shape.kind, "__post_init__"):
        body.append(f"{me}.__post_init__()")
    taken = [one for one in shape.fields.values() if one.init]
    words = [me, *(_parameter(one, known) for one in taken if not one.kw_only)]
    named = [_parameter(one, known) for one in taken if one.kw_only]
    words += ["*", *named] if named else []
    source = f"def __init__({', '.join(words)}):\n " + "\n ".join(body or ["pass"])
    exec(source, known)
    made: Any = known["__init__"]
    made.__qualname__ = f"{shape.kind.__qualname__}.__init__"
    made.__module__ = shape.kind.__module__
    return made  # type: ignore[no-any-return]


def _parameter(one: Field, known: dict[str, object]) -> str:
    if one.default_factory is not NOTHING:
        return f"{one.name}=_missing"
    if f"_d_{one.name}" in known:
        return f"{one.name}=_d_{one.name}"
    return one.name


def _assignments(shape: Shape, me: str, known: dict[str, object]) -> Iterator[str]:
    for name, one in shape.fields.items():
        value = name
        if one.default_factory is not NOTHING:
            known[f"_f_{name}"] = one.default_factory
            value = f"_f_{name}() if {name} is _missing else {name}" if one.init else f"_f_{name}()"
        elif one.default is not NOTHING:
            known[f"_d_{name}"] = one.default
            value = name if one.init else f"_d_{name}"
        if one.init or one.default_factory is not NOTHING or (one.default is not NOTHING and shape.slots):
            yield _assignment(shape, me, name, value, known)


def _assignment(shape: Shape, me: str, name: str, value: str, known: dict[str, object]) -> str:
    if not shape.frozen:
        return f"{me}.{name} = {value}"
    slot: Any = getattr(shape.kind, name, None)
    if shape.slots and type(slot) is type(vars(type(shape))["kind"]):
        known[f"_s_{name}"] = slot.__set__  # the slot's own way is quicker than finding it by its name
        return f"_s_{name}({me}, {value})"
    return f"_set({me}, {name!r}, {value})"


def key(shape: Shape, *, hashed: bool) -> Callable[[object], object]:
    """Make what gives an instance's values as a tuple, those that it is hashed by or compared by."""
    names = _counted(shape, hashed=hashed)
    return lambda one: tuple([getattr(one, name) for name in names])


def compile_comparing(shape: Shape, eq: object, hashing: object) -> None:
    """Put compiled methods in the place of a class's `__eq__` and `__hash__`."""
    known: dict[str, Any] = {}
    for name, before in (("__eq__", eq), ("__hash__", hashing)):
        if shape.kind.__dict__.get(name) is before:
            exec(_comparing(shape, name), known)
            known[name].__qualname__ = f"{shape.kind.__qualname__}.{name}"
            setattr(shape.kind, name, known[name])


def _comparing(shape: Shape, name: str) -> str:
    names = _counted(shape, hashed=name == "__hash__")
    mine, others = ("".join(f"{who}.{one}," for one in names) for who in ("self", "other"))
    if name == "__hash__":
        return f"def __hash__(self):\n return hash(({mine}))"
    return (
        "def __eq__(self, other):\n"
        " if other.__class__ is not self.__class__: return NotImplemented\n"
        f" return ({mine}) == ({others})"
    )


def _counted(shape: Shape, *, hashed: bool) -> list[str]:
    return [
        name
        for name, one in shape.fields.items()
        if (one.compare if not hashed or one.hash is None else one.hash)
    ]


def refuse(one: object, name: str, what: str) -> None:
    """Refuse a change of a frozen instance; what a plain class below it has added may change."""
    shape = shape_of(one)
    if type(one) is shape.kind or name in shape.fields:
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot {what} field {name!r}")


def names_of(one: object) -> Iterable[str]:
    """Name all fields of an instance."""
    fields: Mapping[str, object] = getattr(one, "__dataclass_fields__", {})
    return shape_of(one).fields if is_ours(type(one)) else fields


def shown(one: object, shape: Shape) -> str:
    """Write an instance as the call that would make it; what it holds itself in is dots."""
    key = (id(one), get_ident())
    if key in _showing:
        return "..."
    _showing.add(key)
    try:
        told = [f"{name}={getattr(one, name)!r}" for name, it in shape.fields.items() if it.repr]
        return f"{type(one).__qualname__}({', '.join(told)})"
    finally:
        _showing.discard(key)


def standard(shape: Shape) -> type:
    """Make a class of the same fields with the standard library's decorator."""
    import dataclasses

    made = [(name, one.type, _standard_field(one)) for name, one in shape.fields.items()]
    kind = dataclasses.make_dataclass(shape.kind.__name__, made, frozen=shape.frozen)
    kind.__module__ = shape.kind.__module__
    return kind


def _standard_field(one: Field) -> object:
    import dataclasses

    said: dict[str, Any] = {
        name: getattr(one, name) for name in ("init", "repr", "hash", "compare", "metadata", "kw_only")
    }
    if one.default_factory is not NOTHING:
        said["default_factory"] = one.default_factory
    elif one.default is not NOTHING:
        said["default"] = one.default
    return dataclasses.field(**said)
