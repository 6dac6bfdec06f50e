"""Makes the README's tables of keys and settings from the values that hold them: `python -m tests.tables`.

What a key does and what can be set is said in the product; nothing of it is written by hand here.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path

from tui_delegate.tui import keys, preferences
from tui_delegate.tui.app import DelegateApp
from tui_delegate.tui.commands import Command
from tui_delegate.tui.preferences import ITEMS, Preferences
from tui_delegate.tui.screens.help import part_of
from tui_delegate.tui.screens.main import MainScreen

README = Path(__file__).parent.parent / "README.md"
PARTS = ("prompt", "app", "main", "chat", "workers", "pane")
"""Whose keys are shown, in this order; the other screens show their own at their foot."""


def commands() -> list[Command]:
    """Give the commands of the main screen and of the app, by the part that they work in."""
    every = (*MainScreen.commands, *DelegateApp.commands)
    return sorted((one for one in every if one.keys or one.slash), key=lambda one: PARTS.index(one.part))


def keys_table() -> str:
    """Write two commands a row, each with its keys, under the name of the part that they work in."""
    rows = ["| key | command | key | command |", "|---|---|---|---|"]
    for part in PARTS:
        cells = [_cells(group) for group in _numbered(one for one in commands() if one.part == part)]
        half = (len(cells) + 1) // 2
        rows.append(f"| **{part_of(part).title}** | | | |")
        rows += [
            f"| {left} | {right} |"
            for left, right in zip_longest(cells[:half], cells[half:], fillvalue=" | ")
        ]
    return "\n".join(rows)


def _cells(group: list[Command]) -> str:
    first, last = group[0], group[-1]
    if first is last:
        return f"{_keys(first)} | {first.title}"
    return f"{_keys(first)} … {_keys(last)} | {first.title} … {last.title.rpartition(' ')[2]}"


def _numbered(every: Iterable[Command]) -> Iterator[list[Command]]:
    groups: dict[str, list[Command]] = {}
    for one in every:
        groups.setdefault(re.sub(r"-\d$", "", one.id), []).append(one)
    yield from groups.values()


def _keys(command: Command) -> str:
    told = keys.shown(command.keys).split()
    # A capital is written both ways for terminals that differ; a reader needs it once.
    told = [one for one in told if not (one.startswith("shift+") and one[-1].upper() in told)]
    told += [f"/{command.slash}"] if command.slash else []
    return " ".join(f"`{one}`" for one in told)


def settings_table() -> str:
    """Write one row for each thing that settings show."""
    rows = ["| setting | usual | may be | what it means |", "|---|---|---|---|"]
    for name, item in ITEMS.items():
        if item.section:
            usual = preferences.text_of(Preferences(), name)
            rows.append(f"| {item.title} | {usual} | {_may_be(name)} | {item.help} |")
    return "\n".join(rows)


def _may_be(name: str) -> str:
    item, choices = ITEMS[name], preferences.choices_of(name)
    if choices:
        return ", ".join(choices)
    return f"{item.least} to {item.most}" if item.most else "a name"


TABLES = {"keys": keys_table, "settings": settings_table}


def main() -> int:
    text = README.read_text(encoding="utf-8")
    for name, table in TABLES.items():
        before, _, rest = text.partition(f"<!-- {name} -->\n")
        after = rest.partition(f"<!-- /{name} -->")[2]
        text = f"{before}<!-- {name} -->\n{table()}\n<!-- /{name} -->{after}"
    README.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
