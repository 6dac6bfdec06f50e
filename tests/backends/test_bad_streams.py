"""Streams that no server should send: each ends as exactly one outcome, the same however it is split."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.assets import bad_inputs, wire_body
from tests.backends.streams import PLAIN, Outcome, bytewise, delta, read, sse
from tui_delegate.backends.assemble import sound
from tui_delegate.backends.ollama import OllamaReader
from tui_delegate.backends.openai import OpenAIReader
from tui_delegate.backends.thoughts import RepeatWatch, ThinkSplitter, split_at_lone_close
from tui_delegate.core.errors import BackendError

if TYPE_CHECKING:
    from tests.assets import BadInput
    from tui_delegate.backends.exchange import Reader

READERS: dict[str, type[Reader]] = {"sse": OpenAIReader, "ndjson": OllamaReader}
CODES = {BackendError.code} | {kind.code for kind in BackendError.__subclasses__()}

DECIDED = {
    # No word of being done came. What came before the cut was shown, and is kept by whoever ran the call.
    "cut_off": """sse-005-cut55 sse-008-cut88 sse-009-cut99 sse-012-cut132 sse-016-cut176 sse-017-cut187
        sse-019-cut209 sse-021-cut231 sse-025-cut275 sse-027-cut297 sse-028-cut308 sse-030-cut330
        sse-031-cut341 sse-032-cut352 sse-034-cut374 sse-037-cut407 sse-104-tc-cut nd-002-cut18 nd-004-cut36
        nd-007-cut63 nd-010-cut90 nd-011-cut99 nd-013-cut117 nd-014-cut126 nd-015-cut135 nd-016-cut144
        nd-017-cut153 nd-018-cut162 nd-019-cut171 nd-020-cut180 nd-022-cut198""",
    # Cut after the finish reason: the text may be whole, but nobody can say so.
    "flagged: cut_at_end, estimated": "sse-039-cut429 sse-040-cut440 sse-041-cut451 sse-043-cut473",
    # A count below zero is none.
    "complete, estimated": "sse-055-usage-neg",
    "complete": """sse-047-cr sse-049-bom sse-051-dbl-done sse-056-usage-str sse-064-badutf8-2
        sse-066-bytewise sse-067-comments sse-078-nochoices sse-079-choices-null sse-083-idx1
        sse-085-reasoning sse-086-reasoning2 sse-087-think sse-090-nul sse-095-tc-idx0-twice
        sse-098-tc-name-empty-later sse-101-tc-gap sse-102-tc-neg sse-105-tc-dup-final nd-031-length
        nd-034-trunc-2050""",
    "flagged: no_finish_reason": "sse-060-fr-null",
    "flagged: odd_finish": "sse-061-fr-odd",
    # A number where text belongs is no text.
    "flagged: odd_content": "sse-082-content-num",
    "overloaded": "sse-077-err-event",
    "bad_reply": "sse-091-repeat nd-026-err nd-027-err-mid nd-029-done_load",
}
OUTCOMES = {case: word for word, cases in DECIDED.items() for case in cases.split()}


def body_of(case: BadInput) -> bytes:
    return case["b"].encode("latin-1")


def word_of(outcome: Outcome) -> str:
    estimated = outcome.reply is not None and outcome.reply.usage.source == "estimated"
    return f"{outcome.word}, estimated" if estimated else outcome.word


def check_invariant(outcome: Outcome) -> None:
    assert (outcome.reply is None) == bool(outcome.code)
    assert outcome.code in CODES | {""}
    if outcome.reply is not None:
        reply = outcome.reply
        assert reply.usage.source in ("reported", "estimated")
        assert sound(reply.message.text) == reply.message.text
        assert reply.finish == "calls" or not reply.message.calls
        assert len({call.id for call in reply.message.calls}) == len(reply.message.calls)


@pytest.mark.parametrize("family", READERS)
def test_a_bad_stream_has_one_outcome_however_it_is_split(family: str) -> None:
    rng = random.Random(11)
    for case in bad_inputs(family):
        body = body_of(case)
        whole = read(READERS[family], [body], PLAIN)
        check_invariant(whole)
        assert word_of(whole) == OUTCOMES.get(case["id"], word_of(whole)), case["id"]
        splits = [body.splitlines(keepends=True), bytewise(body)]
        for _ in range(3):
            cuts = sorted(rng.randrange(len(body) + 1) for _ in range(9))
            splits.append([body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)])
        for pieces in splits:
            assert read(READERS[family], pieces, PLAIN) == whole, case["id"]


@pytest.mark.parametrize("family", READERS)
def test_every_case_beside_the_tests_has_its_outcome_written_down(family: str) -> None:
    known = [case["id"] for case in bad_inputs(family) if case["id"] in OUTCOMES]
    assert len(known) >= {"sse": 45, "ndjson": 19}[family]


def test_a_model_that_repeats_itself_without_end_is_stopped() -> None:
    body = sse(*[delta(content="Let me check. ")] * 20_000)
    outcome = read(OpenAIReader, [body], PLAIN)
    assert outcome.code == "bad_reply"
    assert len(outcome.text) < 10_000
    thoughts = read(OpenAIReader, [sse(*[delta(reasoning="Wait, let me think again. ")] * 20_000)], PLAIN)
    assert thoughts.code == "bad_reply"


@pytest.mark.parametrize(
    "text",
    [
        "| --- | --- |\n" * 200,
        "-" * 20_000,
        "\n" * 20_000,
        "".join(f"{n}. Let me check.\n" for n in range(5000)),
        "abcdefghij klmnopqrs " * 39 + "then something else " * 3,
    ],
)
def test_tables_rules_and_lists_are_no_repetition(text: str) -> None:
    watch = RepeatWatch()
    for at in range(0, len(text), 7):
        watch.feed(text[at : at + 7])


def test_dashes_without_end_are_stopped_too() -> None:
    outcome = read(OpenAIReader, [sse(*[delta(content="-" * 512)] * 1000)], PLAIN)
    assert outcome.code == "bad_reply"
    assert len(outcome.text) > 60_000


@pytest.mark.parametrize(
    ("text", "thought", "said"),
    [
        ("<think>a</think>b", "a", "b"),
        ("\n <think>\na\n</think>\n\nb <think> c", "a\n", "b <think> c"),
        ("use <think>x</think> tags", "", "use <think>x</think> tags"),
        ("<think>a<b></thin </think>", "a<b></thin ", ""),
        ("<thin", "", "<thin"),
        ("<thinking>x", "", "<thinking>x"),
        ("<think>never", "never", ""),
        ("", "", ""),
        ("   ", "", "   "),
    ],
)
def test_thinking_in_tags_is_told_from_text_at_every_split(text: str, thought: str, said: str) -> None:
    for at in range(len(text) + 1):
        splitter = ThinkSplitter()
        parts = splitter.feed(text[:at]) + splitter.feed(text[at:]) + splitter.end()
        assert "".join(piece for kind, piece in parts if kind == "thought") == thought
        assert "".join(piece for kind, piece in parts if kind == "text") == said
        assert splitter.unclosed == (text == "<think>never")


def test_a_closing_tag_alone_on_its_line_moves_what_was_before_it() -> None:
    assert split_at_lone_close("hm\nso\n</think>\n\nanswer") == ("hm\nso", "answer")
    assert split_at_lone_close("a </think> b") is None
    assert split_at_lone_close("Use <think>:\n</think>\nx") is None
    assert split_at_lone_close("```\n</think>\n```") is None
    outcome = read(OpenAIReader, [sse(delta("stop", content="hm\n</think>\nyes"), "[DONE]")], PLAIN)
    assert outcome.reply is not None
    assert outcome.reply.message.text == "yes"
    assert outcome.reply.message.thinking[0].text == "hm"
    assert outcome.reply.flags == ("thinking_moved",)


def test_an_answer_that_is_only_thinking_says_so() -> None:
    outcome = read(OpenAIReader, [sse(delta("stop", content="<think>on and on"), "[DONE]")], PLAIN)
    assert outcome.reply is not None
    assert outcome.reply.message.text == ""
    assert outcome.reply.flags == ("unclosed_thinking", "only_thinking")


def test_halves_of_a_surrogate_pair_in_two_pieces_become_one_character() -> None:
    body = b'data: {"choices":[{"delta":{"content":"a\\ud83d"}}]}\n\n'
    body += b'data: {"choices":[{"delta":{"content":"\\ude00"},"finish_reason":"stop"}]}\n\n'
    assert read(OpenAIReader, [body]).text == "a😀"
    lone = b'data: {"choices":[{"delta":{"content":"a\\ud83d"},"finish_reason":"stop"}]}\n\n'
    assert read(OpenAIReader, [lone]).text == "a\ufffd"


def test_a_line_that_is_no_json_is_flagged_and_its_calls_are_not_trusted() -> None:
    broken = b'data: {"choices":[{"delta":{"content":"x"\n\n'
    outcome = read(
        OpenAIReader, [sse(delta(content="a")) + broken + sse(delta("stop", content="b"), "[DONE]")]
    )
    assert outcome.word == "flagged: bad_line"
    call = delta(tool_calls=[{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}])
    assert read(OpenAIReader, [sse(call) + broken + sse(delta("stop"))]).code == "bad_reply"


def test_a_server_that_does_not_stream_is_understood() -> None:
    body = b'{"model":"m","choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}'
    assert read(OpenAIReader, bytewise(body)).word == "complete"
    assert read(OpenAIReader, [body[:-1]]).code == "cut_off"
    assert read(OpenAIReader, [b"<html>login</html>"]).code == "bad_reply"


def test_no_cut_before_the_end_mark_is_ever_a_plain_success() -> None:
    body = wire_body("delegate_hello_5_0.txt")
    mark = body.index(b"[DONE]") + len(b"[DONE]")
    words = [read(OpenAIReader, [body[:cut]], PLAIN).word for cut in range(len(body) + 1)]
    assert "complete" not in words[:mark]
    assert set(words[mark:]) == {"complete"}
