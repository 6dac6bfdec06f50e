"""A conversation: runs in the order in which they follow each other, and what is told again."""

from __future__ import annotations

from tui_delegate.core import conversation
from tui_delegate.core.calls import RunContext
from tui_delegate.core.conversation import chain, given_way, history, leaves
from tui_delegate.core.events import Cancelled, Event, Failed, Finished, Opened, Wrote
from tui_delegate.core.messages import estimate_prompt
from tui_delegate.core.transcript import Transcript


def run(
    name: str, after: str = "", *said: Event, session: str = "s", prompt: str = "", command: str = "chat"
) -> Transcript:
    transcript = Transcript()
    context = RunContext(command, session)
    for event in (Opened(run=name, prompt=prompt or f"ask {name}", after=after, context=context), *said):
        transcript.apply(event)
    return transcript


def answered(name: str, after: str = "", session: str = "s") -> Transcript:
    return run(name, after, Finished(text=f"answer {name}"), session=session)


def told(*runs: Transcript) -> dict[str, Transcript]:
    return {one.run: one for one in runs}


def names(runs: list[Transcript]) -> list[str]:
    return [one.run for one in runs]


def words(runs: list[Transcript], forgets: int = 0, recap: str = "") -> list[tuple[str, str]]:
    return [(one.role, one.text) for one in history(runs, forgets, recap)]


def test_a_chain_goes_back_to_the_first_run_oldest_first() -> None:
    runs = told(answered("a"), answered("b", "a"), answered("b2", "a"), answered("c", "b2"))
    assert names(chain(runs, "c")) == ["a", "b2", "c"]
    assert names(chain(runs, "b")) == ["a", "b"]
    assert leaves(runs) == ["b", "c"]


def test_a_chain_goes_on_across_sessions() -> None:
    runs = told(answered("a"), answered("b", "a"), answered("f", "a", session="fork"))
    assert names(chain(runs, "f")) == ["a", "f"]
    assert leaves(runs, "fork") == ["f"]
    assert leaves(runs, "s") == ["b"]


def test_a_fork_ends_nothing_where_it_went_off() -> None:
    runs = told(answered("a"), answered("f", "a", session="fork"))
    assert leaves(runs, "s") == ["a"]


def summed(name: str, after: str, *said: Event) -> Transcript:
    return run(name, after, *said, command="recap")


def test_a_run_that_sums_up_is_no_place_where_a_session_stands() -> None:
    runs = told(answered("a"), summed("r", "a", Finished(text="in short")))
    assert leaves(runs, "s") == ["a"]


def test_what_was_summed_up_after_the_last_run_gives_way_to_the_recap() -> None:
    recap, stopped = summed("r", "b", Finished(text="in short")), summed("r2", "c", Cancelled(text="in"))
    runs = [answered("a"), answered("b", "a"), answered("c", "b")]
    assert given_way(told(*runs, recap, stopped), runs) == (2, "in short")
    assert given_way(told(recap, *runs), runs) == (0, "")
    assert given_way(told(*runs, summed("r", "elsewhere", Finished(text="no"))), runs) == (0, "")
    runs[-1].forgets, runs[-1].recap = 1, "before"
    assert given_way(told(recap, *runs), runs) == (1, "before")
    assert given_way({}, []) == (0, "")


def test_a_missing_link_shortens_a_chain_and_a_circle_ends_it() -> None:
    assert names(chain(told(answered("b", "gone"), answered("c", "b")), "c")) == ["b", "c"]
    round_about = told(answered("a", "c"), answered("b", "a"), answered("c", "b"))
    assert names(chain(round_about, "c")) == ["a", "b", "c"]
    assert leaves(round_about) == ["c"]
    assert names(chain(told(answered("a", "a")), "a")) == ["a"]
    assert chain({}, "a") == []
    assert leaves({}) == []


def test_a_first_prompt_that_was_edited_begins_a_chain_of_its_own() -> None:
    runs = told(answered("a"), answered("again"))
    assert names(chain(runs, "again")) == ["again"]
    assert leaves(runs) == ["a", "again"]


def test_history_is_prompt_and_answer_in_turn() -> None:
    assert words([answered("a"), answered("b", "a")]) == [
        ("user", "ask a"), ("assistant", "answer a"), ("user", "ask b"), ("assistant", "answer b"),
    ]  # fmt: skip


def test_a_run_that_said_nothing_is_left_out() -> None:
    silent = [
        run("f", "", Failed(code="unreachable", message="nothing answers")),
        run("c", "", Cancelled()),
        run("e", "", Finished(text="  \n")),
        run("r", ""),
    ]
    assert words(silent) == []


def test_an_answer_that_is_not_whole_is_marked_as_that() -> None:
    runs = [
        run("c", "", Wrote(text="half"), Cancelled()),
        run("f", "", Wrote(text="half"), Failed(code="cut_off", message="gone")),
        run("r", "", Wrote(text="half")),
    ]
    assert [text for role, text in words(runs) if role == "assistant"] == [
        "half\n\n[stopped here by the user]", "half\n\n[broke off here]", "half\n\n[not finished]",
    ]  # fmt: skip


def test_what_is_forgotten_is_left_out_and_a_recap_stands_in_its_place() -> None:
    runs = [answered("a"), answered("b", "a"), answered("c", "b")]
    assert words(runs, 2) == [("user", "ask c"), ("assistant", "answer c")]
    assert words(runs, 2, " in short ") == [
        ("user", conversation.RECAP), ("assistant", "in short"), ("user", "ask c"), ("assistant", "answer c"),
    ]  # fmt: skip
    assert words(runs, 9) == []
    assert len(words(runs, -1)) == 6


def test_roles_alternate_whatever_the_runs_are() -> None:
    runs = [answered("a"), run("b", "a", Cancelled()), run("c", "b", Wrote(text="x")), answered("d", "c")]
    roles = [role for role, _ in words(runs, 0, "recap")]
    assert roles == ["user", "assistant"] * 4


def test_an_estimate_counts_every_message() -> None:
    assert estimate_prompt(()) == 0
    one, two = estimate_prompt(history([answered("a")])), estimate_prompt(history([answered("a")] * 2))
    assert 0 < one < two == 2 * one
