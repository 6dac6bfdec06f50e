"""One connection whose waits block, and how long each of them may be.

What is said over it is not known here; which time-out it is that passed is its patience's to say.
"""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Protocol

from tui_delegate.backends.direct import telling
from tui_delegate.backends.line import CONNECT_SECONDS, GRACE_SECONDS, KEEPALIVE_SECONDS

if TYPE_CHECKING:
    from tui_delegate.backends.address import Address
    from tui_delegate.backends.line import Line
    from tui_delegate.backends.proxies import Proxy

_PIECE = 65536


class Patience(Protocol):
    """How long a read may still wait."""

    def left(self) -> float | None:
        """Give the seconds until it wants to be asked again; None: no end. Raises what ends the call."""


class Within:
    """Patience for some seconds from now on."""

    def __init__(self, seconds: float, line: Line) -> None:
        self._end = time.monotonic() + seconds
        self._line = line

    def left(self) -> float | None:
        """Give what is left of them."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise self._line.silent()
        return left


class Endless:
    """Patience without an end."""

    def left(self) -> float | None:
        """There is always more."""
        return None


class BlockingPlug:
    """A connection that asks its patience before each wait. Nothing in its coroutines waits on a loop."""

    def __init__(self, sock: socket.socket, patience: Patience, line: Line) -> None:
        self._sock = sock
        self._line = line
        self.patience = patience
        self.used = False

    async def more(self) -> bytes:
        """Wait for bytes and take what there is; none where the other side closed."""
        while True:
            self._sock.settimeout(self.patience.left())
            try:
                return self._sock.recv(_PIECE)
            except TimeoutError as error:
                if error.errno:  # the network's own, not ours
                    raise

    async def send(self, data: bytes) -> None:
        """Send all of it."""
        view = memoryview(data)
        while view:
            self._sock.settimeout(self.patience.left())
            try:
                view = view[self._sock.send(view) :]
            except TimeoutError as error:
                if error.errno:
                    raise

    def hurry(self) -> None:
        """Wait no longer than a moment from now on."""
        self.patience = Within(GRACE_SECONDS, self._line)

    def close(self) -> None:
        """Close the connection."""
        self._sock.close()

    def is_fresh(self, since: float) -> bool:
        """Whether a connection that was left open can be used once more."""
        import select

        if time.monotonic() - since > KEEPALIVE_SECONDS:
            return False
        return not select.select([self._sock], [], [], 0)[0]


def connected(address: Address, proxy: Proxy | None, *, near: bool) -> socket.socket:
    """Connect to a server, with a handshake where it wants one. Raises an OSError."""
    port = address.port_number
    if proxy:
        sock = proxy.connected(address.host, port, tunnel=address.scheme == "https")
    else:
        # As bytes: for text Python loads the rules of international names, and there are none in it.
        name: str = address.found_as.encode()  # type: ignore[assignment]
        try:
            sock = socket.create_connection((name, port), CONNECT_SECONDS, all_errors=True)
        except ExceptionGroup as failures:
            raise telling(failures.exceptions) from None
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if address.scheme == "https":
        from tui_delegate.backends.tls import secured

        return secured(sock, address.host, near=near)
    return sock
