"""The tool that asks the same of many files, each by itself, as many at once as the servers take."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import DelegateError, InputError
from tui_delegate.core.fitting import AnswerSchema
from tui_delegate.corpus.inputs import inputs
from tui_delegate.workspace.mapping import AHEAD, Sweep, Wish

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tui_delegate.corpus.inputs import Input
    from tui_delegate.engine.errand import Bench, Done
    from tui_delegate.serve.mcp.call import Call, Result
    from tui_delegate.serve.mcp.desk import Desk
    from tui_delegate.serve.mcp.wishes import Map
    from tui_delegate.workspace.errands import Told
    from tui_delegate.workspace.many import Many
    from tui_delegate.workspace.mapping import Record

    Work = Callable[[Bench], Awaitable[Done]]

MOST_FILES: Final = 200
"""More answers than that would fill the caller's context, which delegating is to spare."""


async def map_files(desk: Desk, wish: Map, call: Call) -> Result:
    """Ask about all files, then combine."""
    many = desk.many(wish.who.limits)
    desk.sent(many, wish.who, call)
    call.ground.check(wish.paths)
    found, left = await asyncio.to_thread(inputs, wish.paths, call.ground.folder)
    if not found:
        raise InputError("No file is there to ask about.", "Name others.")
    if len(found) > MOST_FILES:
        raise InputError(
            f"{len(found)} files are more than {MOST_FILES}: their answers would fill your context.",
            "Name fewer, or have it done by `tui-delegate map --input … --out FILE`.",
        )
    for item in [one for one in left if one.wanted]:
        call.telling.note(f"left out: {item.name} ({item.why})")
    call.telling.total = len(found)
    return await _swept(desk, wish, call, many, found)


class _Told:
    """Hears of one call, and tells the host."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def known(self, key: str) -> Record | None:
        """Nothing is kept between calls."""
        return None

    async def keep(self, record: Record) -> None:
        """The answers go back all together."""

    def failed(self, name: str, error: DelegateError) -> None:
        """It is said in the result."""

    def step(self, name: str) -> None:
        """Tell how far it is."""
        self._call.telling.step(clean_line(name))


async def _swept(desk: Desk, wish: Map, call: Call, many: Many, found: list[Input]) -> Result:
    """Ask about all of them, then combine."""
    assert call.place is not None
    seat = await many.seat(call.place, None, wish.who.fallback)
    desk.tell_notices(call)

    async def run(work: Work, prompt: str) -> Told:
        told = await many.run(
            work,
            prompt,
            command=call.command,
            session=desk.session,
            cwd=call.ground.folder,
            journal=await desk.journal(call),
            tell=call.telling.hear,
        )
        call.unwritten = call.unwritten or told.unwritten
        return told

    schema = AnswerSchema(wish.schema, "The schema") if wish.schema else None
    asked = Wish(wish.question, schema, wish.who.split)
    sweep = Sweep(asked, found, call.place, seat, run, desk.environ, _Told(call))
    await sweep.side_by_side(await many.capacity(seat) + AHEAD)
    if wish.combine:
        await sweep.combine()
    body: Record = {"ok": sweep.whole, "command": call.command, "model": seat.model, "profile": seat.profile}
    figures = sweep.figures()
    failed = [{"ok": False, **one} for one in figures.pop("failed")]  # type: ignore[attr-defined]
    body |= figures | {"results": [*sweep.in_order, *failed], "failed": len(failed)}
    return call.done(body)
