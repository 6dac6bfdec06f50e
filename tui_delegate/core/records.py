"""Values as `dataclasses` makes them, in a tenth of the time: most of what a short verb costs is start-up.

The names are the library's, and so is all that they do: keyword-only fields, frozen and slotted classes,
defaults, `replace`, patterns, pickles; whoever asks the library about such a class gets its answers. What
differs is when: the library compiles six methods for each class as it is defined, and reads every signature;
here a method is compiled when it is first called, an `__init__` when it is called often. Ordering, `InitVar`
and `init=False` are refused.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dataclasses import MISSING as MISSING
    from dataclasses import dataclass as dataclass
    from dataclasses import field as field
    from dataclasses import fields as fields
    from dataclasses import is_dataclass as is_dataclass
    from dataclasses import replace as replace
else:
    OFTEN = 20
    """Calls from which on compiling an `__init__` pays for itself."""

    class MISSING:
        """Stands for a default that is not there."""

    class _Field:
        __slots__ = ("compare", "default", "default_factory", "kw_only", "metadata", "name", "repr", "type")

        def __init__(self, default, default_factory, repr, compare, kw_only, metadata):
            self.default = default
            self.default_factory = default_factory
            self.repr = repr
            self.compare = compare
            self.kw_only = kw_only
            self.metadata = metadata
            self.name = self.type = ""

    def field(
        *, default=MISSING, default_factory=MISSING, repr=True, compare=True, kw_only=None, metadata=None
    ):
        """Declare a field."""
        return _Field(default, default_factory, repr, compare, kw_only, metadata or {})

    def dataclass(cls=None, /, *, frozen=False, slots=False, kw_only=False, eq=True, repr=True):
        """Make a class of values."""

        def made(cls):
            return _made(cls, frozen, slots, kw_only, eq, repr)

        return made if cls is None else made(cls)

    def fields(of):
        """Give the fields of such a class, or of one of its values, in their order."""
        try:
            return tuple(of.__record_fields__.values())
        except AttributeError:
            from dataclasses import fields as theirs

            return theirs(of)

    def is_dataclass(value):
        """Say whether it is such a class, or a value of one."""
        cls = value if isinstance(value, type) else type(value)
        return hasattr(cls, "__record_fields__") or hasattr(cls, "__dataclass_fields__")

    def replace(value, /, **changes):
        """Make the same value with some fields changed."""
        names = getattr(value, "__record_fields__", None)
        if names is None:
            from dataclasses import replace as theirs

            return theirs(value, **changes)
        for name in names:
            if name not in changes:
                changes[name] = getattr(value, name)
        return type(value)(**changes)

    _Slot = type(_Field.name)

    class _Params:
        """What the library asks the bases of its own classes."""

        init = True
        order = unsafe_hash = match_args = weakref_slot = False

        def __init__(self, frozen, slots, kw_only, eq, repr):
            self.frozen, self.slots, self.kw_only, self.eq, self.repr = frozen, slots, kw_only, eq, repr

    class _Theirs:
        """The fields as the library's own objects, made when it asks."""

        def __get__(self, value, cls):
            import dataclasses

            owner = next(base for base in cls.__mro__ if base.__dict__.get("__dataclass_fields__") is self)
            made = {}
            for name, own in owner.__record_fields__.items():
                made[name] = theirs = dataclasses.field(
                    default=dataclasses.MISSING if own.default is MISSING else own.default,
                    default_factory=(
                        dataclasses.MISSING if own.default_factory is MISSING else own.default_factory
                    ),
                    repr=own.repr,
                    compare=own.compare,
                    kw_only=own.kw_only,
                    metadata=own.metadata,
                )
                theirs.name, theirs.type, theirs._field_type = name, own.type, dataclasses._FIELD
            owner.__dataclass_fields__ = made
            return made

    def _made(cls, frozen, slots, kw_only, eq, repr):
        known = {}
        for base in reversed(cls.__mro__[1:]):
            known.update(base.__dict__.get("__record_fields__", ()))
        body = dict(cls.__dict__)
        own = _declared(body, kw_only)
        added = [name for name in own if name not in known]
        known = known | own
        if slots:
            body["__slots__"] = tuple(added)
            for name in (*own, "__dict__", "__weakref__"):
                body.pop(name, None)
            if frozen:
                body.setdefault("__getstate__", _get_state)
                body.setdefault("__setstate__", _set_state)
            qualname, cls = cls.__qualname__, type(cls)(cls.__name__, cls.__bases__, body)
            cls.__qualname__ = qualname
        else:
            _keep_defaults(cls, own)
        cls.__record_fields__ = known
        cls.__dataclass_fields__ = _Theirs()
        cls.__dataclass_params__ = _Params(frozen, slots, kw_only, eq, repr)
        if "__match_args__" not in body:
            cls.__match_args__ = tuple(name for name, one in known.items() if not one.kw_only)
        _add_methods(cls, body, frozen, eq, repr)
        return cls

    def _declared(body, kw_only):
        """Read the fields of a class's body."""
        own = {}
        for name, type_ in body.get("__annotations__", {}).items():
            if str(type_).startswith(("ClassVar", "typing.ClassVar")):
                continue
            if str(type_).startswith(("InitVar", "dataclasses.InitVar", "KW_ONLY", "dataclasses.KW_ONLY")):
                raise TypeError(f"{name}: {type_} is not known here")
            one = body.get(name, MISSING)
            if not isinstance(one, _Field):
                one = _Field(one, MISSING, True, True, None, {})
            if one.kw_only is None:
                one.kw_only = kw_only
            one.name, one.type = name, type_
            own[name] = one
        return own

    def _keep_defaults(cls, own):
        """Leave on the class what a field's plain default is, and no declaration."""
        for name, one in own.items():
            if one.default is not MISSING:
                setattr(cls, name, one.default)
            elif name in cls.__dict__:
                delattr(cls, name)

    def _add_methods(cls, body, frozen, eq, repr):
        later = {"__init__": _init_source}
        if repr and "__repr__" not in body:
            cls.__repr__ = _shown
        if eq:
            later["__eq__"] = _eq_source
            hashes = body.get("__hash__", MISSING)
            if hashes is MISSING or (hashes is None and "__eq__" in body):
                if frozen:
                    later["__hash__"] = _hash_source
                else:
                    cls.__hash__ = None
        for name, source in later.items():
            if name not in body or name == "__hash__":
                setattr(cls, name, _compiled_later(cls, name, source))
        if frozen:
            cls.__setattr__, cls.__delattr__ = _frozen(cls, "assign to"), _frozen(cls, "delete")

    def _compiled_later(cls, name, source):
        """Make a method that makes itself when it is first called."""

        calls = 0

        def first(self, *values, **named):
            nonlocal calls
            calls += 1
            if calls < OFTEN and name == "__init__" and _filled(cls, self, values, named):
                return None
            text, names = source(cls)
            exec(text, names)
            method = names[name]
            method.__qualname__ = f"{cls.__qualname__}.{name}"
            method.__module__ = cls.__module__
            setattr(cls, name, method)
            return method(self, *values, **named)

        return first

    def _filled(cls, value, values, named):
        """Fill a value as `__init__` would; False: it has words of its own for such a call."""
        if hasattr(cls, "__post_init__"):
            return False
        given, at = len(values) + len(named), 0
        for name, one in cls.__record_fields__.items():
            in_its_place = not one.kw_only and at < len(values)
            if name in named or in_its_place:
                given -= 1
                found = values[at] if in_its_place else named[name]
            elif one.default_factory is not MISSING:
                found = one.default_factory()
            elif (found := one.default) is MISSING:
                return False
            at += not one.kw_only
            object.__setattr__(value, name, found)
        return given == 0  # what was given twice, or is no field, is counted still

    def _init_source(cls):
        names = {"_put": object.__setattr__, "_none": MISSING}
        frozen = cls.__dataclass_params__.frozen
        places, named, lines = [], [], []
        for name, one in cls.__record_fields__.items():
            shown, value = name, name
            if one.default_factory is not MISSING:
                names[f"_make_{name}"] = one.default_factory
                shown, value = f"{name}=_none", f"_make_{name}() if {name} is _none else {name}"
            elif one.default is not MISSING:
                names[f"_usual_{name}"] = one.default
                shown = f"{name}=_usual_{name}"
            (named if one.kw_only else places).append(shown)
            if not frozen:
                lines.append(f" self.{name} = {value}")
            elif isinstance(slot := getattr(cls, name, None), _Slot):
                names[f"_put_{name}"] = slot.__set__  # a third less than by name
                lines.append(f" _put_{name}(self, {value})")
            else:
                lines.append(f" _put(self, {name!r}, {value})")
        if hasattr(cls, "__post_init__"):
            lines.append(" self.__post_init__()")
        head = ", ".join(["self", *places, *(["*", *named] if named else [])])
        return f"def __init__({head}):\n" + "\n".join(lines or [" pass"]), names

    def _eq_source(cls):
        mine, theirs = _compared(cls, "self"), _compared(cls, "other")
        return (
            "def __eq__(self, other):\n"
            " if other.__class__ is self.__class__:\n"
            f"  return {mine} == {theirs}\n"
            " return NotImplemented"
        ), {}

    def _hash_source(cls):
        return f"def __hash__(self):\n return hash({_compared(cls, 'self')})", {}

    def _compared(cls, of):
        return (
            "(" + "".join(f"{of}.{one.name}, " for one in cls.__record_fields__.values() if one.compare) + ")"
        )

    def _shown(self):
        from _thread import get_ident

        mark = (id(self), get_ident())
        if mark in _showing:
            return "..."
        _showing.add(mark)
        try:
            shown = [f"{name}={getattr(self, name)!r}" for name, one in _fields_of(self) if one.repr]
        finally:
            _showing.discard(mark)
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def _fields_of(value):
        return type(value).__record_fields__.items()

    def _frozen(cls, verb):
        def refuse(self, name, *value):
            if type(self) is cls or name in cls.__record_fields__:
                from dataclasses import FrozenInstanceError

                raise FrozenInstanceError(f"cannot {verb} field {name!r}")
            (object.__setattr__ if value else object.__delattr__)(self, name, *value)

        return refuse

    def _get_state(self):
        return [getattr(self, name) for name in self.__record_fields__]

    def _set_state(self, state):
        for name, value in zip(self.__record_fields__, state, strict=True):
            object.__setattr__(self, name, value)

    _showing = set()
