"""Where git keeps the ignore rules that stand in no `.gitignore`: a repository's own list, and the person's.

Only files are read; no git is started. Of git's settings, `core.excludesFile` alone is looked for.
"""

from __future__ import annotations

import os
import re
from typing import Final

from tui_delegate.corpus.ignore import Ignores, Rule, read_rules

_MOST: Final = 1_000_000
_SECTION: Final = re.compile(r"\[\s*([\w.-]+)\s*(\"[^\"]*\")?\s*\]")


def ignores_above(folder: str, cwd: str) -> Ignores:
    """Gather the rules that hold for a folder from above: from its repository's top, else from `cwd`."""
    line = list(_upward(folder))
    top = next((place for place in line if os.path.lexists(f"{place.rstrip('/')}/.git")), None)
    git = _common_folder(top) if top else None
    if top is None:
        top = cwd if cwd in line else folder
    found = Ignores().under(top, _of_person(git))
    if git:
        found = found.under(top, read_rules(f"{git}/info/exclude"))
    for place in reversed(line[1 : line.index(top) + 1]):
        found = found.within(place)
    return found


def _upward(folder: str) -> list[str]:
    places = [folder]
    while (above := os.path.dirname(places[-1])) != places[-1]:
        places.append(above)
    return places


def _common_folder(top: str) -> str | None:
    """Say where a repository keeps what all its worktrees share."""
    git = f"{top.rstrip('/')}/.git"
    if os.path.isdir(git):
        return git
    own = _text(git).removeprefix("gitdir:").strip()
    if not own:
        return None
    own = os.path.join(top, own)
    shared = _text(f"{own}/commondir").strip()
    return os.path.join(own, shared) if shared else own


def _of_person(git: str | None) -> tuple[Rule, ...]:
    """Read the ignore file that holds for all that a person does, where git's settings name one."""
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    settings = [f"{config}/git/config", os.path.expanduser("~/.gitconfig")]
    if "GIT_CONFIG_GLOBAL" in os.environ:
        settings = [os.environ["GIT_CONFIG_GLOBAL"]]
    named = f"{config}/git/ignore"
    for file in (*settings, f"{git}/config" if git else ""):
        if file and (told := _excludes_file(_text(file))) is not None:
            named = os.path.expanduser(told)
    return read_rules(named) if named else ()


def _excludes_file(settings: str) -> str | None:
    """Find `core.excludesFile` in a settings file; the last one counts."""
    section, found = "", None
    for line in settings.splitlines():
        line = line.strip()
        if opened := _SECTION.match(line):
            section = opened[1].casefold() + (opened[2] or "")
            line = line[opened.end() :].strip()
        name, given, value = line.partition("=")
        if section == "core" and given and name.strip().casefold() == "excludesfile":
            found = _value(value)
    return found


def _value(text: str) -> str:
    quoted = re.fullmatch(r'\s*"((?:[^"\\]|\\.)*)".*', text)
    if quoted:
        return re.sub(r"\\(.)", r"\1", quoted[1])
    return re.split(r"[#;]", text)[0].strip()


def _text(file: str) -> str:
    try:
        with open(file, "rb") as opened:
            return opened.read(_MOST).decode(errors="replace")
    except (OSError, ValueError):
        return ""
