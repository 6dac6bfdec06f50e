from __future__ import annotations

import asyncio
import tomllib
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Input, Static

from tests import realserver
from tests.loopback import Answer, serving
from tests.workspace.places import EVIL, PLENTY, SECRETS, ollama, pulling, workspace
from tui_delegate.tui.screens.models import ModelPicker
from tui_delegate.tui.screens.picked import Picked
from tui_delegate.tui.stage import Stage
from tui_delegate.tui.widgets.catalog import Catalog, Picking
from tui_delegate.workspace.catalog import Recent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from textual.pilot import Pilot

    from tui_delegate.workspace.seats import Workspace

SIZES = [(80, 24), (120, 40), (220, 60)]


@dataclass
class Room:
    """A picker on a small app, and what it handed back."""

    app: Stage
    pilot: Pilot[int]
    place: Workspace
    recent: Recent
    said: list[Picked | None] = field(default_factory=list)

    @property
    def picker(self) -> ModelPicker:
        assert isinstance(self.app.screen, ModelPicker)
        return self.app.screen

    @property
    def keys(self) -> list[str]:
        return [key.replace("\n", "|") for key in self.picker.query_one(Catalog).keys]

    def words(self, what: str) -> str:
        return str(self.picker.query_one(what, Static).content)

    async def open(self) -> None:
        await self.app.push_screen(ModelPicker(self.place, self.recent, within=PLENTY), self.said.append)
        await self.pilot.pause()

    async def until(self, ready: Callable[[], bool]) -> None:
        async with asyncio.timeout(PLENTY):
            while not ready():
                await self.pilot.pause()

    async def listed(self, part: str) -> None:
        await self.until(lambda: any(part in key for key in self.keys))

    async def type(self, text: str) -> None:
        self.picker.query_one(Input).value = text
        await self.pilot.pause()


@asynccontextmanager
async def room(
    home: Path,
    size: tuple[int, int] = (120, 40),
    say: Callable[..., Answer] | None = None,
    head: str = "",
) -> AsyncIterator[Room]:
    """Open the picker over an Ollama on loopback."""
    async with serving(say or ollama()) as server:
        written = f"""{head}
default_profile = "mine"
[profiles.mine]
backend = "ollama"
base_url = "{server.url}"
default_model = "qwen3:4b"
api_key = "{SECRETS[0]}"
[roles]
worker = "builtin"
"""
        async with workspace(home, written, OPENROUTER_API_KEY="") as place:
            app, kept = Stage(), dict[str, str]()
            async with app.run_test(size=size) as pilot:
                there = Room(app, pilot, place, Recent(kept.get, kept.__setitem__))
                await there.open()
                await pilot.pause()
                await there.listed("mine|qwen3:4b")
                yield there


def test_all_models_stand_in_one_list_and_what_can_not_manage_comes_last(tmp_path: Path) -> None:
    async def main() -> None:
        async with room(tmp_path) as there:
            keys = there.keys
            assert keys[0] == "mine|qwen3:4b"
            assert keys.index("mine|cold:1b") < keys.index("mine|talker:1b")
            assert keys.index("builtin|builtin/manager") < keys.index("builtin|builtin/worker")
            assert "mine|nomic-embed" not in keys
            assert "now mine / qwen3:4b" in there.words("#head")

    asyncio.run(main())


def test_typing_filters_and_enter_takes_the_first(tmp_path: Path) -> None:
    async def main() -> None:
        async with room(tmp_path) as there:
            await there.pilot.press(*"cold")
            await there.pilot.pause()
            assert there.keys == ["mine|cold:1b", "typed"]
            await there.pilot.press("enter")
            await there.pilot.pause()
            assert there.said == [Picked("manager", "mine", "cold:1b")]
            assert there.recent.read() == [("mine", "cold:1b")]
            await there.open()
            await there.listed("mine|cold:1b")
            assert there.keys[0] == "mine|cold:1b"

    asyncio.run(main())


def test_a_model_without_tools_is_for_workers_only_and_the_reason_is_given(tmp_path: Path) -> None:
    async def main() -> None:
        async with room(tmp_path) as there:
            await there.type("talker")
            assert "can't call tools" in there.words("#details")
            await there.pilot.press("enter")
            await there.pilot.pause()
            assert there.said == []
            assert "can't call tools" in there.words("#notice")
            await there.pilot.press("tab")
            await there.pilot.pause()
            assert there.words("#notice") == ""
            await there.pilot.press("enter")
            await there.pilot.pause()
            assert there.said == [Picked("worker", "mine", "talker:1b")]

    asyncio.run(main())


def test_a_name_that_no_server_lists_can_be_taken_as_it_is(tmp_path: Path) -> None:
    async def main() -> None:
        async with room(tmp_path) as there:
            await there.type("brand/new:7b")
            assert there.keys == ["typed"]
            await there.pilot.press("enter")
            await there.open()
            await there.pilot.pause()
            await there.type("builtin/builtin/digest")
            await there.pilot.press("tab", "enter")
            await there.pilot.pause()
            assert there.said == [
                Picked("manager", "mine", "brand/new:7b"),
                Picked("worker", "builtin", "builtin/digest"),
            ]

    asyncio.run(main())


def test_a_model_whose_key_is_missing_is_shown_with_the_reason_and_not_taken(tmp_path: Path) -> None:
    async def main() -> None:
        async with room(tmp_path) as there:
            await there.type("claude-haiku")
            await there.pilot.press("enter")
            await there.pilot.pause()
            assert there.said == []
            assert "ANTHROPIC_API_KEY" in there.words("#notice")

    asyncio.run(main())


def test_a_name_that_is_typed_to_download_takes_the_place_of_what_was_sought(tmp_path: Path) -> None:
    async def main() -> None:
        gate = asyncio.Event()
        async with room(tmp_path, say=ollama(**{"POST /api/pull": pulling(gate)})) as there:
            await there.type("sought")
            await there.pilot.press("f8")
            await there.type("qwen9")
            await there.pilot.press("enter")
            await there.until(lambda: "42 %" in there.words("#jobs"))
            assert "qwen9" in there.words("#jobs")
            assert "sought" not in there.words("#jobs")
            gate.set()
            await there.until(lambda: "qwen9 is there" in there.words("#jobs"))

    asyncio.run(main())


def test_a_download_shows_how_far_it_is_and_goes_on_when_the_picker_is_closed(tmp_path: Path) -> None:
    async def main() -> None:
        gate = asyncio.Event()
        async with room(tmp_path, say=ollama(**{"POST /api/pull": pulling(gate)})) as there:
            await there.pilot.press("f8")
            await there.pilot.pause()
            assert "mine" in there.words("#head")
            await there.type("qwen9")
            await there.pilot.press("enter")
            await there.until(lambda: "42 %" in there.words("#jobs"))
            assert "420 B of 1.0 kB" in there.words("#jobs")
            await there.pilot.press("escape")
            await there.pilot.pause()
            assert there.said == [None]
            await there.open()
            await there.pilot.pause()
            assert "42 %" in there.words("#jobs")
            await there.pilot.press("escape")
            await there.pilot.pause()
            job = there.place.jobs.going[0]
            gate.set()
            await there.until(lambda: job.state == "done")
            await there.pilot.pause()
            assert [one.message for one in there.app._notifications] == ["qwen9 is there"]

    asyncio.run(main())


def test_a_download_can_be_stopped_and_its_failure_is_one_line(tmp_path: Path) -> None:
    async def main() -> None:
        gate = asyncio.Event()
        refused = Answer({"error": "pull model manifest: file does not exist"}, 404)
        answers: list[object] = [pulling(gate), refused]
        async with room(tmp_path, say=ollama(**{"POST /api/pull": answers})) as there:
            await there.pilot.press("f8")
            await there.type("qwen9")
            await there.pilot.press("enter")
            await there.until(lambda: "42 %" in there.words("#jobs"))
            await there.pilot.press("f9")
            await there.until(lambda: "stopped" in there.words("#jobs"))
            await there.pilot.press("f8")
            await there.type("nosuch")
            await there.pilot.press("enter")
            await there.until(lambda: "✗ nosuch" in there.words("#jobs"))
            assert there.words("#jobs").count("\n") == 0

    asyncio.run(main())


def test_a_server_that_can_not_load_says_so_and_nothing_breaks(tmp_path: Path) -> None:
    async def main() -> None:
        async with room(tmp_path) as there:
            await there.type("cold")
            await there.pilot.press("f6")
            await there.until(lambda: "✗ cold:1b" in there.words("#jobs"))
            await there.pilot.press("f7")
            await there.until(lambda: there.place.jobs.going == [])

    asyncio.run(main())


def test_saving_as_default_writes_the_file_after_a_word_about_its_comments(tmp_path: Path) -> None:
    async def main() -> None:
        async with room(tmp_path, head="# my own words") as there:
            await there.type("cold")
            await there.pilot.press("ctrl+s")
            await there.pilot.pause()
            assert "comments" in there.words("#notice")
            assert there.said == []
            await there.pilot.press("ctrl+s")
            await there.pilot.pause()
            (picked,) = there.said
            assert picked
            assert ".bak" in picked.saved
            written = tomllib.loads((tmp_path / "profiles.toml").read_text())
            assert written["roles"] == {"worker": "builtin", "manager": "mine/cold:1b"}
            assert written["profiles"]["mine"]["api_key"] == SECRETS[0]

    asyncio.run(main())


@pytest.mark.parametrize("size", SIZES)
def test_hostile_names_are_shown_harmless_at_every_size(tmp_path: Path, size: tuple[int, int]) -> None:
    async def main() -> None:
        async with room(tmp_path, size) as there:
            await there.pilot.pause()
            picture = there.app.export_screenshot()
            assert "[bold]evil" in picture.replace("&#160;", " ")
            assert not any(letter in picture for letter in "\x1b\u202e\x9b")
            assert not any(secret in picture for secret in SECRETS)
            await there.type("evil")
            await there.pilot.press("enter")
            await there.pilot.pause()
            assert there.said == [Picked("manager", "mine", EVIL)]

    asyncio.run(main())


@pytest.mark.parametrize("size", SIZES)
def test_every_key_at_the_foot_is_whole(tmp_path: Path, size: tuple[int, int]) -> None:
    async def main() -> None:
        async with room(tmp_path, size) as there:
            picture = there.app.export_screenshot().replace("&#160;", " ")
            for command in there.picker.commands:
                assert command.label in picture

    asyncio.run(main())


def test_a_click_takes_a_model(tmp_path: Path) -> None:
    async def main() -> None:
        async with room(tmp_path) as there:
            await there.type("cold")
            await there.pilot.click(Picking, offset=(5, 0))
            await there.pilot.pause()
            assert there.said == [Picked("manager", "mine", "cold:1b")]

    asyncio.run(main())


def test_the_bar_stays_on_its_model_while_servers_answer(tmp_path: Path) -> None:
    async def main() -> None:
        async with room(tmp_path) as there:
            await there.pilot.press("down", "down")
            bar = there.picker.query_one(Catalog).key
            await there.pilot.press("f5")
            for _ in range(20):
                await there.pilot.pause()
                assert there.picker.query_one(Catalog).key == bar
            await there.pilot.press("pagedown", "pageup")
            await there.pilot.pause()
            assert there.picker.query_one(Catalog).key == there.picker.query_one(Catalog).keys[0]

    asyncio.run(main())


def test_a_key_that_was_remapped_stands_at_the_foot(tmp_path: Path) -> None:
    async def main() -> None:
        async with room(tmp_path) as there:
            there.app.set_keymap({"models.load": "f12"})
            await there.pilot.press("escape")
            await there.open()
            picture = there.app.export_screenshot().replace("&#160;", " ")
            assert "f12" in picture
            assert "f6" not in picture

    asyncio.run(main())


def test_a_server_that_vanished_is_said_where_its_models_were(tmp_path: Path) -> None:
    async def main() -> None:
        async with workspace(
            tmp_path, '[profiles.gone]\nbackend = "llamacpp"\nbase_url = "http://127.0.0.1:9"\n'
        ) as place:
            app = Stage()
            async with app.run_test(size=(120, 40)) as pilot:
                there = Room(app, pilot, place, Recent(lambda key: None, lambda key, value: None))
                await there.open()
                await pilot.pause()
                await there.until(lambda: "not running" in app.export_screenshot().replace("&#160;", " "))
                await pilot.press("f5", "escape")

    asyncio.run(main())


@pytest.mark.real
def test_a_model_of_a_real_router_is_loaded_and_picked(tmp_path: Path) -> None:
    async def main(url: str) -> None:
        written = f'default_profile = "real"\n[profiles.real]\nbackend = "llamacpp"\nbase_url = "{url}"\n'
        async with workspace(tmp_path, written) as place:
            app, kept = Stage(), dict[str, str]()
            async with app.run_test(size=(120, 40)) as pilot:
                there = Room(app, pilot, place, Recent(kept.get, kept.__setitem__))
                await there.open()
                await pilot.pause()
                await there.listed("real|tiny-b")
                await there.type("tiny-b")
                await pilot.press("f6")
                await there.until(lambda: "tiny-b is loaded" in there.words("#jobs"))
                await there.until(lambda: there.keys[:1] == ["real|tiny-b"])
                await pilot.press("enter")
                await pilot.pause()
                assert there.said == [Picked("manager", "real", "tiny-b")]

    folder = tmp_path / "models"
    folder.mkdir()
    with realserver.running_router(folder, "tiny-a", "tiny-b") as server:
        asyncio.run(main(server.url))
