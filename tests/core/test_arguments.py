from __future__ import annotations

import json

import pytest

from tui_delegate.core.arguments import parse_arguments
from tui_delegate.core.errors import InvalidRequest
from tui_delegate.core.messages import ToolCall

READ = json.dumps(
    {
        "type": "object",
        "properties": {"path": {"type": "string"}, "n": {"type": "integer"}, "ok": {"type": "boolean"}},
        "required": ["path"],
    }
)
FREE = '{"type":"object","properties":{"n":{"default":7}}}'
GOOD = '{"path":"a.py","n":3}'


def values(text: str, schema: str = READ) -> dict[str, object]:
    return parse_arguments(ToolCall("c", "read", text), schema).values


def refusal(text: str, schema: str = READ) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as refused:
        parse_arguments(ToolCall("c", "read", text), schema)
    return refused.value


def test_good_arguments_pass_unflagged() -> None:
    arguments = parse_arguments(ToolCall("c", "read", GOOD), READ)
    assert arguments.values == {"path": "a.py", "n": 3}
    assert not arguments.repaired


@pytest.mark.parametrize("times", [1, 2, 3])
def test_json_inside_a_string_is_unwrapped_three_times_at_the_most(times: int) -> None:
    text = GOOD
    for _ in range(times):
        text = json.dumps(text)
    assert values(text) == {"path": "a.py", "n": 3}
    if times == 3:
        refusal(json.dumps(text))


def test_an_arguments_member_is_unwrapped_unless_the_tool_has_one() -> None:
    assert values(f'{{"arguments":{GOOD}}}') == {"path": "a.py", "n": 3}
    assert values(json.dumps({"arguments": GOOD})) == {"path": "a.py", "n": 3}
    own = '{"type":"object","properties":{"arguments":{"type":"object"}}}'
    assert values(f'{{"arguments":{GOOD}}}', own) == {"arguments": {"path": "a.py", "n": 3}}


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{GOOD}\n```",
        f"<think>x</think>{GOOD}",
        f"Sure! {GOOD} done",
        "{'path': 'a.py', 'n': 3}",
        '{"path": "a.py", "n": 3,}',
        '{path: "a.py", n: 3}',
    ],
)
def test_what_was_mended_is_flagged(text: str) -> None:
    arguments = parse_arguments(ToolCall("c", "read", text), READ)
    assert arguments.values == {"path": "a.py", "n": 3}
    assert arguments.repaired


def test_nothing_is_run_from_a_text_that_was_cut_anywhere() -> None:
    text = '{"path": "a}b", "list": [{"x": "}"}], "n": 3}'
    for end in range(1, len(text)):
        refusal(text[:end])
        refusal(text[:end], FREE)


def test_broken_text_never_becomes_an_empty_object() -> None:
    for text in ("{", "}", "nonsense", "[]", "null", "1", '""', "{{}}x{", "```", "\x00", "{:}", "{,}"):
        refusal(text, FREE)


def test_no_text_at_all_is_fine_for_a_tool_that_requires_nothing() -> None:
    assert values("", FREE) == {}
    assert values("  ", FREE) == {}
    assert "path" in refusal("").message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"path":"a","path":"/etc/passwd"}', "'path' is there twice"),
        ('{"path":"a","n":NaN}', "NaN"),
        ('{"path":"a","n":-Infinity}', "-Infinity"),
        ('{"path":"a","n":' + "9" * 5000 + "}", "too long"),
        ('{"path":"a","n":1e999}', "too large"),
        ('{"path":' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
        ('{"path":' + "[" * 200 + "1," + "]" * 200 + "}", "nested too deeply"),
        ('{"path":["a"]}', "path must be string"),
        ('{"n":3}', "path"),
        (GOOD + GOOD, "more than one object"),
        ("[1]", "a list"),
        ('"x"', "a text"),
        ('{"path":"' + "a" * 2_000_000 + '"}', "longer than a megabyte"),
    ],
)
def test_a_refusal_says_what_was_wrong_and_what_the_tool_takes(text: str, words: str) -> None:
    refused = refusal(text)
    assert words in refused.message
    assert refused.message.endswith("Its arguments: path, n, ok (required: path).")
    assert len(refused.message) < 500


def test_defaults_are_not_filled_in() -> None:
    assert values("{}", FREE) == {}


def test_a_hostile_name_is_cleaned_in_the_refusal() -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_arguments(ToolCall("c", "read\x1b]0;x\x07", "{"), READ)
    assert "\x1b" not in refused.value.message
