"""The manager's words as Markdown, taken in piece by piece. What is a run, and what comes next, is not known.

Text passes the cleaner before Markdown sees it; a link opens nothing by itself.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from textual.widgets import Markdown

from tui_delegate.core.clean import Cleaner

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from textual.await_complete import AwaitComplete


@cache
def parser() -> MarkdownIt:
    """Give the one reader of Markdown that all answers share."""
    from markdown_it import MarkdownIt

    made = MarkdownIt("gfm-like")
    # A word like README.md is a file here, not a place on the web.
    assert made.linkify is not None
    made.linkify.set({"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
    made.core.ruler.push("kept_breaks", _keep_breaks)
    return made


def _keep_breaks(state: StateCore) -> None:
    """Let a line end where whoever wrote it ended it: quotes and figures stand one below the other."""
    for token in state.tokens:
        for child in token.children or ():
            if child.type == "softbreak":
                child.type = "hardbreak"


class Answer(Markdown):
    """One stretch of an answer. `feed` takes what has come; what is drawn follows when there is time."""

    DEFAULT_CSS = """
    Answer {
        padding: 0 1 0 2;
        background: transparent;
        MarkdownBlock { margin: 0 0 1 0; }
        MarkdownBlock.-found { background: $accent 25%; }
        MarkdownHeader, MarkdownH1, MarkdownH2, MarkdownH3 {
            content-align: left middle; text-style: bold; color: $foreground; margin: 0 0 1 0; padding: 0;
        }
        MarkdownBulletList, MarkdownOrderedList { margin: 0 0 1 0; padding: 0; }
        MarkdownBulletList MarkdownBlock, MarkdownOrderedList MarkdownBlock { margin: 0; }
        MarkdownFence { margin: 0 0 1 0; background: $panel; }
        MarkdownFence > Label { padding: 0 1; }
        MarkdownBlockQuote { margin: 0 0 1 0; border-left: outer $line; background: transparent; }
    }
    """

    def __init__(self) -> None:
        super().__init__(parser_factory=parser, open_links=False)
        self._cleaner = Cleaner()
        self._waiting: list[str] = []
        self._drawing: AwaitComplete | None = None
        self._links_below = False

    def feed(self, text: str) -> None:
        """Take in what has come."""
        if cleaned := self._cleaner.feed(text):
            self._waiting.append(cleaned)

    def draw(self) -> bool:
        """Draw what waits, unless the last of it is still being drawn; say whether nothing waits any more."""
        if not self._waiting:
            return True
        if not self.is_mounted or (self._drawing and not self._drawing.is_done):
            return False
        text, self._waiting = "".join(self._waiting), []
        # A reference that is defined below changes what stands above: only then is all of it read again.
        self._links_below = self._links_below or "]: " in text
        self._drawing = self.append(text)
        return True

    def finish(self) -> None:
        """Take in what was held back, and what only the end can tell."""
        if rest := self._cleaner.end():
            self._waiting.append(rest)
        if self._links_below and self.is_mounted:
            text = self.source + "".join(self._waiting)
            self._waiting, self._links_below = [], False
            self._drawing = self.update(text)
