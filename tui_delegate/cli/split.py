"""More material than a model can hold: read in parts, side by side, and one answer made of theirs.

How the material is cut is its own; what one errand is, is `asked`'s.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_delegate.cli import output
from tui_delegate.core.events import Finished
from tui_delegate.core.usage import estimate_tokens
from tui_delegate.engine.errand import Errand
from tui_delegate.engine.parts import Part, do_in_parts
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
            job = _Job(question, seat, room)
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
class _Job:
    """One question, asked of parts and then of their answers."""

    question: Question
    seat: Seat
    room: int

    def parts(self, pieces: Sequence[Material]) -> list[Part]:
        """Make the parts' errands."""
        return [self._part(f"part {place} of {len(pieces)}", piece) for place, piece in enumerate(pieces, 1)]

    def again(self, ended: Sequence[tuple[Part, Done]]) -> list[Part]:
        """Make parts of answers that are together still too much; none where they fit."""
        answers = [_answer(part, done) for part, done in ended]
        if estimate_tokens("\n".join(answers)) <= self.room:
            return []
        groups: list[list[str]] = [[]]
        for answer in answers:
            if groups[-1] and estimate_tokens("\n".join([*groups[-1], answer])) > self.room:
                groups.append([])
            groups[-1].append(answer)
        if len(groups) >= len(answers):  # nothing would come of it but the same again
            return []
        return [
            self._part(f"answers {place} of {len(groups)}", Text("\n\n".join(group)), combines=True)
            for place, group in enumerate(groups, 1)
        ]

    def combined(self, ended: Sequence[tuple[Part, Done]]) -> Errand:
        """Make one errand of all answers."""
        answers = Text("\n\n".join(_answer(part, done) for part, done in ended))
        errand = self.question.errand(answers, self.seat)
        words = f"{self.question.words}\n{COMBINE}"
        return Errand(
            messages=self.question.messages(words, answers, self.seat),
            answer_schema=errand.answer_schema,
            review=errand.review,
            rounds=errand.rounds,
            whole=errand.whole,
        )

    def _part(self, name: str, material: Material, *, combines: bool = False) -> Part:
        words = COMBINE if combines else self.question.part_words
        task = f"This is {name}. {self.question.question}".strip()
        return Part(
            name, task, material.names, Errand(self.question.messages(words, material, self.seat, task))
        )


def _answer(part: Part, done: Done) -> str:
    if done.error is not None:
        return f'<answer of="{part.name}" failed="true">\n{done.error.message}\n</answer>'
    return f'<answer of="{part.name}">\n{done.text}\n</answer>'
