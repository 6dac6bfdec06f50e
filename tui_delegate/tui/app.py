"""The app: one process's window on its runs. What stands on it is in `screens`; what is drawn, in
`widgets`."""

from __future__ import annotations

from tui_delegate.tui.stage import Stage


class DelegateApp(Stage):
    """The manager's chat, its workers, and the ledger."""

    TITLE = "delegate"
