"""Keys of what is written in, in the order in which they are pressed. What a key does is for its binding.

Textual takes letters at once, but hands a bound key up to the app first: what is typed right behind it
overtakes it. `^u` would cut it away, `enter` would send it too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Input

if TYPE_CHECKING:
    from textual import events
    from textual.dom import DOMNode
    from textual.widget import Widget


async def obey(widget: Widget, event: events.Key, holder: DOMNode) -> None:
    """Do what a key does in a widget, or in those around it up to `holder`, before the next one is read."""
    if event.is_printable and "+" not in event.key:
        return
    for node, keys in widget.screen._modal_binding_chain:
        for binding in keys.key_to_bindings.get(event.key, ()):
            if not binding.priority and await widget.app.run_action(binding.action, node):
                event.stop()
                event.prevent_default()
                return
        if node is holder:
            return


class TypedLine(Input):
    """One line to write in."""

    async def _on_key(self, event: events.Key) -> None:
        await obey(self, event, self)
