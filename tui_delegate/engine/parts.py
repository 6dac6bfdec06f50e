"""One errand over more material than a model can hold: each part to a worker of its own, side by side.

How the material was cut, and in which words it is asked about, is not decided here.
"""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING

from tui_delegate.core.errors import ContextOverflow
from tui_delegate.core.events import Delegated, Returned
from tui_delegate.core.records import dataclass, replace
from tui_delegate.engine.errand import called_off, do, lost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tui_delegate.core.specs import Seat
    from tui_delegate.engine.errand import Bench, Done, Errand


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the material."""

    name: str
    task: str
    files: tuple[str, ...]
    errand: Errand
    smaller: Callable[[], Sequence[Part]] | None = None
    """Makes smaller parts of it, where it is too much for the model after all; none: it can't be cut more."""


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
    flags: list[str] = []
    places = count()
    while parts:
        try:
            groups = await _do_all(bench, parts, seat, places, spent)
        except bench.clock.broken_off:
            called_off(bench, seat)
            raise
        ended = [one for group in groups for one in group]
        if any(done.error for _, done in ended):
            flags.append("parts_failed")
        if any(done.flags for _, done in ended if not done.error):
            flags.append("parts_cut")
        if all(done.error for _, done in ended):
            return _together(lost(bench, seat, ended[0][1].error), spent)
        answers = [_answer(part, done) for part, done in ended]
        parts = again(answers)
    if not spent and (more := again(answers)):
        return await do_in_parts(bench, more, seat, again, combine)
    errand = replace(combine(answers), flags=tuple(dict.fromkeys(flags)))
    return _together(await do(bench, errand, seat), spent)


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


async def _do_all(
    bench: Bench, parts: Sequence[Part], seat: Seat, places: Iterator[int], spent: list[Done]
) -> list[list[Ended]]:
    """Do them side by side. Gives a group for each: itself, or what it was cut into where it was too much."""
    placed = [(place, part) for part, place in zip(parts, places, strict=False)]
    for place, part in placed:
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
        tasks = [group.create_task(_do_part(bench, part, seat, place)) for place, part in placed]
    groups = [[(part, task.result())] for part, task in zip(parts, tasks, strict=True)]
    spent += [done for ((_, done),) in groups]
    cut = {at: smaller for at, ((part, done),) in enumerate(groups) if (smaller := _smaller(part, done))}
    if flat := [part for smaller in cut.values() for part in smaller]:
        done_again = iter(await _do_all(bench, flat, seat, places, spent))
        for at, smaller in cut.items():
            groups[at] = [ended for _ in smaller for ended in next(done_again)]
    return groups


def _smaller(part: Part, done: Done) -> Sequence[Part]:
    """A tokenizer may make more of a text than anybody could guess: only the server's refusal tells."""
    return part.smaller() if part.smaller and isinstance(done.error, ContextOverflow) else ()


async def _do_part(bench: Bench, part: Part, seat: Seat, place: int) -> Done:
    done = await do(bench, part.errand, seat, (place,))
    text = done.text if done.error is None else done.error.message
    bench.stream.emit(Returned(path=(place,), at=bench.clock.now(), text=text, failed=done.error is not None))
    return done
