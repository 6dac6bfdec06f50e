"""Runs the command line beside a loopback server that its only profile leads to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

from tests.cli.speaking import CHAT, Say
from tests.loopback import Loopback, serving
from tests.product import Product

DONE = "Done: result of fix the typo; result of sort these names"
Check = Callable[[Product, Loopback], Coroutine[None, None, None]]


def profile(url: str, **more: object) -> dict[str, object]:
    return {"backend": "openai-compat", "base_url": url, "default_model": "big", **more}


def with_server(tmp_path: Path, say: Say, check: Check, **more: object) -> None:
    async def main() -> None:
        async with serving(say) as server:
            await check(Product(tmp_path / "home").write(mine=profile(server.url, **more)), server)

    asyncio.run(main())


def chats(server: Loopback) -> int:
    return server.lines.count(CHAT)
