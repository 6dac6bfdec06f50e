"""One-shot calls of a real model on a real server: answers held to a schema, the window that it tells."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import realserver
from tests.product import Product
from tests.realserver import RealServer

pytestmark = pytest.mark.real
SCHEMA = {
    "type": "object",
    "properties": {"risk": {"enum": ["low", "high"]}, "sure": {"type": "boolean"}},
    "required": ["risk", "sure"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def server() -> Iterator[RealServer]:
    with realserver.running() as running:
        yield running


def home(tmp_path: Path, server: RealServer) -> Product:
    tiny = {"backend": "llamacpp", "base_url": server.url, "default_model": "tiny-delegate"}
    return Product(tmp_path).write(tiny=tiny)


def test_a_model_that_knows_no_json_answers_in_the_schema_that_the_server_keeps_it_to(
    tmp_path: Path, server: RealServer
) -> None:
    async def main() -> None:
        tud = home(tmp_path, server)
        (tud.home / "schema.json").write_text(json.dumps(SCHEMA))
        (tud.home / "a.md").write_text("fix the typo\n")
        schema = ("--schema", str(tud.home / "schema.json"), "--json", "--profile", "tiny")
        told = await tud.tell("ask", *schema, "--paths", str(tud.home / "a.md"), "--question", "fix it")
        assert (told.code, told.err) == (0, "")
        data = told.value["data"]
        assert isinstance(data, dict)
        assert data["risk"] in ("low", "high")
        assert isinstance(data["sure"], bool)
        assert json.loads(str(told.value["content"])) == data
        assert told.value["calls"] == 1

    asyncio.run(main())


def test_a_text_too_long_for_the_window_that_the_server_tells_is_refused(
    tmp_path: Path, server: RealServer
) -> None:
    async def main() -> None:
        tud = home(tmp_path, server)
        log = tud.home / "log.md"
        log.write_text("".join(f"line {number}: the pump is warm\n" for number in range(400)))
        ask = ("ask", "--json", "--paths", str(log), "--question", "what is warm?", "--profile")
        refused = await tud.tell(*ask, "tiny")
        assert (refused.code, "its window of 2048" in refused.out) == (2, True)

    asyncio.run(main())
