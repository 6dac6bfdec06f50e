"""What `doctor` found, as values, and how it is written: for people, and as JSON. Nothing is tried here."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from tui_delegate.cli import output
from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import DelegateError
from tui_delegate.workspace.sandbox import best

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tui_delegate.journal.health import Health
    from tui_delegate.profiles import Settings
    from tui_delegate.workspace.checkup import Checkup
    from tui_delegate.workspace.sandbox import Sandbox


class Wrong(NamedTuple):
    """One thing that is wrong, and what to do."""

    where: str
    problem: str
    hint: str
    code: str = "error"


class Found(NamedTuple):
    """All that was found."""

    settings: Settings
    checkups: Sequence[Checkup]
    config: str
    """Why the profiles file can't be read; empty: it can, or there is none."""
    journal: Path
    health: Health
    log: str | None
    sandboxes: list[Sandbox]
    extras: Mapping[str, bool]
    depth: int
    used: frozenset[str]
    """The profiles that have to work."""
    wrong: Sequence[Wrong] = ()


def text(found: Found) -> str:
    """Write what was found for people: agent-delegate's line of each profile first."""
    lines = [line for one in found.checkups for line in _profile_lines(one, found.used)]
    lines += ["", *(f"{label + ':':<15} {clean_line(words, 1000)}" for label, words in _rows(found))]
    lines += [""]
    for one in found.wrong:
        lines.append(
            output.paint(f"! {clean_line(one.where)}: {clean_line(one.problem, 1000)}", "bad", sys.stdout)
        )
        lines += [f"  {clean_line(one.hint, 1000)}"] if one.hint else []
    if not found.wrong:
        lines.append(output.paint("What is in use works.", "good", sys.stdout))
    return "\n".join(lines)


def _profile_lines(one: Checkup, used: frozenset[str]) -> Iterator[str]:
    """Write agent-delegate's line of a profile, and below it what it does not ask."""
    if one.reach == "unusable":
        yield output.paint(
            f"{clean_line(one.profile):15s} ERROR {clean_line(one.words, 1000)}", "bad", sys.stdout
        )
        return
    style = "faint" if one.problem and one.profile not in used else "bad" if one.problem else "good"
    reach = f"{one.reach} ({clean_line(one.words)})" if one.words else one.reach
    yield (
        f"{clean_line(one.profile):15s} backend={clean_line(one.backend):14s} key={one.key:7s}"
        f" {output.paint(reach, style, sys.stdout)}  -> {clean_line(one.url) or 'this process'}"
    )
    if words := "; ".join(_details(one)):
        yield f"{'':15s} {clean_line(words, 400)}"


def _details(one: Checkup) -> Iterator[str]:
    if one.server:
        yield one.server
    if one.trust:
        yield f"key {one.trust}" + (": its lists are open to anybody" if one.trust == "not tried" else "")
    if one.has_model is not None:
        tools = {True: ", calls tools", False: ", can't call tools", None: ""}[one.tools]
        window = f", window {one.window:,} tokens" if one.window else ""
        yield f"{one.model} is {'there' if one.has_model else 'not there'}{tools}{window}"
    elif one.models is not None:
        yield f"{one.models} models" if one.models != 1 else "1 model"


def _rows(found: Found) -> Iterator[tuple[str, str]]:
    from tui_delegate.profiles import config_path

    source = found.settings.source
    if found.config:
        yield "profiles file", "can't be read"
    else:
        yield (
            "profiles file",
            _file_words(found, source) if source else f"{config_path(os.environ)} (not there)",
        )
    yield "journal", f"{found.journal} ({_health_words(found.health)})"
    yield "log", found.log or "off"
    tried = ", ".join(
        f"{one.name} {'works' if one.works else 'does not work'}{f' ({one.detail})' if one.detail else ''}"
        for one in found.sandboxes
    )
    yield (
        "sandbox",
        f"best available here: {best(found.sandboxes)}; no code is run yet"
        + (f" [{tried}]" if tried else ""),
    )
    yield "extras", ", ".join(f"{name} {'yes' if there else 'no'}" for name, there in found.extras.items())
    yield "depth", f"{found.depth} of {found.settings.limits.depth}"


def _file_words(found: Found, source: Path) -> str:
    mode = file_mode(source)
    warned = key_warnings(found.settings) or list(found.settings.warnings)
    return f"{source}{f' (mode {mode:04o})' if mode is not None else ''}" + "".join(
        f"; {one}" for one in warned
    )


def file_mode(path: Path) -> int | None:
    """Give a file's mode; None where modes mean nothing, or it can't be asked."""
    try:
        return path.stat().st_mode & 0o777 if os.name == "posix" else None
    except OSError:
        return None


def key_warnings(settings: Settings) -> list[str]:
    """Warn once of keys that others on this machine may read."""
    from tui_delegate.profiles import key_warning

    return sorted({one for profile in settings.profiles.values() if (one := key_warning(settings, profile))})


def _health_words(health: Health) -> str:
    if health.problem:
        return "see below"
    if health.size is None:
        return "not there yet, can be made"
    check = {"ok": "sound", "": "too big to be checked now"}[health.check]
    return f"{health.size:,} bytes, version {health.version}, {check}, writable"


def as_json(found: Found) -> dict[str, object]:
    """Make the JSON object of what was found."""
    health = found.health
    content = {
        "profiles": [_profile_json(found, one) for one in found.checkups],
        "config": {
            "file": str(found.settings.source) if found.settings.source else None,
            "ok": not found.config,
            "mode": f"{mode:04o}"
            if (s := found.settings.source) and (mode := file_mode(s)) is not None
            else None,
            "warnings": [*key_warnings(found.settings), *found.settings.warnings],
        },
        "journal": {
            "file": str(found.journal),
            "there": health.size is not None,
            "bytes": health.size,
            "version": health.version,
            "check": health.check or None,
            "writable": health.writable,
        },
        "log": found.log,
        "sandbox": {
            "best": best(found.sandboxes),
            "in_use": None,
            "tried": [
                {"name": one.name, "works": one.works, "detail": one.detail} for one in found.sandboxes
            ],
        },
        "extras": dict(found.extras),
        "depth": found.depth,
        "depth_limit": found.settings.limits.depth,
        "problems": [{"where": one.where, "message": one.problem, "hint": one.hint} for one in found.wrong],
    }
    answer: dict[str, object] = {"ok": not found.wrong, "command": "doctor", "content": content}
    if found.wrong:
        words = "; ".join(f"{one.where}: {one.problem}" for one in found.wrong)
        answer["error"] = DelegateError(words, found.wrong[0].hint).envelope()
    return answer


def _profile_json(found: Found, one: Checkup) -> dict[str, object]:
    return {
        "profile": one.profile,
        "backend": one.backend,
        "url": one.url,
        "in_use": one.profile in found.used,
        "key": one.key,
        "reach": one.reach,
        "detail": one.words,
        "server": one.server,
        "key_trusted": one.trust or None,
        "model": one.model or None,
        "has_model": one.has_model,
        "models": one.models,
        "tools": one.tools,
        "window": one.window,
        "problem": one.problem or None,
        "hint": one.hint or None,
    }
