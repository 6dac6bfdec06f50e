"""Which way leads to a server from an event loop: our own HTTP where that is enough, else a whole client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.backends.address import is_loopback, with_scheme

if TYPE_CHECKING:
    from tui_delegate.backends.address import Endpoint
    from tui_delegate.backends.line import Way


def way_to(endpoint: Endpoint, *, keep: bool = True) -> Way:
    """Make the way there. Nothing is sent yet."""
    if is_direct(endpoint.url):
        from tui_delegate.backends.near import NearWire

        return NearWire(endpoint, keep=keep)
    from tui_delegate.backends.http import Wire

    return Wire(endpoint, keep=keep)


def is_direct(url: str) -> bool:
    """Whether a server is on this machine and wants no encryption."""
    return with_scheme(url).lower().startswith("http://") and is_loopback(url)
