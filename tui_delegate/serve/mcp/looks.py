"""The tools that give a manager a task, and those that only look: run, status, ledger."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tui_delegate import profiles
from tui_delegate.core.clean import clean
from tui_delegate.core.errors import InputError
from tui_delegate.core.records import replace
from tui_delegate.core.transcript import Transcript
from tui_delegate.corpus.mentions import find_mentions
from tui_delegate.serve.mcp.call import Result, in_arguments, in_words
from tui_delegate.workspace.accounts import ledger_content, since_when
from tui_delegate.workspace.envelopes import run_envelope, words_of
from tui_delegate.workspace.reporting import report_content, scope_of
from tui_delegate.workspace.seating import Seating
from tui_delegate.workspace.standing import standing

if TYPE_CHECKING:
    from tui_delegate.core.choice import Choice
    from tui_delegate.serve.mcp.call import Call
    from tui_delegate.serve.mcp.desk import Desk
    from tui_delegate.serve.mcp.wishes import Look, Run
    from tui_delegate.workspace.seats import Workspace


async def run_prompt(desk: Desk, wish: Run, call: Call) -> Result:
    """Give a prompt to the manager. Nobody is asked on the way: what a run may do, its limits say."""
    if not wish.prompt.strip():
        raise InputError("The prompt is empty.", "Say what is to be done.")
    call.ground.check(find_mentions(wish.prompt))
    workspace = _chosen(desk, wish.choice)
    limits = desk.limits(wish.limits)
    shelf = await asyncio.to_thread(workspace.shelf, wish.prompt, call.ground.folder)
    context = replace(workspace.context("run"), session=desk.session, cwd=call.ground.folder)
    transcript, begun = Transcript(), time.monotonic()
    journal = await desk.journal(call)
    async with workspace.run(wish.prompt, limits, journal=journal, shelf=shelf, context=context) as run:
        async for event in run:
            desk.tell_notices(call)
            transcript.apply(event)
            call.telling.hear(event)
        limits = run.limits
        call.unwritten = call.unwritten or run.journal_error
    result = call.done(run_envelope(transcript, limits, time.monotonic() - begun))
    root = transcript.root
    said = root.text if root.state == "done" else "\n".join(filter(None, words_of(root)))
    return replace(result, texts=(clean(said), in_words(result.body, "content")))


def _chosen(desk: Desk, choice: Choice) -> Workspace:
    """Give the workspace with other people at the table; lanes and connections are those of all."""
    workspace = desk.workspace()
    if not choice.profile and not choice.model:
        choice = choice.taking("manager", desk.usual.profile, desk.usual.model)
    seating = Seating(workspace.settings, workspace.reach, choice, workspace.seating.found)
    return replace(workspace, seating=seating)


async def show_status(desk: Desk, call: Call) -> Result:
    """Say how things stand."""

    def look() -> dict[str, object]:
        settings = profiles.load(desk.environ, Path.home())
        for warning in settings.warnings:
            call.telling.note(warning)
        return standing(settings, desk.environ, Path.home()) | {"folders": list(call.ground.roots)}

    return call.done({"ok": True, "command": "status", "content": await asyncio.to_thread(look)})


async def show_ledger(desk: Desk, wish: Look, call: Call) -> Result:
    """Say what calls took, or what was delegated."""
    look = _report if wish.report else _ledger
    content = await asyncio.to_thread(look, desk, wish, call.ground.folder)
    return call.done({"ok": True, "command": "ledger", "model": "-", "content": content})


def _report(desk: Desk, wish: Look, folder: str) -> dict[str, object]:
    """Without a session of the host's, this server's own calls are meant, however old it is."""
    hosts = any(desk.environ.get(name) for name in ("CLAUDE_SESSION_ID", "CODEX_SESSION_ID"))
    session = wish.session or ("" if hosts or wish.since else desk.session)
    scope, words = scope_of(session, "", wish.since, desk.environ, folder)
    content = report_content(_journal(desk), scope, words, wish.manager_tokens)
    lines = content["lines"]
    assert isinstance(lines, list)
    return content | {"lines": [in_arguments(line) for line in lines]}


def _ledger(desk: Desk, wish: Look, folder: str) -> dict[str, object]:
    from tui_delegate.journal.ledger import Ledger, Query, check_dimension

    if wish.by:
        check_dimension(wish.by)
    query = Query(since=since_when(wish.since, time.time()), limit=wish.limit)
    ledger = Ledger.open(_journal(desk))
    try:
        return ledger_content(ledger, None, query, wish.by)
    finally:
        ledger.close()


def _journal(desk: Desk) -> Path:
    return profiles.journal_path(desk.environ)
