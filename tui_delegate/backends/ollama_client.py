"""The `ollama` package's own client, on our transport. Nothing else may import the package.

Importing this costs a third of a second: it is done where the first question is asked, in a thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import aiohttp
import httpx
import ollama
from httpx_aiohttp import HttpxAiohttpClient

from tui_delegate.backends.faults import error_in, error_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from tui_delegate.core.errors import BackendError

LINE_FAILURES = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, aiohttp.ClientError, OSError)
"""What the way to the server may raise out of the client."""
ODD_ANSWERS = (ValueError, TypeError, AttributeError, KeyError, RecursionError)
"""What the client raises over an answer that it did not expect: it trusts the server's JSON."""
REFUSALS = (ollama.ResponseError, ollama.RequestError)


class Client(ollama.AsyncClient):
    """An `ollama.AsyncClient` that sends what it is given, and no key that it finds in the environment."""

    def __init__(self, url: str, headers: Mapping[str, str], *, connect: float, trust_env: bool) -> None:
        super(ollama.AsyncClient, self).__init__(
            HttpxAiohttpClient,
            url,
            follow_redirects=False,
            timeout=httpx.Timeout(None, connect=connect),
            headers=headers,
            trust_env=trust_env,
            verify=url.startswith("https://"),
        )
        # The package adds OLLAMA_API_KEY by itself; that key may be another server's.
        if "authorization" not in headers:
            self._client.headers.pop("authorization", None)

    async def pulling(self, model: str) -> AsyncGenerator[ollama.ProgressResponse, None]:
        """Begin a download; closing what this gives breaks it off."""
        return cast("AsyncGenerator[ollama.ProgressResponse, None]", await self.pull(model, stream=True))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()


def refusal(error: Exception) -> BackendError:
    """Make a typed error of what the package says that the server said."""
    status = error.status_code if isinstance(error, ollama.ResponseError) else -1
    said = str(error.args[0]) if error.args else ""
    return error_of(status, said.encode("utf-8", "replace"), {}) if status > 0 else error_in({"error": said})
