from __future__ import annotations

import pytest

from tui_delegate.tui.fuzzy import fit


def best(query: str, *texts: str) -> list[str]:
    found = [(text, it) for text in texts if (it := fit(query, text))]
    return [text for text, _ in sorted(found, key=lambda pair: -pair[1].score)]


def test_letters_in_their_order_are_enough_and_the_closest_comes_first() -> None:
    assert best("qw4", "qwen3:4b", "qwen3:32b", "big-qw4") == ["big-qw4", "qwen3:4b"]
    assert best("coder", "decoder", "qwen-coder", "coder-1b", "coder") == [
        "coder",
        "coder-1b",
        "qwen-coder",
        "decoder",
    ]


def test_every_word_has_to_be_found_in_any_order() -> None:
    assert best("lab qwen", "qwen3 lab", "qwen3 home") == ["qwen3 lab"]


def test_nothing_typed_fits_everything() -> None:
    assert fit("", "x")
    assert fit("   ", "x")


@pytest.mark.parametrize("text", ["İstanbul", "ß" * 5, "e\u0301tude", "模型", ""])
def test_what_was_found_lies_inside_the_text(text: str) -> None:
    for query in (text, text.lower(), "i", "s"):
        found = fit(query, text)
        assert found is None or all(0 <= at < len(text) for at in found.at)


def test_a_name_made_to_be_slow_is_not() -> None:
    assert fit("a" * 200 + "b", "a" * 20_000) is None
    assert fit("ab" * 100, "ab" * 10_000)
