"""The main screen: the chat, the workers, the ledger's strip, the prompt. One file for each kind of command."""

from tui_delegate.tui.screens.main.screen import MainScreen

__all__ = ["MainScreen"]
