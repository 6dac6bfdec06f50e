"""One line about a delegation: where it stands, what it does, who does it, and its figures.

Pure. The state's word and the title are there at every width; figures go first, the least needed before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from tui_delegate.core.clean import clean_line
from tui_delegate.core.flags import partial_words
from tui_delegate.core.records import dataclass
from tui_delegate.core.transcript import ENDED
from tui_delegate.tui import figures
from tui_delegate.tui.figures import cut

if TYPE_CHECKING:
    from tui_delegate.core.transcript import Node

Piece = tuple[str, str]
"""A text and its tone."""

PINNED: Final = "◆"
_ORDER: Final = ("agent", "profile", "model", "elapsed", "context", "tokens", "rate", "cost")
"""As they stand from left to right."""
_LEAST_FIRST: Final = ("profile", "agent", "context", "cost", "tokens", "model", "rate", "elapsed", "full")
_WORD: Final = max(len(sign.word) for sign in figures.SIGNS.values())
"""Columns of the longest word for a state."""
_TITLE: Final = 16
"""Columns of its title that a line keeps before it keeps any figure."""


TIGHT: Final = 0.7
"""How full a window is from which on it is worth a warning."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What a pane has measured itself while the text came."""

    tokens: int = 0
    """Written in the call under way, as far as one can tell."""
    rate: float = 0.0
    """Tokens a second of late."""


def title_of(node: Node) -> str:
    """Name what a delegation is for."""
    return clean_line(node.task_name or node.task, 120) or "untitled"


def heading(
    node: Node,
    width: int,
    now: float,
    pace: Pace | None = None,
    *,
    pinned: bool = False,
    indent: int = 0,
    align: int = 0,
) -> list[Piece]:
    """Write the line in at most `width` cells; `align` gives the place so many, to line up with others."""
    sign = figures.sign_of(node)
    if width < 2 * _TITLE + _WORD:
        align = 0
    word = sign.word.ljust(_WORD) if align else sign.word
    left: list[Piece] = [
        (" " * indent, "dim"),
        (figures.place(node.path).ljust(align), "dim"),
        (f" {PINNED}" if pinned else "", "accent"),
        (f" {sign.glyph} {word}", sign.tone),
    ]
    taken = sum(cell_len(text) for text, _ in left)
    if taken >= width - 2:
        return _narrow(left, width)
    title = title_of(node)
    room = width - taken - 2
    right = _kept(node, room - min(cell_len(title), max(_TITLE, room // 2)), now, pace or Pace())
    ending = "".join(f"  {text}" for text, _ in right)
    title = cut(title, room - cell_len(ending))
    blank = room - cell_len(title) - cell_len(ending)
    pieces = [*left, ("  ", "dim"), (title, "title"), (" " * blank, "dim")]
    for text, tone in right:
        pieces.append((f"  {text}", tone))
    return [piece for piece in pieces if piece[0]]


def _narrow(left: list[Piece], width: int) -> list[Piece]:
    """Keep the state's glyph and word, whatever else has to go."""
    text, tone = left[-1]
    if cell_len(text) > width:
        return [(cut(text.strip(), width), tone)]
    before = "".join(piece for piece, _ in left[:-1]).lstrip()
    room = width - cell_len(text)
    return [(before, "dim"), (text, tone)] if cell_len(before) <= room else [(text.strip(), tone)]


def _kept(node: Node, room: int, now: float, pace: Pace) -> list[Piece]:
    """Take the figures that there is room for."""
    known = {name: piece for name, piece in _figures(node, now, pace).items() if piece[0]}
    for name in _LEAST_FIRST:
        if sum(cell_len(text) + 2 for text, _ in known.values()) <= room:
            break
        known.pop(name, None)
    if "full" in known:
        known["context"] = known.pop("full")
    return [known[name] for name in _ORDER if name in known]


def _figures(node: Node, now: float, pace: Pace) -> dict[str, Piece]:
    passed = figures.elapsed(node, now)
    model = clean_line(node.model, 24)
    agent = clean_line(node.agent, 16)
    rerouted = f"{figures.REROUTED.glyph} " if node.rerouted else ""
    rate = rate_of(node, pace)
    filled = node.context / node.window if node.window else 0.0
    # A window that is nearly full is worth more room than anything else.
    gauge = "full" if filled > TIGHT else "context"
    return {
        gauge: (f"window {filled:.0%}" if filled >= 0.005 else "", "warn" if filled > TIGHT else "dim"),
        "profile": (clean_line(node.profile, 16), "dim"),
        "agent": ("" if agent == "worker" else agent, "dim"),
        "model": (rerouted + model if model else "", "dim"),
        "elapsed": (figures.seconds(passed).rjust(5) if passed else "", "dim"),
        "tokens": (written(node, pace), "dim"),
        "rate": (f"{figures.count(round(rate))} tok/s".rjust(9) if rate >= 1 else "", "dim"),
        "cost": (figures.dollars(node.cost) if node.cost is None or node.cost > 0 else "", "dim"),
    }


def written(node: Node, pace: Pace) -> str:
    """Say how many tokens it has written; `~` where that is a guess."""
    running = 0 if node.state in ENDED else pace.tokens
    number = node.usage.completion + running
    if not number:
        return ""
    guessed = running or node.usage.source != "reported"
    return f"{'~' if guessed else ''}{figures.count(number)} tok".rjust(9)


def rate_of(node: Node, pace: Pace) -> float:
    """Say how fast it writes: as its calls say once it has ended, as one sees it before."""
    if node.state not in ENDED:
        return pace.rate
    call = node.calls[-1] if node.calls else None
    if call is None:
        return 0.0
    if call.tokens_per_second is not None:
        return call.tokens_per_second
    writing = call.total_ms - (call.first_token_ms or 0)
    return call.usage.completion * 1000 / writing if writing > 0 else 0.0


def foot_of(node: Node, *, silent: bool) -> Piece:
    """Say what stands under its text: what it waits for, what went wrong, what is partial about it."""
    reason = figures.reason_of(node)
    tone = figures.SIGNS[node.state].tone
    if node.state in ("failed", "refused"):
        return f"{figures.SIGNS[node.state].glyph} {reason or 'It gave no reason.'}", tone
    if node.state == "cancelled":
        return "Stopped before it wrote anything." if silent else "Stopped; what had come is kept.", "dim"
    if node.state == "done" and node.flags:
        return f"Partial: {clean_line(', '.join(map(partial_words, node.flags)))}", "warn"
    if not reason and node.state == "queued" and silent:
        reason = "Waiting to begin."
    return reason, tone
