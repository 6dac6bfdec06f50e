"""Tokens and dollars: what a call used, what a token costs, what that makes.

`prompt` always includes the cached tokens, whatever a protocol says; unknown is not zero.
"""

from __future__ import annotations

from typing import Literal

from tui_delegate.core.records import dataclass

Source = Literal["reported", "estimated", "unknown"]
_RANK: dict[Source, int] = {"reported": 0, "estimated": 1, "unknown": 2}

WEIGHT_PER_TOKEN = 3.3
"""No tokenizer fits every local model; this errs towards more tokens for English and code."""
_FAR = bytes(range(0xE0, 0x100))
"""What the letters from U+0800 on begin with in UTF-8: Chinese, Japanese, Korean, Hindi, Thai, emoji."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call, or of several together."""

    prompt: int = 0
    cached: int = 0
    completion: int = 0
    reasoning: int = 0
    source: Source = "reported"

    @property
    def total(self) -> int:
        """Prompt and completion together."""
        return self.prompt + self.completion

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.prompt + other.prompt,
            self.cached + other.cached,
            self.completion + other.completion,
            self.reasoning + other.reasoning,
            max(self.source, other.source, key=_RANK.__getitem__),
        )


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars per million tokens, and where the figures are from."""

    input: float
    output: float
    cached: float | None = None
    """None: cached input costs what other input costs."""
    source: str = "profile"
    """`profile`, `local` (a server of one's own costs nothing a token) or `list DATE`."""

    def cost(self, usage: Usage) -> float:
        """Say what a call's tokens cost, in dollars."""
        cached = self.input if self.cached is None else self.cached
        fresh = max(usage.prompt - usage.cached, 0)
        return (fresh * self.input + usage.cached * cached + usage.completion * self.output) / 1_000_000


LOCAL = Price(0.0, 0.0, 0.0, "local")


def estimate_tokens(text: str) -> int:
    """Guess how many tokens a text is, for budgets and for servers that do not say."""
    return int(weight(text) / WEIGHT_PER_TOKEN) + 1 if text else 0


def weight(text: str) -> int:
    """Count letters as tokenizers do, roughly: a far one as three, one with a mark or of a near script as one
    and a half."""
    if text.isascii():
        return len(text)
    raw = text.encode(errors="replace")
    far = len(raw) - len(raw.translate(None, _FAR))
    near = max(len(raw) - len(text) - 2 * far, 0)
    return len(text) + (near + 1) // 2 + 2 * far


def reach(text: str, at: int, most: int) -> int:
    """Say up to where a text weighs so much at the most, and never less than one letter."""
    end = min(at + most, len(text))
    while (weighs := weight(text[at:end])) > most and end > at + 1:
        end = at + max((end - at) * most // weighs, 1)
    return max(end, min(at + 1, len(text)))
