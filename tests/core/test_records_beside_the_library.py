"""What `records` makes is what the standard decorator makes: one text, read with each, behaves the same."""

from __future__ import annotations

import copy
import dataclasses
import math
import pickle
import re
import subprocess
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_delegate.core import records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parent.parent.parent
SHAPES = """
from __future__ import annotations
from typing import ClassVar

@dataclass(frozen=True, slots=True)
class Frozen:
    a: int
    b: str = "x"
    c: tuple[int, ...] = ()

@dataclass(slots=True)
class Slotted:
    a: int
    self: str = ""
    b: list[int] = field(default_factory=list)
    c: float = field(default=0.5, repr=False, compare=False)

@dataclass
class Open:
    a: object
    b: dict[str, int] = field(default_factory=dict, kw_only=True)
    kind: ClassVar[str] = "open"
    def __repr__(self): return "mine"

@dataclass(frozen=True)
class OpenFrozen:
    a: object = None
    other: int = 3
    b: int = field(default=1, compare=False, hash=True)
    c: int = field(default=2, hash=False)

@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    durable: ClassVar[bool] = True
    path: tuple[int, ...] = ()
    at: float = 0.0

@dataclass(frozen=True, slots=True, kw_only=True)
class Below(Base):
    durable: ClassVar[bool] = False
    text: str
    at: float = 2.0
    parts: tuple[str, ...] = field(default_factory=tuple, metadata={"text": True})

@dataclass(slots=True, eq=False)
class Itself:
    a: int = 1

@dataclass(slots=True)
class Counted:
    a: int
    b: int = field(init=False, default=7)
    c: int = field(init=False)
    def __post_init__(self): self.c = self.a * 2

@dataclass
class Derived(Open):
    more: int = 5
    b: dict[str, int] = field(default_factory=lambda: {"k": 1})
    late: int = field(init=False, default=4)

@dataclass(frozen=True, slots=True)
class OwnEq:
    a: int
    def __eq__(self, other): return True

@dataclass(slots=True)
class OwnHash:
    a: int
    def __hash__(self): return 5

@dataclass(frozen=True, slots=True)
class Nothing:
    pass

class Plain(OpenFrozen):
    extra = 1
"""
CALLS: dict[str, list[tuple[tuple[object, ...], dict[str, object]]]] = {
    "Frozen": [
        ((1,), {}), ((1, "y"), {"c": (2,)}), ((), {"a": 2, "b": "z"}), ((), {}), ((1,), {"a": 1}),
        ((1, 2, 3, 4), {}), ((1,), {"d": 1}), ((), {"b": ""}), ((math.nan,), {}), (([],), {}),
    ],
    "Slotted": [((1,), {}), ((1, "s", [1]), {"c": 2.0}), ((1,), {"self": "t"}), ((), {"self": 1})],
    "Open": [((1,), {}), ((1,), {"b": {"x": 1}}), ((1, {}), {}), (("é",), {})],
    "OpenFrozen": [((), {}), ((1, 2, 3, 4), {}), ((), {"b": 5}), ((), {"c": 5}), ((), {"other": 1})],
    "Base": [((), {}), ((1,), {}), ((), {"path": (1,)})],
    "Below": [((), {"text": "a"}), ((), {}), ((), {"text": "b", "at": 1.0, "path": (0,), "parts": ("x",)})],
    "Itself": [((), {}), ((2,), {})],
    "Counted": [((1,), {}), ((1, 2), {}), ((1,), {"b": 2}), ((), {})],
    "Derived": [((1,), {}), ((1, 2), {"b": {}}), ((1,), {"late": 1})],
    "OwnEq": [((1,), {}), ((2,), {})],
    "OwnHash": [((1,), {}), ((2,), {})],
    "Nothing": [((), {}), ((1,), {})],
    "Plain": [((), {}), ((1,), {})],
}  # fmt: skip


def module_of(name: str, source: Any) -> types.ModuleType:
    module = types.ModuleType(name)
    vars(module).update(dataclass=source.dataclass, field=source.field)
    sys.modules[name] = module
    exec(SHAPES, vars(module))
    return module


@pytest.fixture(params=["cold", "warm"])
def both(request: pytest.FixtureRequest) -> Iterator[tuple[Any, Any]]:
    """The shapes by the standard decorator and by ours, whose methods are interpreted or compiled."""
    standard, ours = module_of("record_shapes", dataclasses), module_of("record_shapes", records)
    if request.param == "warm":
        for name, calls in CALLS.items():
            for args, named in calls * records.OFTEN:
                one = outcome(lambda: getattr(ours, name)(*args, **named))  # noqa: B023
                outcome(lambda: (one == one, hash(one)))  # noqa: B023
    yield standard, ours
    del sys.modules["record_shapes"]


def outcome(work: Callable[[], Any]) -> Any:
    """What comes out: a value, or the kind of error and its words."""
    try:
        return work()
    except (TypeError, ValueError, AttributeError) as error:
        return type(error), str(error)


def instances(module: Any) -> list[Any]:
    made = [
        outcome(lambda: getattr(module, name)(*args, **named))  # noqa: B023
        for name, calls in CALLS.items()
        for args, named in calls
    ]
    return [one for one in made if not isinstance(one, tuple)]


def test_calls_make_the_same_and_are_refused_in_the_same_words(both: tuple[Any, Any]) -> None:
    standard, ours = both
    for name, calls in CALLS.items():
        for args, named in calls:
            told = [outcome(lambda: getattr(one, name)(*args, **named)) for one in both]  # noqa: B023
            wanted, got = (one if isinstance(one, tuple) else repr(one) for one in told)
            assert got == wanted, (name, args, named)
            if name != "Itself" and not isinstance(told[0], tuple):
                assert outcome(lambda: hash(told[1])) == outcome(lambda: hash(told[0]))  # noqa: B023
    assert standard.Open.kind == ours.Open.kind
    assert ours.Below.durable is False


def test_the_same_are_equal(both: tuple[Any, Any]) -> None:
    theirs, ours = (instances(module) for module in both)
    assert len(ours) == len(theirs) > 20
    for at, one in enumerate(ours):
        for beside, another in enumerate(ours):
            assert (one == another) is (theirs[at] == theirs[beside]), (one, another)
            assert (one != another) is (theirs[at] != theirs[beside])
        assert type(one).__name__ == "OwnEq" or one != "another kind"
    assert ours[0].__eq__(5) is NotImplemented


def test_they_can_be_looked_at_by_the_standard_library(both: tuple[Any, Any]) -> None:
    standard, ours = both
    for name in CALLS:
        theirs: Any = getattr(standard, name)
        mine: Any = getattr(ours, name)
        assert dataclasses.is_dataclass(getattr(ours, name))
        assert [told(one) for one in dataclasses.fields(mine)] == [
            told(one) for one in dataclasses.fields(theirs)
        ]
        assert mine.__match_args__ == theirs.__match_args__
        assert getattr(mine, "__slots__", None) == getattr(theirs, "__slots__", None)
        assert hasattr(mine, "__dict__") == hasattr(theirs, "__dict__")
        assert mine.__dataclass_params__.frozen == theirs.__dataclass_params__.frozen
        assert [one.name for one in records.fields(mine)] == [one.name for one in dataclasses.fields(theirs)]
    for one, another in zip(instances(ours), instances(standard), strict=True):
        assert repr(dataclasses.asdict(one)) == repr(dataclasses.asdict(another))
        assert hasattr(one, "__dict__") == hasattr(another, "__dict__")


def told(one: Any) -> tuple[object, ...]:
    """What a standard field says; a factory of ours is another function with the same result."""
    factory = one.default_factory
    made = factory() if factory is not dataclasses.MISSING else None
    return (
        *(one.name, one.type, one.default, made, one.init, one.repr, one.hash, one.compare),
        *(dict(one.metadata), one.kw_only),
    )


def test_what_is_frozen_is_not_changed(both: tuple[Any, Any]) -> None:
    for module in both:
        for one, name in (
            (module.Frozen(1), "a"),
            (module.OpenFrozen(1), "a"),
            (module.Below(text="a"), "at"),
        ):
            with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field"):
                setattr(one, name, 2)
            with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field"):
                delattr(one, name)
            with pytest.raises((AttributeError, TypeError)):
                one.unheard_of = 1
        plain = module.Plain(1)
        plain.added = 5
        assert plain.added == 5
        del plain.added
        with pytest.raises(dataclasses.FrozenInstanceError):
            plain.a = 1


def test_copies_and_pickles_are_the_same_again(both: tuple[Any, Any]) -> None:
    sys.modules["record_shapes"] = both[1]
    for one in instances(both[1]):
        if type(one).__name__ in ("Itself", "OwnEq"):
            continue
        for again in (copy.copy(one), pickle.loads(pickle.dumps(one)), pickle.loads(pickle.dumps(one, 2))):
            assert repr(again) == repr(one)
            assert type(again) is type(one)
        assert copy.deepcopy(one) == one or repr(one).count("nan")


def test_replace_changes_what_it_is_told_to(both: tuple[Any, Any]) -> None:
    standard, ours = both
    changes: list[tuple[str, tuple[object, ...], dict[str, object]]] = [
        ("Frozen", (1,), {"a": 2}), ("Frozen", (1,), {}), ("Frozen", (1,), {"zz": 2}),
        ("Slotted", (1,), {"self": "x"}), ("Counted", (1,), {"a": 4}), ("Counted", (1,), {"b": 4}),
        ("Derived", (1,), {"more": 2, "b": {}}), ("Open", (1,), {"a": 2}),
    ]  # fmt: skip
    for name, args, changed in changes:
        wanted = outcome(lambda: dataclasses.replace(getattr(standard, name)(*args), **changed))  # noqa: B023
        mine = getattr(ours, name)(*args)
        for replace in (records.replace, dataclasses.replace):
            got = outcome(lambda: replace(mine, **changed))  # noqa: B023
            # Which kind of error it is differs from one Python to the next.
            words = [one[1][:20] if isinstance(one, tuple) else repr(one) for one in (got, wanted)]
            assert words[0] == words[1], (name, changed)
    assert records.replace(standard.Frozen(1), a=2) == standard.Frozen(2)
    with pytest.raises(TypeError):
        records.replace(5)  # type: ignore[type-var]


@given(st.integers(), st.text(), st.lists(st.integers()).map(tuple))
def test_values_of_every_kind_are_shown_and_hashed_alike(a: int, b: str, c: tuple[int, ...]) -> None:
    standard, ours = Pair.standard, Pair.ours
    assert repr(ours.Frozen(a, b, c)) == repr(standard.Frozen(a, b, c))
    assert hash(ours.Frozen(a, b, c)) == hash(standard.Frozen(a, b, c))
    assert ours.Frozen(a, b, c) == ours.Frozen(a=a, b=b, c=c)


class Pair:
    """The shapes of the test above, made once."""

    standard = module_of("record_shapes", dataclasses)
    ours = module_of("record_shapes", records)
    del sys.modules["record_shapes"]


def test_an_instance_that_holds_itself_can_be_shown(both: tuple[Any, Any]) -> None:
    for module in both:
        one = module.Slotted(1)
        one.b.append(one)
        assert repr(one) == "Slotted(a=1, self='', b=[...])"


def test_a_record_can_be_matched(both: tuple[Any, Any]) -> None:
    kind = both[1].Frozen
    match kind(1, "q"):
        case kind(1, b):
            assert b == "q"
        case _:
            raise AssertionError("not matched")


@pytest.mark.parametrize(
    "text",
    [
        "@dataclass\nclass A:\n a: list = []",
        "@dataclass\nclass A:\n a: int = 1\n b: int",
        "@dataclass(frozen=True)\nclass A:\n a: int\n def __setattr__(self, n, v): pass",
        "@dataclass(frozen=True)\nclass A:\n a: int\n@dataclass\nclass B(A):\n b: int",
        "@dataclass\nclass A:\n a: int\n@dataclass(frozen=True)\nclass B(A):\n b: int",
        "@dataclass\nclass A:\n a = field(default=1)",
        "@dataclass(slots=True)\nclass A:\n __slots__ = ('a',)\n a: int",
        "field(default=1, default_factory=list)",
    ],
)
def test_a_class_that_the_standard_one_refuses_is_refused(text: str) -> None:
    refusals = []
    for source in (dataclasses, records):
        with pytest.raises((TypeError, ValueError)) as refusal:
            exec(text, {"dataclass": source.dataclass, "field": source.field})
        refusals.append(refusal.type)
    assert refusals[0] is refusals[1]


@pytest.mark.parametrize(
    "text",
    [
        "@dataclass(order=True)\nclass A:\n a: int",
        "@dataclass\nclass A:\n a: InitVar[int]",
        "@dataclass\nclass A:\n _: KW_ONLY\n a: int",
        "import dataclasses\n@dataclass\nclass A:\n a: int = dataclasses.field(default=1)",
        "import dataclasses\n@dataclasses.dataclass\nclass A:\n a: int\n@dataclass\nclass B(A):\n b: int",
    ],
)
def test_what_it_does_not_do_is_refused_and_not_done_otherwise(text: str) -> None:
    with pytest.raises(TypeError):
        exec(text, {"dataclass": records.dataclass})


def test_a_field_of_ours_is_refused_by_the_standard_decorator() -> None:
    with pytest.raises(ValueError, match="mutable default"):
        exec(
            "@dataclass\nclass A:\n a: int = field()",
            {"dataclass": dataclasses.dataclass, "field": records.field},
        )


def test_a_class_costs_no_compiling_and_loads_nothing() -> None:
    script = (
        f"import sys; sys.path[:0] = [{str(ROOT)!r}]; before = set(sys.modules)\n"
        "from tui_delegate.core.records import dataclass\n"
        "@dataclass(frozen=True, slots=True)\nclass A:\n    a: int = 1\n"
        "A(); A(a=2); print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [
        "__future__",
        "tui_delegate",
        "tui_delegate.core",
        "tui_delegate.core.records",
    ]


def test_the_package_makes_all_its_values_this_way() -> None:
    by_the_library = re.compile(r"^\s*from dataclasses import .*\b(dataclass|field|replace)\b", re.MULTILINE)
    files = (ROOT / "tui_delegate").rglob("*.py")
    found = {path.name for path in files if by_the_library.search(path.read_text(encoding="utf-8"))}
    assert found == {"records.py"}
