"""The main screen: chat, workers, the ledger's strip, prompt. One file for each kind of command."""

from tui_delegate.tui.screens.main.screen import MainScreen

__all__ = ["MainScreen"]
