"""A profile that says no more than `openai-compat`: the product that its list names knows the window."""

from __future__ import annotations

import asyncio

import pytest

from tests.loopback import serving, table
from tui_delegate.backends.address import Endpoint
from tui_delegate.backends.plain_host import PlainHost
from tui_delegate.backends.way import way_to


def listed(owner: str, **more: object) -> dict[str, object]:
    return {"data": [{"id": "m", "object": "model", "owned_by": owner, **more}]}


@pytest.mark.parametrize(
    ("answers", "window"),
    [
        ({"GET /v1/models": listed("vllm", max_model_len=8192)}, 8192),
        (
            {
                "GET /v1/models": listed("llamacpp"),
                "GET /props": {"default_generation_settings": {"n_ctx": 2048}, "total_slots": 1},
            },
            2048,
        ),
        (
            {
                "GET /v1/models": listed("library"),
                "GET /api/ps": {"models": [{"model": "m:latest", "context_length": 4096}]},
            },
            4096,
        ),
        ({"GET /v1/models": listed("library"), "GET /api/ps": {"models": []}}, None),
        ({"GET /v1/models": listed("llamacpp")}, None),
        ({"GET /v1/models": listed("somebody")}, None),
        ({"GET /v1/models": {"data": []}}, None),
    ],
)
def test_the_window_is_told_or_not_known(answers: dict[str, object], window: int | None) -> None:
    async def main() -> None:
        async with serving(table(answers)) as server:
            wire = way_to(Endpoint(f"{server.url}/v1"))
            try:
                assert await PlainHost(wire).window("m") == window
            finally:
                await wire.aclose()

    asyncio.run(main())
