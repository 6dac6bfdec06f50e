"""What can be done on the main screen as a whole. The parts of it list their own."""

from __future__ import annotations

from typing import Final

from tui_delegate.tui.commands import Command
from tui_delegate.tui.widgets import chat, keys, prompt

WHOLE: Final = (
    Command(
        "main.stop",
        "Stop",
        "Stop the run and all its workers; what they wrote stays.",
        "escape",
        label="stop",
    ),
    Command("main.new", "New session", "Begin a new conversation; this one stays in the list.", slash="new"),
    Command(
        "main.ledger",
        "Ledger",
        "Open the full ledger of every model call, scope today.",
        "f4",
        slash="ledger",
        first=True,
    ),
    Command("main.models", "Models", "Pick, load and pull models.", "ctrl+o", slash="models", first=True),
    Command("main.profiles", "Profiles", "Pick, try and edit profiles.", "f5", slash="profiles", first=True),
    Command(
        "main.sessions", "Sessions", "List conversations to go on with.", "f2", slash="sessions", first=True
    ),
    Command(
        "main.settings",
        "Settings",
        "Set limits, approval, notifications, appearance, keys.",
        "f3",
        slash="settings",
        first=True,
    ),
    Command("main.theme", "Theme", "Pick the colours.", slash="theme"),
    Command("main.welcome", "Look for servers", "Look which model servers answer here.", slash="servers"),
    Command("main.strip", "Ledger strip", "Fold or unfold the ledger's strip.", "ctrl+l", first=True),
    Command("main.workers", "Workers' side", "Hide or show the workers.", "f6", first=True),
    Command(
        "main.maximise",
        "Maximise",
        "Give the whole screen to what has the focus; again, give it back.",
        "z",
    ),
    Command(
        "main.maximise-any", "Maximise from the prompt", "Do the same from the prompt.", "f11", first=True
    ),
    Command(
        "main.wider", "Wider chat", "Move the line between chat and workers.", "alt+shift+right", first=True
    ),
    Command(
        "main.narrower",
        "Narrower chat",
        "Move the line between chat and workers.",
        "alt+shift+left",
        first=True,
    ),
    Command(
        "main.higher", "Higher strip", "Give the ledger's strip one line more.", "alt+shift+up", first=True
    ),
    Command(
        "main.lower", "Lower strip", "Take one line from the ledger's strip.", "alt+shift+down", first=True
    ),
    Command("main.find", "Search", "Search in what has the focus.", "ctrl+f", slash="find", first=True),
    Command("main.prompt", "To the prompt", "Give the prompt the focus.", "i", slash=""),
    Command(
        "main.summarise",
        "Summarise",
        "Have the manager sum up what was said, and go on from that.",
        slash="summarise",
    ),
    Command(
        "main.forget",
        "Forget the older half",
        "Stop telling the manager the older half of what was said.",
        slash="forget",
    ),
    Command("main.export", "Export", "Write the conversation as Markdown or JSON.", slash="export"),
    Command("main.rename", "Rename", "Give the session another title.", slash="rename"),
    Command(
        "main.resume", "Resume", "Go on with a run that was cut off, without paying twice.", slash="resume"
    ),
)

COMMANDS: Final = (*WHOLE, *chat.COMMANDS, *keys.COMMANDS, *prompt.COMMANDS)
