"""Where the profiles file and the journal are. Little is loaded here: short verbs ask this."""

from __future__ import annotations

import sys
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = "profiles.toml"
_ON_LINUX = sys.platform == "linux"


def config_path(environ: Mapping[str, str]) -> Path:
    """Say where our profiles file is, or would be."""
    if file := environ.get("TUI_DELEGATE_CONFIG"):
        return Path(file).expanduser()
    if folder := environ.get("TUI_DELEGATE_HOME"):
        return Path(folder).expanduser() / FILE
    if _ON_LINUX:
        return _linux(environ, "XDG_CONFIG_HOME", ".config") / FILE
    from platformdirs import user_config_path

    return user_config_path("tui-delegate", appauthor=False) / FILE


def agent_delegate_paths(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Give the files that the environment names for agent-delegate, the first one first."""
    file, folder = environ.get("AGENT_DELEGATE_CONFIG"), environ.get("AGENT_DELEGATE_HOME")
    told = (Path(file) if file else None, Path(folder) / FILE if folder else None)
    return tuple(path.expanduser() for path in told if path)


def is_told(environ: Mapping[str, str]) -> bool:
    """Say whether the environment names our own place: then no other name of it counts more."""
    return bool(environ.get("TUI_DELEGATE_CONFIG") or environ.get("TUI_DELEGATE_HOME"))


def new_config_path(environ: Mapping[str, str], home: Path) -> Path:
    """Say where a first profiles file belongs: where agent-delegate's callers say, if they do.

    Where agent-delegate's own is read there is one already: a file of ours would silently take its place.
    """
    ours = config_path(environ)
    if is_told(environ):
        return ours
    usual = home / ".agent-delegate" / FILE
    if theirs := agent_delegate_paths(environ):
        return theirs[0]
    return usual if usual.exists() and not ours.exists() else ours


def state_path(environ: Mapping[str, str]) -> Path:
    """Say which folder holds the journal."""
    if folder := environ.get("TUI_DELEGATE_HOME"):
        return Path(folder).expanduser()
    if environ.get("TUI_DELEGATE_CONFIG"):
        return config_path(environ).parent
    if _ON_LINUX:
        return _linux(environ, "XDG_STATE_HOME", ".local/state")
    from platformdirs import user_state_path

    return user_state_path("tui-delegate", appauthor=False)


def journal_path(environ: Mapping[str, str]) -> Path:
    """Say which file the journal is."""
    return state_path(environ) / "journal.db"


def _linux(environ: Mapping[str, str], name: str, usual: str) -> Path:
    """Say what platformdirs would, without its import: that costs as much as a whole short verb."""
    folder = environ.get(name, "")
    return (Path(folder) if folder.strip() else Path("~").expanduser() / usual) / "tui-delegate"
