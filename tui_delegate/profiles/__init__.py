"""The profiles file: finding it, reading it, choosing from it, writing it. No server is asked here.

Names are loaded when they are first used, so that a verb that only wants a path reads no TOML.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from tui_delegate.profiles.places import config_path, journal_path, new_config_path, state_path

if TYPE_CHECKING:
    from tui_delegate.profiles.builtin import BACKENDS, USUAL_URL
    from tui_delegate.profiles.flags import with_limits
    from tui_delegate.profiles.keys import KEYS
    from tui_delegate.profiles.pick import api_key, default_name, find, key_source, key_warning, select, split
    from tui_delegate.profiles.read import load
    from tui_delegate.profiles.values import Approval, Profile, Roles, Settings, TeamSpec, ToolRule
    from tui_delegate.profiles.write import example, init, save, starter

_ROOMS = {
    "builtin": ("BACKENDS", "USUAL_URL"),
    "flags": ("with_limits",),
    "keys": ("KEYS",),
    "pick": ("api_key", "default_name", "find", "key_source", "key_warning", "select", "split"),
    "read": ("load",),
    "values": ("Approval", "Profile", "Roles", "Settings", "TeamSpec", "ToolRule"),
    "write": ("example", "init", "save", "starter"),
}

__all__ = [
    "BACKENDS",
    "KEYS",
    "USUAL_URL",
    "Approval",
    "Profile",
    "Roles",
    "Settings",
    "TeamSpec",
    "ToolRule",
    "api_key",
    "config_path",
    "default_name",
    "example",
    "find",
    "init",
    "journal_path",
    "key_source",
    "key_warning",
    "load",
    "new_config_path",
    "save",
    "select",
    "split",
    "starter",
    "state_path",
    "with_limits",
]


def __getattr__(name: str) -> object:
    for room, names in _ROOMS.items():
        if name in names:
            return getattr(import_module(f"tui_delegate.profiles.{room}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
