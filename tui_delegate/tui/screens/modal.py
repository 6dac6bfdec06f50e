"""What every screen that stands over another one shares: the palette and help work there too."""

from __future__ import annotations

from typing import TypeVar

from textual.screen import ModalScreen

from tui_delegate.tui.commands import EVERYWHERE, bindings

T = TypeVar("T")


class Modal(ModalScreen[T]):
    """A screen over another one. Textual keeps the app's own keys from it."""

    BINDINGS = bindings(EVERYWHERE, "app", owner="app")
