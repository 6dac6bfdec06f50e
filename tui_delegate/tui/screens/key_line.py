"""The line of keys at the foot of a screen: its own commands that work now, as their keys are mapped now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.content import Content

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from textual.screen import Screen

    from tui_delegate.tui.commands import Command

_GAP = "   "


def key_line(
    screen: Screen[Any],
    commands: Iterable[Command],
    words: Mapping[str, str] | None = None,
    *,
    width: int = 0,
) -> Content:
    """Write each command that has a label and may be done now, beside its key; `words` go before labels.

    With a width, lines are broken between commands only.
    """
    said = words or {}
    keys: dict[str, str] = {}
    for _, binding in screen._bindings:
        if binding.id:
            keys.setdefault(binding.id, screen.app.get_key_display(binding))
    lines = [Content("")]
    for one in commands:
        if not (one.label and one.id in keys and screen.check_action(one.action, ())):
            continue
        part = Content.assemble((keys[one.id], "$foreground"), f" {said.get(one.id, one.label)}")
        longer = Content(_GAP).join([lines[-1], part]) if lines[-1].plain else part
        if width and longer.cell_length > width and lines[-1].plain:
            lines.append(part)
        else:
            lines[-1] = longer
    return Content("\n").join(lines)
