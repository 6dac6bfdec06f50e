"""JSON text out of an encoder that is set up once: letter by letter what the library writes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_delegate.core.jsontext import json_writer

WRITE, WRITE_SHORT = json_writer(), json_writer((",", ":"), ascii_only=True)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(VALUES)
def test_it_writes_what_the_library_writes(value: object) -> None:
    assert WRITE(value) == json.dumps(value, ensure_ascii=False)
    assert WRITE_SHORT(value) == json.dumps(value, separators=(",", ":"))


def test_what_is_no_json_is_refused_each_time_and_spoils_no_other() -> None:
    for _ in range(2):
        with pytest.raises(TypeError, match="not JSON serializable"):
            WRITE({"a": [object()]})
        assert WRITE({"a": [1]}) == '{"a": [1]}'


def test_a_lone_surrogate_goes_through_as_it_does_there() -> None:
    assert WRITE("\ud83d") == '"\ud83d"'
    assert WRITE_SHORT("\ud83d") == '"\\ud83d"'
