from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from tests.loopback import serving, table
from tests.workspace.places import PLAIN, workspace
from tui_delegate.core.choice import ROLES, Choice
from tui_delegate.core.errors import ConfigError, ResolveError
from tui_delegate.core.limits import Limits
from tui_delegate.core.transcript import Transcript
from tui_delegate.workspace.seats import Workspace

if TYPE_CHECKING:
    from pathlib import Path

TWO: dict[str, object] = {
    "default_profile": "a",
    "profiles": {
        "a": {"backend": "builtin", "default_model": "builtin/manager"},
        "b": {"backend": "openai-compat", "base_url": "http://127.0.0.1:9/v1", "default_model": "m"},
    },
}


def test_a_switch_holds_from_the_next_run_on_and_the_run_in_flight_keeps_its_seats(tmp_path: Path) -> None:
    async def main() -> None:
        async with workspace(tmp_path, TWO) as place:
            assert (await place.seat("manager")).profile == "a"
            async with place.run("hello", Limits(), journal=None) as run:
                place.choose(Choice().taking("manager", "b", "x").taking("worker", "b", "y"))
                told = Transcript()
                async for event in run:
                    told.apply(event)
            assert told.root.state == "done"
            assert told.root.profile == "a"
            assert [(await place.seat(role)).model for role in ("manager", "worker")] == ["x", "y"]
            assert place.sitting("manager") == ("b", "x")

    asyncio.run(main())


def test_a_choice_that_leads_nowhere_switches_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with workspace(tmp_path, TWO) as place:
            place.choose(Choice(profile="b"))
            for bad in (Choice("nobody"), Choice("b", worker_profile="nobody"), Choice("openrouter", "m")):
                with pytest.raises(ResolveError):
                    place.choose(bad)
            assert place.choice == Choice(profile="b")
            assert place.sitting("manager") == ("b", "m")

    asyncio.run(main())


def test_a_worker_that_can_not_be_used_keeps_nobody_from_switching_the_manager(tmp_path: Path) -> None:
    async def main() -> None:
        async with workspace(tmp_path, {**TWO, "roles": {"worker": "openrouter"}}) as place:
            place.choose(Choice().taking("manager", "b", "x"))
            assert place.sitting("manager") == ("b", "x")

    asyncio.run(main())


def test_workers_go_with_the_manager_until_they_are_told_where(tmp_path: Path) -> None:
    async def main() -> None:
        async with workspace(tmp_path, TWO) as place:
            place.choose(Choice().taking("manager", "b", "x"))
            assert place.sitting("worker") == ("b", "x")
            assert (await place.seat("worker")).model == "x"
            assert place.sitting("worker") == ("b", "x")
            place.choose(Choice().taking("manager", "builtin", ""))
            assert place.sitting("worker") == ("builtin", "builtin/worker")

    asyncio.run(main())


@pytest.mark.parametrize(
    "roles", [{"manager": "nobody"}, {"manager": "lost", "worker": "lost"}, {"worker": "no/body"}]
)
def test_roles_that_lead_nowhere_can_be_mended_by_a_choice(tmp_path: Path, roles: dict[str, str]) -> None:
    async def main() -> None:
        written = {**TWO, "roles": roles, "agents": {"lost": {"profile": "gone"}}}
        async with workspace(tmp_path, written) as place:
            for role in ROLES:
                assert place.sitting(role)[1] in ("", "builtin/manager")
            place.choose(Choice("a", "builtin/manager", "b", "m"))
            assert (place.sitting("manager")[0], place.sitting("worker")[0]) == ("a", "b")

    asyncio.run(main())


def test_a_place_can_be_tried_before_something_is_sent_there(tmp_path: Path) -> None:
    async def main() -> None:
        written = {**TWO, "agents": {"reader": {"profile": "b"}, "lost": {"profile": "gone"}}}
        async with workspace(tmp_path, written) as place:
            for good in ("manager", "worker", "a", "b/any/model", "reader"):
                place.check_place(good)
            for bad in ("c", "lost", "c/d", "", "haiku"):
                with pytest.raises(ResolveError):
                    place.check_place(bad)

    asyncio.run(main())


def test_an_edited_file_is_taken_over_and_what_did_not_change_keeps_its_connections(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(table(PLAIN)) as server:
            same = {"backend": "openai-compat", "base_url": server.url, "default_model": "big"}
            written = {"default_profile": "same", "profiles": {"same": same, "moved": dict(same)}}
            async with workspace(tmp_path, written) as place:
                before = {
                    name: place.reach.connect(place.settings.profiles[name]) for name in ("same", "moved")
                }
                place.choose(Choice("moved", "big"))
                text = (tmp_path / "profiles.toml").read_text()
                head, _, tail = text.rpartition('default_model = "big"')
                (tmp_path / "profiles.toml").write_text(f'{head}default_model = "small"{tail}')
                place.reload()
                after = {
                    name: place.reach.connect(place.settings.profiles[name]) for name in ("same", "moved")
                }
                assert after["same"] == before["same"]
                assert after["moved"] != before["moved"]
                assert place.choice == Choice("moved", "big")
                # What an older run still talks over is open until the end.
                info = await before["moved"][0].host.info()
                assert [one.id for one in info.models] == ["big", "small"]

    asyncio.run(main())


def test_a_file_that_was_broken_meanwhile_changes_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with workspace(tmp_path, TWO) as place:
            (tmp_path / "profiles.toml").write_text("[profiles.a]\nbackend = \n")
            with pytest.raises(ConfigError):
                place.reload()
            assert place.settings.default_profile == "a"
            assert (await place.seat("manager")).profile == "a"

    asyncio.run(main())


def test_a_pick_whose_profile_is_gone_is_dropped_and_said(tmp_path: Path) -> None:
    async def main() -> None:
        async with workspace(tmp_path, TWO) as place:
            place.choose(Choice("b", "x", "a", ""))
            place.file.drop("b")
            place.reload()
            assert place.choice == Choice("", "", "a", "")
            assert any("Profile b is gone" in notice for notice in place.notices)

    asyncio.run(main())


def test_a_default_that_is_saved_holds_for_the_next_process(tmp_path: Path) -> None:
    async def main() -> None:
        async with workspace(tmp_path, TWO) as place:
            saved = place.save_default(Choice("b", "deep/model", "a"))
            assert saved.backup
            assert place.settings.roles.manager == "b/deep/model"
        again = Workspace.open(environ={"TUI_DELEGATE_HOME": str(tmp_path)})
        assert again.sitting("manager") == ("b", "deep/model")
        assert again.sitting("worker") == ("a", "builtin/manager")
        await again.aclose()

    asyncio.run(main())


def test_what_a_server_was_asked_shows_which_model_each_run_went_to(tmp_path: Path) -> None:
    asked: list[str] = []

    async def main() -> None:
        async with serving(table(PLAIN)) as server:
            profile = {"backend": "openai-compat", "base_url": server.url, "default_model": "big"}
            async with workspace(tmp_path, {"default_profile": "p", "profiles": {"p": profile}}) as place:
                for choice in (Choice(), Choice("p", "small")):
                    place.choose(choice)
                    async with place.run("hello", Limits(), journal=None) as run:
                        async for _ in run:
                            pass
            bodies = [one.raw for one in server.asked if one.line == "POST /v1/chat/completions"]
            asked.extend(json.loads(body)["model"] for body in bodies)

    asyncio.run(main())
    assert (asked[0], asked[-1]) == ("big", "small")
