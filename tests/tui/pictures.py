"""Takes pictures of the driven app and compares them with those that were taken before.

Small ones are SVGs of pytest-textual-snapshot; large ones are sheets, which say the same in a tenth of the
space: the rows as text, and which stretch of a row has which style. What differs from machine to machine
(a temporary folder, a port) is written over before anything is compared.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_textual_snapshot import SVGImageExtension
from rich.segment import Segment
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from textual.pilot import Pilot

from tests.tui.driver import DrivenHouse, Stand
from tui_delegate.tui.app import DelegateApp

DARK, LIGHT = "nightwatch", "paper"
Film = Callable[[Stand], AsyncIterator[str]]
_PORT = re.compile(r"127\.0\.0\.1:[3-6]\d{4}")
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


class SheetExtension(SingleFileSnapshotExtension):
    """A picture as text."""

    _file_extension = "txt"
    _write_mode = WriteMode.TEXT

    def serialize(self, data: Any, **_: Any) -> str:
        return str(data)


__all__ = [
    "DARK",
    "LIGHT",
    "Film",
    "Picture",
    "PicturedApp",
    "SVGImageExtension",
    "SheetExtension",
    "pictures",
    "small_home",
]


@contextmanager
def small_home() -> Iterator[Path]:
    """Give a folder whose name has the same length everywhere: it may stand in a picture."""
    folder = Path(tempfile.mkdtemp(prefix="tud-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def plain(picture: str, home: Path) -> str:
    """Write over what is another on every machine and every time."""
    for name in {str(home), str(home.resolve())}:
        picture = picture.replace(name, "/tmp/tud-pictures"[: len(str(home))].ljust(len(str(home)), "_"))
    return _PORT.sub("127.0.0.1:11434", picture)


@dataclass(frozen=True)
class Picture:
    """One look at the screen."""

    name: str
    theme: str
    svg: str
    sheet: str


async def pictures(house: DrivenHouse, film: Film, size: tuple[int, int]) -> list[Picture]:
    """Open the app in a house, go through a film, and take a picture in both themes wherever it stops."""
    home = house.journal_path.parent
    app = PicturedApp(house, home)
    taken = []
    async with app.run_test(size=size) as pilot:
        stand = Stand(app, pilot, house)
        await stand.settle()
        stand.find_servers()
        async for name in film(stand):
            for theme in (LIGHT, DARK):
                stand.main.themes.put_on(app, theme)
                app.clear_notifications()
                await stand.settle()
                await pilot.pause()
                svg = app.export_screenshot(title=app.title, simplify=True) if size[0] < 200 else ""
                taken.append(Picture(name, theme, svg, plain(sheet(pilot), home)))
    return taken


class PicturedApp(DelegateApp):
    """The app; nothing in its pictures tells where they were taken."""

    def __init__(self, house: DrivenHouse, home: Path) -> None:
        super().__init__(house)
        self._home = home

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        return plain(super().export_screenshot(title=title, simplify=simplify), self._home)


def sheet(pilot: Pilot[Any]) -> str:
    """Write the screen as rows, as the styles of their stretches, and as a legend of the styles."""
    strips = pilot.app.screen._compositor.render_strips()
    styles: dict[str, str] = {}
    rows, runs = [], []
    for strip in strips:
        rows.append("".join(segment.text for segment in strip).rstrip())
        stretches = []
        for segment in Segment.simplify(_bare(segment) for segment in strip):
            style = str(segment.style or "none")
            letter = styles.setdefault(style, _LETTERS[len(styles) % 52] * (1 + len(styles) // 52))
            stretches.append(f"{letter}{segment.cell_length}")
        runs.append(" ".join(stretches))
    legend = [f"{letter} = {style}" for style, letter in styles.items()]
    return "\n".join([*rows, "", *runs, "", *legend, ""])


def _bare(segment: Segment) -> Segment:
    """Leave out what a style carries beside its looks."""
    style = segment.style
    return Segment(
        segment.text,
        style.without_color + style.from_color(style.color, style.bgcolor)
        if style and style._meta
        else style,
    )
