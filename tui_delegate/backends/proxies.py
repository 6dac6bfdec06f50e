"""The proxy on the way to a far server, as the environment names it. Near servers are never asked over one.

Which variable counts, and what NO_PROXY spares, is as the other wire reads it. Only `http://` proxies are
known here; what goes through them may be https.
"""

from __future__ import annotations

import io
import re
import socket
from typing import TYPE_CHECKING

from tui_delegate.backends.address import Address, parsed
from tui_delegate.backends.line import CONNECT_SECONDS, basic
from tui_delegate.core.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_HEAD = 65536


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where it is."""

    address: Address

    def headers(self) -> dict[str, str]:
        """Give what opens it."""
        return {"proxy-authorization": basic(self.address.login)} if self.address.login else {}

    def connected(self, host: str, port: int, *, tunnel: bool) -> socket.socket:
        """Connect to it and, where asked, through it. An OSError says what is wrong with the proxy."""
        place = self.address.place
        if self.address.scheme != "http" or not self.address.host:
            raise OSError("the environment names a proxy that is no http:// address")
        try:
            sock = socket.create_connection((self.address.host, self.address.port or 80), CONNECT_SECONDS)
        except OSError as error:
            raise OSError(f"the proxy {place} does not take connections: {error}") from error
        whole = False
        try:
            if tunnel:
                self._dig(sock, f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
            whole = True
        finally:
            if not whole:
                sock.close()
        return sock

    def _dig(self, sock: socket.socket, to: str) -> None:
        lines = [f"CONNECT {to} HTTP/1.1", f"Host: {to}"]
        lines += [f"{name}: {value}" for name, value in self.headers().items()]
        sock.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        status = re.match(rb"HTTP/1\.[01] (\d{3})", _head(sock))
        if not status or status[1][:1] != b"2":
            said = status[1].decode() if status else "nothing of HTTP"
            raise OSError(f"the proxy {self.address.place} answered {said}")


def proxy_for(address: Address, told: Mapping[str, str] | None = None) -> Proxy | None:
    """Say which proxy leads to an address; `told` is what the system says, with `no` for its exceptions."""
    if told is None:
        # The same question as the other wire's client puts: the environment first, then the system.
        from urllib.request import getproxies

        told = getproxies()
    spared = [name.strip() for name in told.get("no", "").split(",")]
    if "*" in spared or any(_spares(name.lower(), address) for name in spared if name):
        return None
    found = told.get(address.scheme) or told.get("all")
    return Proxy(parsed(found)) if found else None


def _spares(name: str, address: Address) -> bool:
    """Whether a word of NO_PROXY means the address: a host, what is below it, or a whole URL."""
    if "://" in name:
        one = parsed(name)
        scheme = one.scheme in ("all", address.scheme)
        return scheme and one.host == address.host and one.port in (None, address.port)
    if re.fullmatch(r"[0-9.]+(/\d+)?|[0-9a-f:]*:[0-9a-f:]*(/\d+)?|localhost", name):
        return name == address.host
    if name.startswith("."):
        return address.host.endswith(name)
    host, _, port = name.partition(":")
    below = address.host == host or address.host.endswith(f".{host}")
    return below and (not port or port == str(address.port))


def _head(sock: socket.socket) -> bytes:
    """Read an answer's head and not one byte more: what follows is the other server's."""
    head = io.BytesIO()
    while not head.getvalue().endswith(b"\r\n\r\n"):
        piece = sock.recv(1)
        if not piece or head.tell() > _LONGEST_HEAD:
            break
        head.write(piece)
    return head.getvalue()
