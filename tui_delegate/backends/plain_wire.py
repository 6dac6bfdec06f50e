"""The way to a model server without an event loop: each read blocks, and a coroutine over it never waits.

What is the same with a loop is `direct`'s. How long a read may wait is asked of the `patience`, which is
somebody else's.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tui_delegate.backends.address import is_loopback, parsed
from tui_delegate.backends.direct import DirectWire, Plug
from tui_delegate.backends.plug import BlockingPlug, Endless, Patience, Within, connected

if TYPE_CHECKING:
    from tui_delegate.backends.address import Address, Endpoint
    from tui_delegate.backends.proxies import Proxy

ANSWER_SECONDS = 30.0
"""For one question that no model has to think about."""


class PlainWire(DirectWire):
    """One server's client; every wait in it blocks.

    `patience` bounds streams, `seconds` every other question. Without `keep` each request has a connection of
    its own. With it one to an https server is used again: only that is dear to make.
    """

    def __init__(self, endpoint: Endpoint, *, keep: bool = True) -> None:
        super().__init__(endpoint)
        self.patience: Patience = Endless()
        self.seconds = ANSWER_SECONDS
        self._keeps = keep and endpoint.url.startswith("https://")
        self._idle: list[tuple[BlockingPlug, float]] = []
        self._near = True
        self._proxy: Proxy | None = None

    async def aclose(self) -> None:
        """Close every connection."""
        while self._idle:
            self._idle.pop()[0].close()

    def _prepared(self) -> dict[str, str]:
        usual = super()._prepared()
        self._near = is_loopback(self.endpoint.url)
        if not self._near:
            from tui_delegate.backends.proxies import proxy_for

            address = parsed(self.endpoint.url)
            self._proxy = proxy_for(address)
            if self._proxy and address.scheme == "http":
                self._root = f"http://{address.place}"
                return usual | self._proxy.headers()
        return usual

    def _stays(self, *, streams: bool) -> bool:
        return self._keeps and not streams

    async def _plug(self, address: Address, *, streams: bool) -> Plug:
        patience = self.patience if streams else Within(self.seconds, self)
        while self._idle:
            plug, since = self._idle.pop()
            if plug.is_fresh(since):
                plug.patience = patience
                return plug
            plug.close()
        try:
            return BlockingPlug(connected(address, self._proxy, near=self._near), patience, self)
        except (OSError, ValueError) as error:
            raise self._not_connected(error) from error

    def _keep(self, plug: Plug) -> None:
        assert isinstance(plug, BlockingPlug)
        plug.used = True
        self._idle.append((plug, time.monotonic()))
