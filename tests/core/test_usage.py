"""Tokens and dollars add up, and unknown is not zero."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_delegate.core.usage import LOCAL, Price, Usage, estimate_tokens, reach, weight

COUNTS = st.integers(0, 10**6)
USAGES = st.builds(
    Usage, COUNTS, COUNTS, COUNTS, COUNTS, st.sampled_from(["reported", "estimated", "unknown"])
)


@given(USAGES, USAGES, USAGES)
def test_sums_do_not_depend_on_their_order(a: Usage, b: Usage, c: Usage) -> None:
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + Usage() == a
    assert (a + b).total == a.total + b.total


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("reported", "reported", "reported"),
        ("reported", "estimated", "estimated"),
        ("unknown", "estimated", "unknown"),
        ("unknown", "reported", "unknown"),
    ],
)
def test_a_sum_is_as_sure_as_its_least_sure_part(one: str, other: str, both: str) -> None:
    assert (Usage(source=one) + Usage(source=other)).source == both  # type: ignore[arg-type]


def test_cached_tokens_are_a_part_of_the_prompt_and_have_their_own_price() -> None:
    usage = Usage(1_000_000, 400_000, 100_000)
    assert Price(1.0, 10.0, 0.1).cost(usage) == pytest.approx(0.6 + 0.04 + 1.0)
    assert Price(1.0, 10.0).cost(usage) == pytest.approx(1.0 + 1.0)


def test_a_server_that_counts_more_cached_than_sent_makes_no_negative_cost() -> None:
    assert Price(5.0, 0.0, 0.0).cost(Usage(10, 50, 0)) == 0.0


@given(USAGES)
def test_a_server_of_ones_own_costs_nothing(usage: Usage) -> None:
    assert LOCAL.cost(usage) == 0.0


@given(USAGES, USAGES)
def test_the_cost_of_a_sum_is_at_most_the_sum_of_costs(a: Usage, b: Usage) -> None:
    price = Price(3.0, 15.0, 0.3)
    assert price.cost(a + b) <= price.cost(a) + price.cost(b) + 1e-9


@given(st.text(max_size=200), st.text(max_size=200))
def test_an_estimate_grows_with_the_text_and_is_nothing_for_nothing(a: str, b: str) -> None:
    assert estimate_tokens("") == 0
    assert estimate_tokens(a) <= estimate_tokens(a + b)
    assert estimate_tokens(a + "x") > 0


def test_far_letters_weigh_more_than_near_ones() -> None:
    assert [weight(text) for text in ("", "abc", "один", "漢字", "안녕", "🙂", "\ud800")] == [
        0,
        3,
        6,
        6,
        6,
        4,
        1,
    ]
    assert estimate_tokens("漢" * 330) == 301
    assert estimate_tokens("naïve café") in (4, 5)


@given(st.text(max_size=60), st.integers(0, 60), st.integers(1, 100))
def test_what_is_within_reach_weighs_no_more_than_was_said(text: str, at: int, most: int) -> None:
    at = min(at, len(text))
    end = reach(text, at, most)
    assert at <= end <= len(text)
    assert end > at or at == len(text)
    assert weight(text[at:end]) <= most or end == at + 1
