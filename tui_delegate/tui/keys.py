"""Keys as people read them, who has which, and whether one can be given to another. Pure: it draws nothing.

A keymap holds what a person gave to commands by their ids; what is not in it has the command's own keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tui_delegate.tui.commands import Command

_SIGNS: Final = {
    "question_mark": "?",
    "slash": "/",
    "backslash": "\\",
    "comma": ",",
    "full_stop": ".",
    "minus": "-",
    "plus": "+",
    "equals_sign": "=",
    "colon": ":",
    "semicolon": ";",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "underscore": "_",
    "escape": "esc",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "delete": "del",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}
_LINE_EDITOR: Final = frozenset(
    ("ctrl+a", "ctrl+e", "ctrl+w", "ctrl+u", "ctrl+k", "ctrl+y", "backspace", "delete", "enter")
)
"""Keys that the prompt cannot do without."""
_EVERYWHERE: Final = frozenset(("escape", "tab", "shift+tab", "ctrl+c", "ctrl+q", "up", "down"))
"""Keys that every screen has its own use for."""
_WHOLE: Final = ("app", "main")
"""Parts whose keys work wherever the focus is."""


def shown(keys: str) -> str:
    """Write keys as help shows them: `ctrl+l,question_mark` is `^l ?`."""
    return " ".join(_one(key.strip()) for key in keys.split(",") if key.strip())


def _one(key: str) -> str:
    *before, last = key.split("+")
    if last.startswith("upper_"):
        last = last.removeprefix("upper_").upper()
    last = _SIGNS.get(last, last)
    if before == ["ctrl"]:
        return f"^{last}"
    return "+".join((*before, last))


def keys_of(command: Command, keymap: Mapping[str, str]) -> str:
    """Say which keys a command has now."""
    return keymap.get(command.id, command.keys)


def refusal(command: Command, key: str, commands: Iterable[Command], keymap: Mapping[str, str]) -> str:
    """Say why a command can't have a key; empty: it can."""
    own = key in command.keys.split(",")
    if key in _EVERYWHERE and not own:
        return f"{shown(key)} has its own use on every screen."
    if command.first and not own and (len(key) == 1 or ("+" not in key and not _is_function_key(key))):
        return f"{shown(key)} would be lost to the prompt: take one with ctrl or alt, or a function key."
    if (command.first or command.part == "prompt") and key in _LINE_EDITOR and not own:
        return f"{shown(key)} is needed to edit the prompt."
    for other in commands:
        if other.id != command.id and key in keys_of(other, keymap).split(",") and _meet(command, other):
            return f"{shown(key)} does this already: {other.title}."
    return ""


def _is_function_key(key: str) -> bool:
    return key.startswith("f") and key[1:].isdigit()


def _meet(one: Command, other: Command) -> bool:
    """Whether two commands can be wanted in one place: in one part, or everywhere."""
    whole = one.first or other.first or one.part in _WHOLE or other.part in _WHOLE
    return whole or one.part == other.part
