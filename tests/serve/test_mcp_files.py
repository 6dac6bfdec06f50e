"""Which files the server reads and writes for a host, and that it touches no others."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp")

from mcp.client.session import ListRootsFnT
from mcp_types import ListRootsResult, Root

from tests.cli.speaking import CHAT, SSE, answering, said, text
from tests.loopback import Answer, serving
from tests.serve.hosting import hosting
from tui_delegate.core.errors import InputError
from tui_delegate.serve.mcp.call import in_arguments
from tui_delegate.serve.mcp.ground import ground_of

DRAFT = text("```python\nprint('new')\n```")


def offering(*folders: Path) -> ListRootsFnT:
    """A host that offers folders."""

    async def roots(context: Any) -> ListRootsResult:
        return ListRootsResult(roots=[Root.model_validate({"uri": folder.as_uri()}) for folder in folders])

    return roots


def test_a_draft_is_shown_and_written_only_when_that_is_said(tmp_path: Path) -> None:
    async def run() -> None:
        async with serving(answering(Answer(DRAFT, headers=SSE))) as server:
            files = {"a.py": "x = 1\n", "old.py": "print('old')\n"}
            async with hosting(tmp_path, server.url, files=files) as host:
                task = {"spec": "print new", "context": ["a.py"]}
                shown = await host.call("delegate_write", target="new/b.py", **task)
                assert (shown.body["written"], "content" in shown.body) == (False, False)
                assert shown.body["diff"] == "--- /dev/null\n+++ new/b.py\n@@ -0,0 +1 @@\n+print('new')\n"
                assert shown.texts[0] == shown.body["diff"]
                assert not (host.project / "new").exists()

                asked = server.lines.count(CHAT)
                written = await host.call("delegate_write", draft=shown.body["run"])
                assert (written.body["written"], server.lines.count(CHAT)) == (True, asked)
                assert (host.project / "new/b.py").read_text() == "print('new')\n"
                assert written.body["path"] == str((host.project / "new/b.py").resolve())
                again = await host.call("delegate_write", draft=shown.body["run"])
                assert again.error["code"] == "input_error"

                there = await host.call("delegate_write", target="old.py", write=True, **task)
                assert (there.error["code"], server.lines.count(CHAT)) == ("target_exists", asked)
                forced = await host.call("delegate_write", target="old.py", write=True, force=True, **task)
                backup = host.project / str(forced.body["backup"])
                assert backup.read_text() == "print('old')\n"
                assert (host.project / "old.py").read_text() == "print('new')\n"

                stale = await host.call("delegate_write", target="c.py", **task)
                (host.project / "c.py").write_text("somebody else's\n")
                late = await host.call("delegate_write", draft=stale.body["run"], force=True)
                assert late.error["code"] == "target_changed"
                assert (host.project / "c.py").read_text() == "somebody else's\n"
                rows = [row for row in await host.ledger() if row["command"] == "write"]
                assert [row["target"] for row in rows] == ["new/b.py", "old.py", "c.py"]

    asyncio.run(run())


def test_nothing_outside_of_the_folder_is_read_or_written(tmp_path: Path) -> None:
    async def run() -> None:
        async with serving(answering(Answer(DRAFT, headers=SSE))) as server:
            secret = tmp_path / "outside" / "secret.txt"
            secret.parent.mkdir()
            secret.write_text("the secret\n")
            async with hosting(tmp_path, server.url, files={"a.py": "x = 1\n"}) as host:
                (host.project / "link.txt").symlink_to(secret)
                (host.project / "folder").symlink_to(secret.parent)
                (host.project / ".github/workflows").mkdir(parents=True)
                for word in (
                    *(str(secret), "../outside/secret.txt", "~/outside/secret.txt", "link.txt", "folder"),
                    *("link.txt:1-2", "folder/*.txt", "../outside/*", "a.py/../../outside/secret.txt"),
                ):
                    for tool, arguments in (
                        ("delegate_ask", {"question": "q", "paths": ["a.py", word]}),
                        ("delegate_map", {"paths": [word]}),
                        ("delegate_run", {"prompt": f"Read @{word}"}),
                    ):
                        told = await host.call(tool, **arguments)
                        assert "lies outside" in str(told.error["message"]), (tool, word)
                for target, code in (
                    ("../b.py", "target_root_escape"),
                    (str(tmp_path / "b.py"), "target_root_escape"),
                    ("folder/b.py", "target_root_escape"),
                    (".git/hooks/pre-commit", "target_protected"),
                    (".github/workflows/ci.yml", "target_protected"),
                    ("", "missing_target"),
                ):
                    task = {"spec": "s", "context": ["a.py"], "write": True, "force": True}
                    assert (await host.call("delegate_write", target=target, **task)).error["code"] == code
                assert CHAT not in server.lines
                everything = await host.call("delegate_ask", question="q", paths=["."])
                assert everything.body["ok"] is True
                assert "the secret" not in str([said(one) for one in server.asked if one.line == CHAT])
            assert sorted(path.name for path in secret.parent.iterdir()) == ["secret.txt"]

    asyncio.run(run())


def test_an_address_that_a_model_names_is_not_fetched(tmp_path: Path) -> None:
    async def run() -> None:
        async with (
            serving(answering(Answer(DRAFT, headers=SSE))) as server,
            hosting(tmp_path, server.url, files={"a.py": "x = 1\n"}) as host,
        ):
            for tool, arguments in (
                ("delegate_ask", {"question": "q", "paths": [f"{server.url}/inside"]}),
                ("delegate_write", {"spec": "s", "target": "b.py", "context": [f"{server.url}/inside"]}),
                ("delegate_map", {"paths": [f"{server.url}/inside"]}),
            ):
                told = await host.call(tool, **arguments)
                assert "is an address" in str(told.error["message"]), tool
            assert server.lines == []

    asyncio.run(run())


def test_the_folders_are_those_of_the_person_else_of_the_host(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "there.py").write_text("y = 2\n")

    async def asked(url: str, *words: str, roots: ListRootsFnT | None = None) -> list[bool]:
        """Whether files of the other folder are read, by name and by whole path, and of the server's own."""
        paths = ("there.py", str(other / "there.py"), str(tmp_path / "project" / "a.py"))
        async with hosting(tmp_path, url, *words, files={"a.py": "x = 1\n"}, roots=roots) as host:
            said = [await host.call("delegate_ask", question="q", paths=[path]) for path in paths]
        return [one.body["ok"] is True for one in said]

    async def run() -> None:
        async with serving(answering(Answer(text("yes"), headers=SSE))) as server:
            assert await asked(server.url, roots=offering(other)) == [True, True, False]
            assert await asked(server.url, "--root", str(other), roots=offering(tmp_path)) == [
                True,
                True,
                False,
            ]
            assert await asked(server.url, "--allow-outside") == [False, True, True]

    asyncio.run(run())


def test_a_folder_of_a_host_that_is_none_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    here = str(tmp_path.resolve())
    offered = ["https://example.org/x", "file:///no/such/folder", "file://far/etc", "nonsense"]
    assert ground_of("", offered, is_open=False).roots == (here,)
    spaced = tmp_path / "with space"
    spaced.mkdir()
    assert ground_of("", [spaced.as_uri()], is_open=False).roots == (str(spaced.resolve()),)
    with pytest.raises(InputError, match="top folder"):
        ground_of("/", (), is_open=False)
    assert ground_of("/", (), is_open=True).roots == ("/",)


def test_hints_name_arguments_and_no_flags_of_a_command_line(tmp_path: Path) -> None:
    async def run() -> None:
        files = {"old.py": "x = 0\n"}
        async with serving(answering()) as server, hosting(tmp_path, server.url, files=files) as host:
            task = {"spec": "s", "context": ["old.py"], "write": True}
            there = await host.call("delegate_write", target="old.py", **task)
            assert str(there.error["hint"]).startswith("Pass `force: true` to replace it;")
            assert "`force: true`" in there.texts[0]
            out = await host.call("delegate_write", target="../out.py", **task)
            assert "--target-root" not in str(out.error["hint"])
            asked = await host.call("delegate_ask", question="What?")
            assert asked.error["hint"] == "Name files, folders or patterns, or `diff_only`."
            report = await host.call("delegate_ledger", report=True, since="2200-01-01")
            assert "`since`" in str(report.error["hint"])
            assert host.stderr == ""

    asyncio.run(run())


def test_the_flags_of_a_whole_command_stay() -> None:
    assert in_arguments("Get one: tui-delegate models pull MODEL --profile p") == (
        "Get one: tui-delegate models pull MODEL --profile p"
    )
    assert in_arguments("Only `tui-delegate write --force` does, --split not.") == (
        "Only `tui-delegate write --force` does, `split: true` not."
    )
