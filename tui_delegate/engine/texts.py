"""Pieces of text joined before they are stored: a few rows a second instead of one a token. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.core.events import Calling, Thought, Wrote
from tui_delegate.core.records import replace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui_delegate.core.events import Event, RunPath

_TEXTS = (Wrote, Thought, Calling)
TEXT_EVERY = 0.3
"""Seconds after which text that was shown is stored."""


def coalesce(events: Iterable[Event]) -> list[Event]:
    """Join pieces of text of one turn that no fact of that turn stands between. Order is kept."""
    out: list[Event] = []
    open_at: dict[tuple[type, RunPath, int], int] = {}
    pieces: dict[int, list[str]] = {}
    for event in events:
        if not isinstance(event, _TEXTS):
            if event.durable:
                _close(open_at, event.path)
                out.append(event)
            continue
        key = (type(event), event.path, event.slot if isinstance(event, Calling) else 0)
        if key in open_at:
            pieces[open_at[key]].append(event.text)
        else:
            open_at[key] = len(out)
            pieces[len(out)] = [event.text]
            out.append(event)
    for place, parts in pieces.items():
        if len(parts) > 1:
            piece = out[place]
            assert isinstance(piece, _TEXTS)
            out[place] = replace(piece, text="".join(parts))
    return out


def _close(open_at: dict[tuple[type, RunPath, int], int], path: RunPath) -> None:
    for key in [key for key in open_at if key[1] == path]:
        del open_at[key]
