"""How things stand here: which profile is used, where files are, what is installed. No server is asked.

The keys are what programs read of `status --json`: they may grow, never change.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tui_delegate.profiles import Settings


def standing(settings: Settings, environ: Mapping[str, str], home: Path) -> dict[str, object]:
    """Say how things stand."""
    return {
        **_profile(settings),
        **_files(settings, environ),
        **_surroundings(environ),
        "install": _installed(home, environ),
    }


def _profile(settings: Settings) -> dict[str, object]:
    from tui_delegate import __version__, profiles

    name = profiles.default_name(settings)
    chosen = settings.profiles.get(name)
    return {
        "version": __version__,
        "default_profile": name,
        "profiles": list(settings.profiles),
        "default_backend": chosen.backend if chosen else None,
        "default_model": chosen.default_model if chosen else None,
        "default_host": chosen.base_url if chosen else None,
        "manager": settings.roles.manager or None,
        "worker": settings.roles.worker or None,
    }


def _files(settings: Settings, environ: Mapping[str, str]) -> dict[str, object]:
    from tui_delegate.journal.jsonl import log_path
    from tui_delegate.profiles import config_path, journal_path

    journal = journal_path(environ)
    return {
        "config_file": str(settings.source or config_path(environ)),
        "config_read": settings.source is not None,
        "journal": str(journal),
        "journal_bytes": _size(journal),
        "log": log_path(environ),
    }


def _surroundings(environ: Mapping[str, str]) -> dict[str, object]:
    from importlib.machinery import PathFinder  # importlib.util would load more than the rest of this verb

    from tui_delegate.core.depth import depth_of

    return {"mcp": PathFinder.find_spec("mcp") is not None, "depth": depth_of(environ)}


def _installed(home: Path, environ: Mapping[str, str]) -> list[dict[str, str]]:
    from tui_delegate.rules.state import install_state

    states = install_state(home, environ)
    return [{"tool": tool, "state": state, "detail": detail} for tool, state, detail in states]


def _size(path: Path) -> int | None:
    """Count the bytes of the journal and of what SQLite keeps beside it; None: there is none."""
    sizes = []
    for name in (path, f"{path}-wal"):
        try:
            sizes.append(os.stat(name).st_size)
        except OSError:
            continue
    return sum(sizes) if sizes else None
