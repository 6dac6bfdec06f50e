"""States, numbers and names in the few characters that a screen has for them. Pure: it draws nothing.

Every text that is given out here is clean: it may go to a display as it is, but never as markup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len, set_cell_size

from tui_delegate.core.clean import clean_line
from tui_delegate.core.records import dataclass

if TYPE_CHECKING:
    from tui_delegate.core.transcript import Node
    from tui_delegate.core.usage import Usage


@dataclass(frozen=True, slots=True)
class Sign:
    """How a state is shown: never by its colour alone."""

    glyph: str
    word: str
    tone: str
    """The theme's variable for its colour."""


SIGNS: Final = {
    "queued": Sign("◌", "queued", "dim"),
    "loading": Sign("◍", "loading model", "warn"),
    "thinking": Sign("◔", "thinking", "think"),
    "writing": Sign("●", "writing", "live"),
    "calling": Sign("⚙", "tool", "live"),
    "waiting": Sign("◷", "waiting", "dim"),
    "asking": Sign("⁇", "asks you", "warn"),
    "done": Sign("✓", "done", "ok"),
    "failed": Sign("✗", "failed", "bad"),
    "refused": Sign("⊘", "refused", "bad"),
    "cancelled": Sign("■", "cancelled", "warn"),
}
"""By the state of a node."""
EDITED: Final = Sign("✎", "edited by you", "warn")
REROUTED: Final = Sign("⇄", "rerouted", "dim")
UNKNOWN: Final = "–"
"""What stands for a figure that is not known: never a zero."""


def sign_of(node: Node) -> Sign:
    """Say how a node's state is shown."""
    return EDITED if node.edited else SIGNS[node.state]


def sentences(message: str, hint: str) -> str:
    """Set what happened and what to do side by side, each a sentence of its own."""
    said = message.strip()
    if said and hint and said[-1] not in ".!?…:":
        said += "."
    return f"{said} {hint}".strip()


def reason_of(node: Node) -> str:
    """Say in one line why a node is where it is: what it waits for, or what went wrong."""
    if node.state in ("queued", "loading", "asking"):
        return clean_line(node.detail)
    if node.state in ("failed", "refused"):
        return clean_line(sentences(node.message, node.hint)) or node.code
    return ""


def count(number: int) -> str:
    """Write a number of tokens in at most six characters: `812`, `6,120`, `48.2k`, `1.3M`."""
    if number < 10_000:
        return f"{number:,}"
    if number < 1_000_000:
        return f"{number / 1000:.1f}k" if number < 100_000 else f"{number // 1000}k"
    return f"{number / 1_000_000:.1f}M"


def counted(number: int, source: str) -> str:
    """Write tokens as far as they are known: `~` where they were guessed, `–` where nobody can tell."""
    if source == "reported":
        return count(number)
    return f"~{count(number)}" if number else UNKNOWN


def tokens(usage: Usage) -> str:
    """Write all tokens of a usage; `~` where a server did not report them."""
    return ("" if usage.source == "reported" else "~") + count(usage.total)


def dollars(cost: float | None) -> str:
    """Write what something cost; unknown is never shown as nothing."""
    if cost is None:
        return "$?"
    return f"${cost:.4f}" if cost < 1 else f"${cost:.2f}"


def saving(saved: float | None) -> str:
    """Write what delegation saved: a guess at what would have been, `–` where no price is known."""
    if saved is None:
        return UNKNOWN
    return f"~{'-' if saved < 0 else ''}{dollars(abs(saved))}"


def rate(tokens_per_second: float | None) -> str:
    """Write a speed: `93/s`, `4.2/s`."""
    if tokens_per_second is None:
        return UNKNOWN
    return f"{tokens_per_second:.1f}/s" if tokens_per_second < 10 else f"{count(round(tokens_per_second))}/s"


def cut(text: str, width: int) -> str:
    """Shorten a text to a width; what has no room ends in `…`. Half a character never stands."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…" if width > 0 else ""


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Make a text exactly so many cells wide."""
    text = cut(text, width)
    blank = " " * (width - cell_len(text))
    return blank + text if right else text + blank


def seconds(passed: float) -> str:
    """Write a span of time: `3.1s`, `48s`, `2m05s`, `1h02m`."""
    if passed < 10:
        return f"{max(passed, 0):.1f}s"
    whole = int(passed)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"


def elapsed(node: Node, now: float) -> float:
    """Say for how long a node has been at work."""
    if not node.started:
        return 0.0
    return max((node.ended or now) - node.started, 0.0)


def place(path: tuple[int, ...]) -> str:
    """Write a path as people count: `1`, `1.3`; the manager is `0`."""
    return ".".join(str(step + 1) for step in path) or "0"
