"""Cuts a packet into packets that each fit a model's window, so that each can be asked by itself.

Nothing is lost and nothing is twice: the texts of all parts, in their order, are the texts of the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui_delegate.core.errors import InputError
from tui_delegate.core.usage import WEIGHT_PER_TOKEN, estimate_tokens, reach
from tui_delegate.corpus.packet import FRAME_TOKENS, Packet, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator

LEAST_TOKENS: Final = 200
"""A part that holds less than this is no context for anything."""
_LINES_TOKENS: Final = 10
"""About what `:120-480` behind a name costs."""


def split(packet: Packet, tokens: int) -> tuple[Packet, ...]:
    """Give parts of at most so many tokens each, frames of files counted. Raises an InputError below a least.

    Files stay whole and in order where they fit; one that fits in no part is cut between its sections,
    paragraphs or lines, and each piece is called `name:from-to`. What was left out stands by the first part.
    """
    if tokens < LEAST_TOKENS:
        raise InputError(
            f"Only {tokens} tokens are left for files: too few to split them.",
            "Take a model with a larger window, or a shorter question.",
        )
    parts: list[Packet] = []
    waiting: list[Sheet] = []
    used = 0
    for sheet in (piece for whole in packet.sheets for piece in pieces(whole, tokens)):
        cost = sheet.tokens
        if waiting and used + cost > tokens:
            parts.append(Packet(tuple(waiting)))
            waiting, used = [], 0
        waiting.append(sheet)
        used += cost
    parts.append(Packet(tuple(waiting)))
    return (Packet(parts[0].sheets, packet.left_out), *parts[1:])


def pieces(sheet: Sheet, tokens: int) -> Iterator[Sheet]:
    """Give a sheet whole if it fits, else in pieces that do."""
    if sheet.tokens <= tokens or not sheet.text:
        yield sheet
        return
    room = tokens - FRAME_TOKENS - _LINES_TOKENS - estimate_tokens(sheet.name)
    most = int((max(room, LEAST_TOKENS // 4) - 1) * WEIGHT_PER_TOKEN)
    line = 1
    at = 0
    while at < len(sheet.text):
        end = _end(sheet.text, at, most)
        text = sheet.text[at:end]
        breaks = text.count("\n")
        last = line + breaks - text.endswith("\n")
        yield Sheet(f"{sheet.name}:{line}-{last}", text, len(text.encode(errors="replace")))
        line += breaks
        at = end


def _end(text: str, at: int, most: int) -> int:
    """Say where a piece ends: at the best break in the last third of what fits, else at any, else full."""
    end = reach(text, at, most)
    if end == len(text):
        return end
    early = at + (end - at) * 2 // 3
    for mark, keep in (("\n# ", 1), ("\n## ", 1), ("\n\n", 2), ("\n", 1)):
        if (found := text.rfind(mark, early, end)) >= 0:
            return found + keep
    return max(text.rfind("\n", at, early) + 1, 0) or end
