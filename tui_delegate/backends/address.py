"""Addresses of model servers: what opens one, and what a base URL means. Nothing is sent here.

No client's own URL may be used: the short verbs read addresses too, and load no client.
"""

from __future__ import annotations

import re

from tui_delegate.core.records import dataclass

_VERSIONED = re.compile(r"/v\d+[a-z0-9]*(/openai)?$")
_PARTS = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)://([^/?#]*)([^?#]*)(?:\?([^#]*))?")
_PLACE = re.compile(r"(?:(.*)@)?(\[.*\]|[^:@]*)(?::(.*))?")
_USUAL_PORTS = {"http": 80, "https": 443, "ftp": 21}
_LONGEST = 65536


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


@dataclass(frozen=True, slots=True)
class Address:
    """A URL in its parts; all of them empty where it can't be parsed."""

    scheme: str = ""
    login: str = ""
    """What stands before the `@`, as it was written."""
    host: str = ""
    """In lower case, ASCII, an IPv6 address without its brackets."""
    port: int | None = None
    """None: the scheme's usual one."""
    path: str = ""
    query: str = ""

    @property
    def place(self) -> str:
        """Write host and port as an address does."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port is None else f"{name}:{self.port}"

    @property
    def port_number(self) -> int:
        """Give the port, the scheme's usual one where none is written."""
        return _USUAL_PORTS[self.scheme] if self.port is None else self.port

    @property
    def found_as(self) -> str:
        """Give the name to look up: what ends in `.localhost` is this machine, whoever says what."""
        return "localhost" if f".{self.host}".rstrip(".").endswith(".localhost") else self.host

    @property
    def target(self) -> str:
        """Write what a server is asked for: path and query."""
        path = self.path or "/"
        return f"{path}?{self.query}" if self.query else path


def api_root(url: str) -> str:
    """The address that API paths are added to: a base URL counts with or without its version."""
    url = with_scheme(url)
    return url if _VERSIONED.search(parsed(url).path.rstrip("/")) else f"{url}/v1"


def server_root(url: str) -> str:
    """The address of the server itself, for what it has beside the API."""
    return api_root(url).removesuffix("/v1")


def is_loopback(url: str) -> bool:
    """Whether the address is this machine's own."""
    host = parsed(url).host.rstrip(".")
    if host in ("localhost", "127.0.0.1") or host.endswith(".localhost"):
        return True
    import ipaddress

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


def parsed(url: str) -> Address:
    """Parse an address; one that can't be parsed is empty."""
    url = with_scheme(url)
    parts = _PARTS.match(url)
    if not parts or len(url) > _LONGEST or re.search(r"[\x00-\x1f\x7f]", url):
        return Address()
    scheme, place, path, query = parts[1].lower(), parts[2], parts[3], parts[4] or ""
    found = _PLACE.fullmatch(place)
    try:
        port = _port(found[3] or "", scheme) if found else None
        host = _host(found[2]) if found else ""
    except ValueError:
        return Address()
    return Address(scheme, (found[1] or "") if found else "", host, port, path, query)


def escaped(name: str) -> str:
    """Write a name so that it can be a part of a path."""
    from urllib.parse import quote

    return quote(name, safe="")


def _port(text: str, scheme: str) -> int | None:
    """Read a port; the scheme's own is none. Raises ValueError."""
    if not text:
        return None
    if not re.fullmatch("[0-9]{1,10}", text) or int(text) > 65535:
        raise ValueError(text)
    return None if int(text) == _USUAL_PORTS.get(scheme) else int(text)


def _host(text: str) -> str:
    """Write a host as the line wants it. Raises ValueError, also for a name that no DNS can hold."""
    if text.startswith("[") and text.endswith("]"):
        import ipaddress

        ipaddress.IPv6Address(text[1:-1])
        return text[1:-1]
    if text.isascii():
        if re.fullmatch(r"[0-9]+(\.[0-9]+){3}", text) and any(int(part) > 255 for part in text.split(".")):
            raise ValueError(text)
        return text.lower()
    import idna

    return idna.encode(text.lower()).decode("ascii")
