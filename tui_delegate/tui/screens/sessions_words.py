"""A session in the words and colours of its row and its preview. Pure: everything that it gives is clean."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from textual.content import Content

from tui_delegate.core.clean import clean, clean_line
from tui_delegate.tui.figures import Sign, count, dollars

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_delegate.journal.store import Exchange, SessionRow

_LIVE_NOTE: Final = (
    "Another process is at work on this one: it can be watched now, and continued when that has ended."
)
_NOTES: Final = {
    "open": "Its process was killed. It can be resumed.",
    "failed": "Its last run failed. It can be resumed.",
    "cancelled": "Its last run was stopped. It can be resumed.",
}
_LIVE: Final = Sign("●", "at work elsewhere", "live")
_OPEN: Final = Sign("▸", "open here", "accent")
_STATES: Final = {
    "ok": Sign("✓", "done", "ok"),
    "failed": Sign("✗", "failed", "bad"),
    "cancelled": Sign("■", "stopped", "warn"),
    "open": Sign("■", "killed", "warn"),
}
_EMPTY: Final = Sign("·", "empty", "dim")
_PROMPT: Final = 1200
_ANSWER: Final = 3000
"""Characters of each that a preview shows."""


def sign_of(row: SessionRow, *, is_open: bool = False) -> Sign:
    """Say how a session stands."""
    if is_open:
        return _OPEN
    return _LIVE if row.live else _STATES.get(row.status, _EMPTY)


def row_of(row: SessionRow, now: float, *, is_open: bool = False) -> Content:
    """Write a session's two lines: what it is about, and how it stands."""
    sign = sign_of(row, is_open=is_open)
    runs = "1 run" if row.runs == 1 else f"{row.runs} runs"
    facts = [when(row.updated, now), *([runs] if row.runs else []), *_figures(row)]
    return Content.assemble(
        (title_of(row), "bold"),
        "\n",
        (f"{sign.glyph} {sign.word}", f"${sign.tone}"),
        (f" · {' · '.join(facts)}", "$dim"),
    )


def note_of(row: SessionRow, *, is_open: bool = False) -> str:
    """Say what a person should know before going on with a session; mostly nothing."""
    if is_open:
        return ""
    return _LIVE_NOTE if row.live else _NOTES.get(row.status, "")


def preview_of(row: SessionRow, said: Sequence[Exchange], now: float) -> Content:
    """Write what was last asked and answered."""
    parts = [Content.styled(title_of(row, 200), "bold")]
    figures = f", {count(row.tokens)} tokens, {dollars(row.cost)}" if row.tokens else ""
    facts = [
        clean_line(row.cwd, 120),
        f"begun {when(row.created, now)}{figures}",
        clean_line(", ".join(row.models), 200),
    ]
    parts.append(Content.styled("\n".join(fact for fact in facts if fact), "$dim"))
    if row.runs > len(said) > 0:
        parts.append(Content.styled(f"… {row.runs - len(said)} before", "$dim"))
    for one in said:
        parts.append(_speech("you", one.prompt, _PROMPT, "(not kept)"))
        parts.append(_speech("manager", one.answer, _ANSWER, _silence(one.status, live=row.live)))
    return Content("\n\n").join(parts)


def title_of(row: SessionRow, limit: int = 100) -> str:
    """Name a session, also one of which no text is kept."""
    return clean_line(row.title, limit) or f"untitled {clean_line(row.id, 20)}"


def when(at: float, now: float) -> str:
    """Say when something was, as exactly as anybody wants to know."""
    passed = now - at
    if passed < 60:
        return "just now"
    if passed < 3600:
        return f"{int(passed // 60)} min ago"
    then, today = time.localtime(at), time.localtime(now)
    clock = time.strftime("%H:%M", then)
    if then[:3] == today[:3]:
        return f"today {clock}"
    if then[:3] == time.localtime(now - 86_400)[:3]:
        return f"yesterday {clock}"
    day = f"{then.tm_mday} {time.strftime('%b', then)}"
    return f"{day} {clock}" if then.tm_year == today.tm_year else f"{day} {then.tm_year}"


def _figures(row: SessionRow) -> list[str]:
    models = [clean_line(model, 30) for model in row.models[:2]]
    if len(row.models) > 2:
        models.append(f"+{len(row.models) - 2}")
    return [*([dollars(row.cost)] if row.tokens else []), *([", ".join(models)] if models else [])]


def _speech(who: str, text: str, limit: int, empty: str) -> Content:
    text = clean(text).strip()
    if len(text) > limit:
        text = text[:limit] + " …"
    return Content.assemble((who, "$accent"), "\n", text or (empty, "$dim"))


def _silence(status: str, *, live: bool) -> str:
    return "(at work)" if live and status == "open" else "(no answer)"
