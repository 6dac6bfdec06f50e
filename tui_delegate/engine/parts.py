"""One errand over more material than a model can hold: each part to a worker of its own, side by side, and one
answer made of theirs.

How the material was cut, and in which words it is asked about, is not decided here.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_delegate.core.events import Delegated, Returned
from tui_delegate.engine.errand import do

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tui_delegate.core.specs import Seat
    from tui_delegate.engine.errand import Bench, Done, Errand


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the material."""

    name: str
    task: str
    files: tuple[str, ...]
    errand: Errand


async def do_in_parts(
    bench: Bench, parts: Sequence[Part], seat: Seat, combine: Callable[[Sequence[tuple[Part, Done]]], Errand]
) -> Done:
    """Do all parts, then what `combine` makes of them. Where every part failed, the first failure is the end."""
    for place, part in enumerate(parts):
        delegated = Delegated(
            path=(place,),
            at=bench.clock.now(),
            call_id=f"part-{place + 1}",
            task_name=part.name,
            task=part.task,
            files=part.files,
        )
        bench.stream.emit(delegated)
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_do_part(bench, part, seat, place)) for place, part in enumerate(parts)
        ]
    ended = [(part, task.result()) for part, task in zip(parts, tasks, strict=True)]
    return await do(bench, combine(ended), seat)


async def _do_part(bench: Bench, part: Part, seat: Seat, place: int) -> Done:
    done = await do(bench, part.errand, seat, (place,))
    returned = Returned(
        path=(place,), at=bench.clock.now(), text=done.text, failed=done.error is not None
    )
    bench.stream.emit(returned)
    return done
