"""What the ledger says about itself: its head, its name, its sums, and why it is empty. As no markup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.style import Style

from tui_delegate.core.clean import clean_line
from tui_delegate.core.savings import Savings
from tui_delegate.core.usage import Usage
from tui_delegate.tui import figures
from tui_delegate.tui.figures import UNKNOWN
from tui_delegate.tui.screens.ledger_wish import SCOPES
from tui_delegate.tui.widgets.strip import sum_words
from tui_delegate.tui.widgets.strip_rows import Account

if TYPE_CHECKING:
    from tui_delegate.core.usage import Source
    from tui_delegate.journal.browse import Sums
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
