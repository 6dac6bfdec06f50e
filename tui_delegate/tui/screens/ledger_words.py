"""What the ledger says about itself: its head, its name in a sentence, and why it is empty. As no markup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.style import Style

from tui_delegate.core.clean import clean_line
from tui_delegate.tui import figures
from tui_delegate.tui.figures import UNKNOWN
from tui_delegate.tui.screens.ledger_wish import SCOPES

if TYPE_CHECKING:
    from tui_delegate.tui.screens.ledger_wish import Wish


def head_line(wish: Wish) -> Content:
    """Write the scopes, that one marked which is shown, and what else chooses the rows."""
    parts: list[str | Content | tuple[str, str | Style]] = [(" ledger ▸ ", "bold")]
    for scope in SCOPES:
        look, (before, after) = ("bold", "[]") if scope == wish.scope else ("$dim", "  ")
        click = Style.from_meta({"@click": f"screen.ledger_{scope}"})
        label = Content.assemble((before, look), (scope[0], f"{look} underline"), (scope[1:] + after, look))
        parts.append(label.stylize(click))
    if wish.group:
        parts.append(f"  by {wish.group}")
    for dimension, key in wish.exact:
        shown = figures.place(tuple(map(int, key.split("."))) if key else ()) if dimension == "path" else key
        name = "place" if dimension == "path" else dimension
        parts.append((f"  {name} = {clean_line(shown, 40) or UNKNOWN}", "$accent"))
    return Content.assemble(*parts)


def said(wish: Wish) -> str:
    """Name the view in a sentence."""
    words = SCOPES[wish.scope]
    narrowed = "".join(f", {dimension} {key or UNKNOWN}" for dimension, key in wish.exact)
    found = f", with {' '.join(wish.words.split())!r}" if wish.words.strip() else ""
    return clean_line(f"{words}{narrowed}{found}", 100)


def nothing(wish: Wish) -> Content:
    """Say why there is no row, what would stand here, and how it comes to be."""
    if wish.words.strip() or wish.exact:
        return Content.assemble(f"No call of {said(wish)}.\n", ("esc takes the filter away", "$dim"))
    when = (
        "yet"
        if wish.scope == "all"
        else f"in {words}"
        if (words := SCOPES[wish.scope]) != "today"
        else "today"
    )
    return Content.assemble(
        f"No model call {when}.\n",
        ("Each call of the manager and of its workers stands here, with tokens, time and cost.\n", "$dim"),
        ("Make one: ask something in the conversation, or\n    tui-delegate run PROMPT", "$dim"),
    )
