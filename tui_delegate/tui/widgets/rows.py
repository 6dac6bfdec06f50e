"""Delegations as lines in the chat: one for each, nested ones below theirs. A click opens the pane."""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING, NamedTuple

from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from tui_delegate.core.clean import clean_line
from tui_delegate.core.transcript import ENDED
from tui_delegate.tui import figures

if TYPE_CHECKING:
    from textual import events
    from textual.app import RenderResult

    from tui_delegate.core.events import RunPath
    from tui_delegate.core.transcript import Node, Transcript

_TITLE = 30
"""Cells of place and title together."""
_SHORT = 12
"""Cells of a title that gives way to the reason of an end. While it goes on, titles stand in a column."""
_GAP = "  "


class _Line(NamedTuple):
    """A delegation's line, before it is known how much room there is."""

    lead: Content
    title: str
    room: int
    """Cells of its title, where nothing else needs them."""
    least: int
    tail: Content


class Rows(Widget):
    """The delegations of one step of a turn."""

    DEFAULT_CSS = """
    Rows { height: auto; width: 1fr; padding: 0 1 0 2; margin: 0 0 1 0; }
    """

    class Open(Message):
        """A person wants to see a delegation."""

        def __init__(self, run: str, path: RunPath) -> None:
            super().__init__()
            self.of_run = run
            self.path = path

    def __init__(self, transcript: Transcript) -> None:
        super().__init__()
        self._transcript = transcript
        self._paths: list[RunPath] = []
        self._drawn: list[_Line] = []

    def add(self, path: RunPath) -> None:
        """Show one more delegation."""
        insort(self._paths, path)

    def draw(self, now: float) -> bool:
        """Draw what has changed; say whether all of them have ended."""
        nodes = [node for path in self._paths for node in self._family(path)]
        room = max((len(figures.place(node.path)) for node in nodes), default=0)
        drawn = [self._line(node, room, now) for node in nodes]
        if drawn != self._drawn:
            grown, self._drawn = len(drawn) != len(self._drawn), drawn
            self.refresh(layout=grown)
        return all(node.state in ENDED for node in nodes)

    def render(self) -> RenderResult:
        """Give the lines as they were last drawn."""
        width = self.content_size.width
        return Content("\n").join([_fitted(line, width) for line in self._drawn])

    def on_click(self, event: events.Click) -> None:
        """Open the delegation of the line that was clicked."""
        paths = [node.path for path in self._paths for node in self._family(path)]
        if 0 <= event.y < len(paths):
            event.stop()
            self.post_message(self.Open(self._transcript.run, paths[event.y]))

    def _family(self, path: RunPath) -> list[Node]:
        node = self._transcript.nodes[path]
        return [node, *(below for child in node.children for below in self._family(child))]

    def _line(self, node: Node, room: int, now: float) -> _Line:
        sign = figures.sign_of(node)
        depth = len(node.path) - 1
        beside = self._transcript.nodes[node.path[:-1]].children if depth else self._paths
        branch = "└" if node.path == beside[-1] else "├"
        lead = f"{'  ' * depth}{branch} "
        return _Line(
            Content.assemble((lead, "$line"), (f"{figures.place(node.path).rjust(room)} ", "$dim")),
            clean_line(node.task_name or node.task, 60),
            wide := max(_TITLE - 2 * depth, 8),
            min(wide, _SHORT) if node.state in ENDED else wide,
            Content.assemble((f" {sign.glyph} {sign.word}", f"${sign.tone}"), (_figures(node, now), "$dim")),
        )


def _fitted(line: _Line, width: int) -> Content:
    """Leave out tokens that have no room: a number that is cut is another number. For a reason the title
    gives way, as far as one can still tell it from others.
    """
    lead, title, room, least, tail = line
    free = width - lead.cell_length - tail.cell_length
    if free < room and tail.plain.endswith(" tok"):
        tail = tail[: tail.plain.rindex(_GAP)]
    elif free < room:
        room = max(free, least)
    whole = Content.assemble(lead, (figures.fit(title, room), "$foreground"), tail)
    return whole.truncate(width, ellipsis=True)


def _figures(node: Node, now: float) -> str:
    parts = []
    if node.state in ENDED and node.started:
        parts.append(figures.seconds(figures.elapsed(node, now)))
    if node.usage.completion:
        about = "" if node.usage.source == "reported" else "~"
        parts.append(f"{about}{figures.count(node.usage.completion)} tok")
    if reason := figures.reason_of(node):
        parts.append(reason)
    return "".join(_GAP + part for part in parts)
