"""A small plot of columns in block characters, with its axes; plain ASCII where the terminal has no more.

It draws figures that it was given. Each series has its own filling, so that none is told by colour alone.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, ClassVar, Final

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from tui_delegate.core.clean import clean_line
from tui_delegate.core.records import dataclass
from tui_delegate.tui.figures import count, fit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.style import Style

TONES: Final = ("live", "ok", "think", "warn", "bad", "dim")
BLOCKS: Final = "█▓▒░╱·"
EIGHTHS: Final = " ▁▂▃▄▅▆▇█"
LABELS: Final = 9
"""Cells of the axis at the left."""


@dataclass(frozen=True, slots=True)
class Series:
    """A name and a figure for each column, from the left."""

    name: str
    figures: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """What a plot shows: series, one upon the other."""

    title: str
    series: tuple[Series, ...] = ()
    begins: str = ""
    """What stands under the first column."""
    ends: str = ""
    """What stands under the last one."""
    note: str = ""
    """Beside the title: what the columns can't show."""
    scale: Callable[[float], str] = lambda figure: count(round(figure))
    """Writes a figure at the axis."""

    @property
    def peak(self) -> float:
        """The height of the highest column."""
        return max(
            (sum(column) for column in zip(*(one.figures for one in self.series), strict=True)), default=0.0
        )


class Plot(Widget):
    """One chart. Who makes the chart asks `columns` for the room."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"plot--{tone}" for tone in TONES} | {
        "plot--title",
        "plot--axis",
    }
    DEFAULT_CSS = """
    Plot { height: 1fr; min-height: 5; background: $background; color: $foreground; }
    Plot > .plot--title { text-style: bold; }
    Plot > .plot--axis { color: $dim; }
    Plot > .plot--live { color: $live; }
    Plot > .plot--ok { color: $ok; }
    Plot > .plot--think { color: $think; }
    Plot > .plot--warn { color: $warn; }
    Plot > .plot--bad { color: $bad; }
    Plot > .plot--dim { color: $dim; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._chart = Chart("")

    @property
    def columns(self) -> int:
        """How many columns there is room for."""
        return max(self.size.width - LABELS - 2, 1)

    def show(self, chart: Chart) -> None:
        """Show a chart."""
        self._chart = chart
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw a line: title and legend, columns from the top, or the axis below."""
        width, height = self.size
        base = self.rich_style
        if y == 0:
            segments = self._title()
        elif y == height - 1:
            segments = self._below()
        else:
            segments = self._columns(height - 2, height - 2 - y)
        return Strip(segments).adjust_cell_length(width, base)

    def _title(self) -> list[Segment]:
        chart = self._chart
        segments = [Segment(f" {clean_line(chart.title)}", self._look("title"))]
        if chart.note:
            segments.append(Segment(f"  {clean_line(chart.note)}", self._look("axis")))
        if len(chart.series) > 1:
            for place, one in enumerate(chart.series):
                segments.append(Segment(f"   {BLOCKS[place % 6]} ", self._look(TONES[place % 6])))
                segments.append(Segment(clean_line(one.name, 30), self._look("axis")))
        return segments

    def _below(self) -> list[Segment]:
        chart = self._chart
        room = max(
            len(chart.series[0].figures) if chart.series else 0, len(chart.begins) + len(chart.ends) + 1
        )
        gap = room - len(chart.begins) - len(chart.ends)
        return [Segment(f"{' ' * LABELS}└{chart.begins}{' ' * gap}{chart.ends}", self._look("axis"))]

    def _columns(self, rows: int, row: int) -> list[Segment]:
        """Draw one row of all columns; row 0 is the lowest."""
        chart, peak = self._chart, self._chart.peak
        label = ""
        if peak and row == rows - 1:
            label = chart.scale(peak)
        elif peak and rows >= 6 and row == rows // 2 - 1:
            label = chart.scale(peak * (row + 1) / rows)
        segments = [Segment(f"{fit(label, LABELS - 1, right=True)} │", self._look("axis"))]
        if not peak:
            return segments
        for column in zip(*(one.figures for one in chart.series), strict=True):
            segments.append(self._cell(column, row, rows / peak))
        return segments

    def _cell(self, column: Sequence[float], row: int, per_figure: float) -> Segment:
        """Draw where one column crosses one row: by what fills the middle of it."""
        top = sum(column) * per_figure
        if top <= row:
            return Segment(" ", self._look("axis"))
        middle = min(row + 0.5, (row + top) / 2)
        ends = accumulate(figure * per_figure for figure in column)
        place = next((place for place, end in enumerate(ends) if end > middle), len(column) - 1)
        look = self._look(TONES[place % 6])
        part = top - row
        if part < 1:
            return Segment(EIGHTHS[max(round(part * 8), 1)], look)
        return Segment(BLOCKS[place % 6], look)

    def _look(self, name: str) -> Style:
        return self.get_component_rich_style(f"plot--{name}")
