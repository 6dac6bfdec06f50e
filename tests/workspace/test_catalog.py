from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from tests import realserver
from tests.loopback import Answer, serving, table
from tests.workspace.places import EVIL, PLAIN, PLENTY, ollama, workspace
from tui_delegate.core.errors import JournalError
from tui_delegate.core.servers import ModelInfo
from tui_delegate.workspace.catalog import NO_TOOLS, Offer, Recent, Station, Watch, news, offers, survey

if TYPE_CHECKING:
    from pathlib import Path


def by_profile(stations: tuple[Station, ...]) -> dict[str, Station]:
    return {one.label: one for one in stations}


def test_all_models_of_all_servers_and_profiles_are_there_at_once(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(ollama()) as near, serving(table(PLAIN)) as plain:
            written = {
                "profiles": {
                    "mine": {"backend": "ollama", "base_url": near.url},
                    "lab": {
                        "backend": "openai-compat",
                        "base_url": f"{plain.url}/v1",
                        "price": {"input": 1.0, "output": 2.0},
                    },
                }
            }
            async with workspace(tmp_path, written) as place:
                stations = await survey(place.reach, within=PLENTY)
        found = by_profile(stations)
        assert (found["mine"].health, found["mine"].kind, found["mine"].version) == ("up", "ollama", "0.15.2")
        assert [one.model.id for one in found["mine"].offers] == ["cold:1b", "qwen3:4b", "talker:1b", EVIL]
        loaded = found["mine"].offers[1].model
        assert (loaded.state, loaded.window, loaded.quantization) == ("loaded", 8192, "Q4_K_M")
        assert [one.not_manager for one in found["mine"].offers] == ["", "", NO_TOOLS, ""]
        assert [(one.model.id, one.unsure) for one in found["lab"].offers] == [("big", True), ("small", True)]
        assert found["lab"].offers[0].price
        assert found["builtin"].health == "up"
        assert found["builtin"].offers[0].not_manager == ""
        assert found["openrouter"].health == "key"
        assert "OPENROUTER_API_KEY" in found["openrouter"].offers[0].blocked

    asyncio.run(main())


def test_something_is_shown_at_once_and_the_rest_as_servers_answer(tmp_path: Path) -> None:
    seen: list[dict[str, str]] = []

    async def main() -> None:
        async with serving(table(PLAIN)) as quick, serving(lambda asked: Answer(silent=True)) as slow:
            profiles = {
                name: {"backend": "openai-compat", "base_url": url}
                for name, url in (("quick", quick.url), ("slow", slow.url))
            }
            async with workspace(tmp_path, {"profiles": profiles}) as place:
                await survey(
                    place.reach,
                    lambda stations: seen.append({one.label: one.health for one in stations}),
                    within=0.7,
                )

    asyncio.run(main())
    assert (seen[0]["builtin"], seen[0]["quick"], seen[0]["slow"]) == ("up", "asking", "asking")
    assert any((step["quick"], step["slow"]) == ("up", "asking") for step in seen)
    assert seen[-1]["slow"] == "down"


def test_what_is_known_stands_until_its_server_answers_and_no_longer(tmp_path: Path) -> None:
    seen: list[tuple[str, int]] = []

    async def main() -> None:
        async with AsyncExitStack() as first:
            server = await first.enter_async_context(serving(table(PLAIN)))
            written = {"profiles": {"lab": {"backend": "openai-compat", "base_url": server.url}}}
            async with workspace(tmp_path, written) as place:
                known = await survey(place.reach, within=PLENTY)
                await first.aclose()

                def tell(stations: tuple[Station, ...]) -> None:
                    seen.append((by_profile(stations)["lab"].health, len(by_profile(stations)["lab"].offers)))

                await survey(place.reach, tell, known=known, within=PLENTY)

    asyncio.run(main())
    assert (seen[0], seen[-1]) == (("up", 2), ("down", 0))


def test_a_profile_without_its_key_is_not_asked_for(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(table(PLAIN)) as server:
            profile = {"backend": "openai-compat", "base_url": server.url, "api_key_env": "LAB_API_KEY"}
            async with workspace(tmp_path, {"profiles": {"lab": profile}}) as place:
                found = by_profile(await survey(place.reach, within=PLENTY))
            assert server.asked == []
            assert (found["lab"].health, "LAB_API_KEY" in found["lab"].words) == ("key", True)
            async with workspace(tmp_path, "", LAB_API_KEY="k") as place:
                assert by_profile(await survey(place.reach, within=PLENTY))["lab"].health == "up"

    asyncio.run(main())


def test_a_profile_that_is_not_whole_is_told_of_and_stops_no_other(tmp_path: Path) -> None:
    async def main() -> None:
        written = {
            "profiles": {
                "typo": {"backend": "olama", "base_url": "https://box", "default_model": "m"},
                "empty": {},
                "nowhere": {"backend": "openai-compat"},
                "open": {"backend": "ollama", "base_url": "http://192.0.2.1", "api_key": "k"},
            }
        }
        async with workspace(tmp_path, written) as place:
            found = by_profile(await survey(place.reach, within=PLENTY))
            assert await Watch(place.reach).look() == []
        states = {name: found[name].health for name in ("typo", "empty", "nowhere", "open", "builtin")}
        assert states == {"typo": "odd", "empty": "odd", "nowhere": "odd", "open": "key", "builtin": "up"}
        assert "olama" in found["typo"].offers[0].blocked

    asyncio.run(main())


def test_a_server_that_refuses_or_fails_says_so(tmp_path: Path) -> None:
    async def main() -> None:
        async with AsyncExitStack() as open_servers:
            urls = [
                (await open_servers.enter_async_context(serving(table({"GET /v1/models": answer})))).url
                for answer in (Answer({"error": "key"}, 401), Answer({"error": "boom"}, 500))
            ]
            profiles = {
                name: {"backend": "openai-compat", "base_url": url}
                for name, url in zip(("locked", "broken"), urls, strict=True)
            }
            async with workspace(tmp_path, {"profiles": profiles}) as place:
                found = by_profile(await survey(place.reach, within=PLENTY))
        assert (found["locked"].health, found["broken"].health) == ("key", "odd")
        assert all(found[name].words for name in ("locked", "broken"))

    asyncio.run(main())


def test_a_written_profile_stands_for_the_built_in_one_of_the_same_server(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(ollama()) as server:
            written = {"profiles": {"mine": {"backend": "ollama", "base_url": server.url}}}
            async with workspace(tmp_path, written, OLLAMA_HOST=server.url) as place:
                listed = offers(await survey(place.reach, within=PLENTY))
        assert {one.profile for one in listed if one.model.id == "qwen3:4b"} == {"mine"}

    asyncio.run(main())


def test_several_servers_of_one_profile_list_a_model_once(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(table(PLAIN)) as one, serving(table(PLAIN)) as two:
            farm = {"backend": "openai-compat", "base_urls": [one.url, two.url]}
            async with workspace(tmp_path, {"profiles": {"farm": farm}}) as place:
                listed = offers(await survey(place.reach, within=PLENTY))
        assert [one.model.id for one in listed if one.profile == "farm"] == ["big", "small"]

    asyncio.run(main())


def test_recent_models_come_first_then_loaded_ones() -> None:
    def offer(name: str, state: str, blocked: str = "") -> Offer:
        return Offer("p", ModelInfo(name, "loaded" if state == "loaded" else "unloaded"), blocked=blocked)

    station = Station(
        "u",
        "ollama",
        ("p",),
        "up",
        offers=(offer("a", ""), offer("b", "loaded"), offer("c", ""), offer("d", "", "no")),
    )
    assert [one.model.id for one in offers([station], [("p", "c")])] == ["c", "b", "a", "d"]


def test_what_was_picked_is_kept_newest_first_and_rubbish_is_nothing() -> None:
    kept: dict[str, str] = {}
    recent = Recent(kept.get, kept.__setitem__)
    for name in ("a", "b", "a", *"cdefghijklmnop"):
        recent.add("p", name)
    assert recent.read()[:2] == [("p", "p"), ("p", "o")]
    assert len(recent.read()) == 12
    for rubbish in ("", "{", "3", '{"a": 1}', '[["a"], 3, ["a", 1], null]', "[" * 100_000):
        kept["recent_models"] = rubbish
        assert recent.read() == []

    def broken(key: str) -> str:
        raise JournalError("gone")

    assert Recent(broken, kept.__setitem__).read() == []


def test_a_server_that_appears_or_vanishes_is_noticed(tmp_path: Path) -> None:
    now = [0.0]

    async def main() -> None:
        async with AsyncExitStack() as first:
            server = await first.enter_async_context(serving(table(PLAIN)))
            written = {"profiles": {"lab": {"backend": "openai-compat", "base_url": server.url}}}
            async with workspace(tmp_path, written) as place:
                watch = Watch(place.reach, lambda: now[0])
                assert watch.health("lab") is None
                assert await watch.look() == []
                assert (watch.health("lab"), watch.health("builtin")) == (True, True)
                await first.aclose()
                assert await watch.look() == []  # it was asked a moment ago
                now[0] += 10
                assert await watch.look() == [f"lab no longer answers at {server.url}."]
                assert watch.health("lab") is False
                port = int(server.url.rpartition(":")[2])
                async with await asyncio.start_server(_grumble, "127.0.0.1", port):
                    now[0] += 10
                    assert await watch.look() == [f"lab now answers at {server.url}."]

    asyncio.run(main())


async def _grumble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 404 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    writer.close()


def test_one_small_question_is_all_that_a_look_costs(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(ollama()) as server:
            written = {"profiles": {"mine": {"backend": "ollama", "base_url": server.url}}}
            async with workspace(tmp_path, written) as place:
                await Watch(place.reach).look()
            assert len(server.asked) == 1

    asyncio.run(main())


def test_what_a_survey_knew_of_a_server_outlives_a_look(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(ollama()) as server:
            written = {"profiles": {"mine": {"backend": "ollama", "base_url": server.url}}}
            async with workspace(tmp_path, written) as place:
                watch = Watch(place.reach)
                watch.saw(await survey(place.reach, within=PLENTY))
                await watch.look()
                assert len(by_profile(watch.stations)["mine"].offers) == 4

    asyncio.run(main())


def test_only_a_change_is_news() -> None:
    before = (Station("u", "ollama", ("mine",), "up"), Station("v", "lmstudio", (), "down"))
    after = (
        Station("u", "ollama", ("mine",), "down"),
        Station("v", "lmstudio", (), "up"),
        Station("w", "x", (), "up"),
        Station("y", "x", (), "asking"),
    )
    assert news(before, after) == ["mine no longer answers at u.", "lmstudio now answers at v."]
    assert news(after, after) == []


@pytest.mark.real
def test_a_real_routers_models_are_listed_loaded_and_unloaded(tmp_path: Path) -> None:
    async def main(url: str) -> None:
        written = {"profiles": {"real": {"backend": "llamacpp", "base_url": url}}}
        async with workspace(tmp_path, written) as place:

            async def states() -> dict[str, str]:
                station = by_profile(await survey(place.reach, within=PLENTY))["real"]
                return {one.model.id: one.model.state for one in station.offers}

            assert await states() == {"tiny-a": "unloaded", "tiny-b": "unloaded"}
            host = place.reach.host(place.settings.profiles["real"])
            job = place.jobs.add("load", "real", "tiny-a", host)
            assert place.jobs.add("load", "real", "tiny-a", host) is job
            await job.run()
            assert (job.state, job.error) == ("done", None)
            assert (await states())["tiny-a"] == "loaded"
            await place.jobs.add("unload", "real", "tiny-a", host).run()
            assert (await states())["tiny-a"] == "unloaded"

    folder = tmp_path / "models"
    folder.mkdir()
    with realserver.running_router(folder, "tiny-a", "tiny-b") as server:
        asyncio.run(main(server.url))
