"""What a verb that makes one call loads, and what it leaves alone: start-up is most of what it costs."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from tests.loopback import Answer, serving, table
from tests.product import Product

if TYPE_CHECKING:
    from pathlib import Path

TOO_DEAR = {
    *("asyncio", "httpx", "aiohttp", "ollama", "textual", "rich", "pydantic", "starlette"),
    *("dataclasses", "inspect", "ast", "tokenize", "http.client", "email", "ssl", "platformdirs", "shutil"),
    *("tempfile", "random", "subprocess", "platform", "importlib.metadata", "difflib", "fastjsonschema"),
}
ASKED = ("ask", "--paths", "note.md", "--question", "q", "--json")


@pytest.mark.parametrize("words", [("summarize", "--json"), ASKED], ids=["summarize", "ask"])
def test_a_call_loads_what_it_needs_and_no_more(tmp_path: Path, words: tuple[str, ...]) -> None:
    pieces = [{"choices": [{"index": 0, "delta": {"content": "word "}}]}] * 60
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "model": "m"}
    usage = {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 60}}
    stream = "".join(f"data: {json.dumps(one)}\n\n" for one in (*pieces, end, usage)) + "data: [DONE]\n\n"
    told = Answer(stream.encode(), headers={"content-type": "text/event-stream"})

    async def main() -> None:
        async with serving(table({"POST /v1/chat/completions": told})) as server:
            product = Product(
                tmp_path,
                {
                    "PYTHONPROFILEIMPORTTIME": "1",
                    "AGENT_DELEGATE_LOG_DIR": str(tmp_path / "log"),
                    "HOME": str(tmp_path),
                },
            )
            product.write(
                p={"backend": "openai-compat", "base_url": f"{server.url}/v1", "default_model": "m"}
            )
            (tmp_path / "note.md").write_text("What is noted here.\n")
            ended = await product.tell(*words, stdin=b"text\n")
            assert ended.code == 0, ended.err
            loaded = {line.rpartition("|")[2].strip() for line in ended.err.splitlines()}
            assert "tui_delegate.journal.store" in loaded
            assert not loaded & TOO_DEAR
            assert len(await product.ledger()) == 1

    asyncio.run(main())
