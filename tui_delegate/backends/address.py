"""Addresses of model servers: what opens one, and what a base URL means. Nothing is sent here."""

from __future__ import annotations

import ipaddress
import re
import sys
from dataclasses import dataclass

# httpx loads its own command line, with rich and click, wherever those are installed. Nobody here wants it.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

import httpx

_VERSIONED = re.compile(r"/v\d+[a-z0-9]*(/openai)?$")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server is and what opens it."""

    url: str
    key: str = ""
    key_header: str = "bearer"
    """`bearer`, or `x-api-key`."""
    headers: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        return f"Endpoint({self.url!r})"


def api_root(url: str) -> str:
    """The address that API paths are added to: a base URL counts with or without its version."""
    url = with_scheme(url)
    return url if _VERSIONED.search(parsed(url).path.rstrip("/")) else f"{url}/v1"


def server_root(url: str) -> str:
    """The address of the server itself, for what it has beside the API."""
    return api_root(url).removesuffix("/v1")


def is_loopback(url: str) -> bool:
    """Whether the address is this machine's own."""
    host = parsed(url).host.rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def with_scheme(url: str) -> str:
    """Make a whole URL of an address as people write it."""
    url = url.strip().rstrip("/")
    if "://" not in url:
        url = f"http://{url}"
    # A server's own bind address is no address to connect to.
    return re.sub(r"^(https?://)0\.0\.0\.0(?=[:/]|$)", r"\g<1>127.0.0.1", url)


def parsed(url: str) -> httpx.URL:
    """Parse an address; one that can't be parsed is empty."""
    try:
        return httpx.URL(with_scheme(url))
    except httpx.InvalidURL:
        return httpx.URL()
