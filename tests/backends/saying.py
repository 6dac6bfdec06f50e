"""A server on a thread that says exact bytes, for ways to a server that block and for those that do not."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator


@dataclass(frozen=True)
class Said:
    """What one connection hears, piece by piece."""

    pieces: tuple[bytes, ...] = ()
    hold: bool = False
    """Keep it open until the other side closes."""
    reset: bool = False
    unread: bool = False
    """Say it without having read the request."""


@dataclass
class Sayer:
    """The server: where it is, what it was asked, and when somebody hung up."""

    url: str
    asked: list[bytes] = field(default_factory=list)
    heard: threading.Event = field(default_factory=threading.Event)
    hung_up: threading.Event = field(default_factory=threading.Event)


@contextmanager
def saying(
    *said: Said | bytes, family: int = socket.AF_INET, tls: ssl.SSLContext | None = None
) -> Iterator[Sayer]:
    """Serve one connection for each, in order; the last again and again."""
    host = "127.0.0.1" if family == socket.AF_INET else "::1"
    listener = socket.create_server((host, 0), family=family)
    port = listener.getsockname()[1]
    place = f"{host}:{port}" if family == socket.AF_INET else f"[{host}]:{port}"
    sayer = Sayer(f"{'https' if tls else 'http'}://{place}")
    answers = [one if isinstance(one, Said) else Said((one,)) for one in said]

    def serve() -> None:
        number = 0
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            answer = answers[min(number, len(answers) - 1)]
            number += 1
            threading.Thread(target=_talk, args=(line, answer, sayer, tls), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield sayer
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def _talk(line: socket.socket, answer: Said, sayer: Sayer, tls: ssl.SSLContext | None) -> None:
    try:
        line.settimeout(20)
        if tls:
            line = tls.wrap_socket(line, server_side=True)
        if not answer.unread:
            sayer.asked.append(_request(line))
            sayer.heard.set()
        for piece in answer.pieces:
            line.sendall(piece)
        if answer.hold:
            while line.recv(4096):
                pass
            sayer.hung_up.set()
        if answer.reset:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        sayer.hung_up.set()
    finally:
        line.close()


def _request(line: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = line.recv(65536)
        if not piece:
            return data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    for one in head.lower().split(b"\r\n"):
        if one.startswith(b"content-length:"):
            while len(body) < int(one.partition(b":")[2]):
                body += line.recv(65536)
    return head + b"\r\n\r\n" + body


def http(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """Write a whole answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def chunked(*parts: bytes) -> bytes:
    """Write an answer in parts."""
    written = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + written + b"0\r\n\r\n"
