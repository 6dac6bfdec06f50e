"""Puts tool calls together out of the pieces that servers send, whole or split, numbered well or badly.

A call that can't be used is kept as it came, so that the model reads why it was refused; nothing here
makes arguments up, and nothing here checks them.
"""

from __future__ import annotations

import json

from tui_delegate.core.messages import ToolCall
from tui_delegate.core.records import dataclass, field

_MOST = 4096


@dataclass(slots=True)
class _Slot:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)

    def text(self) -> str:
        if len(self.arguments) > 1:
            self.arguments = ["".join(self.arguments)]
        return self.arguments[0] if self.arguments else ""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one wire entry added: for the eye."""

    slot: int
    name: str
    text: str


class CallSlots:
    """Keyed on index and id: servers number parallel calls 0, 0, 0, or not at all, or name them later."""

    def __init__(self) -> None:
        self._slots: list[_Slot] = []
        self._by_index: dict[int, int] = {}
        self._by_id: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._slots)

    def add(
        self, index: object, call_id: object, name: object, arguments: object, *, whole: bool = False
    ) -> Piece | None:
        """Take one entry. `whole` says that it is a call of its own, not a piece of one."""
        number = index if type(index) is int and index >= 0 else None
        wanted = _id_text(call_id)
        named = name if isinstance(name, str) else ""
        text = _arguments_text(arguments)
        at = None if whole else self._find(number, wanted, named, text)
        if at is None:
            if len(self._slots) >= _MOST:
                return None
            at = len(self._slots)
            self._slots.append(_Slot())
        slot = self._slots[at]
        slot.id = slot.id or wanted
        slot.name = slot.name or named
        if text:
            slot.arguments.append(text)
        if number is not None:
            self._by_index[number] = at
        if wanted:
            self._by_id[wanted] = at
        return Piece(at, slot.name, text)

    def _find(self, number: int | None, wanted: str, named: str, text: str) -> int | None:
        if number is not None:
            at = self._by_index.get(number)
        elif wanted:
            at = self._by_id.get(wanted)
        else:
            at = len(self._slots) - 1 if self._slots and not named else None
        if at is None:
            return None
        slot = self._slots[at]
        if wanted and slot.id and wanted != slot.id:
            return None
        if named and slot.name and named != slot.name:
            return None
        return None if text.lstrip()[:1] == "{" and _is_object(slot.text()) else at

    def calls(self) -> tuple[ToolCall, ...]:
        """Give the calls, each with an id of its own; one that was sent twice is there once."""
        made: list[ToolCall] = []
        seen: set[tuple[str, str, str]] = set()
        taken = {slot.id for slot in self._slots if slot.id}
        used: set[str] = set()
        for number, slot in enumerate(self._slots, start=1):
            same = (slot.id, slot.name, slot.text())
            if slot.id and same in seen:
                continue
            seen.add(same)
            call_id = slot.id
            if not call_id or call_id in used:
                call_id = _fresh(number, taken | used)
            used.add(call_id)
            made.append(ToolCall(call_id, slot.name, slot.text()))
        return tuple(made)


def openai_entry(entry: object) -> tuple[object, object, object, object] | None:
    """Take an OpenAI or Ollama wire entry apart: index, id, name, arguments. None: there is nothing."""
    if entry is None:
        return None
    if not isinstance(entry, dict):
        return None, None, "", entry
    function = entry.get("function")
    if not isinstance(function, dict):
        function = custom if isinstance(custom := entry.get("custom"), dict) else entry
    index = entry.get("index", function.get("index"))
    arguments = function.get("arguments", function.get("input"))
    return index, entry.get("id"), function.get("name"), arguments


def _arguments_text(arguments: object) -> str:
    if isinstance(arguments, str):
        return arguments
    return "" if arguments is None else json.dumps(arguments, ensure_ascii=False)


def _id_text(call_id: object) -> str:
    if isinstance(call_id, str):
        return call_id
    return str(call_id) if type(call_id) is int else ""


def _is_object(text: str) -> bool:
    text = text.strip()
    if not (text.startswith("{") and text.endswith("}")):
        return False
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _fresh(number: int, taken: set[str]) -> str:
    while f"call_{number}" in taken:
        number += 1
    return f"call_{number}"
