"""How long an answer may be at most, for a protocol that wants to be told: as long as the model can.

Pure but for what it remembers: a cap that is too high is refused with the right one, and that is kept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_delegate.core.errors import BackendError

_USUAL = 32_000
_BY_MODEL = (
    (r"claude-3-(?:opus|sonnet|haiku)", 4096),
    (r"claude-3-5", 8192),
    (r"claude-opus-4(?:-[01]\b|-2025|$)", 32_000),
    (r"claude", 64_000),
)
"""What Anthropic's models may say at most, older ones first; what is newer than this may say more."""
_LEAST = 256
_LAST = 4096
_MODELS_OWN = r"(\d+) > (\d+), which is the maximum"
_TOGETHER = r"(\d+) \+ (\d+) > (\d+)"
_ROOM = r"(\d+) > (\d+) - (\d+)"


class Caps:
    """The caps of one server's models."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def usual(self, model: str) -> int:
        """Give the cap that cuts nothing, as far as is known."""
        if model in self._known:
            return self._known[model]
        name = model.lower().replace(".", "-")
        return next((cap for words, cap in _BY_MODEL if re.search(words, name)), _USUAL)

    def lower(self, model: str, cap: int, error: BackendError) -> int | None:
        """Read the right cap out of a refusal; None: it is about something else, or nothing is left."""
        said = f"{error.message} {error.body}"
        if error.status not in (400, 422) or "max_tokens" not in said:
            return None
        if found := re.search(_MODELS_OWN, said):
            self._known[model] = lower = int(found[2])
        elif found := re.search(_TOGETHER, said):  # what is left of the window beside this prompt
            lower = int(found[3]) - int(found[1])
        elif found := re.search(_ROOM, said):
            lower = int(found[2]) - int(found[3])
        else:
            lower = _LAST
        return lower if _LEAST <= lower < cap else None
