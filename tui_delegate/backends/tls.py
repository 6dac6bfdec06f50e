"""Makes a connection a secure one: the server proves who it is, or nothing is sent.

Loaded for https alone: what it stands on is dear. The roots are those that the other wire trusts.
"""

from __future__ import annotations

import os
import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket


def secured(sock: socket.socket, host: str, *, near: bool) -> ssl.SSLSocket:
    """Shake hands over a connection. Raises an OSError where the server can't be trusted."""
    safe = False
    try:
        line = _context(near=near).wrap_socket(sock, server_hostname=host.rstrip("."))
        safe = True
    finally:
        if not safe:
            sock.close()
    return line


def _context(*, near: bool) -> ssl.SSLContext:
    if not near and (file := os.environ.get("SSL_CERT_FILE")):
        return ssl.create_default_context(cafile=file)
    if not near and (folder := os.environ.get("SSL_CERT_DIR")):
        return ssl.create_default_context(capath=folder)
    import certifi

    return ssl.create_default_context(cafile=certifi.where())
