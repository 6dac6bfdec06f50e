"""One errand over more material than a model can hold: each part to a worker of its own, side by side.

How the material was cut, and in which words it is asked about, is not decided here.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tui_delegate.core.events import Delegated, Returned
from tui_delegate.core.records import dataclass, replace
from tui_delegate.engine.errand import called_off, do, lost

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


@dataclass(frozen=True, slots=True)
class Answer:
    """What a part gave, or why it gave nothing."""

    name: str
    text: str
    failed: bool = False


Ended = tuple[Part, "Done"]


async def do_in_parts(
    bench: Bench,
    parts: Sequence[Part],
    seat: Seat,
    again: Callable[[Sequence[Answer]], Sequence[Part]],
    combine: Callable[[Sequence[Answer]], Errand],
    answers: Sequence[Answer] = (),
) -> Done:
    """Do all parts, then what `combine` makes of their answers. Where every part failed, that is the end.

    `again` makes parts of answers that are too much to be combined at once; none where they are not. Without
    parts, `answers` are what is combined.
    """
    spent: list[Done] = []
    failed = False
    while parts:
        try:
            ended = await _do_all(bench, parts, seat, len(spent))
        except bench.clock.broken_off:
            called_off(bench, seat)
            raise
        spent += [done for _, done in ended]
        failed = failed or any(done.error for _, done in ended)
        if all(done.error for _, done in ended):
            return _together(lost(bench, seat, ended[0][1].error), spent)
        answers = [_answer(part, done) for part, done in ended]
        parts = again(answers)
    if not spent and (more := again(answers)):
        return await do_in_parts(bench, more, seat, again, combine)
    errand = combine(answers)
    flagged = replace(errand, flags=("parts_failed",)) if failed else errand
    return _together(await do(bench, flagged, seat), spent)


def _answer(part: Part, done: Done) -> Answer:
    if done.error is not None:
        return Answer(part.name, done.error.message, failed=True)
    return Answer(part.name, done.text)


def _together(last: Done, others: Sequence[Done]) -> Done:
    """Count what all of them took; the seconds passed side by side."""
    costs = [one.cost for one in (last, *others) if one.calls]
    return replace(
        last,
        usage=sum((one.usage for one in others), last.usage),
        cost=None if None in costs else sum(cost or 0.0 for cost in costs),
        calls=last.calls + sum(one.calls for one in others),
        seconds=last.seconds + max((one.seconds for one in others), default=0.0),
        at=max([last.at, *(one.at for one in others)]),
    )


async def _do_all(bench: Bench, parts: Sequence[Part], seat: Seat, first: int) -> list[Ended]:
    for place, part in enumerate(parts, first):
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
            group.create_task(_do_part(bench, part, seat, place)) for place, part in enumerate(parts, first)
        ]
    return [(part, task.result()) for part, task in zip(parts, tasks, strict=True)]


async def _do_part(bench: Bench, part: Part, seat: Seat, place: int) -> Done:
    done = await do(bench, part.errand, seat, (place,))
    text = done.text if done.error is None else done.error.message
    bench.stream.emit(Returned(path=(place,), at=bench.clock.now(), text=text, failed=done.error is not None))
    return done
