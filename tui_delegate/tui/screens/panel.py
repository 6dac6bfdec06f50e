"""The frame of a list or a form that nearly fills the screen, and the line in it that says how things went.

What is listed, and what is said, is for the screens that stand in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from textual.content import Content
from textual.widgets import Static

from tui_delegate.core.clean import clean_line
from tui_delegate.tui.screens.modal import Modal

if TYPE_CHECKING:
    from tui_delegate.core.errors import DelegateError

T = TypeVar("T")
_FLOATS = (100, 30)
"""On a smaller screen a panel takes the whole of it."""


class Panel(Modal[T]):
    """Whoever stands in it puts a `#head` and a `#notice` there."""

    DEFAULT_CSS = """
    Panel {
        align: center middle;
        & > Vertical {
            width: 92%; max-width: 170; height: 86%; background: $surface; padding: 1 1 0 1;
        }
        &.-narrow > Vertical { width: 100%; height: 100%; padding: 0; }
        & > Vertical > Static { height: auto; padding: 0 1; }
        & #head { margin-bottom: 1; }
        &.-narrow #head { margin-bottom: 0; }
        & #notice { max-height: 5; display: none; }
        & #notice.-on { display: block; }
    }
    """

    def on_resize(self) -> None:
        """Take the whole of a small screen."""
        width, height = _FLOATS
        self.set_class(self.size.width < width or self.size.height < height, "-narrow")

    def _fail(self, error: DelegateError) -> None:
        self._say(f"{error.message} {error.hint}".strip(), bad=True)

    def _say(self, words: str = "", *, bad: bool = False) -> None:
        self._tell(Content.assemble((clean_line(words, 500), "$bad" if bad else "$warn")))

    def _tell(self, words: Content) -> None:
        notice = self.query_one("#notice", Static)
        notice.set_class(bool(words.plain), "-on")
        notice.update(words)
