"""Servers on loopback as products speak, and a workspace with a profiles file of its own."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import tomli_w

from tests.loopback import Answer, Asked, table
from tui_delegate.workspace.seats import Workspace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

PLENTY = 20.0
"""Seconds that no server here takes."""
EVIL = "[bold]ev\x1b[2Jil\u202e/x\n"
"""A model's name that would steer a terminal, be markup, and turn the line around."""
SECRETS = ("sk-very-secret", "header-very-secret", "env-very-secret")

PLAIN: dict[str, object] = {
    "GET /v1/models": {"data": [{"id": "big", "owned_by": "vllm", "max_model_len": 32768}, {"id": "small"}]}
}


_CAN = {
    "cold:1b": ["completion", "tools"],
    "qwen3:4b": ["completion", "tools", "thinking"],
    "talker:1b": ["completion"],
    "nomic-embed": ["embedding"],
}


def _tag(name: str, size: int, quant: str) -> dict[str, object]:
    details = {"parameter_size": "4.0B", "quantization_level": quant}
    return {"name": name, "model": name, "size": size, "digest": name, "details": details}


def ollama(**more: object) -> Callable[[Asked], Answer]:
    """An Ollama: a loaded model, one without tools, one with a hostile name of which it says nothing."""
    tags = [
        _tag("cold:1b", 815_000_000, "Q4_0"),
        _tag("qwen3:4b", 2_620_788_019, "Q4_K_M"),
        _tag("talker:1b", 500_000_000, "Q4_0"),
        _tag(EVIL, 1, "Q\x1b[31m4"),
        _tag("nomic-embed", 1, "F16"),
    ]
    running = {"name": "qwen3:4b", "model": "qwen3:4b", "size": 1, "digest": "d", "context_length": 8192}
    answers = table(
        {
            "GET /": Answer(b"Ollama is running"),
            "GET /v1/models": {"object": "list", "data": []},
            "GET /api/version": {"version": "0.15.2"},
            "GET /api/tags": {"models": tags},
            "GET /api/ps": {"models": [running]},
            **more,
        }
    )

    def say(asked: Asked) -> Answer:
        if asked.line != "POST /api/show":
            return answers(asked)
        told = asked.json()
        name = told.get("model") if isinstance(told, dict) else None
        return Answer({"model_info": {}, "capabilities": _CAN.get(str(name), [])})

    return say


def pulling(gate: asyncio.Event, rest: bytes = b'{"status":"success"}\n') -> Answer:
    """A download that stands still at 42 % until the gate opens."""
    steps = (
        b'{"status":"pulling manifest"}\n{"status":"pulling a","digest":"a","total":1000,"completed":420}\n'
    )
    return Answer(steps, headers={"content-type": "application/x-ndjson"}, gate=gate, rest=rest)


@asynccontextmanager
async def workspace(
    home: Path, written: Mapping[str, object] | str = "", **environ: str
) -> AsyncIterator[Workspace]:
    """Open a workspace over this profiles file."""
    if written:
        file = home / "profiles.toml"
        file.write_text(written if isinstance(written, str) else tomli_w.dumps(written))
        file.chmod(0o600)
    opened = Workspace.open(environ={"TUI_DELEGATE_HOME": str(home), **environ})
    try:
        yield opened
    finally:
        await opened.aclose()
