from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from textual.content import Content
from textual.widgets import Static

from tests import assets
from tui_delegate.core.errors import BackendError
from tui_delegate.core.servers import ModelInfo, Progress
from tui_delegate.core.usage import Price
from tui_delegate.profiles import Profile
from tui_delegate.tui import offers
from tui_delegate.tui.stage import Stage
from tui_delegate.tui.widgets.catalog import Catalog, Column, Line
from tui_delegate.tui.widgets.form import Field, Spec
from tui_delegate.workspace.catalog import Offer, Station
from tui_delegate.workspace.jobs import Job

if TYPE_CHECKING:
    from textual.app import ComposeResult

HOSTILE = [
    text
    for row in assets.bad_inputs("ansi")
    if (text := row["b"] if "b" in row else row["input"] if isinstance(row.get("input"), str) else None)
    and isinstance(text, str)
]
UNSEEN = frozenset(chr(n) for n in (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F))) - {"\n"}


class Nobody:
    """A host that is never asked."""

    async def refuse(self, *_: object) -> None:
        raise AssertionError


def job(name: str, step: Progress, error: BackendError | None = None) -> Job:
    made = Job("pull", "p", name, Nobody(), lambda one: None)  # type: ignore[arg-type]
    made.step, made.error, made.state = step, error, "failed" if error else "going"
    return made


def test_not_one_control_byte_of_a_hostile_name_arrives() -> None:
    assert HOSTILE
    for bad in HOSTILE:
        model = ModelInfo(bad, window=1, size=1, quantization=bad, parameters=bad, capabilities=(bad,))
        offer = Offer(bad, model, blocked=bad)
        station = Station(bad, bad, (bad,), "odd", bad, bad, bad)
        profile = Profile(bad, bad, bad, bad, fallback=(bad,), extra_headers=((bad, "secret"),))
        said: list[object] = [
            *offers.offer_line(offer, "manager", key="k").cells,
            *offers.profile_line(profile, station, ["manager"], written=True).cells,
            *offers.station_line(station, "k").cells,
            offers.details(offer, station, "manager"),
            offers.details(Offer(bad, model), None, "worker"),
            offers.profile_details(profile, station, bad),
            offers.job_line(job(bad, Progress(bad))),
            offers.job_line(job(bad, Progress(bad, 1, 2))),
            offers.job_line(job(bad, Progress(bad), BackendError(bad, bad))),
            offers.check_lines([("server", False, bad)]),
            offers.pick_title("manager", (bad, bad)),
            offers.pull_title(bad),
        ]
        for one in said:
            if isinstance(one, Content):  # plain texts are cleaned by the list itself
                assert not UNSEEN & set(one.plain), repr(bad)
                assert "secret" not in one.plain


class Small(Stage):
    def compose(self) -> ComposeResult:
        yield Catalog((Column("name"), Column("more", 20, 40)))
        yield Field(Spec("one", "help"), "", "")
        yield Field(Spec("two", "help", "lines"), "", "")


def test_a_list_and_a_form_show_hostile_text_harmless_and_give_it_back_untouched() -> None:
    async def main() -> None:
        for bad in HOSTILE[:12]:
            app = Hostile(bad)
            async with app.run_test(size=(80, 24)) as pilot:
                app.query_one(Catalog).show([Line(bad, (bad, Content("x")))])
                app.query_one("#field-one", Field).complain(bad)
                await pilot.pause()
                picture = app.export_screenshot()
                assert not UNSEEN & set(picture), repr(bad)
                assert app.query_one(Catalog).key == bad
                assert [one.text for one in app.query(Field)] == [bad, bad]

    asyncio.run(main())


class Hostile(Stage):
    def __init__(self, bad: str) -> None:
        super().__init__()
        self.bad = bad

    def compose(self) -> ComposeResult:
        yield Catalog((Column("name"), Column("more", 20, 40)))
        yield Field(Spec("one", "help"), self.bad, self.bad)
        yield Field(Spec("two", "help", "lines"), self.bad)


@pytest.mark.parametrize("width", [20, 60, 200])
def test_a_list_shows_the_columns_that_it_has_room_for(width: int) -> None:
    async def main() -> None:
        app = Small()
        async with app.run_test(size=(width, 24)) as pilot:
            app.query_one(Catalog).show([Line("a", ("模型" * 40, "right"))])
            await pilot.pause()
            head = str(app.query_one(".head", Static).content)
            assert ("more" in head) == (width >= 60)
            assert len(head) <= width

    asyncio.run(main())


def test_figures_are_written_as_people_do() -> None:
    sizes = [offers.size_words(size) for size in (None, 0, 999, 1000, 658944, 2620788019)]
    assert sizes == ["", "", "999 B", "1.0 kB", "658.9 kB", "2.6 GB"]
    prices = [offers.price_words(price) for price in (None, Price(0, 0), Price(0.15, 0.6))]
    assert prices == ["", "free", "$0.15 · $0.6"]


def test_a_password_inside_an_address_is_not_shown() -> None:
    assert offers.shown_url("https://me:s3cret@box/v1") == "https://box/v1"


def test_a_download_goes_to_a_server_that_can() -> None:
    up = [Station("u", "openai-compat", ("lab",), "up"), Station("v", "ollama", ("mine", "other"), "up")]
    assert offers.pull_place(up, "other") == "other"
    assert offers.pull_place(up, "lab") == "mine"
    assert offers.pull_place(up[:1], "lab") == "lab"


def test_a_job_says_how_far_it_is_in_bytes_and_percent() -> None:
    line = offers.job_line(job("q", Progress("pulling", 420, 1000))).plain
    assert "420 B of 1.0 kB" in line
    assert "42 %" in line
    assert "pulling manifest" in offers.job_line(job("q", Progress("pulling manifest"))).plain
