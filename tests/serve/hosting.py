"""A host of MCP servers, as the SDK makes it: our server in a process of its own, in a project's folder."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import tomli_w
from mcp import ClientSession, StdioServerParameters, stdio_client
from mcp.client.session import ListRootsFnT
from mcp_types import CallToolResult, TextContent

from tests.product import ROOT, Product

PATIENCE = 15.0
"""Seconds after which a server hangs: far more than any of these calls takes."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a call gave."""

    body: dict[str, object]
    texts: list[str]
    failed: bool

    @classmethod
    def of(cls, result: CallToolResult) -> Said:
        body = result.structured_content
        assert isinstance(body, dict)
        texts = [block.text for block in result.content if isinstance(block, TextContent)]
        return cls(body, texts, result.is_error)

    @property
    def error(self) -> dict[str, object]:
        error = self.body["error"]
        assert isinstance(error, dict)
        assert self.failed
        assert {"code", "type", "message", "hint"} <= set(error)
        return error

    def rows(self, name: str) -> list[dict[str, object]]:
        found = self.body[name]
        assert isinstance(found, list)
        return found

    @property
    def content(self) -> dict[str, object]:
        content = self.body["content"]
        assert isinstance(content, dict)
        return content


@dataclass(frozen=True, slots=True)
class Host:
    """A host with one server."""

    session: ClientSession
    home: Path
    project: Path

    async def call(self, tool: str, **arguments: object) -> Said:
        """Call a tool; one that hangs is an error."""
        return Said.of(await self.session.call_tool(tool, arguments, PATIENCE))

    async def ledger(self) -> list[dict[str, object]]:
        """All rows of the ledger, as the command line gives them."""
        return await Product(self.home).ledger()

    @property
    def stderr(self) -> str:
        """What the server said beside the protocol."""
        return (self.home / "stderr").read_text()


@asynccontextmanager
async def hosting(
    tmp_path: Path,
    url: str,
    *words: str,
    files: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
    roots: ListRootsFnT | None = None,
    before: Sequence[str] = (),
) -> AsyncIterator[Host]:
    """Start the server in a project's folder; the default profile leads to `url`.

    `before` is a command that the server's is handed to.
    """
    home, project = tmp_path / "home", tmp_path / "project"
    for folder in (home, project):
        folder.mkdir(exist_ok=True)
    for name, text in (files or {}).items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    write_profiles(home, url)
    command = [*before, sys.executable, "-m", "tui_delegate", "mcp", *words]
    server = StdioServerParameters(
        command=command[0],
        args=command[1:],
        cwd=project,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "error",
            "HOME": str(tmp_path),
            "TUI_DELEGATE_HOME": str(home),
            **(environ or {}),
        },
    )
    with (home / "stderr").open("w") as errors:
        async with (
            stdio_client(server, errors) as (reading, writing),
            ClientSession(reading, writing, PATIENCE, list_roots_callback=roots) as session,
        ):
            await session.initialize()
            yield Host(session, home, project)


def write_profiles(home: Path, url: str, model: str = "big") -> None:
    """Write the profiles file anew."""
    profile = {"backend": "openai-compat", "base_url": f"{url}/v1", "default_model": model}
    told = {"default_profile": "here", "profiles": {"here": profile}}
    (home / "profiles.toml").write_text(tomli_w.dumps(told))
    (home / "profiles.toml").chmod(0o600)
