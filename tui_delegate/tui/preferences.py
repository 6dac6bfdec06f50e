"""What a person picked for the screen: each thing is declared once, with the words that settings show for it.

Picks come and go as texts through two callables. Nothing is drawn here, and nothing is applied.
"""

from __future__ import annotations

import json
import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import ConfigError, InputError
from tui_delegate.core.limits import Limits
from tui_delegate.core.records import dataclass, field, replace
from tui_delegate.profiles.flags import with_limits
from tui_delegate.profiles.read import MOST_BYTES, parse
from tui_delegate.profiles.table import Source
from tui_delegate.profiles.write import save
from tui_delegate.tui.themes import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

PREFIX: Final = "screen."
KEYS: Final = "keys"
_WORDS: Final = {True: "on", False: "off"}
_LONGEST: Final = 4000


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to pick, as settings show it."""

    title: str
    help: str
    section: str = ""
    """Empty: settings don't show it, because it is picked where it is seen."""
    choices: tuple[str, ...] = ()
    least: int = 0
    most: int = 0
    pattern: str = ""
    """What a free text has to look like."""


def _pick(default: Any, item: Item) -> Any:
    return field(default=default, metadata={"item": item})


@dataclass(frozen=True, slots=True)
class Preferences:
    """All picks; made new for every change."""

    approval: str = _pick(
        "off",
        Item(
            "ask before",
            "What waits for your word: nothing; code runs and file writes; or every delegation too.",
            "Approval",
            ("off", "tools", "all"),
        ),
    )
    notify: str = _pick(
        "bell",
        Item(
            "notify by",
            "How you hear of a long run's end, or of a question, while you look elsewhere.",
            "Notifications",
            ("off", "bell", "desktop", "both"),
        ),
    )
    notify_after: int = _pick(
        20,
        Item(
            "a run is long after",
            "Seconds that a run has to take before its end is worth a notice.",
            "Notifications",
            least=0,
            most=86_400,
        ),
    )
    theme: str = _pick(
        DEFAULT,
        Item(
            "theme",
            "The colours of the screen. Enter shows all of them.",
            "Appearance",
            pattern=r"[a-z][a-z0-9-]{0,31}",
        ),
    )
    ascii: bool = _pick(
        False,
        Item(
            "plain signs",
            "Signs of states in plain letters, for a terminal that lacks the others.",
            "Appearance",
        ),
    )
    motion: bool = _pick(
        True, Item("motion", "Whether anything on the screen glides or turns.", "Appearance")
    )
    mouse: bool = _pick(
        True,
        Item(
            "mouse",
            "Off leaves the mouse to the terminal, which then selects text its own way.",
            "Appearance",
        ),
    )
    copy_on_select: bool = _pick(
        False, Item("copy on select", "Text that you select with the mouse is copied at once.", "Appearance")
    )
    workers: str = _pick(
        "auto",
        Item(
            "workers as",
            "How workers are shown; auto goes by the size of the terminal.",
            "Appearance",
            ("auto", "panes", "list", "tree"),
        ),
    )
    side: bool = _pick(
        True, Item("workers' side", "Whether the workers stand beside the chat.", "Appearance")
    )
    split: int = _pick(
        50,
        Item(
            "width of the chat",
            "Its share of the screen beside the workers, in percent.",
            "Appearance",
            least=20,
            most=80,
        ),
    )
    strip: bool = _pick(True, Item("ledger strip", "Whether the strip of model calls is open.", "Appearance"))
    strip_rows: int = _pick(
        6,
        Item(
            "rows of the strip", "How many rows the ledger strip has at most.", "Appearance", least=2, most=30
        ),
    )
    columns: tuple[str, ...] = _pick(
        (), Item("ledger columns", "Which columns the ledger shows, in which order.")
    )
    """Empty: the usual ones."""


ITEMS: Final[Mapping[str, Item]] = {one.name: one.metadata["item"] for one in fields(Preferences)}
"""By the name of the field, in the order of settings."""


def load(get: Callable[[str], str | None]) -> Preferences:
    """Read all picks; one that is damaged is as if it had never been made."""
    found = Preferences()
    for name in ITEMS:
        told = get(PREFIX + name)
        if told is None:
            continue
        try:
            found = with_text(found, name, told)
        except InputError:
            continue
    return found


def store(before: Preferences, after: Preferences, put: Callable[[str, str], None]) -> None:
    """Keep what changed, and only that: another window may have picked other things meanwhile."""
    for name in ITEMS:
        if getattr(before, name) != getattr(after, name):
            put(PREFIX + name, text_of(after, name))


def text_of(preferences: Preferences, name: str) -> str:
    """Write one pick as settings show it and as it is stored."""
    value = getattr(preferences, name)
    if isinstance(value, bool):
        return _WORDS[value]
    return ",".join(value) if isinstance(value, tuple) else str(value)


def with_text(preferences: Preferences, name: str, told: str) -> Preferences:
    """Change one pick. Raises an InputError that says what it may be."""
    usual: object = getattr(Preferences(), name)
    changed: dict[str, Any] = {name: _value(ITEMS[name], usual, told.strip())}
    return replace(preferences, **changed)


def choices_of(name: str) -> tuple[str, ...]:
    """Name all that a pick may be; none where it is typed."""
    return ("on", "off") if isinstance(getattr(Preferences(), name), bool) else ITEMS[name].choices


def _value(item: Item, usual: object, told: str) -> object:
    if isinstance(usual, bool):
        return _chosen(item, ("on", "off"), told) == "on"
    if isinstance(usual, int):
        return _whole(item, told)
    if isinstance(usual, tuple):
        return _names(item, told)
    if item.choices:
        return _chosen(item, item.choices, told)
    if not re.fullmatch(item.pattern, told):
        raise InputError(f"{item.title}: {clean_line(told, 40)!r} can't be its name.")
    return told


def _chosen(item: Item, choices: tuple[str, ...], told: str) -> str:
    if told not in choices:
        raise InputError(f"{item.title}: must be one of {', '.join(choices)}.")
    return told


def _whole(item: Item, told: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", told) or not item.least <= int(told) <= item.most:
        raise InputError(f"{item.title}: must be a whole number from {item.least} to {item.most}.")
    return int(told)


def _names(item: Item, told: str) -> tuple[str, ...]:
    names = tuple(told.split(",")) if told else ()
    if len(names) > 40 or len(set(names)) < len(names):
        raise InputError(f"{item.title}: must be names, each of them once.")
    if not all(re.fullmatch(r"[a-z][a-z_]{0,30}", name) for name in names):
        raise InputError(f"{item.title}: must be names with commas between them.")
    return names


def load_keys(get: Callable[[str], str | None]) -> dict[str, str]:
    """Read which keys a person gave to which commands; what is damaged is left out."""
    told = get(KEYS) or ""
    if len(told) > 100 * _LONGEST:
        return {}
    try:
        found = json.loads(told)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {
        name: keys
        for name, keys in found.items()
        if isinstance(keys, str) and re.fullmatch(r"[\x21-\x7e]{1,80}", keys) and name.isprintable()
    }


def store_keys(keys: Mapping[str, str], put: Callable[[str, str], None]) -> None:
    """Keep them."""
    put(KEYS, json.dumps(dict(keys), sort_keys=True))


def limit_text(limits: Limits, name: str) -> str:
    """Write one limit as it is typed: `none` where there is no bound."""
    value = getattr(limits, name)
    if value is None:
        return "none"
    if isinstance(value, bool):
        return _WORDS[value]
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def with_limit(limits: Limits, name: str, told: str) -> Limits:
    """Change one limit. Raises an InputError that says what it may be."""
    if not told.strip():
        raise InputError(f"{name}: is empty; `none` takes a bound away.")
    try:
        return with_limits(limits, [f"{name}={told}"])
    except InputError as error:
        raise InputError(error.message.removeprefix("--limit: ")) from None


def save_limits(path: Path, limits: Limits, *, read_from: Path | None = None) -> None:
    """Make these limits the usual ones: the file's other tables stay, its comments do not.

    `read_from` is the file that the settings came from: another program's is not shadowed by a new one.
    """
    if read_from is not None and read_from != path and not path.exists():
        raise InputError(
            f"Your profiles are read from {clean_line(str(read_from), 200)}, another program's file.",
            "Make one of your own first: tui-delegate profiles init.",
        )
    data = _raw(path)
    under = data.get("limits")
    before: Mapping[str, object] = under if isinstance(under, dict) else {}
    usual = Limits()
    table = {
        name: value
        for name in (one.name for one in fields(Limits))
        if (value := getattr(limits, name)) is not None and (value != getattr(usual, name) or name in before)
    }
    save(path, {**data, "limits": table} if table else {k: v for k, v in data.items() if k != "limits"})


def _raw(path: Path) -> dict[str, object]:
    source = Source(clean_line(str(path), 300))
    try:
        with path.open("rb") as file:
            return parse(file.read(MOST_BYTES + 1), source)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{source.file}: can't be read: {error.strerror}") from None
