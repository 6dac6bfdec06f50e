from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import realserver
from tests.product import Ended, Product, summed
from tests.realserver import RealServer
from tui_delegate.core.codec import decode
from tui_delegate.core.events import Event, Finished, Spent, Started, Wrote
from tui_delegate.core.limits import Limits
from tui_delegate.core.transcript import Transcript
from tui_delegate.workspace.seats import Workspace

pytestmark = pytest.mark.real
BOTH = "delegate fix the typo | sort these names"
DONE = "Done: result of fix the typo; result of sort these names"


@pytest.fixture(scope="module")
def server() -> Iterator[RealServer]:
    with realserver.running() as running:
        yield running


@pytest.fixture
def tud(server: RealServer, tmp_path: Path) -> Product:
    tiny = {"backend": "llamacpp", "base_url": server.url, "temperature": 0.0}
    claude = {**tiny, "backend": "anthropic", "default_model": "tiny-delegate", "api_key": "any"}
    plain = {**tiny, "backend": "openai-compat", "base_url": f"{server.url}/v1"}
    return Product(tmp_path).write(tiny=tiny, claude=claude, plain=plain)


def run(tud: Product, *words: str) -> tuple[Ended, list[dict[str, object]]]:
    """One run and then the rows of the ledger, oldest first."""

    async def main() -> tuple[Ended, list[dict[str, object]]]:
        ended = await tud.tell("run", *words)
        return ended, await tud.ledger()

    return asyncio.run(main())


def events(ended: Ended) -> list[Event]:
    return [decode(json.loads(line)) for line in ended.out.splitlines()]


def test_one_delegation_goes_to_a_worker_and_comes_back(tud: Product) -> None:
    ended, rows = run(tud, "delegate fix the typo")
    assert (ended.code, ended.out) == (0, "Done: result of fix the typo\n")
    assert "[0] fix: tiny/tiny-delegate works on 'fix the typo'" in ended.err
    assert [row["path"] for row in rows] == [[], [0], []]
    assert {(row["status"], row["command"], row["usage_source"]) for row in rows} == {
        ("ok", "run", "reported")
    }


@pytest.mark.parametrize("profile", ["tiny", "plain", "claude"])
def test_two_tasks_run_side_by_side_and_every_token_is_in_the_ledger(tud: Product, profile: str) -> None:
    ended, rows = run(tud, "--json", "--profile", profile, BOTH)
    assert (ended.code, ended.value["ok"], ended.value["content"]) == (0, True, DONE)
    delegations = ended.rows("delegations")
    assert [(one["path"], one["status"], one["profile"]) for one in delegations] == [
        ([0], "ok", profile),
        ([1], "ok", profile),
    ]
    usage = ended.value["usage"]
    assert isinstance(usage, dict)
    assert {row["run"] for row in rows} == {ended.value["run"]}
    assert usage["prompt_tokens"] == summed(rows, "prompt_eval_count") > 0
    assert usage["completion_tokens"] == summed(rows, "eval_count") > 0
    assert usage["cached_tokens"] == summed(rows, "cached_tokens")
    assert (len(rows), usage["cost"], usage["source"]) == (4, 0.0, "reported")


def test_a_second_round_follows_the_first(tud: Product) -> None:
    ended, rows = run(tud, "twice plan the next steps")
    assert ended.out == "Done: result of plan the next steps; result of check plan the next steps\n"
    assert [row["path"] for row in rows] == [[], [0], [], [1], []]


def test_a_model_that_never_stops_delegating_is_stopped_at_the_limit_and_answers(tud: Product) -> None:
    ended, rows = run(tud, "--json", "--limit", "max_uses=3", "loop format the table")
    workers = [row for row in rows if row["path"]]
    assert [row["path"] for row in workers] == [[0], [1], [2]]
    assert (ended.code, ended.value["ok"]) == (0, True)
    assert str(ended.value["content"]).count("result of format the table") == 3
    refused = ended.rows("delegations")[3]
    assert refused["status"] == "refused"
    error = refused["error"]
    assert isinstance(error, dict)
    assert error["code"] == "subagent_max_uses_exceeded"
    assert "limit:subagent_max_uses_exceeded" in str(ended.value["partial"])


def test_at_the_only_level_there_is_nobody_is_offered_a_worker(tud: Product) -> None:
    ended, rows = run(tud, "--json", "--limit", "depth=1", "fix the typo")
    assert (ended.value["content"], ended.value["delegations"], len(rows)) == (
        "result of fix the typo",
        [],
        1,
    )


@pytest.mark.parametrize("profile", ["tiny", "plain", "claude"])
def test_the_answer_streams_and_the_events_add_up_to_it(tud: Product, profile: str) -> None:
    ended, _ = run(tud, "--events", "--profile", profile, BOTH)
    told = events(ended)
    pieces = [one.text for one in told if isinstance(one, Wrote) and not one.path]
    assert "".join(pieces) == DONE
    assert len(pieces) > 5
    transcript = Transcript()
    for event in told:
        transcript.apply(event)
    assert (transcript.root.text, len(transcript.delegations())) == (DONE, 2)
    assert isinstance(told[-1], Finished)
    begun = [one.path for one in told if isinstance(one, Started | Finished)]
    assert begun.index((1,)) < max(place for place, path in enumerate(begun) if path == (0,))


def test_the_first_token_is_seen_before_the_last_is_made(tud: Product) -> None:
    async def main() -> None:
        workspace = Workspace.open()
        try:
            async with workspace.run("hello", Limits(), journal=None) as run:
                told = [(type(event), event.path) async for event in run]
        finally:
            await workspace.aclose()
        assert told.index((Wrote, ())) < told.index((Spent, ()))
        assert told.count((Wrote, ())) > 3

    asyncio.run(main())


def test_a_name_that_the_server_does_not_have_is_answered_by_what_it_has_and_that_is_said(
    tud: Product,
) -> None:
    ended, rows = run(tud, "--model", "nosuch", "hello")
    assert ended.code == 0
    assert "nosuch was asked for, tiny-delegate answered" in ended.err
    assert [(row["model"], row["answered_model"]) for row in rows] == [("nosuch", "tiny-delegate")]


def test_workers_may_have_another_profile_than_their_manager(tud: Product) -> None:
    ended, rows = run(tud, "--json", "--worker-profile", "claude", BOTH)
    assert ended.value["content"] == DONE
    assert [(row["backend"], bool(row["path"])) for row in rows if row["path"]] == [("anthropic", True)] * 2
    assert {row["backend"] for row in rows if not row["path"]} == {"llamacpp"}


def test_without_a_default_profile_the_server_that_answers_is_taken_and_named(
    tud: Product, server: RealServer
) -> None:
    tud.write({}, mine={"backend": "llamacpp", "base_url": server.url, "temperature": 0.0})
    ended, _ = run(tud, BOTH)
    assert ended.out == f"{DONE}\n"
    assert f"Taking profile mine: its server answers at {server.url}." in ended.err


def test_a_router_has_the_manager_on_one_model_and_the_workers_on_another(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    with realserver.running_router(tmp_path / "models", "boss", "hand") as router:
        tud = Product(tmp_path / "home").write(
            far={"backend": "llamacpp", "base_url": router.url, "temperature": 0.0, "timeout": 25.0}
        )
        ended, rows = run(tud, "--json", "--model", "boss", "--worker-model", "hand", BOTH)
        missing, _ = run(tud, "--json", "--model", "nosuch", "hello")
    assert (ended.code, ended.value["content"]) == (0, DONE)
    assert [row["model"] for row in rows if row["path"]] == ["hand", "hand"]
    assert {row["model"] for row in rows if not row["path"]} == {"boss"}
    assert (missing.code, missing.error["code"]) == (69, "model_not_found")
