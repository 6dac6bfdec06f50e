"""The profiles file: finding it, reading it, choosing from it, writing it. No server is asked here."""

from tui_delegate.profiles.builtin import BACKENDS, BUILTIN_MANAGER, BUILTIN_WORKERS, USUAL_URL
from tui_delegate.profiles.flags import with_limits
from tui_delegate.profiles.keys import KEYS
from tui_delegate.profiles.pick import api_key, find, key_source, key_warning, secrets, select, split
from tui_delegate.profiles.read import config_path, load, state_path
from tui_delegate.profiles.values import Approval, Profile, Roles, Settings, TeamSpec, ToolRule
from tui_delegate.profiles.write import example, init, save, starter

__all__ = [
    "BACKENDS",
    "BUILTIN_MANAGER",
    "BUILTIN_WORKERS",
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
    "example",
    "find",
    "init",
    "key_source",
    "key_warning",
    "load",
    "save",
    "secrets",
    "select",
    "split",
    "starter",
    "state_path",
    "with_limits",
]
