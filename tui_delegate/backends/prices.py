"""What a model's tokens cost by the shipped price list, and how long its window is.

The list is `prices.json`, made by a script and never fetched. A profile's own price wins over it, which is
not decided here, and neither is what a call costs.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from tui_delegate.core.records import dataclass
from tui_delegate.core.usage import LOCAL, Price

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LOCAL_PROTOCOLS: Final = frozenset({"ollama", "lmstudio", "llamacpp", "builtin"})
MAKERS: Final = (
    "anthropic", "openai", "google", "mistral", "deepseek", "x-ai", "moonshotai", "zai", "minimax", "cohere",
    "meta", "perplexity",
)  # fmt: skip
"""Who sells models of their own. For a host that the list does not know, only their prices are a fair guess:
what resellers ask for one model differs."""

_LIST: Final = Path(__file__).parent.parent / "prices.json"
# Patterns are compiled when they are first needed (`re` remembers them): models of one's own never need them.
_OLLAMA: Final = r"(?:https?://)?(?:[a-z0-9-]+\.)*ollama\.com(?:[:/]|$)"
_DATED: Final = r"[-@](?:\d{8}|\d{4}-\d{2}-\d{2})$"
_ENDINGS: Final = ("", "-latest", "-0")
"""How a maker names the model that has no date."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list: dollars per million tokens."""

    input: float
    cached: float | None
    output: float
    window: int | None


@dataclass(frozen=True, slots=True)
class PriceList:
    """The whole list as it lies in the file, by provider and model id in small letters."""

    date: str
    hosts: Mapping[str, str]
    """A pattern of the base URL for each provider."""
    models: Mapping[str, Mapping[str, Sequence[float | None]]]
    """For each model the figures of a `Listed`."""

    def line(self, provider: str, model: str) -> Listed | None:
        """Look one model of one provider up."""
        figures = self.models[provider].get(model)
        if figures is None:
            return None
        into, cached, out, window = figures
        return Listed(into or 0.0, cached, out or 0.0, None if window is None else int(window))


def price_of(model: str, protocol: str, host: str) -> Price | None:
    """Say what the model costs there; None: not known, which is not nothing."""
    if is_local(model, protocol, host):
        return LOCAL
    listed = next(_found(model, _providers(host)), None)
    if listed is None:
        return None
    return Price(listed.input, listed.output, listed.cached, f"list {price_list().date}")


def window_of(model: str, protocol: str, host: str) -> int | None:
    """Say how many tokens a far model's window is, by whoever lists it, its maker first; None: not known."""
    if is_local(model, protocol, host):
        return None
    everybody = (*MAKERS, *(name for name in price_list().models if name not in MAKERS))
    return next((listed.window for listed in _found(model, everybody) if listed.window), None)


def is_local(model: str, protocol: str, host: str) -> bool:
    """Say whether one's own machines do the work. Ollama passes models of its cloud on to paid ones."""
    in_cloud = model.lower().endswith((":cloud", "-cloud"))
    if protocol == "ollama" and (in_cloud or re.match(_OLLAMA, host, re.IGNORECASE)):
        return False
    if in_cloud and _is_loopback(host):
        return False  # Ollama, asked through its other protocol
    return protocol in LOCAL_PROTOCOLS or _is_loopback(host)


@cache
def price_list() -> PriceList:
    """Read the shipped list, once."""
    data = json.loads(_LIST.read_text(encoding="utf-8"))
    return PriceList(data["date"], data["hosts"], data["models"])


def _providers(host: str) -> tuple[str, ...]:
    url = host if "://" in host else f"https://{host}"
    named = tuple(
        name for name, pattern in price_list().hosts.items() if re.match(pattern, url, re.IGNORECASE)
    )
    return named or MAKERS


def _found(model: str, providers: tuple[str, ...]) -> Iterator[Listed]:
    """Give the lines for a model: by its whole id first, then by less and less of it."""
    shipped = price_list()
    for name, owner in _names(model.lower().removeprefix("models/")):
        for provider in providers:
            line = shipped.line(provider, name) if owner in ("", provider) else None
            if line is not None:
                yield line


def _names(model: str) -> Iterator[tuple[str, str]]:
    """Give the names to look for, each with the provider that it must be of, or none."""
    owner, slash, rest = model.partition("/")
    spellings = [(model, "")]
    if slash:
        spellings.append((rest, owner if owner in price_list().models else ""))
    for name, of in spellings:
        bare = re.sub(_DATED, "", name)
        yield name, of
        for ending in _ENDINGS:
            yield bare + ending, of


def _is_loopback(host: str) -> bool:
    name = urlsplit(host if "://" in host else f"//{host}").hostname or ""
    return name in ("localhost", "::1") or name.startswith("127.") or name.endswith(".localhost")
