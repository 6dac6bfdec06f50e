"""What every way to a model server shares, however its bytes move: names, headers, the key, and words.

Pure: nothing is sent here, and no client's and no protocol's words may live here.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Protocol

from tui_delegate.backends.address import Endpoint, api_root, is_loopback, parsed, server_root, with_scheme
from tui_delegate.backends.faults import LONGEST_BODY, error_of
from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import AuthRefused, BackendError, BadReply, CutOff, TimedOut, Unreachable
from tui_delegate.core.jsontext import json_writer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from contextlib import AbstractAsyncContextManager

CONNECT_SECONDS = 5.0
LONGEST_ANSWER = 32 * 1024 * 1024
LONGEST_LOOK = 4 * 1024 * 1024
KEEPALIVE_SECONDS = 4.0
"""Most servers here drop an idle connection after 5 s. One that is dropped while a POST goes out can't be
told from a failed call, so ours are dropped first."""
GRACE_SECONDS = 0.05
"""How long to wait, after the last event, for the body's end: a body that is read to its end ends well."""
_HOST = re.compile(r"[A-Za-z0-9._:-]+")
_START = {
    11434: "Start it: `ollama serve`.",
    1234: "Start it: `lms server start`, or the server switch in LM Studio.",
    8080: "Start it: `llama-server -m MODEL.gguf --port 8080 --jinja`.",
}
_to_json = json_writer()
_CHECK = "Check the profile's base_url."


class Way(Protocol):
    """The way to one server, as the protocols use it. Nothing but a BackendError comes out of it."""

    endpoint: Endpoint

    @property
    def host(self) -> str:
        """Name the server."""

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> object:
        """Ask for a JSON value."""

    async def post(self, path: str, body: object) -> object:
        """Send a JSON value and give the one that comes back."""

    def stream(
        self, path: str, body: object, headers: Mapping[str, str] | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Send a JSON value; hand on the answer's bytes as they come."""

    def watch(self, path: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Ask for a body that goes on for as long as somebody listens."""

    async def look(self, path: str) -> tuple[int, str, bytes]:
        """Ask for a path, and take every status for an answer: it, the server's own name, and what it said.

        Raises only where nothing answers at all.
        """

    async def aclose(self) -> None:
        """Close every connection."""


class Line:
    """One server's name, what opens it, and the words for what goes wrong on the way there."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    @property
    def host(self) -> str:
        """Name the server: `host:port`, as the address gives it."""
        return parsed(self.endpoint.url).place or "The address"

    def whole(self, path: str) -> str:
        """Give the URL of a path: one that begins with `/` starts at the server's root, others at its API."""
        url = self.endpoint.url
        return server_root(url) + path if path.startswith("/") else f"{api_root(url)}/{path}"

    def check(self) -> None:
        """Refuse an address that is none, and a key that must not go there."""
        if not _HOST.fullmatch(parsed(self.endpoint.url).host):
            raise self.no_address()
        self.check_key()

    def check_key(self) -> None:
        """Refuse to send a key over an open line to another machine."""
        url, key = with_scheme(self.endpoint.url), self.endpoint.key
        secret = key or any(_is_secret(name) for name, _ in self.endpoint.headers)
        if secret and not url.startswith("https://") and not is_loopback(url):
            raise AuthRefused(
                f"The key is not sent over plain http to {self.host}.",
                "Use an https:// base_url, or reach the server through a tunnel to 127.0.0.1.",
            )
        if not key.isascii() or not key.isprintable():
            raise AuthRefused(
                "The key holds a character that no header can carry.", "Check api_key or api_key_env."
            )

    def headers(self) -> dict[str, str]:
        """Give the headers of every request; of several that are the same the profile's own counts."""
        headers = {
            "accept-encoding": "identity",
            "content-type": "application/json",
            "user-agent": "tui-delegate",
        }
        if key := self.endpoint.key:
            if self.endpoint.key_header == "bearer":
                headers["authorization"] = f"Bearer {key}"
            else:
                headers[self.endpoint.key_header] = key
        return headers | {name.lower(): value for name, value in self.endpoint.headers}

    def value(self, raw: bytes) -> object:
        """Read a whole answer."""
        try:
            return json.loads(raw.decode("utf-8", "replace"))
        except (ValueError, RecursionError) as error:
            start = clean_line(raw[:200].decode("utf-8", "replace"), 80)
            raise BadReply(f"{self.host} answered with something that is no JSON: {start!r}") from error

    def refusal(self, status: int, body: bytes, headers: Mapping[str, str], now: float) -> BackendError:
        """Make the typed error of an answer that is no success; the key is in none."""
        error = error_of(status, body[:LONGEST_BODY], headers, now)
        if location := headers.get("location"):
            error.message += f" (it points to {clean_line(location)})"
        return self.without_key(error)

    def without_key(self, error: BackendError) -> BackendError:
        """Take the key out of an error: some servers repeat it in their refusal."""
        if key := self.endpoint.key:
            error.message = error.message.replace(key, "***")
            error.body = error.body.replace(key, "***")
        error.args = (error.message,)
        return error

    def start_hint(self) -> str:
        """Say what to do where nothing answers."""
        port = parsed(self.endpoint.url).port or 0
        return _START.get(port, "Check the profile's base_url, and that the server runs.")

    def refused(self) -> BackendError:
        """Nothing is there."""
        return Unreachable(f"Nothing is listening on {self.host}.", self.start_hint())

    def unknown(self) -> BackendError:
        """No name server knows it."""
        return Unreachable(f"No host is known as {self.host}.", _CHECK)

    def untrusted(self, words: str) -> BackendError:
        """It does not prove who it is."""
        return Unreachable(f"{self.host} can't be trusted: {clean_line(words)}", "Check its certificate.")

    def silent(self) -> BackendError:
        """It took the question and said nothing in time."""
        return TimedOut(f"{self.host} gave no answer in time.")

    def hung_up(self) -> BackendError:
        """It closed before it answered."""
        return Unreachable(f"{self.host} closed the connection without an answer.", self.start_hint())

    def not_http(self) -> BackendError:
        """It speaks something else."""
        return BadReply(f"{self.host} does not answer in HTTP.", _CHECK)

    def no_connection(self) -> BackendError:
        """It did not take the connection in time."""
        return Unreachable(f"{self.host} did not answer within {CONNECT_SECONDS:g} s.", self.start_hint())

    def not_reached(self, words: str) -> BackendError:
        """The way there is broken in some other way."""
        return Unreachable(f"{self.host} can't be reached: {clean_line(words)}", self.start_hint())

    def failed(self, words: str) -> BackendError:
        """Something went wrong that nobody has words for."""
        return Unreachable(f"The way to {self.host} failed: {words}.", self.start_hint())

    def no_address(self) -> BackendError:
        """It can't be sent to at all."""
        return Unreachable(f"{self.host} is no address to send to.", _CHECK)

    def cut_off(self) -> BackendError:
        """It closed in the middle of its answer."""
        return CutOff(f"{self.host} closed the connection in the middle of its answer.", "Try again.")

    def badly_packed(self) -> BackendError:
        """It compressed its answer in another way than it says."""
        return BadReply(f"{self.host} sent bytes that are not packed as it says.")

    def too_long(self, limit: int) -> BackendError:
        """It does not come to an end."""
        return BadReply(f"{self.host} answered with more than {limit} bytes.")


def encoded(body: object) -> bytes | None:
    """Write a request's body. A lone surrogate has no UTF-8 form, and servers refuse its escaped one."""
    return None if body is None else _to_json(body).encode("utf-8", "replace")


def basic(login: str) -> str:
    """Write the login of an address as the header that says it."""
    from base64 import b64encode
    from urllib.parse import unquote

    name, _, word = login.partition(":")
    return "Basic " + b64encode(f"{unquote(name)}:{unquote(word)}".encode()).decode()


def _is_secret(name: str) -> bool:
    return name.lower() in ("authorization", "x-api-key", "api-key", "cookie", "proxy-authorization")
