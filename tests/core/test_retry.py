"""What may be tried again, when, and how often together: pure, with the luck brought along."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_delegate.core.errors import (
    AuthRefused,
    BackendError,
    BadReply,
    ContextOverflow,
    CutOff,
    ModelMissing,
    Overloaded,
    RateLimited,
    TimedOut,
    Unreachable,
)
from tui_delegate.core.retry import LONGEST_DELAY, LONGEST_RETRY_AFTER, TRIES, RetryBudget, retry_delay

LUCK = st.floats(0, 1)


@pytest.mark.parametrize(
    "kind",
    [Unreachable, AuthRefused, ModelMissing, ContextOverflow, CutOff, BadReply, TimedOut, BackendError],
)
def test_only_what_had_no_room_is_tried_again(kind: type[BackendError]) -> None:
    assert retry_delay(kind("no", retry_after=1.0), 1, 0.5) is None


@given(tries=st.integers(1, TRIES - 1), luck=LUCK, kind=st.sampled_from([Overloaded, RateLimited]))
def test_the_wait_doubles_within_its_jitter_and_has_a_ceiling(
    tries: int, luck: float, kind: type[BackendError]
) -> None:
    delay = retry_delay(kind("full"), tries, luck)
    assert delay is not None
    assert 0.25 * 2 ** (tries - 1) <= delay <= min(0.5 * 2 ** (tries - 1), LONGEST_DELAY)


@given(LUCK)
def test_after_the_last_try_there_is_no_other(luck: float) -> None:
    assert retry_delay(Overloaded("full"), TRIES, luck) is None
    assert retry_delay(Overloaded("full", retry_after=1.0), TRIES, luck) is None


@given(after=st.floats(0, LONGEST_RETRY_AFTER), luck=LUCK)
def test_the_server_is_never_asked_before_it_said(after: float, luck: float) -> None:
    delay = retry_delay(RateLimited("slow", retry_after=after), 1, luck)
    assert delay is not None
    assert after <= delay <= after + 0.1


@pytest.mark.parametrize("after", [LONGEST_RETRY_AFTER + 1, math.inf, math.nan])
def test_a_wait_that_is_too_long_or_no_number_is_no_wait(after: float) -> None:
    assert retry_delay(RateLimited("slow", retry_after=after), 1, 0.5) is None


def test_a_wait_that_has_passed_already_is_none() -> None:
    assert retry_delay(RateLimited("slow", retry_after=-5.0), 1, 0.0) == 0.0


@given(calls=st.integers(0, 400), asked=st.integers(0, 200))
def test_retries_are_a_fifth_of_the_calls_at_most_and_a_few_are_always_there(calls: int, asked: int) -> None:
    budget = RetryBudget()
    for _ in range(calls):
        budget.count_call()
    given_out = sum(budget.take() for _ in range(asked))
    assert given_out == min(asked, max(8, calls // 5))
