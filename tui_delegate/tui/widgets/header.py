"""The line at the top: which session this is, who manages and who works, which servers answer, what it cost.

It is handed values and draws them in the width there is; where they come from is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from tui_delegate.core.clean import clean_line
from tui_delegate.core.records import dataclass
from tui_delegate.tui import figures

if TYPE_CHECKING:
    from textual.app import RenderResult

_GAUGE = 6
_TITLE = 36
"""Columns that name and title of the session have before other servers are shown."""


@dataclass(frozen=True, slots=True)
class Post:
    """Who sits where: a model on a profile."""

    profile: str = ""
    model: str = ""
    healthy: bool | None = None
    """Whether its server answers; None: nobody knows yet."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What the session has used."""

    prompt: int = 0
    completion: int = 0
    guessed: bool = False
    cost: float | None = 0.0
    share: float = 0.0
    """How much of all tokens workers used, 0 to 1."""
    saved: float | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """All that the header shows."""

    title: str = ""
    manager: Post = Post()
    worker: Post = Post()
    others: tuple[tuple[str, bool], ...] = ()
    """Further servers, and whether they answer."""
    totals: Totals = Totals()
    context: int = 0
    """Tokens that the manager's next call would hold."""
    window: int | None = None


class Header(Widget):
    """One line, two where there is room."""

    DEFAULT_CSS = """
    Header { dock: top; height: 1; width: 1fr; background: $background; }
    Header.-tall { height: 2; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._standing = Standing()

    def show(self, standing: Standing) -> None:
        """Show what has changed."""
        if standing != self._standing:
            self._standing = standing
            self.refresh()

    def on_resize(self) -> None:
        """Take a second line where the screen has room."""
        self.set_class(self.app.size.width >= 100 and self.app.size.height >= 30, "-tall")

    def render(self) -> RenderResult:
        """Draw it."""
        width = self.size.width - 1
        one = self._standing
        if not self.has_class("-tall"):
            names = Content.assemble(
                _short(one), _post(one.manager, ""), (" → ", "$dim"), _post(one.worker, "")
            )
            return _between(_title(one.title, width - names.cell_length - 2), names, width)
        posts = [_post(one.manager, "manager "), _post(one.worker, "workers ")]
        others = [_server(*other) for other in one.others]
        # The title goes before servers at which nobody sits.
        while others and sum(part.cell_length + 3 for part in (*posts, *others)) > width - _TITLE:
            others.pop()
        right = Content("   ").join([*posts, *others])
        first = _between(_title(one.title, width - right.cell_length - 2), right, width)
        return Content("\n").join([first, _between(_gauge(one), _totals(one.totals, width), width)])


def _title(title: str, room: int) -> Content:
    words = clean_line(title, 200)
    room -= cell_len(" delegate ▸ ")
    if room < 4:
        return Content.from_text(" delegate", markup=False).stylize("bold")
    return Content.assemble((" delegate", "bold"), (" ▸ ", "$dim"), figures.cut(words, room))


def _post(post: Post, role: str) -> Content:
    # What is builtin says so wherever it stands: it is no language model.
    short = post.model if post.model.startswith("builtin/") else post.model.rsplit("/", 1)[-1]
    name = clean_line(short or post.profile or "…", 28)
    where = f" · {clean_line(post.profile, 20)}" if role and short and post.profile else ""
    return Content.assemble((role, "$dim"), name, (where, "$dim"), " ", _dot(post.healthy))


def _dot(healthy: bool | None) -> tuple[str, str]:
    if healthy is None:
        return "◌", "$dim"
    return ("●", "$ok") if healthy else ("○", "$bad")


def _server(name: str, healthy: bool) -> Content:
    return Content.assemble((clean_line(name, 20), "$dim"), " ", _dot(healthy))


def _gauge(one: Standing) -> Content:
    if not one.window:
        told = f" context ~{figures.count(one.context)}" if one.context else ""
        return Content.assemble((told, "$dim"))
    full, tone = _full(one.context, one.window)
    cells = round(full * _GAUGE)
    bar = "▰" * cells + "▱" * (_GAUGE - cells)
    return Content.assemble(
        (" context ", "$dim"), (f"{bar} {figures.count(one.context)}/{figures.count(one.window)}", tone)
    )


def _short(one: Standing) -> Content:
    """The gauge where there is one line: only when it is time to look at it."""
    full, tone = _full(one.context, one.window) if one.window else (0.0, "$dim")
    return Content.assemble((f"context {full:.0%}  ", tone) if tone != "$dim" else "")


def _full(context: int, window: int) -> tuple[float, str]:
    full = min(context / window, 1.0)
    return full, "$bad" if full > 0.9 else "$warn" if full > 0.7 else "$dim"


def _totals(totals: Totals, width: int) -> Content:
    about = "~" if totals.guessed else ""
    parts = [
        f"in {about}{figures.count(totals.prompt)}",
        f"out {about}{figures.count(totals.completion)}",
        figures.dollars(totals.cost),
    ]
    if totals.share:
        parts.append(f"delegated {totals.share:.0%}")
    if totals.saved and width >= 110:
        parts.append(f"saved ~{figures.dollars(totals.saved)}")
    return Content.assemble(("   ".join(parts), "$dim"))


def _between(left: Content, right: Content, width: int) -> Content:
    gap = max(width - left.cell_length - right.cell_length, 1)
    return Content.assemble(left, " " * gap, right)
