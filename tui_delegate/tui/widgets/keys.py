"""What a person can do to a worker from its pane, its row or anywhere: the commands, no more.

Their actions are the screen's: the widgets have the keys of `PANE`, the screen itself those of `ANYWHERE`.
"""

from __future__ import annotations

from typing import Final

from tui_delegate.tui.commands import Command

PANE: Final = (
    Command(
        "pane.open",
        "Open this worker",
        "Show all of it: request, reply, timings, files.",
        "enter",
        label="open",
    ),
    Command(
        "pane.cancel", "Cancel this worker", "Stop it; what it has written is kept.", "x", label="cancel"
    ),
    Command(
        "pane.cancel-tree",
        "Cancel what it delegated",
        "Stop everybody below this worker; it goes on itself.",
        "X,shift+x",
    ),
    Command(
        "pane.retry", "Try again", "Give the same task to the same worker once more.", "r", label="retry"
    ),
    Command(
        "pane.retry-elsewhere",
        "Try again elsewhere",
        "Give the same task to another profile or model.",
        "R,shift+r",
    ),
    Command("pane.steer", "Send a note", "Tell this worker something while it works.", "s", label="steer"),
    Command("pane.edit", "Edit the result", "Change what the manager gets as this worker's result.", "e"),
    Command("pane.pin", "Pin this pane", "Keep it when its run is over; again lets it go.", "p"),
    Command("pane.close", "Close this pane", "Take it off the screen; its worker goes on.", "delete"),
    Command("pane.copy", "Copy the answer", "Put what this worker wrote on the clipboard.", "y"),
)

ANYWHERE: Final = (
    Command(
        "workers.mode",
        "Panes, list or tree",
        "Show the workers in another way.",
        "ctrl+t",
        first=True,
        label="view",
    ),
    Command("pane.next", "Next worker", "Go to the worker after this one.", "alt+right", first=True),
    Command("pane.previous", "Previous worker", "Go to the worker before.", "alt+left", first=True),
    *(
        Command(
            f"pane.focus-{number}",
            f"Pane {number}",
            f"Go to the pane that shows {number}; again, to the next one.",
            f"alt+{number}",
            first=True,
        )
        for number in range(1, 10)
    ),
)

COMMANDS: Final = PANE + ANYWHERE
