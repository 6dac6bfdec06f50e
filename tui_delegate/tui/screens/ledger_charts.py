"""The ledger's plots: slices of time, summed up by model, to charts. Pure: nothing is read or drawn here."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from tui_delegate.core.clean import clean_line
from tui_delegate.tui import figures
from tui_delegate.tui.widgets.plot import Chart, Series

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tui_delegate.journal.browse import Slice

SHOWN: Final = 5
"""Models that have a series of their own; the others share one."""


def charts(slices: Sequence[Slice], columns: int, begin: float, width: float) -> tuple[Chart, Chart, Chart]:
    """Make the plots of tokens, of cost and of speed, in columns of `width` seconds each."""
    if not slices:
        none = "no call to show"
        return Chart("tokens", note=none), Chart("cost", note=none), Chart("speed", note=none)
    form = "%H:%M" if width * columns < 86_400 else "%d %b"
    begins, ends = (
        time.strftime(form, time.localtime(at)) for at in (begin, max(begin + width * columns - 1, begin))
    )
    names = _names(slices)
    unpriced = sum(one.unpriced for one in slices)
    note = "" if any(one.cost for one in slices) else "nothing was paid"
    if unpriced:
        many = "1 call of unknown cost is" if unpriced == 1 else f"{unpriced:,} calls of unknown cost are"
        note = f"{many} not in it"
    each = f"a column is {figures.seconds(width)}"
    tokens = _by_model(slices, names, columns, lambda one: one.tokens)
    cost = _by_model(slices, names, columns, lambda one: one.cost)
    return (
        Chart("tokens", tokens, begins, ends, each),
        Chart("cost", cost, begins, ends, note, figures.dollars),
        Chart(
            "speed",
            (_speed(slices, columns),),
            begins,
            ends,
            "tokens per second, of all models",
            figures.rate,
        ),
    )


def _names(slices: Sequence[Slice]) -> list[str]:
    """Give the models that used most, most first; `others` where there are more."""
    used: dict[str, int] = {}
    for one in slices:
        used[one.model] = used.get(one.model, 0) + one.tokens
    ranked = sorted(used, key=lambda model: (-used[model], model))
    return ranked if len(ranked) <= SHOWN + 1 else [*ranked[:SHOWN], ""]


def _by_model(
    slices: Sequence[Slice], names: list[str], columns: int, figure: Callable[[Slice], float]
) -> tuple[Series, ...]:
    heights = {name: [0.0] * columns for name in names}
    for one in slices:
        line = heights.get(one.model, heights.get(""))
        if line is not None:
            line[min(one.slot, columns - 1)] += figure(one)
    return tuple(Series(clean_line(name) or "others", tuple(heights[name])) for name in names)


def _speed(slices: Sequence[Slice], columns: int) -> Series:
    tokens, seconds = [0.0] * columns, [0.0] * columns
    for one in slices:
        tokens[min(one.slot, columns - 1)] += one.timed
        seconds[min(one.slot, columns - 1)] += one.seconds
    return Series("all", tuple(a / b if b else 0.0 for a, b in zip(tokens, seconds, strict=True)))
