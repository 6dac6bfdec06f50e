from __future__ import annotations

import argparse
import asyncio
import io
import json
from typing import TYPE_CHECKING

import pytest

from tests import realserver
from tests.loopback import Answer, no_pause, serving, table
from tui_delegate.backends.address import Endpoint
from tui_delegate.backends.discover import Found
from tui_delegate.backends.llamacpp import LlamaCpp
from tui_delegate.backends.lmstudio import LmStudio
from tui_delegate.backends.way import way_to
from tui_delegate.cli.verbs.models import (
    Meter,
    add_arguments,
    as_json,
    perform,
    render,
    run,
    shown_url,
    size_words,
)
from tui_delegate.core.errors import BackendError, InputError, TimedOut, Unreachable
from tui_delegate.core.servers import ModelInfo, Progress, ServerInfo

if TYPE_CHECKING:
    from pathlib import Path

QWEN = ModelInfo("qwen3:4b", "loaded", 8192, 2620788019, "Q4_K_M", "4.0B", ("completion", "tools"), 1)
OLLAMA = Found(
    "http://127.0.0.1:11434",
    ("ollama", "mine"),
    ServerInfo("ollama", "http://127.0.0.1:11434", "0.15.2", (QWEN, ModelInfo("x")), 1),
)
GONE = Found(
    "http://box:1234", ("studio",), error=Unreachable("Nothing is listening on box:1234.", "Start it.")
)
USUAL = Found("http://127.0.0.1:8080", error=Unreachable("Nothing is listening on 127.0.0.1:8080."))
SLOW = Found("http://127.0.0.1:1234", error=TimedOut("127.0.0.1:1234 did not answer within 1 s."))


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_servers_that_answer_come_with_their_models_and_the_others_with_the_reason() -> None:
    assert render([USUAL, GONE, OLLAMA, SLOW]) == "\n".join(
        [
            "ollama 0.15.2 http://127.0.0.1:11434 (ollama, mine), 1 at once",
            "  MODEL     STATE   WINDOW    SIZE  QUANT        CAN",
            "  qwen3:4b  loaded    8192  2.6 GB  4.0B Q4_K_M  completion tools",
            "  x         -            -       -  -            -",
            "",
            "- http://box:1234 (studio): Nothing is listening on box:1234.",
            "- http://127.0.0.1:1234: 127.0.0.1:1234 did not answer within 1 s.",
        ]
    )


def test_where_nothing_answers_that_is_said() -> None:
    assert render([USUAL]) == render([]) == "No model server answers here."


def test_a_server_without_models_says_that() -> None:
    empty = Found("http://a", (), ServerInfo("lmstudio", "http://a"))
    assert render([empty]) == "lmstudio http://a\n  no models"


def test_names_that_a_server_makes_up_can_not_steer_the_terminal() -> None:
    evil = ModelInfo("a\x1b[2Jb\nc", quantization="\x1b]0;t\x07Q", capabilities=("\x1b[31mx",))
    text = render([Found("http://a", ("\x1b[2Jp",), ServerInfo("b\x1b[2J", "u", "\x1b[2J", (evil,)))])
    assert "\x1b" not in text
    assert "ab c" in text


def test_json_holds_every_server_and_every_field() -> None:
    value = as_json([OLLAMA, GONE])
    assert json.loads(json.dumps(value)) == value
    assert value == {
        "ok": True,
        "command": "models",
        "content": {
            "servers": [
                {
                    "url": "http://127.0.0.1:11434",
                    "profiles": ["ollama", "mine"],
                    "ok": True,
                    "backend": "ollama",
                    "version": "0.15.2",
                    "parallel": 1,
                    "models": [
                        {
                            "id": "qwen3:4b",
                            "state": "loaded",
                            "window": 8192,
                            "size": 2620788019,
                            "quantization": "Q4_K_M",
                            "parameters": "4.0B",
                            "capabilities": ["completion", "tools"],
                            "parallel": 1,
                        },
                        {
                            "id": "x",
                            "state": "unknown",
                            "window": None,
                            "size": None,
                            "quantization": "",
                            "parameters": "",
                            "capabilities": [],
                            "parallel": None,
                        },
                    ],
                },
                {
                    "url": "http://box:1234",
                    "profiles": ["studio"],
                    "ok": False,
                    "error": {
                        "type": "backend_error",
                        "code": "unreachable",
                        "message": "Nothing is listening on box:1234.",
                        "hint": "Start it.",
                    },
                },
            ]
        },
    }


def test_a_password_inside_an_address_is_not_shown() -> None:
    assert shown_url("https://me:s3cret@box/v1") == "https://box/v1"
    found = Found("https://me:s3cret@box", ("p",), error=Unreachable("gone"))
    assert "s3cret" not in render([found]) + json.dumps(as_json([found]))


def test_sizes_are_written_as_people_do() -> None:
    sizes = [size_words(size) for size in (None, 0, 999, 1000, 658944, 2620788019)]
    assert sizes == ["-", "0 B", "999 B", "1.0 kB", "658.9 kB", "2.6 GB"]


def test_away_from_a_terminal_progress_is_a_line_for_each_tenth() -> None:
    stream = io.StringIO()
    meter = Meter(stream, in_bytes=True)
    meter.show(Progress("pulling manifest"))
    for done in range(101):
        meter.show(Progress("pulling 6a07", done * 10**6, 10**8))
    meter.show(Progress("success"))
    meter.end()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 13
    assert lines[:3] == [
        "pulling manifest",
        "pulling 6a07 0 % 0 B of 100.0 MB",
        "pulling 6a07 10 % 10.0 MB of 100.0 MB",
    ]
    assert lines[-2:] == ["pulling 6a07 100 % 100.0 MB of 100.0 MB", "success"]


def test_on_a_terminal_progress_is_one_line_that_changes_and_goes() -> None:
    stream = Terminal()
    meter = Meter(stream)
    meter.show(Progress("loading"))
    meter.show(Progress("loading", 50, 100))
    meter.show(Progress("loading", 50, 100))
    meter.end()
    assert stream.getvalue() == "\r\x1b[Kloading\r\x1b[Kloading 50 %\r\x1b[K"


def test_a_silent_meter_writes_nothing() -> None:
    for stream in (io.StringIO(), Terminal()):
        meter = Meter(stream, silent=True)
        meter.show(Progress("loading", 50, 100))
        meter.end()
        assert stream.getvalue() == ""


def test_a_status_from_a_server_can_not_steer_the_terminal() -> None:
    stream = io.StringIO()
    Meter(stream).show(Progress("pulling\x1b[2J" + "x" * 500))
    assert "\x1b" not in stream.getvalue()
    assert len(stream.getvalue()) < 80


def test_more_than_a_download_holds_is_still_a_hundred_percent() -> None:
    stream = io.StringIO()
    Meter(stream).show(Progress("downloading", 300, 100))
    assert stream.getvalue() == "downloading 100 %\n"


def test_the_line_goes_when_an_action_fails() -> None:
    stream = Terminal()

    async def main() -> None:
        answers: dict[str, object] = {
            "POST /api/v1/models/download": {"job_id": "j", "status": "downloading"},
            "GET /api/v1/models/download/status/j": Answer({"error": "disk full"}, 500),
        }
        async with serving(table(answers)) as server:
            wire = way_to(Endpoint(server.url))
            with pytest.raises(BackendError, match="disk full"):
                await perform(LmStudio(wire, pause=no_pause), "pull", "m", Meter(stream))
            await wire.aclose()

    asyncio.run(main())
    assert stream.getvalue().endswith("downloading\r\x1b[K")


def test_a_load_without_a_model_and_a_list_with_one_are_refused() -> None:
    for words in (["load"], ["unload"], ["pull"], ["list", "m"]):
        with pytest.raises(InputError):
            run(_parse(*words))


def test_without_an_action_the_list_is_meant() -> None:
    assert _parse("--json").action == "list"
    assert _parse("load", "m", "--profile", "p").model == "m"


@pytest.mark.real
def test_a_real_router_is_told_to_load_and_unload(tmp_path: Path) -> None:
    stream = io.StringIO()

    async def main(url: str) -> None:
        wire = way_to(Endpoint(url))
        await perform(LlamaCpp(wire), "load", "tiny-a", Meter(stream))
        await perform(LlamaCpp(wire), "unload", "tiny-a", Meter(stream))
        await wire.aclose()

    with realserver.running_router(tmp_path, "tiny-a") as server:
        asyncio.run(main(server.url))
    assert stream.getvalue().splitlines()[-1] == "loaded 100 %"


def _parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words)
