from __future__ import annotations

import asyncio
import tomllib
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Input, Select, Static, TextArea

from tests.loopback import serving, table
from tests.workspace.places import PLAIN, PLENTY, SECRETS, workspace
from tui_delegate.tui.screens.picked import Picked
from tui_delegate.tui.screens.profile_editor import ProfileEditor
from tui_delegate.tui.screens.profiles import ProfilesScreen
from tui_delegate.tui.stage import Stage
from tui_delegate.tui.widgets.catalog import Catalog
from tui_delegate.tui.widgets.form import Field

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from textual.pilot import Pilot

    from tui_delegate.workspace.seats import Workspace

SIZES = [(80, 24), (120, 40), (220, 60)]


@dataclass
class Room:
    """The profiles on a small app, and what was handed back."""

    app: Stage
    pilot: Pilot[int]
    place: Workspace
    home: Path
    said: list[Picked | None] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)

    def words(self, what: str = "#notice") -> str:
        return str(self.app.screen.query_one(what, Static).content)

    @property
    def keys(self) -> list[str]:
        return self.app.screen.query_one(Catalog).keys

    def picture(self) -> str:
        self.pictures.append(self.app.export_screenshot().replace("&#160;", " "))
        return self.pictures[-1]

    async def press(self, *keys: str) -> None:
        self.picture()
        for key in keys:
            await self.pilot.press(key)
            await self.pilot.pause()
        self.picture()

    async def on(self, name: str) -> None:
        """Move the bar to a profile."""
        at = self.keys.index(name) - self.keys.index(self.app.screen.query_one(Catalog).key)
        await self.press(*(["down"] * at if at > 0 else ["up"] * -at))

    async def fill(self, **texts: str) -> None:
        """Fill the form's fields in."""
        for key, text in texts.items():
            place = self.app.screen.query_one(f"#field-{key}", Field)
            if place.spec.kind == "choice":
                place.query_one(Select).value = text
            elif place.spec.kind == "lines":
                place.query_one(TextArea).text = text
            else:
                place.query_one(Input).value = text
        await self.pilot.pause()

    def beside(self, key: str) -> str:
        """What stands below a field."""
        return str(self.app.screen.query_one(f"#field-{key}", Field).query_one(".help", Static).content)

    def written(self) -> dict[str, dict[str, object]]:
        found: dict[str, dict[str, object]] = tomllib.loads((self.home / "profiles.toml").read_text())[
            "profiles"
        ]
        return found

    async def until(self, ready: Callable[[], bool]) -> None:
        async with asyncio.timeout(PLENTY):
            while not ready():
                await self.pilot.pause()


@asynccontextmanager
async def room(home: Path, size: tuple[int, int] = (120, 40), head: str = "") -> AsyncIterator[Room]:
    """Open the profiles: one that answers, one that does not and holds secrets."""
    async with serving(table(PLAIN)) as server:
        written = f"""{head}
default_profile = "lab"
[profiles.lab]
backend = "openai-compat"
base_url = "{server.url}/v1"
default_model = "big"
[profiles.box]
backend = "llamacpp"
base_url = "http://127.0.0.1:9"
api_key = "{SECRETS[0]}"
extra_headers = {{ X-Token = "{SECRETS[1]}" }}
api_key_env = "BOX_API_KEY"
[limits]
depth = 2
"""
        async with workspace(home, written, BOX_API_KEY=SECRETS[2]) as place:
            app = Stage()
            async with app.run_test(size=size) as pilot:
                there = Room(app, pilot, place, home)
                await app.push_screen(ProfilesScreen(place, within=PLENTY), there.said.append)
                await pilot.pause()
                await there.until(lambda: "answers" in there.picture())
                yield there
                there.picture()
            assert not any(secret in picture for picture in there.pictures for secret in SECRETS)


def test_all_profiles_are_listed_with_who_is_on_them_and_whether_they_answer(tmp_path: Path) -> None:
    async def main() -> None:
        async with room(tmp_path) as there:
            assert there.keys[:3] == ["lab", "box", "ollama"]
            picture = there.picture()
            for word in (
                "manager + workers",
                "● answers",
                "○ not running",
                "○ needs a key",
                "built in",
                "yours",
            ):
                assert all(part in picture for part in word.split())
            await there.on("box")
            assert "key: from BOX_API_KEY" in there.words("#details")
            assert "headers: X-Token" in there.words("#details")
            await there.on("haiku")
            assert "ANTHROPIC_API_KEY is not set" in there.words("#details")

    asyncio.run(main())


@pytest.mark.parametrize(("key", "role"), [("m", "manager"), ("w", "worker")])
def test_a_profile_is_picked_for_a_role(tmp_path: Path, key: str, role: str) -> None:
    async def main() -> None:
        async with room(tmp_path) as there:
            await there.on("builtin")
            await there.press(key)
            assert [(one.role, one.profile, one.model) for one in there.said if one] == [
                (role, "builtin", "")
            ]

    asyncio.run(main())


def test_a_profile_that_can_not_be_used_is_not_picked(tmp_path: Path) -> None:
    async def main() -> None:
        async with room(tmp_path) as there:
            await there.on("haiku")
            await there.press("m")
            assert there.said == []
            assert "ANTHROPIC_API_KEY" in there.words()
            await there.press("s")
            assert "ANTHROPIC_API_KEY" in there.words()

    asyncio.run(main())


def test_a_connection_is_tried(tmp_path: Path) -> None:
    async def main() -> None:
        async with room(tmp_path) as there:
            await there.press("t")
            await there.until(lambda: "default model: big" in there.words())
            assert there.words().count("✓") == 3
            await there.on("box")
            await there.press("t")
            await there.until(lambda: "✗ server" in there.words())

    asyncio.run(main())


def test_a_profile_is_deleted_only_when_asked_twice(tmp_path: Path) -> None:
    async def main() -> None:
        async with room(tmp_path) as there:
            await there.press("x")
            assert "default_profile" in there.words()
            await there.press("escape")
            assert there.words() == ""
            await there.press("x", "down", "x")
            assert "Delete box?" in there.words()
            assert set(there.written()) == {"lab", "box"}
            await there.press("x")
            assert set(there.written()) == {"lab"}
            assert ".bak" in there.words()
            assert "box" not in there.keys
            await there.on("ollama")
            await there.press("x")
            assert "built in" in there.words()

    asyncio.run(main())


def test_the_usual_profile_is_written_down(tmp_path: Path) -> None:
    async def main() -> None:
        async with room(tmp_path, head="# mine") as there:
            await there.on("builtin")
            await there.press("S")
            assert "comments" in there.words()
            await there.press("S")
            assert ".bak" in there.words()
            data = tomllib.loads((tmp_path / "profiles.toml").read_text())
            assert data["roles"] == {"worker": "builtin"}
            assert (data["default_profile"], data["limits"]) == ("lab", {"depth": 2})
            assert "workers" in there.picture()

    asyncio.run(main())


def test_a_new_profile_is_checked_tried_and_written(tmp_path: Path) -> None:
    async def main() -> None:
        async with room(tmp_path) as there:
            url = there.place.settings.profiles["lab"].base_url
            await there.press("n")
            await there.fill(name="new one", timeout="soon")
            await there.press("ctrl+s")
            assert "number above 0" in there.beside("timeout")
            await there.fill(timeout="")
            await there.press("ctrl+s")
            assert "needs it" in there.beside("backend")
            await there.fill(
                backend="openai-compat", base_url=url, temperature="0.5", instructions="One.\nTwo."
            )
            await there.fill(api_key=SECRETS[0], price="input 1, output 2", fallback="lab, builtin/x")
            await there.press("ctrl+t")
            await there.until(lambda: "✓ models: 2 there" in there.words())
            await there.press("ctrl+s")
            assert there.written()["new one"] == {
                "backend": "openai-compat",
                "base_url": url,
                "api_key": SECRETS[0],
                "temperature": 0.5,
                "price": {"input": 1, "output": 2},
                "fallback": ["lab", "builtin/x"],
                "instructions": "One.\nTwo.",
            }
            assert "new one" in there.keys
            assert "new one" in there.place.settings.profiles

    asyncio.run(main())


def test_an_edit_keeps_the_secrets_that_the_form_never_sees(tmp_path: Path) -> None:
    async def main() -> None:
        async with room(tmp_path) as there:
            before = there.written()
            await there.on("box")
            await there.press("e")
            assert "set in the file" in there.picture()
            assert there.app.screen.query_one("#field-api_key Input", Input).value == ""
            await there.fill(default_model="m")
            await there.press("ctrl+s")
            assert there.written() == {**before, "box": {**before["box"], "default_model": "m"}}
            assert (tmp_path / "profiles.toml").stat().st_mode & 0o777 == 0o600

    asyncio.run(main())


def test_a_key_is_taken_out_of_the_file(tmp_path: Path) -> None:
    async def main() -> None:
        async with room(tmp_path) as there:
            await there.on("box")
            await there.press("e", "f7")
            assert "will be removed" in there.picture()
            await there.press("ctrl+s")
            assert "api_key" not in there.written()["box"]
            assert there.written()["box"]["extra_headers"] == {"X-Token": SECRETS[1]}

    asyncio.run(main())


def test_a_copy_holds_the_same_under_another_name(tmp_path: Path) -> None:
    async def main() -> None:
        async with room(tmp_path) as there:
            await there.on("box")
            await there.press("d", "ctrl+s")
            assert there.written()["box-2"] == there.written()["box"]
            await there.on("haiku")
            await there.press("d")
            await there.fill(name="box")
            await there.press("ctrl+s")
            assert "already" in there.beside("name")
            await there.fill(name="mine", default_model="other")
            await there.press("ctrl+s")
            assert there.written()["mine"] == {
                "backend": "anthropic",
                "base_url": "https://api.anthropic.com",
                "default_model": "other",
                "api_key_env": "ANTHROPIC_API_KEY",
            }

    asyncio.run(main())


def test_a_built_in_profile_is_edited_by_writing_only_what_differs(tmp_path: Path) -> None:
    async def main() -> None:
        async with room(tmp_path) as there:
            await there.on("ollama")
            await there.press("e")
            await there.fill(default_model="qwen3:4b")
            await there.press("ctrl+s")
            assert there.written()["ollama"] == {"default_model": "qwen3:4b"}
            assert there.place.settings.profiles["ollama"].backend == "ollama"

    asyncio.run(main())


def test_what_was_changed_is_not_left_by_one_key(tmp_path: Path) -> None:
    async def main() -> None:
        async with room(tmp_path) as there:
            await there.press("e", "escape")
            assert "Profiles" in there.words("#head")
            await there.press("e")
            await there.fill(timeout="5")
            await there.press("escape")
            assert "not written" in there.words()
            await there.press("escape")
            assert "Profiles" in there.words("#head")
            assert "timeout" not in there.written()["lab"]

    asyncio.run(main())


def test_a_file_that_changed_under_the_form_is_not_written_over(tmp_path: Path) -> None:
    async def main() -> None:
        async with room(tmp_path) as there:
            await there.press("e")
            file = tmp_path / "profiles.toml"
            file.write_text(file.read_text().replace('default_model = "big"', 'default_model = "small"'))
            await there.fill(timeout="5")
            await there.press("ctrl+s")
            assert "changed meanwhile" in there.words()
            assert there.written()["lab"]["default_model"] == "small"

    asyncio.run(main())


@pytest.mark.parametrize("size", SIZES)
def test_every_key_at_the_foot_is_whole(tmp_path: Path, size: tuple[int, int]) -> None:
    async def main() -> None:
        async with room(tmp_path, size) as there:
            for command in ProfilesScreen.commands:
                assert command.label in there.picture()
            await there.press("e")
            for command in ProfileEditor.commands:
                assert command.label in there.picture()

    asyncio.run(main())
