"""The frame that every small question stands in. What is asked, and what follows, is not known here."""

from __future__ import annotations

from typing import TypeVar

from tui_delegate.tui.screens.modal import Modal

T = TypeVar("T")


class Box(Modal[T]):
    """A panel in the middle, as high as what is in it, with the keys at its foot."""

    DEFAULT_CSS = """
    Box {
        align: center middle;
        & > Vertical {
            width: 76; max-width: 94%; height: auto; max-height: 94%;
            background: $panel; padding: 1 2; border-left: outer $accent;
        }
        & Static { width: 1fr; height: auto; }
        & .title { text-style: bold; }
        & .hint { color: $dim; margin-top: 1; }
        & Input, & Input:focus {
            height: 1; margin-top: 1; padding: 0 1; border: none; background: $surface;
            background-tint: $foreground 0%;
        }
        & TextArea, & TextArea:focus {
            margin-top: 1; padding: 0 1; border: none; background: $surface; background-tint: $foreground 0%;
        }
        & OptionList, & OptionList:focus {
            height: auto; margin-top: 1; padding: 0; border: none; background: $panel;
            background-tint: $foreground 0%; scrollbar-size-vertical: 1;
        }
        & Foot { margin-top: 1; padding: 0; }
    }
    """
