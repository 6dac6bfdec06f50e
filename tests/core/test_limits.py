"""The purse: what is spent and what is promised never pass a limit, whatever is reserved and settled."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_delegate.core.errors import BudgetExceeded, UsesExceeded
from tui_delegate.core.limits import Allowance, Limits
from tui_delegate.core.purse import LEAST_OUTPUT, USUAL_OUTPUT, Purse, Reservation
from tui_delegate.core.usage import Price, Usage

PRICE = Price(1.0, 4.0, 0.25)
STEPS = st.lists(
    st.tuples(
        st.booleans(),
        st.integers(0, 3000),
        st.none() | st.integers(1, 6000),
        st.floats(0, 1),
        st.floats(0, 1),
    ),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(tokens=st.none() | st.integers(1, 30_000), cost=st.none() | st.floats(0, 0.05), steps=STEPS)
def test_spent_and_held_together_never_pass_a_limit(
    tokens: int | None,
    cost: float | None,
    steps: list[tuple[bool, int, int | None, float, float]],
) -> None:
    purse = Purse(Limits(tokens=tokens, cost=cost))
    open_calls: list[tuple[Reservation, int]] = []
    for settles, prompt, wanted, read, written in steps:
        if settles and open_calls:
            held, most = open_calls.pop(0)
            used = Usage(int(most * read), 0, int((held.max_output or 0) * written))
            purse.settle(held, used, PRICE.cost(used))
        else:
            try:
                made = purse.reserve(prompt, wanted, PRICE)
            except BudgetExceeded:
                assert purse.held == []
                continue
            if made is None:
                assert purse.held
                continue
            assert made.max_output is None or made.max_output >= min(LEAST_OUTPUT, wanted or LEAST_OUTPUT)
            assert wanted is None or made.max_output is None or made.max_output <= wanted
            open_calls.append((made, prompt))
        if tokens is not None:
            assert purse.tokens + sum(held.tokens for held in purse.held) <= tokens
        if cost is not None:
            assert purse.cost + sum(held.cost for held in purse.held) <= cost + 1e-9
    for held, _ in open_calls:
        purse.settle(held, Usage(), 0.0)
    assert purse.held == []


def test_without_a_limit_nothing_is_held_and_no_cap_is_sent() -> None:
    purse = Purse(Limits())
    made = purse.reserve(10**9, None, None)
    assert made is not None
    assert made.max_output is None
    assert purse.held == []


def test_what_does_not_fit_beside_others_waits_and_what_can_not_fit_is_refused() -> None:
    purse = Purse(Limits(tokens=1000))
    first = purse.reserve(100, 800, None)
    assert first is not None
    assert purse.reserve(150, None, None) is None
    purse.settle(first, Usage(100, 0, 880), None)
    with pytest.raises(BudgetExceeded, match="980 of 1000"):
        purse.reserve(150, None, None)


def test_a_short_answer_that_is_wanted_so_is_no_reason_to_refuse() -> None:
    made = Purse(Limits(tokens=20)).reserve(15, 3, None)
    assert made is not None
    assert made.max_output == 3


def test_the_cap_of_a_call_is_what_is_left_and_never_more_than_usual() -> None:
    small = Purse(Limits(tokens=500)).reserve(100, None, None)
    large = Purse(Limits(tokens=10**6)).reserve(100, None, None)
    assert small is not None
    assert large is not None
    assert (small.max_output, large.max_output) == (400, USUAL_OUTPUT)


def test_a_cost_limit_names_the_money_and_wants_a_price() -> None:
    purse = Purse(Limits(cost=0.001))
    with pytest.raises(BudgetExceeded, match="price"):
        purse.reserve(1, None, None)
    with pytest.raises(BudgetExceeded, match=r"\$0\.0000 of \$0\.001"):
        purse.reserve(10_000, None, PRICE)
    free = purse.reserve(10_000, None, Price(0.0, 0.0))
    assert free is not None


def test_what_is_not_priced_still_counts_its_tokens() -> None:
    purse = Purse(Limits(tokens=1000))
    made = purse.reserve(10, 20, None)
    assert made is not None
    purse.settle(made, Usage(10, 0, 20), None)
    assert (purse.tokens, purse.cost, purse.held) == (30, 0.0, [])


@given(st.integers(0, 20), st.integers(0, 40))
def test_tasks_are_counted_to_the_last_and_no_further(most: int, asked: int) -> None:
    purse = Purse(Limits(max_tasks=most))
    refused = 0
    for _ in range(asked):
        try:
            purse.take_task()
        except UsesExceeded:
            refused += 1
    assert (purse.tasks, refused) == (min(most, asked), max(0, asked - most))


@given(depth=st.integers(1, 6), nested=st.booleans())
def test_a_child_is_one_level_down_and_only_the_manager_delegates_unless_nested(
    depth: int, nested: bool
) -> None:
    allowance = Allowance(Limits(depth=depth, nested=nested))
    for level in range(depth + 1):
        assert allowance.level == level
        assert allowance.deeper_runs == (level + 1 < depth)
        assert allowance.may_delegate == (allowance.deeper_runs and (level == 0 or nested))
        allowance = allowance.child()
