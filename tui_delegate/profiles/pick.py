"""What a call needs of a profile: the profile itself, whole; and its key.

Only the profile that was asked for is looked at, so that a broken one never fails another's call.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import KeyMissing, ResolveError
from tui_delegate.profiles.builtin import BACKENDS, USUAL_URL
from tui_delegate.profiles.table import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_delegate.profiles.values import Profile, Settings

_SECRET_HEADERS = ("authorization", "x-api-key", "api-key", "cookie")


def find(settings: Settings, name: str) -> Profile:
    """Give a profile as it is written, whole or not."""
    if name in settings.profiles:
        return settings.profiles[name]
    if name in settings.broken:
        raise ResolveError(*settings.broken[name])
    raise ResolveError(
        f"There is no profile {clean_line(name, 80)!r}.", nearest(name, settings.profiles) or "None is there."
    )


def select(settings: Settings, name: str, model: str | None = None) -> Profile:
    """Give a profile that a call can be made with. `model` is the one the caller has already, if any."""
    profile = find(settings, name)
    if not profile.backend:
        raise _lacks(settings, name, "backend", f"One of: {', '.join(BACKENDS)}.")
    if profile.backend not in BACKENDS:
        raise ResolveError(
            f"{_place(settings, name)} backend: there is no backend {clean_line(profile.backend, 60)!r}.",
            nearest(profile.backend, BACKENDS),
        )
    if not profile.urls and profile.backend != "builtin":
        raise _lacks(settings, name, "base_url", f"Usual ones are there for: {', '.join(USUAL_URL)}.")
    if not (model or profile.default_model) and _costs_money(profile):
        raise _lacks(settings, name, "default_model", "Or name a model with --model.")
    return profile


def default_name(settings: Settings) -> str:
    """Name the profile of a one-shot call that names none: the one in the file, else agent-delegate's."""
    return settings.default_profile or "ollama"


def split(place: str) -> tuple[str, str]:
    """Take `profile/model` apart; the model is empty where only a profile is named."""
    profile, _, model = place.partition("/")
    return profile, model


def api_key(profile: Profile, environ: Mapping[str, str]) -> str:
    """Give the profile's key: from its variable, else the one in the file; empty where it has none."""
    key = environ.get(profile.api_key_env, "").strip() if profile.api_key_env else ""
    if key and not (key.isascii() and key.isprintable()):
        raise ResolveError(
            f"Profile {profile.name!r}: {profile.api_key_env} holds a character that no key has.",
            "It may have been copied with a line break in it.",
        )
    key = key or profile.api_key
    if not key and profile.api_key_env:
        raise KeyMissing(
            f"Profile {profile.name!r} needs a key: {profile.api_key_env} is not set.",
            f"Set it: export {profile.api_key_env}=…",
        )
    if key and (open_host := _open_road(profile)):
        raise ResolveError(
            f"Profile {profile.name!r}: its key would go to {open_host} over plain http.",
            "Use https, or take the key out of the profile.",
        )
    return key


def key_source(profile: Profile, environ: Mapping[str, str]) -> str:
    """Say where the key would come from, without looking at it: `environment`, `file` or nothing."""
    if profile.api_key_env and environ.get(profile.api_key_env, "").strip():
        return "environment"
    return "file" if profile.api_key else ""


def key_warning(settings: Settings, profile: Profile) -> str:
    """Warn of a key in a file that others on this machine may read; empty where there is none."""
    secret = profile.api_key or any(name.lower() in _SECRET_HEADERS for name, _ in profile.extra_headers)
    if not secret or settings.source is None or os.name != "posix":
        return ""
    try:
        mode = settings.source.stat().st_mode & 0o777
    except OSError:
        return ""
    if not mode & 0o077:
        return ""
    place = clean_line(str(settings.source), 300)
    return f"{place} holds a key and others may read it (mode {mode:04o}): chmod 600 {place}"


def _open_road(profile: Profile) -> str:
    """Name the host that a key would reach unencrypted, if there is one."""
    import ipaddress
    from urllib.parse import urlsplit

    for url in {profile.base_url, *profile.urls} - {""}:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme != "http" or host == "localhost" or host.endswith(".localhost"):
            continue
        try:
            if ipaddress.ip_address(host).is_loopback:
                continue
        except ValueError:
            pass
        return host
    return ""


def _costs_money(profile: Profile) -> bool:
    """Whether to take any model that is there would be to spend without being asked."""
    return profile.backend == "anthropic" or (
        profile.backend == "openai-compat" and any(url.startswith("https:") for url in profile.urls)
    )


def _place(settings: Settings, name: str) -> str:
    return f"{clean_line(str(settings.source or 'built in'), 300)}: [profiles.{name}]"


def _lacks(settings: Settings, name: str, key: str, hint: str) -> ResolveError:
    return ResolveError(f"{_place(settings, name)} {key}: is not there, and this profile needs it.", hint)
