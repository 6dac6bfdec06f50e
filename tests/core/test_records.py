"""Values made late are the library's values in all that can be seen of them."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pytest

from tui_delegate.core import records


@records.dataclass(frozen=True, slots=True, kw_only=True)
class _Base:
    kind: ClassVar[str] = "base"
    at: float = 0.0


@records.dataclass(frozen=True, slots=True, kw_only=True)
class Child(_Base):
    """With more of its own."""

    kind: ClassVar[str] = "child"
    name: str
    words: tuple[str, ...] = records.field(default=(), metadata={"text": True})
    secret: str = records.field(default="", repr=False)


@records.dataclass(slots=True)
class Loose:
    first: int
    second: list[int] = records.field(default_factory=list)

    def __post_init__(self) -> None:
        self.first += 1


@records.dataclass(slots=True, eq=False)
class Own:
    value: int = 3


@records.dataclass
class Plain:
    value: int = 3
    many: list[int] = records.field(default_factory=list)

    def __eq__(self, other: object) -> bool:
        return True


@dataclasses.dataclass(frozen=True)
class Theirs(Child):
    """Made by the library, of one of ours."""

    more: int = 1


def test_they_are_made_compared_hashed_and_shown_as_the_library_does() -> None:
    one, same = Child(name="n", secret="s"), Child(at=0.0, name="n", words=(), secret="s")
    assert (one, hash(one)) == (same, hash(same))
    assert one != Child(name="m")
    assert repr(one) == "Child(at=0.0, name='n', words=())"
    assert (Child.kind, _Base.kind) == ("child", "base")
    assert Child.__doc__ == "With more of its own."
    assert Child.__match_args__ == ()
    loose = Loose(1)
    assert (loose, loose.second is Loose(1).second) == (Loose(1, []), False)
    assert Loose.__match_args__ == ("first", "second")
    assert Own() != Own()
    assert Plain(1) == Plain(2)
    assert (Plain.value, hasattr(Plain, "many")) == (3, False)


def test_what_is_frozen_and_slotted_takes_nothing_new() -> None:
    one = Child(name="n")
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'name'"):
        one.name = "m"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del one.name
    assert not hasattr(one, "__dict__")
    with pytest.raises(AttributeError):
        Loose(1).third = 3  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        hash(Loose(1))
    for values in ((), ("n",)):
        with pytest.raises(TypeError, match=r"Child.__init__\(\)"):
            Child(*values)  # type: ignore[call-arg]


def test_the_library_is_answered_as_by_its_own() -> None:
    names = [field.name for field in dataclasses.fields(Child)]
    assert names == ["at", "name", "words", "secret"] == [field.name for field in records.fields(Child)]
    assert dataclasses.fields(Child)[2].metadata == {"text": True}
    assert dataclasses.is_dataclass(Child) and records.is_dataclass(Child(name=""))  # noqa: PT018
    one = Child(name="n")
    assert dataclasses.asdict(one) == {"at": 0.0, "name": "n", "words": (), "secret": ""}
    assert dataclasses.replace(one, name="m") == records.replace(one, name="m") == Child(name="m")
    assert Theirs(name="n").more == 1
    assert [field.name for field in dataclasses.fields(Theirs)] == [*names, "more"]
    assert records.replace(Theirs(name="n"), more=2).more == 2
    assert not records.is_dataclass(3)


@pytest.mark.parametrize("value", [Child(name="n", words=("a",)), Loose(2, [1])])
def test_they_are_copied_and_pickled(value: Child | Loose) -> None:
    assert pickle.loads(pickle.dumps(value)) == value
    assert copy.copy(value) == copy.deepcopy(value) == value


def test_patterns_match_them() -> None:
    match Loose(1, [5]):
        case Loose(first, [second]):
            assert (first, second) == (2, 5)
        case _:
            pytest.fail("it did not match")


def test_events_and_calls_are_made_without_the_library() -> None:
    script = (
        "import sys; from tui_delegate.core import events, codec; "
        "codec.encode(events.Opened(run='r', prompt='p')); "
        "sys.exit(len({'dataclasses', 'inspect'} & set(sys.modules)))"
    )
    root = Path(records.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_package_makes_all_its_values_this_way() -> None:
    by_the_library = re.compile(r"^\s*from dataclasses import .*\b(dataclass|field|replace)\b", re.MULTILINE)
    files = (Path(records.__file__).parents[1]).rglob("*.py")
    found = {path.name for path in files if by_the_library.search(path.read_text(encoding="utf-8"))}
    assert found == {"records.py"}


@pytest.mark.parametrize("often", [False, True])
@pytest.mark.parametrize(
    ("places", "named"),
    [
        ((), {}),
        ((1, 2, 3, 4), {}),
        ((1,), {"a": 2}),
        ((1,), {"d": 2}),
        ((1, 2), {"b": 3}),
        ((), {"b": 3}),
        ((), {"a": 1, "c": 2, "e": 3}),
    ],
)
def test_a_call_that_is_wrong_is_refused_the_first_time_and_the_hundredth(
    often: bool, places: tuple[int, ...], named: dict[str, int]
) -> None:
    @records.dataclass(frozen=True, slots=True)
    class Three:
        a: int
        b: int = 5
        c: int = records.field(default=7, kw_only=True)

    for _ in range(100 if often else 0):
        assert Three(1, c=3) == Three(a=1, b=5, c=3)
    with pytest.raises(TypeError):
        Three(*places, **named)
