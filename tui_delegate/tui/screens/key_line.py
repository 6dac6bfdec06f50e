"""The line of keys at the foot of a screen: its own commands that work now, as their keys are mapped now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.content import Content

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from textual.screen import Screen

    from tui_delegate.tui.commands import Command


def key_line(
    screen: Screen[Any], commands: Iterable[Command], words: Mapping[str, str] | None = None
) -> Content:
    """Write each command that has a label and may be done now, beside its key; `words` go before labels."""
    said = words or {}
    keys: dict[str, str] = {}
    for _, binding in screen._bindings:
        if binding.id:
            keys.setdefault(binding.id, screen.app.get_key_display(binding))
    # Spaces that don't break keep a key beside its word.
    parts = [
        Content.assemble(
            (keys[one.id], "$foreground"), "\xa0", said.get(one.id, one.label).replace(" ", "\xa0")
        )
        for one in commands
        if one.label and one.id in keys and screen.check_action(one.action, ())
    ]
    return Content("   ").join(parts)
