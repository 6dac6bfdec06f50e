"""More material than a model can hold: read in parts, side by side, and one answer made of theirs.

How it is shown on the command line is here; what each part is asked, `workspace.splitting`'s.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tui_delegate.cli import output
from tui_delegate.core.events import Finished
from tui_delegate.engine.parts import do_in_parts
from tui_delegate.workspace.many import open_many
from tui_delegate.workspace.splitting import Job

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_delegate.cli.conduct import Conduct
    from tui_delegate.core.events import Event
    from tui_delegate.engine.errand import Bench, Done
    from tui_delegate.workspace.asking import Material, Question
    from tui_delegate.workspace.errands import Told


def ask_in_parts(conduct: Conduct, material: Material, question: Question, prompt: str, room: int) -> Told:
    """Read the material in parts and combine what they gave."""
    pieces = material.parts(room)
    conduct.say(f"about {material.tokens} tokens do not fit: they are read in {len(pieces)} parts")
    return asyncio.run(_ask(conduct, pieces, question, prompt, room))


async def _ask(
    conduct: Conduct, pieces: Sequence[Material], question: Question, prompt: str, room: int
) -> Told:
    assert conduct.place is not None
    args = conduct.args
    journal = await asyncio.to_thread(conduct.journal)
    try:
        async with open_many(args.limit) as many:
            seat = await many.seat(conduct.place, args.temperature, args.fallback)
            job = Job(question, seat, room)
            with output.progress(len(pieces), "parts") as bar:

                def tell(event: Event) -> None:
                    conduct.hear(event)
                    if event.terminal and event.path:
                        bar.step(note="" if isinstance(event, Finished) else "failed")

                async def work(bench: Bench) -> Done:
                    return await do_in_parts(bench, job.parts(pieces), seat, job.again, job.combined)

                told = await many.run(
                    work, prompt, command=args.verb, target=conduct.file, journal=journal, tell=tell
                )
    finally:
        if journal:
            await asyncio.to_thread(journal.close)
    return conduct.ended(told)
