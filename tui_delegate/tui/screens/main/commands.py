"""What can be done on the main screen as a whole. The parts of it list their own."""

from __future__ import annotations

from typing import Final

from tui_delegate.tui.commands import Command
from tui_delegate.tui.widgets import chat, keys, prompt

WHOLE: Final = (
    Command(
        "main.stop",
        "Stop",
        "Stops the run and all its workers; what they wrote stays.",
        "escape",
        label="stop",
    ),
    Command("main.new", "New session", "Begins a new conversation; this one stays in the list.", slash="new"),
    Command(
        "main.ledger",
        "Ledger",
        "Opens the full ledger of every model call, scope today.",
        "f4",
        slash="ledger",
        first=True,
    ),
    Command("main.models", "Models", "Picks, loads and pulls models.", "ctrl+o", slash="models", first=True),
    Command(
        "main.profiles", "Profiles", "Picks, tries and edits profiles.", "f5", slash="profiles", first=True
    ),
    Command(
        "main.sessions", "Sessions", "Lists conversations to go on with.", "f2", slash="sessions", first=True
    ),
    Command(
        "main.settings",
        "Settings",
        "Limits, approval, notifications, appearance, keys.",
        "f3",
        slash="settings",
        first=True,
    ),
    Command("main.theme", "Theme", "Picks the colours.", slash="theme"),
    Command("main.welcome", "Look for servers", "Looks which model servers answer here.", slash="servers"),
    Command("main.strip", "Ledger strip", "Folds or unfolds the ledger's strip.", "ctrl+l", first=True),
    Command("main.workers", "Workers' side", "Hides or shows the workers.", "f6", first=True),
    Command(
        "main.maximise",
        "Maximise",
        "Gives the whole screen to what has the focus; again, gives it back.",
        "z",
    ),
    Command("main.maximise-any", "Maximise from the prompt", "The same, from the prompt.", "f11", first=True),
    Command(
        "main.wider", "Wider chat", "Moves the line between chat and workers.", "alt+shift+right", first=True
    ),
    Command(
        "main.narrower",
        "Narrower chat",
        "Moves the line between chat and workers.",
        "alt+shift+left",
        first=True,
    ),
    Command(
        "main.higher", "Higher strip", "Gives the ledger's strip one line more.", "alt+shift+up", first=True
    ),
    Command(
        "main.lower", "Lower strip", "Takes one line from the ledger's strip.", "alt+shift+down", first=True
    ),
    Command("main.find", "Search", "Searches in what has the focus.", "ctrl+f", slash="find", first=True),
    Command("main.prompt", "To the prompt", "Gives the prompt the focus.", "i", slash=""),
    Command(
        "main.summarise",
        "Summarise",
        "Has the manager sum up what was said, and goes on from that.",
        slash="summarise",
    ),
    Command(
        "main.forget",
        "Forget the older half",
        "Stops telling the manager the older half of what was said.",
        slash="forget",
    ),
    Command("main.export", "Export", "Writes the conversation as Markdown or JSON.", slash="export"),
    Command("main.rename", "Rename", "Gives the session another title.", slash="rename"),
    Command(
        "main.resume", "Resume", "Goes on with a run that was killed, without paying twice.", slash="resume"
    ),
)

COMMANDS: Final = (*WHOLE, *chat.COMMANDS, *keys.COMMANDS, *prompt.COMMANDS)
