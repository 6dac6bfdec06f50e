"""What a host of MCP servers gets of each tool, through the SDK's own client and over real pipes."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import fastjsonschema
import pytest

pytest.importorskip("mcp")

from tests.cli.speaking import CHAT, SSE, answering, openai, said, text
from tests.loopback import Answer, serving
from tests.product import ROOT
from tests.serve.hosting import hosting, write_profiles
from tui_delegate.cli.main import main

TOOLS = {
    "delegate_ask": (True, False),
    "delegate_summarize": (True, False),
    "delegate_write": (False, True),
    "delegate_map": (True, False),
    "delegate_run": (True, False),
    "delegate_status": (True, False),
    "delegate_ledger": (True, False),
}


def test_a_host_sees_tools_with_schemas_and_hints_and_calls_each(tmp_path: Path) -> None:
    async def run() -> None:
        async with serving(answering(Answer(text("It is ", "8080."), headers=SSE))) as server:
            files = {"a.py": "PORT = 8080\n", "docs/b.md": "Nothing here.\n"}
            async with hosting(tmp_path, server.url, files=files) as host:
                listed = (await host.session.list_tools()).tools
                hints = {one.name: one.annotations for one in listed}
                assert {
                    name: (hint.read_only_hint, hint.destructive_hint) for name, hint in hints.items() if hint
                } == TOOLS
                checks = {one.name: fastjsonschema.compile(one.output_schema or {}) for one in listed}

                asked = await host.call("delegate_ask", question="Which port?", paths=["a.py"])
                checks["delegate_ask"](asked.body)
                assert (asked.body["ok"], asked.body["content"], asked.failed) == (True, "It is 8080.", False)
                assert asked.texts[0] == "It is 8080."
                assert json.loads(asked.texts[1])["model"] == "big"
                roles = said([one for one in server.asked if one.line == CHAT][-1])
                assert "PORT = 8080" in roles[1][1]
                assert roles[2] == ("user", "Which port?")

                short = await host.call("delegate_summarize", text="a long log\n")
                more = await host.call("delegate_summarize", paths=["."])
                assert short.body["command"] == more.body["command"] == "summarize"
                mapped = await host.call("delegate_map", paths=["."], question="Port?", combine=True)
                checks["delegate_map"](mapped.body)
                assert [one["input"] for one in mapped.rows("results")] == ["a.py", "docs/b.md"]
                assert (mapped.body["done"], mapped.body["content"]) == (2, "It is 8080.")
                done = await host.call("delegate_run", prompt="Hello")
                checks["delegate_run"](done.body)
                assert done.body["content"] == "It is 8080."

                status = await host.call("delegate_status")
                assert status.content["default_profile"] == "here"
                assert status.content["folders"] == [str(host.project)]
                counts = {"ask": 1, "summarize": 2, "map": 3, "run": 1}
                ledger = await host.call("delegate_ledger", by="command")
                summary = ledger.content["summary"]
                assert isinstance(summary, dict)
                assert summary["by_command"] == counts
                report = await host.call("delegate_ledger", report=True, manager_tokens=25)
                lines = report.content["lines"]
                assert isinstance(lines, list)
                assert "Worker calls: ask=1, map=3, summarize=2" in lines
                rows = await host.ledger()
                assert {row["cwd"] for row in rows} == {str(host.project)}
                assert len({row["session"] for row in rows}) == 1
            assert host.stderr == ""

    asyncio.run(run())


def test_what_goes_wrong_is_a_result_that_a_model_can_act_on(tmp_path: Path) -> None:
    async def run() -> None:
        refused = Answer({"error": {"message": "no such key sk-very-secret-1234"}}, 401)
        async with serving(answering(refused)) as server:
            environ = {"SOME_API_KEY": "sk-very-secret-1234"}
            async with hosting(tmp_path, server.url, files={"a.py": "x = 1\n"}, environ=environ) as host:
                for arguments, code, words in (
                    ({"question": 3}, "input_error", "question must be string"),
                    ({"question": "q", "path": ["a"]}, "input_error", "path"),
                    ({"question": " ", "paths": ["a.py"]}, "input_error", "empty"),
                    ({"question": "q", "paths": ["b.py"]}, "input_error", "missing file: b.py"),
                    ({"question": "q"}, "input_error", "No file is named"),
                    ({"question": "q", "paths": ["-"]}, "input_error", "piped"),
                    ({"question": "q", "paths": ["a.py"], "profile": "no"}, "resolve_error", "'no'"),
                    ({"question": "q", "paths": ["a.py"], "limits": {"x": 1}}, "input_error", "x"),
                    ({"question": "q", "paths": ["a.py"], "schema": {"type": 1}}, "input_error", "schema"),
                ):
                    error = (await host.call("delegate_ask", **arguments)).error
                    assert (error["code"], words in str(error["message"])) == (code, True), error
                assert not [one for one in server.lines if one == CHAT]

                failed = await host.call("delegate_ask", question="q", paths=["a.py"])
                assert (failed.error["code"], failed.error["type"]) == ("auth", "backend_error")
                assert failed.body["run"]
                assert "very-secret" not in json.dumps(failed.body) + "".join(failed.texts)
                lost = await host.call("delegate_run", prompt="Hello")
                assert (lost.error["code"], lost.body["ok"]) == ("auth", False)
                assert "very-secret" not in json.dumps(lost.body) + "".join(lost.texts)
                assert (await host.call("delegate_summarize")).error["code"] == "empty_stdin"
                assert (await host.call("delegate_ledger", since="soon")).error["code"] == "input_error"
                mapped = await host.call("delegate_map", paths=["a.py"], question="q")
                assert "very-secret" not in json.dumps(mapped.body)
                assert (mapped.failed, mapped.body["failed"]) == (True, 1)

                (host.home / "profiles.toml").write_text("nonsense = [")
                wrong = await host.call("delegate_ask", question="q", paths=["a.py"])
                assert wrong.error["code"] == "config_error"
            assert "Traceback" not in host.stderr

    asyncio.run(run())


def test_profiles_that_change_while_it_runs_are_taken(tmp_path: Path) -> None:
    async def run() -> None:
        async with (
            serving(openai()) as first,
            serving(openai()) as second,
            hosting(tmp_path, first.url, files={"a.py": "x = 1\n"}) as host,
        ):
            before = await host.call("delegate_ask", question="q", paths=["a.py"])
            write_profiles(host.home, second.url, "other")
            after = await host.call("delegate_ask", question="q", paths=["a.py"])
            assert (before.body["model"], after.body["model"]) == ("big", "other")
            assert (CHAT in first.lines, CHAT in second.lines) == (True, True)

    asyncio.run(run())


def test_an_answer_has_to_fit_a_schema_that_comes_with_the_call(tmp_path: Path) -> None:
    async def run() -> None:
        answers = (Answer(text("a port"), headers=SSE), Answer(text('{"port": 8080}'), headers=SSE))
        schema = {"type": "object", "properties": {"port": {"type": "integer"}}, "required": ["port"]}
        async with (
            serving(answering(*answers)) as server,
            hosting(tmp_path, server.url, files={"a.py": "PORT = 8080\n"}) as host,
        ):
            fitted = await host.call("delegate_ask", question="q", paths=["a.py"], schema=schema)
            assert fitted.body["data"] == {"port": 8080}
            assert fitted.body["calls"] == 2
            assert "asked again" in str(fitted.body["notes"])

    asyncio.run(run())


def test_what_a_model_writes_reaches_a_host_whole_and_harms_no_wire(tmp_path: Path) -> None:
    async def run() -> None:
        odd = "\x1b[2J\x00\x7f\u2028\u0085 half \ud83d end"
        big = "all of it. " * 200_000
        replies = (Answer(text(odd), headers=SSE), Answer(text(big), headers=SSE))
        async with (
            serving(answering(*replies)) as server,
            hosting(tmp_path, server.url, files={"a\x1b.py": "x = 1\n"}) as host,
        ):
            first = await host.call("delegate_ask", question="q", paths=["."])
            assert str(first.body["content"]).startswith("\x1b[2J")
            assert "\x1b" not in "".join(first.texts)
            second = await host.call("delegate_ask", question="q", paths=["."])
            assert second.body["content"] == big

    asyncio.run(run())


def test_too_deep_in_other_calls_it_refuses(tmp_path: Path) -> None:
    async def run() -> None:
        environ = {"TUI_DELEGATE_DEPTH": "9"}
        files = {"a.py": "x = 1\n"}
        async with hosting(tmp_path, "http://127.0.0.1:1", files=files, environ=environ) as host:
            for tool, arguments in (
                ("delegate_ask", {"question": "q", "paths": ["a.py"]}),
                ("delegate_run", {"prompt": "p"}),
                ("delegate_map", {"paths": ["a.py"]}),
            ):
                said = await host.call(tool, **arguments)
                assert said.error["code"] == "subagent_depth_exceeded"
            assert (await host.call("delegate_status")).content["depth"] == 9

    asyncio.run(run())


def test_where_the_journal_can_not_be_written_the_answer_comes_and_says_so(tmp_path: Path) -> None:
    async def run() -> None:
        (tmp_path / "home" / "journal.db").mkdir(parents=True)
        async with (
            serving(openai()) as server,
            hosting(tmp_path, server.url, files={"a.py": "x = 1\n"}) as host,
        ):
            for tool, arguments in (
                ("delegate_ask", {"question": "q", "paths": ["a.py"]}),
                ("delegate_map", {"paths": ["a.py"]}),
                ("delegate_run", {"prompt": "Hello"}),
            ):
                said = await host.call(tool, **arguments)
                assert (said.body["ok"], "journal.db" in str(said.body["journal_error"])) == (True, True)

    asyncio.run(run())


def test_a_log_of_agent_delegate_gets_its_line(tmp_path: Path) -> None:
    async def run() -> None:
        environ = {"AGENT_DELEGATE_LOG": str(tmp_path / "log")}
        async with (
            serving(openai()) as server,
            hosting(tmp_path, server.url, files={"a.py": "x = 1\n"}, environ=environ) as host,
        ):
            await host.call("delegate_ask", question="q", paths=["a.py"])
        (line,) = (tmp_path / "log").read_text().splitlines()
        assert json.loads(line)["command"] == "ask"

    asyncio.run(run())


def test_without_the_extra_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT)])
    code = main(["mcp"])
    assert (code, "pip install 'tui-delegate[mcp]'" in capsys.readouterr().err) == (1, True)
    assert main(["mcp", "--root", "/nowhere/at/all"]) == 2
    assert main(["mcp", "--limit", "x"]) == 2


def test_its_help_loads_no_sdk_and_the_greeting_no_engine() -> None:
    script = """
import sys
from tui_delegate.cli.main import main
try:
    main(["mcp", "--help"])
except SystemExit:
    pass
assert not {"mcp", "pydantic", "asyncio"} & set(sys.modules)
import tui_delegate.serve.mcp.server
late = ("tui_delegate.engine", "tui_delegate.backends", "tui_delegate.journal", "httpx.", "aiohttp.")
print("LOADED", *[name for name in sys.modules if f"{name}.".startswith(late)])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.rpartition("LOADED")[2].split() == []
