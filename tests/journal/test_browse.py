"""Looking through the calls: whatever is asked, the answer is what a fold over all of them would give."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.journal.samples import NOON, call, child, commit, opened, spent
from tui_delegate.core.calls import ModelCall, RunContext
from tui_delegate.core.errors import InputError, JournalError
from tui_delegate.core.events import RunPath
from tui_delegate.core.usage import LOCAL, Price, Usage
from tui_delegate.journal.browse import SORTS, Browse, View, add_up
from tui_delegate.journal.ledger import Call
from tui_delegate.journal.rows import path_text
from tui_delegate.journal.store import Journal

PATHS: tuple[RunPath, ...] = ((), (0,), (1,), (0, 0), (0, 1))
UNKNOWN = {"first": "first_token_ms", "rate": "tokens_per_second", "cost": "cost", "price": "price_source"}


def made(number: int) -> ModelCall:
    one = call(
        agent="manager" if number % 5 == 0 else "Worker",
        model=f"model-{number % 7}",
        usage=Usage(
            number * 13 % 101, number % 3, number * 7 % 31, 0, "reported" if number % 4 else "unknown"
        ),
        cost=None if number % 6 == 0 else number / 100,
        status="failed" if number % 10 == 0 else "ok",
        total_ms=number * 37 % 1000,
    )
    return replace(one, tokens_per_second=None if number % 8 == 0 else number / 3)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "journal.db"
    with closing(Journal.open(path)) as journal:
        for run in ("r0", "r1"):
            commit(
                journal,
                run,
                [opened(run, RunContext("ask" if run == "r1" else "run", f"s-{run}", f"/home/{run}"))],
            )
        for number in range(1, 61):
            at = NOON + number * 60 if number % 9 else NOON - number
            event = spent(made(number), path=PATHS[number % len(PATHS)], at=at)
            assert commit(journal, f"r{number % 2}", [event]) is None
    return path


def read(browse: Browse, view: View) -> list[Call]:
    return list(browse.each(view))


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", SORTS)
def test_any_column_sorts_both_ways_and_loses_no_call(path: Path, sort: str, descending: bool) -> None:
    with closing(Browse(path)) as browse:
        found = read(browse, View(sort=sort, descending=descending))
    assert sorted(one.n for one in found if one.run == "r0") == sorted(range(2, 32))
    assert len(found) == 60
    if sort in UNKNOWN:
        known = [getattr(one, UNKNOWN[sort]) is not None for one in found]
        assert known == sorted(known, reverse=True), "what is not known stands last, either way"
    if sort == "total":
        totals = [one.prompt + one.completion for one in found]
        assert totals == sorted(totals, reverse=descending)
    if sort == "time":
        assert [one.at for one in found] == sorted((one.at for one in found), reverse=descending)


def test_a_column_that_is_not_there_cannot_be_sorted_by(path: Path) -> None:
    with closing(Browse(path)) as browse, pytest.raises(InputError) as caught:
        browse.order(View(sort="at; DROP TABLE calls"))
    assert "model" in caught.value.hint


def test_each_word_has_to_be_found_somewhere(path: Path) -> None:
    with closing(Browse(path)) as browse:
        found = read(browse, View(words="MODEL-3 ask"))
        assert {(one.model, one.command) for one in found} == {("model-3", "ask")}
        assert {one.status for one in read(browse, View(words="status:failed"))} == {"failed"}
        assert not read(browse, View(words="agent:model"))
        assert len(read(browse, View(words="project:/home/r1"))) == 30
        assert not read(browse, View(words="model_3"))
        assert not read(browse, View(words="%"))
        assert not read(browse, View(words="'; DROP TABLE calls"))


def test_a_word_with_a_colon_that_names_no_column_is_a_word(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with closing(Journal.open(path)) as journal:
        commit(journal, "r", [opened("r"), spent(call(model="qwen3:4b"))])
    with closing(Browse(path)) as browse:
        assert len(browse.order(View(words="qwen3:4"))) == 1


def test_scopes_choose_run_session_and_time(path: Path) -> None:
    with closing(Browse(path)) as browse:
        assert {one.run for one in browse.each(View(run="r1"))} == {"r1"}
        assert {one.run for one in browse.each(View(session="s-r0"))} == {"r0"}
        assert all(one.at >= NOON for one in browse.each(View(since=NOON)))
        assert {one.path for one in browse.each(View(exact=(("run", "r0"), ("path", "0.1"))))} == {"0.1"}


@pytest.mark.parametrize(
    "view",
    [View(), View(since=NOON), View(run="r1"), View(words="model-3"), View(exact=(("model", "model-2"),))],
)
def test_sums_and_groups_are_what_the_calls_add_up_to(path: Path, view: View) -> None:
    with closing(Browse(path)) as browse:
        found = read(browse, view)
        total = browse.total(view)
        assert (total.calls, total.prompt) == (len(found), sum(one.prompt for one in found))
        assert total.unpriced == sum(one.cost is None for one in found)
        for by in ("agent", "profile", "model", "run", "day"):
            groups = browse.groups(view, by)
            assert sum(one.calls for one in groups) == len(found)
            assert sum(one.completion for one in groups) == sum(one.completion for one in found)
        slices = browse.slices(view, NOON - 100, 600)
        assert sum(one.tokens for one in slices) == sum(one.prompt + one.completion for one in found)
        places = browse.delegations(view)
        assert sum(one.own for one in places) == sum(one.prompt + one.completion for one in found)


places = st.lists(st.integers(0, 2), max_size=3).map(tuple)


@given(st.dictionaries(st.tuples(st.sampled_from(["a", "b"]), places), st.integers(0, 1000), max_size=12))
def test_a_place_is_charged_with_all_that_happened_below_it(used: dict[tuple[str, RunPath], int]) -> None:
    given_rows = [(run, path_text(path), "w", "m", 0.0, 1, n, 0.5, 0, 0) for (run, path), n in used.items()]
    for one, (run, path) in zip(add_up(given_rows), used, strict=True):
        below = sum(
            n
            for (other, place), n in used.items()
            if other == run and place != path and place[: len(path)] == path
        )
        assert (one.own, one.delegated, one.total) == (used[run, path], below, used[run, path] + below)


def test_what_was_saved_is_counted_at_the_price_of_each_runs_manager(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    dear, used = Price(10.0, 20.0, 1.0), Usage(1000, 400, 100)
    worker = replace(call(usage=used), price=LOCAL, cost=0.0)
    with closing(Journal.open(path)) as journal:
        commit(
            journal, "r", [opened("r"), spent(replace(call(), price=dear, cost=1.0), path=()), spent(worker)]
        )
        commit(journal, "q", [opened("q"), spent(call(cost=None), path=()), spent(worker)])
    with closing(Browse(path)) as browse:
        assert browse.saved(View()) == pytest.approx(dear.cost(used))
        assert browse.saved(View(run="r")) == pytest.approx(dear.cost(used))
        assert browse.saved(View(run="q")) is None
        assert browse.saved(View(words="agent:worker session:s1")) == pytest.approx(dear.cost(used))


def test_a_journal_that_is_not_there_is_empty_and_is_found_as_soon_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with closing(Browse(path)) as browse:
        assert not browse.order(View())
        assert browse.sums(View()).total.calls == 0
        assert (browse.newest(), browse.span(View()), browse.slices(View(), 0, 1)) == (0, None, [])
        assert list(tmp_path.iterdir()) == []
        with closing(Journal.open(path)) as journal:
            commit(journal, "r", [opened("r"), spent()])
        assert len(browse.order(View())) == 1


def test_a_damaged_journal_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"nothing of the kind" * 50)
    with closing(Browse(path)) as browse:
        for ask in (browse.newest, lambda: browse.order(View()), lambda: browse.sums(View())):
            with pytest.raises(JournalError) as caught:
                ask()
            assert "is damaged" in caught.value.message


def test_what_two_other_processes_write_is_seen_by_a_reader_that_stays_open(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    Journal.open(path).close()
    with closing(Browse(path)) as browse:
        assert browse.newest() == 0
        writers = [child("some", str(path), run, "20") for run in ("r1", "r2")]
        for writer in writers:
            out, _ = writer.communicate("\n", timeout=60)
            assert out.split() == ["closed"]
        found = read(browse, View())
    assert sorted((one.run, one.total_ms) for one in found) == [
        (r, n) for r in ("r1", "r2") for n in range(20)
    ]


def test_a_reader_that_was_closed_opens_nothing_again(path: Path) -> None:
    browse = Browse(path)
    assert browse.newest() == 60
    browse.close()
    assert (browse.newest(), list(browse.each(View()))) == (0, [])


def test_a_question_ends_when_another_thread_interrupts_it(path: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    with closing(Browse(path)) as browse, ThreadPoolExecutor(1) as pool:
        browse.newest()
        asked = pool.submit(browse._ask, endless)
        while not asked.done():
            browse.interrupt()
        assert isinstance(asked.exception(), JournalError)
        assert browse.newest() == 60
