"""What the parser knows, as plain values: verbs, actions and flags. For whoever writes it down elsewhere.

Nothing is parsed here and no form of writing is known.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Literal, NamedTuple

from tui_delegate.core.clean import clean
from tui_delegate.journal.export import FORMS
from tui_delegate.journal.ledger import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["none", "words", "profile", "file", "folder", "text"]
"""What may follow a flag: nothing, one of some words, a profile's name, a path, or anything."""
_FILES = frozenset({"FILE", "PATH", "GLOB"})
_PROFILES = frozenset({"profile", "worker_profile", "fallback"})
_LIKELY = {"DIM": tuple(COLUMNS), "FORMAT": FORMS, "WHEN": ("today", "30m", "2h", "7d", "2w")}
"""Words that may follow, where the parser has no list of them: the verb says itself what is wrong."""


class Flag(NamedTuple):
    """One flag, or one thing that stands without one."""

    names: tuple[str, ...]
    """Its spellings; none for what stands without one."""
    metavar: str
    help: str
    kind: Kind
    words: tuple[str, ...] = ()
    many: bool = False


class Outline(NamedTuple):
    """A parser and those below it."""

    name: str
    help: str
    usage: str
    epilog: str
    flags: tuple[Flag, ...]
    places: tuple[Flag, ...]
    below: tuple[Outline, ...]


def outline(parser: argparse.ArgumentParser, name: str = "", help: str = "") -> Outline:
    """Read a parser, with all parsers below it. Flags that are hidden stay so."""
    flags: list[Flag] = []
    places: list[Flag] = []
    below: list[Outline] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            below += list(_below(action))
        elif action.help != argparse.SUPPRESS:
            (flags if action.option_strings else places).append(_flag(action))
    # From 3.14 on argparse colours its usage on a terminal.
    usage = " ".join(clean(parser.format_usage()).split()).removeprefix("usage: ")
    return Outline(name, help, usage, parser.epilog or "", tuple(flags), tuple(places), tuple(below))


def _below(action: argparse._SubParsersAction[argparse.ArgumentParser]) -> Iterator[Outline]:
    told = {choice.dest: choice.help or "" for choice in action._choices_actions}
    for name, parser in action.choices.items():
        yield outline(parser, name, told.get(name, ""))


def _flag(action: argparse.Action) -> Flag:
    metavar = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    words = tuple(map(str, action.choices or _LIKELY.get(metavar, ())))
    return Flag(
        tuple(action.option_strings),
        "" if action.nargs == 0 else metavar,
        (action.help or "").replace("%%", "%"),
        _kind(action, metavar, words),
        words,
        action.nargs in ("+", "*"),
    )


def _kind(action: argparse.Action, metavar: str, words: tuple[str, ...]) -> Kind:
    if action.nargs == 0:
        return "none"
    if words:
        return "words"
    if action.dest in _PROFILES or (action.dest == "name" and not action.option_strings):
        return "profile"
    if metavar in _FILES:
        return "file"
    return "folder" if metavar == "DIR" else "text"
