"""The keys that this process could know, to keep them out of what it says. No key is used here."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_ENDS = ("_KEY", "_TOKEN", "_SECRET", "_PASSWORD")


def hidden(text: str) -> str:
    """Write a text that others wrote without any key of ours."""
    from tui_delegate.core.redact import redact

    return redact(text, {*_of_environment(), *_of_profiles()}) if text else text


def _of_environment() -> Iterator[str]:
    return (value.strip() for name, value in os.environ.items() if name.upper().endswith(_ENDS))


def _of_profiles() -> Iterator[str]:
    from pathlib import Path

    from tui_delegate import profiles
    from tui_delegate.core.errors import ConfigError

    try:
        settings = profiles.load(os.environ, Path.home())
    except (ConfigError, RuntimeError):  # a file that can't be read, no home: then none of its keys was used
        return
    for profile in settings.profiles.values():
        yield profile.api_key
        yield os.environ.get(profile.api_key_env, "").strip() if profile.api_key_env else ""
        yield from (value for _, value in profile.extra_headers)
