from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.assets import wire_body
from tests.cli.beside import DONE, chats, profile, with_server
from tests.cli.speaking import CHAT, SSE, TASKS, answering, delta, openai, sse, text
from tests.loopback import Answer, Asked, Loopback, serving
from tests.product import Product
from tui_delegate.core.limits import Limits
from tui_delegate.core.transcript import Transcript
from tui_delegate.workspace.seats import Workspace

STEP = 37
"""Every so many bytes a recorded stream is cut."""

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def never_ending() -> Callable[[Asked], Answer]:
    return answering(Answer(sse(delta(content="Hel"), done=False), headers=SSE, gate=asyncio.Event()))


@pytest.mark.parametrize("which", SIGNALS)
def test_a_signal_ends_a_run_cleanly_and_keeps_what_came(tmp_path: Path, which: signal.Signals) -> None:
    async def check(tud: Product, server: Loopback) -> None:
        going = await tud.start("run", "go")
        assert await going.piece() == "Hel"
        going.signal(which)
        ended = await going.end()
        assert (ended.code, ended.out) == (128 + which, "\n"), ended.err
        assert "The run was cancelled." in ended.err
        assert "Traceback" not in ended.err
        await asyncio.wait_for(server.left.wait(), 5)
        (row,) = await tud.ledger()
        assert (row["status"], row["error_code"]) == ("cancelled", "cancelled")

    with_server(tmp_path, never_ending(), check)


def test_a_signal_while_workers_run_stops_them_all(tmp_path: Path) -> None:
    chat, gate = openai(*TASKS), asyncio.Event()

    def say(asked: Asked) -> Answer:
        answer = chat(asked)
        if asked.line == CHAT and b'"tools"' not in asked.raw:
            return Answer(sse(delta(content="wor"), done=False), headers=SSE, gate=gate)
        return answer

    async def check(tud: Product, server: Loopback) -> None:
        going = await tud.start("run", "--events", "go")
        waiting = {"[0]", "[1]"}
        while waiting:
            event = json.loads(await going.line())
            if event["event"] == "wrote":
                waiting.discard(str(event["path"]))
        going.signal(signal.SIGINT)
        ended = await going.end()
        kinds = [json.loads(line)["event"] for line in ended.out.splitlines()]
        assert (ended.code, kinds.count("cancelled"), kinds[-1]) == (130, 3, "cancelled")
        rows = await tud.ledger()
        assert [row["status"] for row in rows] == ["ok", "cancelled", "cancelled"]

    with_server(tmp_path, say, check)


@pytest.mark.parametrize("name", ["delegate_hello_5_0.txt", "trained_tools_stream.txt"])
@pytest.mark.parametrize("loud", [True, False])
def test_a_stream_cut_anywhere_is_never_a_success(tmp_path: Path, name: str, loud: bool) -> None:
    whole = wire_body(name)
    complete = whole.index(b"\n\n", max(whole.rfind(b'"finish_reason":"'), 0))

    async def outcome(workspace: Workspace, length: int) -> Transcript:
        transcript = Transcript()
        async with asyncio.timeout(10), workspace.run(str(length), Limits(), journal=None) as run:
            async for event in run:
                transcript.apply(event)
        return transcript

    def say(asked: Asked) -> Answer:
        if asked.line != CHAT or b'"role": "tool"' in asked.raw or b'"tools"' not in asked.raw:
            return openai(*TASKS)(asked)
        messages = json.loads(asked.raw)["messages"]
        return Answer(whole[: int(messages[-1]["content"])], headers=SSE, cut=loud)

    async def check(tud: Product, server: Loopback) -> None:
        workspace = Workspace.open(environ={"TUI_DELEGATE_HOME": str(tud.home)})
        try:
            for length in range(0, complete, STEP):
                root = (await outcome(workspace, length)).root
                assert root.state == "failed" or root.flags, (length, root.text)
                assert not root.code or root.code in ("cut_off", "bad_reply"), (length, root.code)
            assert (await outcome(workspace, len(whole))).root.state == "done"
        finally:
            await workspace.aclose()

    with_server(tmp_path, say, check)


def test_a_cut_stream_on_the_command_line_is_told_with_what_came(tmp_path: Path) -> None:
    cut = Answer(sse(delta(content="Half of "), done=False), headers=SSE, cut=True)

    async def check(tud: Product, server: Loopback) -> None:
        plain, one = await asyncio.gather(tud.tell("run", "go"), tud.tell("run", "--json", "go"))
        assert (plain.code, plain.out) == (65, "Half of \n")
        assert "The answer was cut off" in plain.err
        assert (one.code, one.error["code"], one.value["content"]) == (65, "cut_off", "Half of ")
        assert chats(server) == 2

    with_server(tmp_path, answering(cut), check)


def test_a_busy_server_is_asked_again_and_the_wait_is_told(tmp_path: Path) -> None:
    busy = Answer({"error": {"message": "no slot"}}, 503, {"retry-after": "0"})
    limited = Answer({"error": {"message": "slow down"}}, 429, {"retry-after": "0.1"})

    async def check(tud: Product, server: Loopback) -> None:
        ended = await tud.tell("run", "go")
        assert (ended.code, ended.out, chats(server)) == (0, "Hello.\n", 4)
        assert ended.err.count("Again in 0.") == 3
        assert [row["error_code"] for row in await tud.ledger()] == [
            "overloaded",
            "overloaded",
            "rate_limited",
            "",
        ]

    hello = Answer(text("Hello."), headers=SSE)
    with_server(tmp_path, answering(busy, busy, limited, hello), check)


@pytest.mark.parametrize(
    ("status", "after", "code"), [(503, "0", "overloaded"), (429, "3600", "rate_limited")]
)
def test_a_server_that_stays_busy_is_given_up(tmp_path: Path, status: int, after: str, code: str) -> None:
    refusal = Answer({"error": {"message": "not now"}}, status, {"retry-after": after})

    async def check(tud: Product, server: Loopback) -> None:
        ended = await tud.tell("run", "--json", "go")
        assert (ended.code, ended.error["code"]) == (75, code)
        assert chats(server) == (4 if after == "0" else 1)

    with_server(tmp_path, answering(refusal), check)


def test_a_profile_that_is_down_falls_back_to_the_one_it_names(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(openai(*TASKS)) as server:
            first = profile("http://127.0.0.1:1", fallback=["second"])
            tud = Product(tmp_path).write(first=first, second=profile(server.url))
            plain, one = await asyncio.gather(tud.tell("run", "go"), tud.tell("run", "--json", "go"))
        assert (plain.code, plain.out) == (0, f"{DONE}\n")
        assert "manager: first/big failed (unreachable), second/big takes over" in plain.err
        assert (one.value["profile"], one.value["content"]) == ("second", DONE)

    asyncio.run(main())


def test_a_key_goes_to_its_own_server_and_follows_no_redirect(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(openai()) as other:
            away = Answer(b"", 307, {"location": f"{other.url}/v1/chat/completions"})
            async with serving(lambda asked: away) as server:
                tud = Product(tmp_path).write(mine=profile(server.url, api_key="sk-canary-4711"))
                ended = await tud.tell("run", "--json", "go")
            assert (other.asked, ended.value["ok"]) == ([], False)
            assert server.asked[-1].headers["authorization"] == "Bearer sk-canary-4711"
            assert other.url in str(ended.error["message"])
            assert "canary" not in ended.out + ended.err

    asyncio.run(main())


def test_a_key_is_not_sent_over_plain_http_to_another_machine(tmp_path: Path) -> None:
    far = profile("http://192.0.2.1:9", api_key="sk-canary-4711")
    ended = asyncio.run(Product(tmp_path).write(far=far).tell("run", "go"))
    assert (ended.code, ended.out) == (78, "")
    assert "plain http" in ended.err
    assert "canary" not in ended.err


def test_a_worker_that_fails_is_told_and_its_manager_goes_on(tmp_path: Path) -> None:
    chat = openai(*TASKS)

    def say(asked: Asked) -> Answer:
        if asked.line == CHAT and b'"tools"' not in asked.raw and b"fix the typo" in asked.raw:
            return Answer({"error": {"message": "CUDA error"}}, 500)
        return chat(asked)

    async def check(tud: Product, server: Loopback) -> None:
        ended = await tud.tell("run", "--json", "go")
        first, second = ended.rows("delegations")
        assert (ended.code, first["status"], second["status"]) == (0, "failed", "ok")
        error = first["error"]
        assert isinstance(error, dict)
        assert sorted(error) == ["code", "hint", "message", "type"]
        assert "CUDA error" in str(ended.value["content"])

    with_server(tmp_path, say, check)


def test_a_worker_profile_that_is_no_use_is_told_before_anything_is_spent(tmp_path: Path) -> None:
    async def check(tud: Product, server: Loopback) -> None:
        plain, one = await asyncio.gather(
            tud.tell("run", "--worker-profile", "mein", "go"),
            tud.tell("run", "--json", "--worker-profile", "openrouter/", "go"),
        )
        assert (plain.code, "Did you mean mine?" in plain.err) == (78, True)
        assert (one.code, one.error["code"]) == (77, "auth")
        assert server.asked == []

    with_server(tmp_path, openai(*TASKS), check)


def test_a_page_that_is_no_model_server_is_a_bad_reply(tmp_path: Path) -> None:
    page = Answer(b"<html>Welcome</html>", headers={"content-type": "text/html"})

    async def check(tud: Product, server: Loopback) -> None:
        ended = await tud.tell("run", "go")
        assert (ended.code, ended.out) == (65, "")
        assert "Traceback" not in ended.err

    with_server(tmp_path, lambda asked: page, check)


def test_a_signal_ends_a_long_wait_for_a_busy_server(tmp_path: Path) -> None:
    busy = Answer({"error": {"message": "no slot"}}, 503, {"retry-after": "100"})

    async def check(tud: Product, server: Loopback) -> None:
        going = await tud.start("run", "go")
        await going.talk("Again in 100")
        going.signal(signal.SIGINT)
        assert (await going.end()).code == 130
        assert [row["error_code"] for row in await tud.ledger()] == ["overloaded"]

    with_server(tmp_path, answering(busy), check)


def test_a_server_that_says_nothing_is_left_when_its_time_is_up(tmp_path: Path) -> None:
    async def check(tud: Product, server: Loopback) -> None:
        written, limited = await asyncio.gather(
            tud.tell("run", "--json", "go"), tud.tell("run", "--json", "--limit", "seconds=0.1", "go")
        )
        assert (written.code, written.error["code"]) == (124, "timeout")
        assert (limited.code, limited.error["code"]) == (124, "timeout")
        assert "0.1 seconds" in str(limited.error["message"])

    with_server(tmp_path, answering(Answer(silent=True)), check, timeout=0.4)


def test_a_run_that_is_out_of_time_answers_with_what_its_workers_brought(tmp_path: Path) -> None:
    chat = openai(*TASKS)

    def say(asked: Asked) -> Answer:
        return Answer(silent=True) if b'"role": "tool"' in asked.raw else chat(asked)

    async def check(tud: Product, server: Loopback) -> None:
        ended = await tud.tell("run", "--json", "--limit", "seconds=1", "go")
        assert (ended.code, ended.value["partial"]) == (0, ["limit:seconds", "listed"])
        assert "result of fix the typo" in str(ended.value["content"])

    with_server(tmp_path, say, check)


def test_two_servers_of_one_profile_share_the_workers(tmp_path: Path) -> None:
    async def main() -> None:
        gate = asyncio.Event()
        chat = openai(*TASKS)
        busy: set[str] = set()

        def on(name: str) -> Callable[[Asked], Answer]:
            def say(asked: Asked) -> Answer:
                answer = chat(asked)
                if asked.line != CHAT or b'"tools"' in asked.raw:
                    return answer
                busy.add(name)
                if len(busy) == 2:
                    gate.set()
                assert isinstance(answer.body, bytes)
                return replace(answer, body=answer.body[:20], gate=gate, rest=answer.body[20:])

            return say

        async with serving(on("a")) as one, serving(on("b")) as other:
            both = profile(one.url, base_urls=[one.url, other.url])
            ended = await Product(tmp_path).write(both=both).tell("run", "go")
        assert (ended.code, ended.out, busy) == (0, f"{DONE}\n", {"a", "b"}), ended.err

    asyncio.run(main())
