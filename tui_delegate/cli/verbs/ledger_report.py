"""`ledger report`: the lines that a coding agent ends its summary with, each of them computed.

What the journal can't know is said to be unknown; nothing here guesses.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from tui_delegate.cli import output
from tui_delegate.cli.verbs.ledger import EmptyLedger, journal_path, since_when
from tui_delegate.cli.verbs.ledger_show import cost_words, dollars
from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InputError
from tui_delegate.journal.report import Report, Scope, report

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

_UNKNOWN = (
    "not known: the calling agent's own tokens are not in the journal; --manager-tokens N tells their number"
)


def run_report(args: argparse.Namespace) -> int:
    """Say what was delegated."""
    told = _told(args.manager_tokens)
    scope, words = _scope(args)
    found = report(journal_path(args.journal), scope)
    if found is None:
        raise EmptyLedger(
            f"No model call is recorded {words}.", "Another time or place: --since, --session, --project"
        )
    if args.json:
        content = {"scope": words, **_content(found, told), "lines": list(_lines(found, told))}
        output.data_json({"ok": True, "command": "ledger", "model": "-", "content": content})
        return output.OK
    output.data("\n".join(_lines(found, told)))
    return output.OK


def _told(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or len(text) > 15:
        raise InputError(f"--manager-tokens takes a number of tokens, not {text!r}.")
    return int(text)


def _scope(args: argparse.Namespace) -> tuple[Scope, str]:
    """Choose what is reported: what was named, else the session around us, else today in this project."""
    since = since_when(args.since, time.time())
    when = f" since {args.since}" if args.since else ""
    if args.session or args.project:
        folder = os.path.abspath(args.project) if args.project else ""
        words = (f" in session {args.session}" if args.session else "") + (f" in {folder}" if folder else "")
        return Scope((args.session,) if args.session else (), folder, since), (words + when).strip()
    ids = tuple(
        os.environ[name] for name in ("CLAUDE_SESSION_ID", "CODEX_SESSION_ID") if os.environ.get(name)
    )
    if ids:
        return Scope(ids, since=since), f"in session {' or '.join(ids)}{when}"
    if since is None:
        since, when = since_when("today", time.time()), " today"
    return Scope(project=os.getcwd(), since=since), f"in {os.getcwd()}{when}"


def _lines(found: Report, told: int | None) -> Iterator[str]:
    share = found.share(told)
    yield f"Delegated implementation: {_UNKNOWN if share is None else _percent(share)}"
    for worker in found.workers:
        part = ""
        if len(found.workers) > 1 and found.delegated:
            part = f" ({_percent(worker.tokens / found.delegated)} of the workers' tokens)"
        names = {"profile": worker.profile, "backend": worker.backend, "model": worker.model}
        yield (
            "Worker model: "
            + " ".join(f"{key}={clean_line(name) or '-'}" for key, name in names.items())
            + part
        )
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
