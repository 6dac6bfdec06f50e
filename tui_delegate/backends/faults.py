"""Reads what a server says when it refuses: every shape of error body, made one typed error.

Pure: no request is made here, and no error of the transport is known (that is `http`).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import (
    AuthRefused,
    BackendError,
    BadReply,
    ContextOverflow,
    ModelMissing,
    Overloaded,
    RateLimited,
    TimedOut,
)
from tui_delegate.core.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_BODY = 64 * 1024
_DEEPEST = 6
_LONGEST_WORDS = 400

# Compiled when they are first needed, which is when something is wrong.
_OVERFLOW = (
    r"exceed_context_size|context_length_exceeded|model_context_window_exceeded|request_too_large"
    r"|exceeds? the (?:available|maximum|model'?s) context|context (?:length|window|size)|prompt is too long"
    r"|maximum context|too many tokens in the prompt"
)
_NO_CREDIT = (
    r"insufficient_quota|billing_error|credit balance|insufficient (?:credit|funds|balance)|no credits?\b"
)
_NO_MODEL = (
    r"model_not_found|no models? (?:is |are )?loaded|try pulling it first|no such model|unknown model"
    r"|multiple models are loaded|model name is missing|not a valid model|model_not_loaded"
    r"|\bmodel (?:is|was|has been) unloaded"
    r"|\bmodel\b[^\n]{0,200}?(?:not found|not exist|is not loaded|not available)"
)
_AUTH_TYPES = ("authentication_error", "permission_error", "invalid_api_key", "unauthorized")
_BUSY = r"overloaded|unavailable_error|server busy|loading model|at capacity"
_LOADING = r"loading model|model is (?:still )?loading"


@dataclass(frozen=True, slots=True)
class Fault:
    """What an error body says, with all wrapping taken off."""

    words: str = ""
    kind: str = ""
    """The server's own name of the error: its type and its code, as one text."""
    status: int | None = None
    """The status that the body names: a stream's errors come after a 200."""


def error_of(status: int, body: bytes, headers: Mapping[str, str], now: float | None = None) -> BackendError:
    """Make the typed error of an answer that is no success. `now` is epoch seconds, for Retry-After dates."""
    text = body[:LONGEST_BODY].decode("utf-8", "replace")
    fault = _read(text, 0)
    return _typed(status, fault, text, retry_after(headers, now))


def error_in(payload: object) -> BackendError:
    """Make the typed error of an `error` that came inside an answer whose status was 200."""
    fault = _read(payload, 0)
    body = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
    return _typed(fault.status, fault, clean_line(body, LONGEST_BODY), None)


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Say how many seconds the server wants us to wait, from a number or an HTTP date."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,6})?", value):
        return float(value)
    if not value or now is None:
        return None
    # Seldom a date, and dear to load.
    from datetime import UTC, datetime
    from email.utils import parsedate_to_datetime

    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max((when - datetime.fromtimestamp(now, UTC)).total_seconds(), 0.0)


def _says(pattern: str, text: str) -> bool:
    return bool(re.search(pattern, text, re.IGNORECASE))


def _typed(status: int | None, fault: Fault, body: str, wait: float | None) -> BackendError:
    kind, hint = _kind(status, fault)
    said = fault.words or fault.kind
    where = f"The server answered {status}" if status else "The server broke off with an error"
    message = f"{where}: {said}" if said else f"{where} and said nothing more."
    loading = kind is Overloaded and _says(_LOADING, fault.words)
    return kind(message, hint, status=status, body=body, retry_after=wait, loading=loading)


def _kind(status: int | None, fault: Fault) -> tuple[type[BackendError], str]:
    said = f"{fault.kind} {fault.words}"
    if status == 402 or _says(_NO_CREDIT, said):
        return AuthRefused, "The account behind this key has no credit left."
    if status in (401, 403) or any(word in fault.kind for word in _AUTH_TYPES):
        return AuthRefused, "Check api_key or api_key_env of the profile."
    if status == 429 or "rate_limit" in fault.kind:
        return RateLimited, "Wait, or lower max_parallel of the profile."
    if status == 413 or _says(_OVERFLOW, said):
        return ContextOverflow, "Send less text, or give the model a larger window."
    if _says(_NO_MODEL, said):
        return ModelMissing, "`tui-delegate models` lists what the server has."
    if status == 404 or "not_found" in fault.kind:
        return ModelMissing, "Check the model's name and the profile's base_url."
    return _kind_of_trouble(status, said)


def _kind_of_trouble(status: int | None, said: str) -> tuple[type[BackendError], str]:
    if status in (503, 529) or (status in (None, 500, 502) and _says(_BUSY, said)):
        return Overloaded, "The server has no room now; try again later."
    if status in (408, 499, 504) or "timeout_error" in said:
        return TimedOut, "The server gave up waiting; try again, or send less."
    if status is not None and 300 <= status < 400:
        return BadReply, "Set the profile's base_url to the address that the server points to."
    if status is not None and status >= 500:
        return BadReply, "The server's own log says more."
    return BadReply, ""


def _read(value: object, depth: int) -> Fault:
    """Take the wrapping off: JSON inside strings, `error` inside `error`, lists, HTML."""
    if depth > _DEEPEST:
        return Fault()
    if isinstance(value, str):
        return _read_text(value, depth)
    if isinstance(value, list):
        return _read(value[0], depth + 1) if value else Fault()
    if not isinstance(value, dict):
        return Fault(clean_line(str(value), _LONGEST_WORDS)) if value is not None else Fault()
    return _read_object(value, depth)


def _read_text(text: str, depth: int) -> Fault:
    text = text.strip()
    if text[:1] in ("{", "[", '"'):
        try:
            return _read(json.loads(text), depth + 1)
        except (ValueError, RecursionError):
            pass
    if text[:1] == "<":
        title = re.search(r"<(title|h1)[^>]*>(.{1,300}?)</\1>", text, re.IGNORECASE | re.DOTALL)
        return Fault(clean_line(f"a web page: {title.group(2)}" if title else "a web page", _LONGEST_WORDS))
    return Fault(clean_line(text, _LONGEST_WORDS))


def _read_object(value: dict[str, object], depth: int) -> Fault:
    outer = Fault(kind=_kind_words(value), status=_status(value.get("code")) or _status(value.get("status")))
    for key in ("error", "message", "detail", "errors", "msg", "error_description"):
        if value.get(key):
            inner = _read(value[key], depth + 1)
            kind = " ".join(word for word in (outer.kind, inner.kind) if word)
            return Fault(inner.words, kind, inner.status or outer.status)
    return outer


def _kind_words(value: dict[str, object]) -> str:
    names = (value.get("type"), value.get("code"))
    words = [name for name in names if isinstance(name, str) and name not in ("error", "")]
    return clean_line(" ".join(words))


def _status(code: object) -> int | None:
    if isinstance(code, str) and re.fullmatch(r"[45]\d\d", code):
        code = int(code)
    return code if type(code) is int and 400 <= code < 600 else None
