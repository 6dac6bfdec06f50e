"""What was delegated, in the words and figures that a coding agent ends its summary with, each computed.

What the journal can't know is said to be unknown; nothing here guesses.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from tui_delegate.core.clean import clean_line
from tui_delegate.journal.report import Report, Scope, report
from tui_delegate.workspace.accounts import EmptyLedger, since_when

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MOST_WORKERS: Final = 5
"""Models that have a line of their own."""
_UNKNOWN = (
    "not known: the calling agent's own tokens are not in the journal; --manager-tokens N tells their number"
)


def scope_of(
    session: str, project: str, since: str, environ: Mapping[str, str], here: str
) -> tuple[Scope, str]:
    """Choose what is reported: what was named, else the session around us, else today in this project.

    Gives it in words, too. Raises an InputError for a time that is none.
    """
    at = since_when(since, time.time())
    when = f" since {since}" if since else ""
    if session or project:
        words = (f" in session {session}" if session else "") + (f" in {project}" if project else "")
        return Scope((session,) if session else (), project, at), (words + when).strip()
    ids = tuple(environ[name] for name in ("CLAUDE_SESSION_ID", "CODEX_SESSION_ID") if environ.get(name))
    if ids:
        return Scope(ids, since=at), f"in session {' or '.join(ids)}{when}"
    if at is None:
        at, when = since_when("today", time.time()), " today"
    return Scope(project=here, since=at), f"in {here}{when}"


def report_content(journal: Path, scope: Scope, words: str, told: int | None) -> dict[str, object]:
    """Give the figures and the lines. `told`: the tokens that the calling agent spent itself, if it knows.

    Raises an EmptyLedger.
    """
    found = report(journal, scope)
    if found is None:
        raise EmptyLedger(
            f"No model call is recorded {words}.", "Another time or place: --since, --session, --project"
        )
    return {"scope": words, **_content(found, told), "lines": list(_lines(found, told))}


def dollars(cost: float | None) -> str:
    """Write an amount; a question mark stands for what is not known."""
    if cost is None:
        return "?"
    sign, cost = ("-", -cost) if cost < 0 else ("", cost)
    return sign + (f"${cost:.2f}" if cost >= 100 or cost == 0 else f"${cost:.6f}".rstrip("0").rstrip("."))


def cost_words(cost: float, unpriced: int, calls: int) -> str:
    """Write what calls cost, and of how many that is not known."""
    if not unpriced:
        return dollars(cost)
    return "?" if unpriced == calls else f"{dollars(cost)}, and {unpriced} of unknown cost"


def _lines(found: Report, told: int | None) -> Iterator[str]:
    share = found.share(told)
    yield f"Delegated implementation: {_UNKNOWN if share is None else _percent(share)}"
    for worker in found.workers[:MOST_WORKERS]:
        part = ""
        if len(found.workers) > 1 and found.delegated:
            part = f" ({_percent(worker.tokens / found.delegated)} of the workers' tokens)"
        names = {"profile": worker.profile, "backend": worker.backend, "model": worker.model}
        yield (
            "Worker model: "
            + " ".join(f"{key}={clean_line(name) or '-'}" for key, name in names.items())
            + part
        )
    if rest := found.workers[MOST_WORKERS:]:
        tokens = sum(worker.tokens for worker in rest)
        part = f" ({_percent(tokens / found.delegated)} of the workers' tokens)" if found.delegated else ""
        yield f"Worker model: and {len(rest)} more{part}"
    yield "Worker calls: " + ", ".join(
        [f"{clean_line(verb) or '-'}={count}" for verb, count in found.delegations.items()] or ["-"]
    )
    guess = "~" if found.guessed else ""
    failed = f"; {found.failed} of {found.calls} model calls failed" if found.failed else ""
    yield (
        f"Worker tokens: {guess}{found.delegated} (prompt={guess}{found.prompt}, "
        f"completion={guess}{found.completion}, cached={found.cached}){failed}"
    )
    saved = "" if found.saved is None else f", ~{dollars(found.saved)} at the manager's price"
    yield f"Saved: {guess}{found.delegated} tokens that no manager had to spend{saved}"
    yield f"Cost: {cost_words(found.cost, found.unpriced, found.all_calls)}"


def _content(found: Report, told: int | None) -> dict[str, object]:
    return {
        "delegated_share": found.share(told),
        "manager_tokens": None if found.outside and told is None else found.managers + (told or 0),
        "workers": [
            {
                "profile": worker.profile,
                "backend": worker.backend,
                "model": worker.model,
                "calls": worker.calls,
                "tokens": worker.tokens,
                "share": worker.tokens / found.delegated if found.delegated else None,
            }
            for worker in found.workers
        ],
        "worker_calls": dict(found.delegations),
        "model_calls": found.calls,
        "failed_calls": found.failed,
        "prompt_tokens": found.prompt,
        "completion_tokens": found.completion,
        "cached_tokens": found.cached,
        "estimated_calls": found.guessed,
        "saved_tokens": found.delegated,
        "saved_cost": found.saved,
        "cost": found.cost,
        "unknown_cost_calls": found.unpriced,
    }


def _percent(share: float) -> str:
    """Write a share in hundredths; what is not all and not nothing is never called so."""
    whole = round(share * 100)
    if not share:
        return "0%"
    if whole == 0:
        return "<1%"
    return ">99%" if whole == 100 and share < 1 else f"~{whole}%"
