"""Makes `tui_delegate/prices.json` from the installed genai-prices: run it after an upgrade of that package.

Keeps what the ledger needs: dollars per million tokens of text in, cached and out, and the context window.
A price that grows with the prompt is kept as its base; a model without a price for text is left out.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from genai_prices.data import providers

TARGET = Path(__file__).parent.parent / "tui_delegate" / "prices.json"
LEFT_OUT = (
    "huggingface_",
    "github-copilot",
    "cursor",
    "elevenlabs",
    "voyageai",
    "typesafe",
    "openai-decisions",
)
"""Providers that no profile reaches by their own host, or that sell no text."""


def figure(price: object) -> float | None:
    """Give a price as a number; of one in tiers the base."""
    if price is None:
        return None
    return float(getattr(price, "base", price))


def models_of(provider: object, now: datetime) -> dict[str, list[float | int | None]]:
    """Give a provider's models: id to input, cached and output price and window."""
    kept = {}
    for model in provider.models:
        prices = model.get_prices(now)
        into, out = figure(getattr(prices, "input_mtok", None)), figure(getattr(prices, "output_mtok", None))
        if into is not None and out is not None:
            cached = figure(getattr(prices, "cache_read_mtok", None))
            kept[model.id.lower()] = [into, cached, out, model.context_window]
    return dict(sorted(kept.items()))


def main() -> None:
    """Write the list, one provider a line."""
    now = datetime.now(UTC)
    kept = [provider for provider in providers if not provider.id.startswith(LEFT_OUT)]
    lines = [
        f'"date": "{now.date()}"',
        f'"from": "genai-prices {version("genai-prices")}"',
        f'"hosts": {json.dumps({provider.id: provider.api_pattern for provider in kept})}',
        '"models": {\n'
        + ",\n".join(
            f'"{provider.id}": {json.dumps(models_of(provider, now), separators=(",", ":"))}'
            for provider in kept
        )
        + "}",
    ]
    TARGET.write_text("{" + ",\n".join(lines) + "}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
