from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from tests.cli.speaking import SSE, TASKS, answering, delta, lmstudio, ollama, openai, said, sse, text
from tests.loopback import Answer, Asked, Loopback, serving
from tests.product import Product, summed
from tui_delegate.core.codec import decode
from tui_delegate.core.events import Finished, Wrote

DONE = "Done: result of fix the typo; result of sort these names"
KEYS = ["ok", "command", "run", "content", "profile", "model", "usage", "delegations", "limits"]
DELEGATION = ["path", "task_name", "agent", "profile", "model", "status", "usage", "cost", "duration_ms"]

Check = Callable[[Product, Loopback], Coroutine[None, None, None]]


def with_server(tmp_path: Path, say: Callable[[Asked], Answer], check: Check, **profile: object) -> None:
    """Serve, write a profile that leads there, and run the check."""

    async def main() -> None:
        async with serving(say) as server:
            mine = {
                "backend": "openai-compat",
                "base_url": server.url,
                "default_model": "big",
                "price": {"input": 1.0, "output": 2.0},
                **profile,
            }
            await check(Product(tmp_path / "home").write(mine=mine), server)

    asyncio.run(main())


def test_stdout_is_the_answer_and_stderr_the_talk(tmp_path: Path) -> None:
    async def check(tud: Product, server: Loopback) -> None:
        ended, quiet = await asyncio.gather(tud.tell("run", "go"), tud.tell("run", "-q", "go"))
        assert (ended.code, ended.out) == (0, f"{DONE}\n")
        lines = ended.err.splitlines()
        assert all(line.startswith("· ") for line in lines)
        assert lines[0] == "· manager: mine/big"
        assert "· [1] sort: mine/big works on 'sort these names'" in lines
        assert lines[-1].startswith(
            "· 4 calls, 100 tokens (80 in, 20 out), 50 of them delegated (50%), $0.00"
        )
        assert (quiet.code, quiet.out, quiet.err) == (0, f"{DONE}\n", "")

    with_server(tmp_path, openai(*TASKS), check)


def test_json_is_one_object_with_the_keys_that_are_promised(tmp_path: Path) -> None:
    async def check(tud: Product, server: Loopback) -> None:
        ended = await tud.tell("run", "--json", "--limit", "max_uses=7", "go")
        rows = await tud.ledger()
        assert (ended.code, ended.err) == (0, "")
        assert list(ended.value) == KEYS
        assert (ended.value["ok"], ended.value["command"], ended.value["content"]) == (True, "run", DONE)
        assert (ended.value["profile"], ended.value["model"]) == ("mine", "big")
        first, second = ended.rows("delegations")
        assert list(first) == list(second) == DELEGATION
        assert (first["path"], first["task_name"], first["status"]) == ([0], "fix", "ok")
        assert (second["path"], second["agent"], second["profile"]) == ([1], "worker", "mine")
        usage, limits = ended.value["usage"], ended.value["limits"]
        assert isinstance(usage, dict)
        assert isinstance(limits, dict)
        assert usage["total_tokens"] == summed(rows, "prompt_eval_count") + summed(rows, "eval_count") == 100
        assert usage["cost"] == pytest.approx(0.00012)
        assert (limits["max_uses"], limits["nested"], limits["tokens"]) == (7, False, None)

    with_server(tmp_path, openai(*TASKS), check)


def test_a_failed_run_is_the_same_object_with_an_error(tmp_path: Path) -> None:
    refused = Answer({"error": {"message": "no such model: big"}}, 404)

    async def check(tud: Product, server: Loopback) -> None:
        ended = await tud.tell("run", "--json", "go")
        assert (ended.code, ended.err) == (69, "")
        assert sorted(ended.value) == sorted([*KEYS, "error"])
        assert (ended.value["ok"], sorted(ended.error)) == (False, ["code", "hint", "message", "type"])
        assert ended.error["code"] == "model_not_found"

    with_server(tmp_path, answering(refused), check)


def test_events_are_lines_that_decode_and_come_while_it_happens(tmp_path: Path) -> None:
    async def main() -> None:
        gate = asyncio.Event()
        first = sse(delta(content="Hel"), done=False)
        answer = Answer(first, headers=SSE, gate=gate, rest=text("lo."))
        async with serving(answering(answer)) as server:
            tud = Product(tmp_path / "home").write(
                mine={"backend": "openai-compat", "base_url": server.url, "default_model": "big"}
            )
            going = await tud.start("run", "--events", "go")
            told = [decode(json.loads(await going.line()))]
            while not isinstance(told[-1], Wrote):
                told.append(decode(json.loads(await going.line())))
            gate.set()
            ended = await going.end()
        told += [decode(json.loads(line)) for line in ended.out.splitlines()]
        assert "".join(one.text for one in told if isinstance(one, Wrote)) == "Hello."
        assert (ended.code, ended.err, isinstance(told[-1], Finished)) == (0, "", True)

    asyncio.run(main())


def test_the_first_piece_of_an_answer_is_out_before_the_second_is_made(tmp_path: Path) -> None:
    async def main() -> None:
        gate = asyncio.Event()
        answer = Answer(sse(delta(content="Hel"), done=False), headers=SSE, gate=gate, rest=text("lo."))
        async with serving(answering(answer)) as server:
            tud = Product(tmp_path / "home").write(
                mine={"backend": "openai-compat", "base_url": server.url, "default_model": "big"}
            )
            going = await tud.start("run", "go")
            assert await going.piece() == "Hel"
            gate.set()
            assert (await going.end()).out == "lo.\n"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("",), 2, "The prompt is empty."),
        ((" \n",), 2, "The prompt is empty."),
        (("look at @missing.md",), 2, "missing.md"),
        (("--limit", "max_uses", "go"), 2, "is not name=value"),
        (("--limit", "max_usse=3", "go"), 2, "max_uses"),
        (("--limit", "max_uses=-1", "go"), 2, "max_uses"),
        (("--limit", "cost=nan", "go"), 2, "cost"),
        (("--limit", "tokens=many", "go"), 2, "tokens"),
        (("--profile", "mein", "go"), 78, "Did you mean mine?"),
        (("--profile", "openrouter", "go"), 77, "OPENROUTER_API_KEY"),
    ],
)
def test_what_can_not_be_used_is_refused_in_a_line_or_two(
    tmp_path: Path, words: tuple[str, ...], code: int, message: str
) -> None:
    async def check(tud: Product, server: Loopback) -> None:
        ended = await tud.tell("run", *words)
        assert (ended.code, message in ended.err) == (code, True), ended.err
        assert "Traceback" not in ended.err
        assert (ended.out, len(ended.err.splitlines()) <= 4, server.asked) == ("", True, []), ended.err

    with_server(tmp_path, openai(), check)


def test_no_verb_and_no_prompt_give_usage_on_stderr(tmp_path: Path) -> None:
    async def main() -> None:
        tud = Product(tmp_path)
        for words in ((), ("run",), ("run", "--ask", "--temperature"), ("rum", "go")):
            ended = await tud.tell(*words)
            assert (ended.code, ended.out, "usage:" in ended.err) == (2, "", True)

    asyncio.run(main())


@pytest.mark.parametrize(
    "broken", ["[profiles.mine\n", "[profiles.mine]\nbakend = 'x'\n", "default_profile = 3\n", "\xff"]
)
def test_a_broken_profiles_file_is_one_line_with_its_name(tmp_path: Path, broken: str) -> None:
    (tmp_path / "profiles.toml").write_bytes(broken.encode("latin-1"))
    ended = asyncio.run(Product(tmp_path).tell("run", "go"))
    assert (ended.code, ended.out) == (78, "")
    assert "profiles.toml" in ended.err.splitlines()[0]
    assert len(ended.err.splitlines()) <= 2


def test_a_dash_reads_the_prompt_from_stdin(tmp_path: Path) -> None:
    async def check(tud: Product, server: Loopback) -> None:
        ended = await tud.tell("run", "-", stdin="größer als\n".encode())
        assert ended.out == "Hello.\n"
        assert ended.err.splitlines()[-1].startswith("· 1 call, 25 tokens (20 in, 5 out), $0.0000, ")
        assert said(server.asked[-1])[-1] == ("user", "größer als\n")

    with_server(tmp_path, openai(), check)


def test_a_file_named_in_a_prompt_goes_to_the_worker_and_its_words_never_to_the_manager(
    tmp_path: Path,
) -> None:
    async def check(tud: Product, server: Loopback) -> None:
        (tud.home / "notes.txt").write_text("zebra crossing\n")
        ended = await tud.tell("run", "go @notes.txt")
        assert ended.code == 0
        manager = [one for one in server.asked if "tools" in str(one.raw)]
        assert manager
        assert not any(b"zebra" in one.raw for one in manager)
        assert any(b"notes.txt" in one.raw for one in manager)

    with_server(tmp_path, openai(*TASKS), check)


def test_builtin_answers_over_files_with_true_quotations(tmp_path: Path) -> None:
    words = "The gate opens at nine.\n\nThe boat leaves at ten, whatever the weather.\n"
    (tmp_path / "notes.md").write_text(words)
    ended = asyncio.run(
        Product(tmp_path).tell("run", "--json", "--profile", "builtin", "When does the boat leave? @notes.md")
    )
    assert ended.code == 0
    assert len(ended.rows("delegations")) == 2
    assert "The boat leaves at ten, whatever the weather." in str(ended.value["content"])
    assert "notes.md:3" in str(ended.value["content"])


def test_without_a_word_of_what_was_said_the_figures_are_still_there(tmp_path: Path) -> None:
    async def check(tud: Product, server: Loopback) -> None:
        ended = await tud.tell("run", "--no-keep-text", "a secret pangolin")
        assert (ended.code, ended.out) == (0, f"{DONE}\n")
        stored = b"".join(path.read_bytes() for path in tud.home.glob("journal*"))
        assert stored
        for word in (b"pangolin", b"typo", b"sort these", b"Done:", b"result of"):
            assert word not in stored
        assert [row["status"] for row in await tud.ledger()] == ["ok"] * 4

    with_server(tmp_path, openai(*TASKS), check)


def test_control_characters_of_a_model_reach_no_terminal_unless_asked_for(tmp_path: Path) -> None:
    evil = text("a\x1b", "[2Jb\x1b]0;ti", "tle\x07c\u202e", "\x9b31md\r\n", "e\x1b")

    async def check(tud: Product, server: Loopback) -> None:
        plain, raw, one = await asyncio.gather(
            tud.tell("run", "go"), tud.tell("run", "--raw", "go"), tud.tell("run", "--json", "go")
        )
        assert plain.out == "abcd\ne\n"
        assert raw.out.startswith("a\x1b[2Jb\x1b]0;title\x07c")
        assert not set(one.out) & set("\x1b\x07\x9b")
        assert "\x1b[2J" in str(one.value["content"])

    with_server(tmp_path, answering(Answer(evil, headers=SSE)), check)


@pytest.mark.parametrize(("make", "backend"), [(ollama, "ollama"), (lmstudio, "lmstudio")])
def test_servers_of_other_makes_delegate_end_to_end(
    tmp_path: Path, make: Callable[..., Callable[[Asked], Answer]], backend: str
) -> None:
    async def check(tud: Product, server: Loopback) -> None:
        ended = await tud.tell("run", "--json", "go")
        assert (ended.code, ended.value["content"]) == (0, DONE), ended.out
        assert [one["status"] for one in ended.rows("delegations")] == ["ok", "ok"]
        assert {row["backend"] for row in await tud.ledger()} == {backend}
        usage = ended.value["usage"]
        assert isinstance(usage, dict)
        assert (usage["total_tokens"], usage["source"]) == (100, "reported")

    with_server(tmp_path, make(*TASKS), check, backend=backend)


@pytest.mark.parametrize("make", [ollama, lmstudio, openai])
def test_the_first_server_that_answers_is_taken_and_named(
    tmp_path: Path, make: Callable[..., Callable[[Asked], Answer]]
) -> None:
    async def main() -> None:
        async with serving(make(*TASKS)) as server:
            gone = {"backend": "openai-compat", "base_url": "http://127.0.0.1:1"}
            mine = {"backend": make.__name__.replace("openai", "openai-compat"), "base_url": server.url}
            ended = await Product(tmp_path).write({}, gone=gone, mine=mine).tell("run", "go")
        assert (ended.code, ended.out) == (0, f"{DONE}\n"), ended.err
        assert f"· Taking profile mine: its server answers at {server.url}." in ended.err

    asyncio.run(main())


def test_two_runs_at_once_share_a_journal_that_can_be_read_meanwhile(tmp_path: Path) -> None:
    async def main() -> None:
        gate = asyncio.Event()
        answer = Answer(sse(delta(content="Hel"), done=False), headers=SSE, gate=gate, rest=text("lo."))
        quick = openai(*TASKS)

        def say(asked: Asked) -> Answer:
            return answer if b"slowly" in asked.raw else quick(asked)

        async with serving(say) as server:
            tud = Product(tmp_path / "home").write(
                mine={"backend": "openai-compat", "base_url": server.url, "default_model": "big"}
            )
            slow = await tud.start("run", "slowly")
            assert await slow.piece() == "Hel"
            both = await asyncio.gather(tud.tell("run", "go"), tud.tell("run", "go"))
            meanwhile = await tud.ledger()
            gate.set()
            assert (await slow.end()).out == "lo.\n"
            rows = await tud.ledger()
        assert [(one.code, one.out) for one in both] == [(0, f"{DONE}\n")] * 2
        assert (len(meanwhile), len(rows)) == (8, 9)
        assert len({row["run"] for row in rows}) == 3

    asyncio.run(main())
