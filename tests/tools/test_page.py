"""A page that the person named: its text, its bounds, and where a move of it is not followed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tui_delegate.core.errors import InputError
from tui_delegate.tools.page import read_page, text_of

PAGES = {
    "/plain": ("text/plain; charset=latin-1", "käse\n".encode("latin-1")),
    "/html": ("text/html", b"<html><head><title>t</title></head><body><h1>Top</h1><p>one <b>two</b></p>"),
    "/data": ("application/vnd.x+json", b'{"a": 1}'),
    "/picture": ("image/png", b"\x89PNG"),
    "/large": ("text/plain", b"x" * 5000),
}


class Pages(BaseHTTPRequestHandler):
    def log_message(self, *words: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", {"/moved": "/plain", "/moved-off": "file:///etc/passwd"}[self.path])
            self.end_headers()
            return
        if self.path not in PAGES:
            self.send_error(404)
            return
        kind, body = PAGES[self.path]
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_page_comes_as_text_whatever_its_letters_are(site: str) -> None:
    assert read_page(f"{site}/plain", 100).decode() == "käse\n"
    assert read_page(f"{site}/data", 100) == b'{"a": 1}'
    assert read_page(f"{site}/html", 1000).decode() == "Top\none two\n"
    assert read_page(f"{site}/moved", 100).decode() == "käse\n"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/picture", "no text but image/png"),
        ("/large", "larger than 1000 bytes"),
        ("/gone", "answered 404"),
        ("/moved-off", "nobody follows"),
    ],
)
def test_what_is_no_text_for_us_is_said(site: str, path: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_page(f"{site}{path}", 1000)


def test_nobody_there_is_said_too() -> None:
    with pytest.raises(InputError, match="can't be read"):
        read_page("http://127.0.0.1:9/x", 100)
    with pytest.raises(InputError, match="can't be read"):
        read_page("http://[bad", 100)


def test_scripts_and_styles_are_no_text() -> None:
    html = "<style>a{}</style><p>one</p><script>two()</script><li>three<svg><text>four</text></svg></li>"
    assert text_of(html) == "one\nthree\n"
