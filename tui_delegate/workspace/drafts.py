"""A profile as it is being written: its keys as texts, and back to what stands in the file. Pure.

The rules of a profile are the reader's; here they are only asked. No secret of the file is ever in a draft.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tui_delegate import profiles
from tui_delegate.core.errors import ResolveError
from tui_delegate.core.records import dataclass, field
from tui_delegate.profiles.builtin import PROFILES
from tui_delegate.profiles.read import settings_of
from tui_delegate.profiles.table import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_delegate.profiles import Settings

KEPT: Final = "(kept)"
"""Stands in a draft for the value of a header that the file holds."""
_LISTS: Final = ("base_urls", "fallback")
_NUMBERS: Final = ("timeout", "temperature", "max_parallel", "num_ctx")
_SHOWN: Final = tuple(key for key in profiles.KEYS["profiles"] if key != "api_key")
_WORDS: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Draft:
    """What a form holds. A key that is empty or missing is not written."""

    texts: Mapping[str, str] = field(default_factory=dict)
    """By key; `api_key` is never among them."""
    new_key: str = field(default="", repr=False)
    """A key that was typed in just now."""
    drop_key: bool = False
    """Whether the key that the file holds goes."""


def draft_of(table: Mapping[str, object]) -> Draft:
    """Write a table of the file as texts, without its secrets."""
    return Draft({key: _text(key, table[key]) for key in _SHOWN if key in table})


def table_of(draft: Draft, before: Mapping[str, object]) -> dict[str, object]:
    """Make the table of a draft. `before` is what it was made from: secrets come from there.

    What can't be read as its key wants stays a text, for the reader to refuse.
    """
    table: dict[str, object] = {}
    for key in profiles.KEYS["profiles"]:
        if key == "api_key":
            kept = "" if draft.drop_key else before.get("api_key", "")
            if secret := draft.new_key.strip() or kept:
                table[key] = secret
        elif text := draft.texts.get(key, "").strip():
            table[key] = _value(key, text, before.get(key))
    return table


def problems(name: str, table: Mapping[str, object], environ: Mapping[str, str]) -> dict[str, str]:
    """Say by key what the reader would refuse, in its words; `name` stands for the profile's name."""
    found = {}
    if said := _refused(name, {}, environ):
        return {"name": said}
    for key, value in table.items():
        if said := _refused(name, {key: value}, environ):
            found[key] = said
    return found or _lacks(name, table, environ)


def settings_with(
    settings: Settings, name: str, table: Mapping[str, object], environ: Mapping[str, str]
) -> Settings:
    """Make settings that hold this one profile; raises a ConfigError. For trying it before it is written."""
    return settings_of({"profiles": {name: table}}, Source(""), environ, settings.source)


def usual_of(name: str, backend: str) -> dict[str, str]:
    """Say what holds where a key is left out: what is built in under this name, and usual addresses."""
    table = dict(PROFILES.get(name, {}))
    if backend and table.get("backend", backend) != backend:
        table = {}
    if usual := profiles.USUAL_URL.get(backend or str(table.get("backend", ""))):
        table.setdefault("base_url", usual)
    return {key: _text(key, value) for key, value in table.items()}


def usual_table(name: str) -> dict[str, object]:
    """Give the table that is built in under a name; empty: there is none."""
    return dict(PROFILES.get(name, {}))


def free_name(wanted: str, settings: Settings) -> str:
    """Make a name that no profile has: `mine-2`."""
    number = 2
    while f"{wanted}-{number}" in settings.profiles:
        number += 1
    return f"{wanted}-{number}"


def _refused(name: str, table: Mapping[str, object], environ: Mapping[str, str]) -> str:
    broken = settings_of({"profiles": {name: table}}, Source("", lenient=True), environ).broken
    if name not in broken:
        return ""
    message, hint = broken[name]
    rest = message.removeprefix(": ")
    place = "the name: " if not table else "] "  # a key's own words follow its name
    said = rest.partition(place)[2]
    said = said.partition(": ")[2] if table else said
    return f"{said or rest} {hint}".strip()


def _lacks(name: str, table: Mapping[str, object], environ: Mapping[str, str]) -> dict[str, str]:
    """Say what is missing for a call. A model may still be picked later: that is no fault of a profile."""
    try:
        profiles.select(settings_of({"profiles": {name: table}}, Source(""), environ), name, "-")
    except ResolveError as error:
        key = next((one for one in ("backend", "base_url") if f" {one}: " in error.message), "backend")
        return {key: f"{error.message.rpartition(f' {key}: ')[2]} {error.hint}".strip()}
    return {}


def _text(key: str, value: object) -> str:
    if key == "extra_headers" and isinstance(value, dict):
        return "\n".join(f"{name}: {KEPT}" for name in value)
    if key == "price" and isinstance(value, dict):
        return ", ".join(f"{name} {amount}" for name, amount in value.items())
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value)


def _value(key: str, text: str, before: object) -> object:
    if key in _LISTS:
        return [item.strip() for item in re.split(r"[,\n]", text) if item.strip()]
    if key in _NUMBERS:
        return _number(text)
    if key == "keep_alive":
        return _number(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else text
    if key == "think":
        return _WORDS.get(text, text)
    if key == "price":
        return _pairs(text)
    if key == "extra_headers":
        return _headers(text, before)
    return text


def _number(text: str) -> object:
    try:
        return int(text) if re.fullmatch(r"-?\d{1,18}", text) else float(text)
    except ValueError:
        return text


def _pairs(text: str) -> object:
    """Read `input 0.15, output 0.6`."""
    words = [part.split() for part in text.replace("=", " ").split(",") if part.strip()]
    if any(len(pair) != 2 for pair in words):
        return text
    return {name: _number(amount) for name, amount in words}


def _headers(text: str, before: object) -> object:
    known = before if isinstance(before, dict) else {}
    found: dict[str, object] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not colon:
            return text
        found[name] = known.get(name, "") if value == KEPT else value
    return found
