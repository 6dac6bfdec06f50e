"""`--split`: more than a model can hold is read in parts, side by side, and one answer made of theirs."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Here
from tests.desk import Ended
from tests.scripted import Chat, Raw, Scripted

LONG = "".join(f"line {number} of a long log\n" for number in range(600))
GONE = Raw({"error": {"message": "no such model"}}, 404)


@pytest.fixture
def narrow(here: Here) -> Here:
    """A desk with more text than the profile `narrow` has a window for."""
    for name in "ab":
        here.file(f"{name}.md", LONG)
    return here


def split(here: Here, *flags: str) -> Ended:
    return here.call(
        *("ask", "--profile", "narrow", "--split", "--paths", "a.md", "b.md", "--question", "why?"), *flags
    )


def frames(server: Scripted) -> list[str]:
    """What each call was asked about."""
    return [texts[1]["content"] for asked in server.asked if (texts := json.loads(asked.raw)["messages"])]


def test_too_much_is_refused_with_what_to_do_about_it(narrow: Here, server: Scripted) -> None:
    ended = narrow.call("ask", "--profile", "narrow", "--paths", "a.md", "--question", "why?")
    assert (ended.code, server.asked) == (2, [])
    for words in ("Too much for small: about", "its window of 2048", "a.md (", "--split"):
        assert words in ended.err


def test_each_part_fits_nothing_is_lost_and_the_last_call_has_all_answers(
    narrow: Here, server: Scripted
) -> None:
    server.say(Chat("a part's answer", prompt=100, completion=10))
    ended = split(narrow, "--json")
    body = ended.envelope
    assert (ended.code, ended.err, body["ok"], body["content"]) == (0, "", True, "a part's answer")
    *parts, last = frames(server)
    assert all(len(frame) / 3.5 < 2048 for frame in parts)
    assert all("".join(parts).count(f"line {number} of") == 2 for number in range(600))
    assert last.count("<answer of=") == len(parts)
    usage = body["usage"]
    assert isinstance(usage, dict)
    calls = len(parts) + 1
    assert (usage["prompt_tokens"], usage["completion_tokens"], body["calls"]) == (
        *(100 * calls, 10 * calls),
        calls,
    )
    entries = narrow.call("ledger", "--json").envelope["content"]
    assert isinstance(entries, dict)
    assert entries["summary"]["total_calls"] == calls


def test_people_are_told_that_it_is_read_in_parts(narrow: Here) -> None:
    ended = split(narrow)
    assert (ended.code, ended.out) == (0, "the answer\n")
    assert "tokens do not fit: they are read in " in ended.err


def test_a_part_that_fails_makes_the_answer_partial(narrow: Here, server: Scripted) -> None:
    server.say(GONE, Chat("fine"))
    ended = split(narrow, "--json")
    assert (ended.code, ended.envelope["partial"]) == (0, ["parts_failed"])
    assert 'failed="true"' in frames(server)[-1]


def test_a_part_whose_answer_was_cut_makes_the_answer_partial(narrow: Here, server: Scripted) -> None:
    server.say(Chat("half an ans", finish="length"), Chat("fine"))
    ended = split(narrow, "--json")
    assert (ended.code, ended.envelope["partial"]) == (0, ["parts_cut"])


def test_where_all_parts_fail_it_fails_and_says_why(narrow: Here, server: Scripted) -> None:
    server.say(GONE)
    ended = split(narrow, "--json")
    assert (ended.code, ended.error["code"], ended.error["type"]) == (1, "model_not_found", "backend_error")
    assert all("<answer" not in frame for frame in frames(server))


def test_parts_that_the_server_finds_too_long_are_cut_in_two(narrow: Here, server: Scripted) -> None:
    said = "request (4087 tokens) exceeds the available context size (2048 tokens)"
    server.say(
        Raw({"error": {"code": 400, "message": said, "type": "exceed_context_size_error"}}, 400), Chat()
    )
    ended = split(narrow, "--json")
    assert (ended.code, "partial" in ended.envelope) == (0, False)
    *parts, last = frames(server)
    assert "piece 2" in str([json.loads(asked.raw)["messages"][-1] for asked in server.asked])
    assert last.count(", piece ") in (2, 3)
    assert all("".join(parts).count(f"line {number} of") in (2, 3) for number in range(600))


def test_what_was_guessed_to_fit_and_is_refused_is_read_in_parts_after_all(
    here: Here, server: Scripted
) -> None:
    said = "request (4087 tokens) exceeds the available context size (2048 tokens)"
    server.say(
        Raw({"error": {"code": 400, "message": said, "type": "exceed_context_size_error"}}, 400), Chat()
    )
    here.file("a.md", LONG)
    ended = here.call("ask", "--split", "--json", "--paths", "a.md", "--question", "why?")
    assert (ended.code, ended.envelope["ok"]) == (0, True)
    whole, *parts, last = frames(server)
    assert (len(parts) >= 2, last.count("<answer of=")) == (True, len(parts))
    assert all(
        "".join(parts).count(f"line {number} of") == whole.count(f"line {number} of") for number in range(9)
    )


def test_long_answers_are_combined_in_groups_before_the_last_call(narrow: Here, server: Scripted) -> None:
    server.say(Chat("many words " * 150))
    assert split(narrow).code == 0
    folded = [frame for frame in frames(server) if "<answer of=" in frame]
    assert len(folded) > 2
    assert folded[-1].count('"answers 1 of ') == 1


def test_what_fits_is_asked_at_once_though_it_may_be_split(here: Here, server: Scripted) -> None:
    here.file("a.md", "short\n")
    ended = here.call("ask", "--split", "--paths", "a.md", "--question", "why?")
    assert (ended.code, ended.err, len(server.asked)) == (0, "", 1)


def test_a_text_from_the_pipe_and_a_draft_are_split_too(narrow: Here, server: Scripted) -> None:
    ended = narrow.call("summarize", "--profile", "narrow", "--split", stdin=LONG.encode())
    assert (ended.code, len(server.asked) > 2) == (0, True)
    words = ("--context", "a.md", "b.md", "--spec", "s", "--split", "--profile", "narrow", "--json")
    server.say(Chat("a fact"))
    assert narrow.call("write", *words, "--stdout").content == "a fact\n"
    server.say(*[Chat("a fact")] * (len(server.asked) - 1), Chat("```\nprint(1)\n```"))
    written = narrow.call("write", *words, "--target", "new.py")
    assert (written.code, (narrow.folder / "new.py").read_text()) == (0, "print(1)\n")


def test_room_for_next_to_nothing_is_refused(narrow: Here, server: Scripted) -> None:
    schema = {"type": "object", "description": "q" * 9000}
    narrow.file("schema.json", json.dumps(schema))
    words = ("summarize", "--profile", "narrow", "--split", "--schema", "schema.json")
    ended = narrow.call(*words, stdin=LONG.encode())
    assert (ended.code, server.asked) == (2, [])
    assert "too few to split" in ended.err


def test_only_the_last_answer_has_to_fit_a_schema(narrow: Here, server: Scripted) -> None:
    narrow.file("schema.json", '{"type":"object","required":["n"]}')
    server.say(Chat("a fact"))
    ended = split(narrow, "--json", "--schema", "schema.json")
    assert (ended.code, ended.error["code"]) == (1, "unfit")
    server.say(*[Chat("a fact")] * (len(server.asked) - 3), Chat('{"n": 1}'))
    ended = split(narrow, "--json", "--schema", "schema.json")
    assert (ended.code, ended.envelope["data"]) == (0, {"n": 1})
    bodies = [json.loads(asked.raw) for asked in server.asked]
    assert ["response_format" in body for body in bodies] == [False] * (len(bodies) - 1) + [True]
