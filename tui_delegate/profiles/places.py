"""Where the profiles file and the journal are. Little is loaded here: short verbs ask this."""

from __future__ import annotations

from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = "profiles.toml"


def config_path(environ: Mapping[str, str]) -> Path:
    """Say where our profiles file is, or would be."""
    if file := environ.get("TUI_DELEGATE_CONFIG"):
        return Path(file).expanduser()
    if folder := environ.get("TUI_DELEGATE_HOME"):
        return Path(folder).expanduser() / FILE
    from platformdirs import user_config_path

    return user_config_path("tui-delegate", appauthor=False) / FILE


def state_path(environ: Mapping[str, str]) -> Path:
    """Say which folder holds the journal."""
    if folder := environ.get("TUI_DELEGATE_HOME"):
        return Path(folder).expanduser()
    if environ.get("TUI_DELEGATE_CONFIG"):
        return config_path(environ).parent
    from platformdirs import user_state_path

    return user_state_path("tui-delegate", appauthor=False)
