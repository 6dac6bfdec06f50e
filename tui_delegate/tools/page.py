"""Reads a page that the person named by its address, as text. Nothing is sent but the question for it.

A page that a model names is another matter, and is not read here: this reader may reach the person's own
machine and network, because the person said so.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
import urllib.error
import urllib.request
from html.parser import HTMLParser
from http.client import HTTPException
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InputError

if TYPE_CHECKING:
    from http.client import HTTPMessage, HTTPResponse
    from typing import IO

SECONDS: Final = 20.0
HOPS: Final = 5
_PIECE: Final = 65536
_TEXT: Final = ("text/", "application/json", "application/xml", "application/javascript")
_ENDINGS: Final = ("+json", "+xml")
_SKIPPED: Final = frozenset({"script", "style", "noscript", "template", "svg", "head"})
_BREAKS: Final = frozenset(
    {"p", "div", "section", "article", "header", "footer", "main", "aside", "nav", "ul", "ol", "li", "table"}
    | {"tr", "pre", "blockquote", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6"}
)


def read_page(url: str, most: int) -> bytes:
    """Fetch a page. Raises an InputError; a page that is HTML comes as the text that a reader sees."""
    shown = clean_line(url, 200)
    headers = {"User-Agent": "tui-delegate", "Accept-Encoding": "identity"}
    until = time.monotonic() + SECONDS
    try:
        opener = urllib.request.build_opener(_Hops(_is_near(url)))
        request = urllib.request.Request(url, headers=headers)
        with opener.open(request, timeout=SECONDS) as response:
            kind = response.headers.get_content_type()
            if not (kind.startswith(_TEXT) or kind.endswith(_ENDINGS)):
                raise InputError(f"{shown} is no text but {clean_line(kind)}.", "Only text can be handed on.")
            raw = _read(response, most, until, shown)
            charset = response.headers.get_content_charset() or "utf-8"
    except urllib.error.HTTPError as error:
        moved = " and points to where nobody follows" if 300 <= error.code < 400 else ""
        raise InputError(f"{shown} can't be read: the server answered {error.code}{moved}.") from None
    except (OSError, HTTPException, ValueError, ssl.SSLError) as error:
        reason = getattr(error, "reason", None) or error
        raise InputError(f"{shown} can't be read: {clean_line(str(reason), 200)}") from None
    try:
        text = raw.decode(charset, "replace")
    except LookupError:
        text = raw.decode("utf-8", "replace")
    return (text_of(text) if kind in ("text/html", "application/xhtml+xml") else text).encode()


def text_of(html: str) -> str:
    """Take the text out of HTML: a line for each block, nothing of scripts and styles."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.said).split("\n"))
    return "\n".join(line for line in lines if line) + "\n"


def _read(response: HTTPResponse, most: int, until: float, shown: str) -> bytes:
    parts: list[bytes] = []
    size = 0
    while piece := response.read1(_PIECE):
        parts.append(piece)
        size += len(piece)
        if size > most:
            raise InputError(
                f"{shown} is larger than {most} bytes.", "AGENT_DELEGATE_MAX_FILE_BYTES sets another bound."
            )
        if time.monotonic() > until:
            raise InputError(f"{shown} took longer than {SECONDS:g} s.")
    return b"".join(parts)


def _is_near(url: str) -> bool:
    """Whether an address leads into the person's own machine or network."""
    try:
        host = urlsplit(url).hostname or ""
        found = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except (OSError, ValueError, UnicodeError):
        return False
    return any(not ipaddress.ip_address(str(one).partition("%")[0]).is_global for one in found)


class _Hops(urllib.request.HTTPRedirectHandler):
    """Follows a page that has moved, but never from the open net into the person's own, nor off https."""

    max_redirections = HOPS

    def __init__(self, near: bool) -> None:
        self._near = near

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Judge where it leads."""
        before, after = urlsplit(req.full_url), urlsplit(newurl)
        if after.scheme not in ("http", "https") or (before.scheme, after.scheme) == ("https", "http"):
            raise urllib.error.URLError(f"it leads to {after.scheme}://, which is not followed")
        if not self._near and _is_near(newurl):
            raise urllib.error.URLError("it leads into this network, which is not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._skips = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._skips += tag in _SKIPPED
        if tag in _BREAKS:
            self.said.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._skips = max(self._skips - (tag in _SKIPPED), 0)
        if tag in _BREAKS:
            self.said.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._skips:
            self.said.append(data)
