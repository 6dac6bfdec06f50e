"""More material than a model can hold: read in parts, side by side, and one answer made of theirs.

How the material is cut is its own; what one errand is, is `asked`'s.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from tui_delegate.cli import output
from tui_delegate.core.events import Finished
from tui_delegate.core.records import dataclass, replace
from tui_delegate.core.usage import estimate_tokens
from tui_delegate.engine.errand import Errand
from tui_delegate.engine.parts import Answer, Part, do_in_parts
from tui_delegate.engine.prompts import COMBINE
from tui_delegate.workspace.many import open_many
from tui_delegate.workspace.material import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_delegate.cli.asked import Material, Question
    from tui_delegate.cli.conduct import Conduct
    from tui_delegate.core.events import Event
    from tui_delegate.core.specs import Seat
    from tui_delegate.engine.errand import Bench, Done
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
                    work, prompt, command=args.verb, target=conduct.target, journal=journal, tell=tell
                )
    finally:
        if journal:
            await asyncio.to_thread(journal.close)
    return conduct.ended(told)


@dataclass(frozen=True, slots=True)
class Job:
    """One question, asked of parts and then of their answers."""

    question: Question
    seat: Seat
    room: int | None

    def parts(self, pieces: Sequence[Material]) -> list[Part]:
        """Make the parts' errands."""
        return [self._part(f"part {place} of {len(pieces)}", piece) for place, piece in enumerate(pieces, 1)]

    def again(self, answers: Sequence[Answer]) -> list[Part]:
        """Make parts of answers that are together still too much; none where they fit."""
        told = [_told(answer) for answer in answers]
        if self.room is None or estimate_tokens("\n".join(told)) <= self.room:
            return []
        groups: list[list[str]] = [[]]
        for one in told:
            if groups[-1] and estimate_tokens("\n".join([*groups[-1], one])) > self.room:
                groups.append([])
            groups[-1].append(one)
        if len(groups) >= len(told):  # nothing would come of it but the same again
            return []
        return [
            self._part(f"answers {place} of {len(groups)}", Text("\n\n".join(group)), combines=True)
            for place, group in enumerate(groups, 1)
        ]

    def combined(self, answers: Sequence[Answer]) -> Errand:
        """Make one errand of all answers."""
        material = Text("\n\n".join(_told(answer) for answer in answers))
        errand = self.question.errand(material, self.seat)
        words = f"{self.question.words}\n{COMBINE}"
        return replace(errand, messages=self.question.messages(words, material, self.seat))

    def _part(self, name: str, material: Material, *, combines: bool = False) -> Part:
        words = COMBINE if combines else self.question.part_words
        task = f"This is {name}. {self.question.question}".strip()
        return Part(
            name, task, material.names, Errand(self.question.messages(words, material, self.seat, task))
        )


def _told(answer: Answer) -> str:
    failed = ' failed="true"' if answer.failed else ""
    return f"<answer of={json.dumps(answer.name)}{failed}>\n{answer.text}\n</answer>"
