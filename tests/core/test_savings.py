"""What delegation was worth: the workers' share, and dollars only where both prices are known."""

from __future__ import annotations

import pytest

from tui_delegate.core.calls import ModelCall, RunContext
from tui_delegate.core.events import Event, RunPath, Spent
from tui_delegate.core.savings import Savings, savings
from tui_delegate.core.transcript import Transcript
from tui_delegate.core.usage import LOCAL, Price, Usage

DEAR = Price(10.0, 20.0, 1.0)
USED = Usage(1000, 400, 100)


def spent(path: RunPath, usage: Usage, price: Price | None) -> Spent:
    cost = None if price is None else price.cost(usage)
    return Spent(
        path=path, call=ModelCall("a", "p", "b", "h", "m", "m", usage, 0, 0, 0, None, price, cost, "ok")
    )


def told(*events: Event) -> Transcript:
    transcript = Transcript()
    for event in events:
        transcript.apply(event)
    return transcript


def test_a_local_worker_saves_what_its_tokens_would_have_cost_at_the_managers_price() -> None:
    worth = savings([told(spent((), Usage(500, 0, 50), DEAR), spent((0,), USED, LOCAL))])
    assert worth.saved == pytest.approx((600 * 10 + 400 * 1 + 100 * 20) / 1e6)
    assert worth.delegated == USED
    assert worth.share == pytest.approx(1100 / 1650)


def test_nothing_is_said_to_be_saved_where_a_price_is_not_known() -> None:
    assert savings([told(spent((), USED, None), spent((0,), USED, LOCAL))]).saved is None
    assert savings([told(spent((), USED, DEAR), spent((0,), USED, None))]).saved is None
    assert savings([told(spent((), USED, DEAR))]).saved is None


def test_workers_that_cost_more_than_their_manager_save_less_than_nothing() -> None:
    saved = savings([told(spent((), USED, LOCAL), spent((0, 1), USED, DEAR))]).saved
    assert saved == pytest.approx(-DEAR.cost(USED))


def test_runs_add_up_and_one_of_unknown_price_takes_nothing_away() -> None:
    known = told(spent((), USED, DEAR), spent((0,), USED, LOCAL))
    unknown = told(spent((), USED, None), spent((0,), USED, None))
    both = savings([known, unknown])
    assert both.saved == savings([known]).saved
    assert both.delegated.total == 2 * USED.total
    assert savings([]) == Savings()
    assert Savings().share is None


def test_a_verb_that_another_tool_calls_is_all_work_of_a_worker_and_its_price_is_not_known() -> None:
    run = told(spent((), USED, LOCAL))
    run.context = RunContext("summarize")
    assert savings([run]) == Savings(delegated=USED)
