"""The builtin engine, killed wherever it was: what goes on comes to the same answer with the same calls."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import pytest

from tests.product import Product

PROMPT = "compare @a.md @b.md @c.md"


@pytest.mark.parametrize("lines", [1, 12, 60])
def test_the_builtin_engine_goes_on_from_wherever_it_was_killed(tmp_path: Path, lines: int) -> None:
    async def main() -> None:
        whole, tud = Product(tmp_path / "whole").write({}), Product(tmp_path / "home").write({})
        for product in (whole, tud):
            for name in "abc":
                (product.home / f"{name}.md").write_text(f"# {name}\n\n{name} is a file about {name}.\n" * 40)
        wanted = await whole.tell("run", "--profile", "builtin", "--json", PROMPT)
        going = await tud.start("run", "--profile", "builtin", "--events", PROMPT)
        run = json.loads(await going.line())["run"]
        for _ in range(lines):
            await going.line()
        going.signal(signal.SIGKILL)
        await going.end()
        ended = await tud.tell("run", "--profile", "builtin", "--json", "--resume", run)
        assert ended.value["content"] == wanted.value["content"]
        assert len(await tud.ledger()) == len(await whole.ledger()) == 5

    asyncio.run(main())
