"""Answers that have to be JSON of a schema: what is taken, what is mended, what the model is told."""

from __future__ import annotations

import json

import pytest

from tui_delegate.core.errors import InputError
from tui_delegate.core.fitting import AnswerSchema

SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"name": {"type": "string"}, "count": {"type": "integer", "minimum": 0}},
        "required": ["name", "count"],
        "additionalProperties": False,
    }
)
GOOD = '{"name": "a", "count": 3}'
VALUE = {"name": "a", "count": 3}


@pytest.mark.parametrize(
    "answer",
    [
        GOOD,
        f"\n  {GOOD}\n",
        f"\ufeff{GOOD}",
        f"```json\n{GOOD}\n```",
        f"````\n{GOOD}\n````",
        f"~~~json\n{GOOD}\n~~~",
        f"Here it is:\n\n```json\n{GOOD}\n```\nI hope that helps.",
        f"The result is {GOOD}.",
        f"<think>maybe {{}}</think>{GOOD}",
        f"thought</think>\n```\n{GOOD}\n```",
        "{'name': 'a', 'count': 3}",
        '{"name": "a", "count": 3,}',
        '{name: "a", count: 3}',
    ],
)
def test_json_is_found_however_it_is_wrapped_and_mended_where_little_is_wrong(answer: str) -> None:
    fitted = AnswerSchema(SCHEMA).fit(answer)
    assert (fitted.value, fitted.wrong) == (VALUE, "")
    assert json.loads(fitted.text) == VALUE


def test_what_was_whole_comes_out_as_it_was_written() -> None:
    fitted = AnswerSchema(SCHEMA).fit('{"count":3,\n "name":"ä"}')
    assert (fitted.text, fitted.mended) == ('{"count":3,\n "name":"ä"}', False)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("I can't do that.", "no JSON"),
        ('{"name": "a", "count": 3', "no JSON"),
        ('{"name": "a", "cou', "no JSON"),
        ('{"name": "a"}', "count"),
        ('{"name": "a", "count": -1}', "count"),
        ('{"name": "a", "count": 1, "more": 2}', "more"),
        ('{"name": 1, "count": NaN}', "name"),
        ("[1, 2]", "object"),
        ("[" * 100_000, "no JSON"),
        ("", "no JSON"),
    ],
)
def test_what_does_not_fit_is_said_in_words_and_nothing_is_made_up(answer: str, words: str) -> None:
    fitted = AnswerSchema(SCHEMA).fit(answer)
    assert words in fitted.wrong
    assert (fitted.text, fitted.value) == (answer, None)


def test_a_list_or_a_plain_value_may_be_wanted_too() -> None:
    assert AnswerSchema('{"type": "array", "items": {"type": "integer"}}').fit("[1, 2]").value == [1, 2]
    assert AnswerSchema('{"enum": ["yes", "no"]}').fit('"yes"').value == "yes"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no JSON"),
        ("[]", "an object is wanted"),
        ('{"type": "nothing"}', "no JSON schema"),
        ('{"type": "object", "properties": 3}', "no JSON schema"),
        ('{"pattern": "("}', "no JSON schema"),
        ('{"$ref": "http://127.0.0.1:9/x.json"}', "not fetched"),
        ('{"$ref": "#/$defs/x"}', "no JSON schema"),
    ],
)
def test_a_schema_that_is_none_is_said_before_anybody_is_asked(text: str, words: str) -> None:
    with pytest.raises(InputError, match=r"answer\.json|not fetched") as caught:
        AnswerSchema(text, "answer.json")
    assert words in caught.value.message
