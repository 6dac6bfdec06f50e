"""The lines at the foot of the ledger's screens: its keys and its sums, as content that is no markup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.style import Style

from tui_delegate.core.savings import Savings
from tui_delegate.core.usage import Usage
from tui_delegate.tui.widgets.strip import sum_words
from tui_delegate.tui.widgets.strip_rows import Account

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui_delegate.core.usage import Source
    from tui_delegate.journal.browse import Sums
    from tui_delegate.tui.commands import Command

_SIGNS = {"slash": "/", "escape": "esc", "alt+up": "alt+↑", "alt+down": "alt+↓"}


def key_line(commands: Iterable[Command]) -> Content:
    """Write the keys that have a label; a click on one does it too."""
    parts: list[str | tuple[str, str | Style]] = []
    for one in commands:
        if one.label and one.keys:
            key = one.keys.partition(",")[0]
            click = Style.from_meta({"@click": f"screen.{one.action}"})
            parts += [
                (_SIGNS.get(key, key), click),
                (f" {one.label}", click),
            ]
            parts.append("  ")
    return Content.assemble(*parts[:-1])


def sum_line(sums: Sums, width: int) -> Content:
    """Write what a view adds up to, in as many lines of a width as it takes."""
    total = sums.total
    source: Source = "estimated" if total.guessed else "reported"
    used = Usage(total.prompt, total.cached, total.completion, total.reasoning, source)
    account = Account(
        total.calls, total.failed, total.cost, total.unpriced, Savings(used, Usage(), sums.saved)
    )
    parts: list[str | tuple[str, str | Style]] = []
    used_up = 0
    for name, text in sum_words(account):
        room = len(name) + len(text) + 3
        if used_up and used_up + room > width:
            parts.append("\n")
            used_up = 0
        used_up += room
        parts += [(f"{name} ", "$bad" if name == "failed" else "$dim"), f"{text}  "]
    return Content.assemble(*parts)
