"""Takes keys out of texts that others wrote: a server's error often repeats the key that it refused.

Which keys are known is the caller's to say; what looks like one is known here. Answers of models never
pass this: they are shown as they are.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

HIDDEN = "[key]"
SHORTEST = 6
"""A known secret that is shorter would take words out of every sentence."""

_LIKE_A_KEY = (
    r"\b[spr]k[-_][A-Za-z0-9_-]{8,}"
    r"|\b(?:gh[pousr]_|github_pat_|glpat-|hf_|gsk_|nvapi-|xai-)[A-Za-z0-9_-]{12,}"
    r"|\bAKIA[0-9A-Z]{16}\b|\bAIza[A-Za-z0-9_-]{30,}|\bxox[abprs]-[A-Za-z0-9-]{8,}"
    r"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"
    r"|(?i:(?<=\bbearer )|(?<=\bbasic ))[A-Za-z0-9._~+/-]{8,}=*"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*-----|\Z)"
    r"|(?<=://)[^\s/@:]{1,200}:[^\s/@]{1,200}(?=@)"
)


def redact(text: str, known: Iterable[str] = ()) -> str:
    """Write `[key]` where a key stands: a known one in any of its spellings, or what looks like one."""
    import re

    spellings = {one for secret in known if len(secret) >= SHORTEST for one in _spellings(secret)}
    for one in sorted(spellings, key=len, reverse=True):
        text = text.replace(one, HIDDEN)
    return re.sub(_LIKE_A_KEY, HIDDEN, text)


def _spellings(secret: str) -> set[str]:
    from base64 import b64encode
    from json import dumps
    from urllib.parse import quote

    plain = b64encode(secret.encode()).decode()
    return {secret, quote(secret, safe=""), dumps(secret)[1:-1], plain, plain.rstrip("=")}
