"""The profiles that are there without any file, and where each backend's server usually is.

A file's profile of the same name goes over these key by key; how is `read`'s.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

BACKENDS: Final = ("ollama", "lmstudio", "llamacpp", "openai-compat", "anthropic", "builtin")

USUAL_URL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ollama": "http://127.0.0.1:11434",
        "lmstudio": "http://127.0.0.1:1234",
        "llamacpp": "http://127.0.0.1:8080",
        "anthropic": "https://api.anthropic.com",
    }
)
"""Where `base_url` may be left out. `openai-compat` has no usual place, `builtin` needs none."""

USUAL_KEY_ENV: Final[Mapping[str, str]] = MappingProxyType({"anthropic": "ANTHROPIC_API_KEY"})
"""Where `api_key_env` may be left out, as long as `base_url` is."""

PROFILES: Final[Mapping[str, Mapping[str, object]]] = MappingProxyType(
    {
        "ollama": {"backend": "ollama"},
        "lmstudio": {"backend": "lmstudio"},
        "llamacpp": {"backend": "llamacpp"},
        "openrouter": {
            "backend": "openai-compat",
            "base_url": "https://openrouter.ai/api/v1",
            "api_key_env": "OPENROUTER_API_KEY",
            "default_model": "meta-llama/llama-3.3-70b-instruct",
        },
        "haiku": {
            "backend": "anthropic",
            "base_url": "https://api.anthropic.com",
            "api_key_env": "ANTHROPIC_API_KEY",
            "default_model": "claude-haiku-4-5",
        },
        "builtin": {"backend": "builtin", "default_model": "builtin/manager"},
    }
)


_HOST = r"(?:(https?)://)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]*)(?::(\d{1,5}))?/?"


def ollama_url(told: str) -> str | None:
    """Make a URL of what `OLLAMA_HOST` says, the way Ollama's own client does; None: it can't be read."""
    if not told.strip():
        return USUAL_URL["ollama"]
    if not (found := re.fullmatch(_HOST, told.strip())):
        return None
    scheme, host, port = found.groups()
    if host in ("", "0.0.0.0", "[::]"):  # where a server listens everywhere, a client goes to its own machine
        host = "127.0.0.1"
    usual_port = {"https": "443", "http": "80"}.get(scheme or "", "11434")
    return f"{scheme or 'http'}://{host}:{port or usual_port}"
