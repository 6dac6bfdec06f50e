"""One question asked of parts of its material, and one answer made of theirs.

How the material is cut is its own; how parts are done side by side, the engine's.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tui_delegate.core.records import dataclass, replace
from tui_delegate.core.usage import estimate_tokens
from tui_delegate.corpus.parts import LEAST_TOKENS
from tui_delegate.engine.errand import Errand, do
from tui_delegate.engine.parts import Answer, Part, do_in_parts
from tui_delegate.engine.prompts import COMBINE
from tui_delegate.workspace.material import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_delegate.core.specs import Seat
    from tui_delegate.engine.errand import Bench, Done
    from tui_delegate.workspace.asking import Material, Question


async def ask(bench: Bench, material: Material, question: Question, seat: Seat, room: int | None) -> Done:
    """Ask about some material: whole, or in parts of so many tokens."""
    if room is None:
        return await do(bench, question.errand(material, seat), seat)
    job = Job(question, seat, room)
    return await do_in_parts(bench, job.parts(material.parts(room)), seat, job.again, job.combined)


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
        errand = Errand(self.question.messages(words, material, self.seat, task))
        smaller = None if combines else lambda: self._smaller(name, material)
        return Part(name, task, material.names, errand, smaller)

    def _smaller(self, name: str, material: Material) -> list[Part]:
        """Cut a part in two, if two are worth anything."""
        half = material.tokens // 2 + 1
        pieces = material.parts(half) if half >= LEAST_TOKENS else ()
        if len(pieces) < 2:
            return []
        return [self._part(f"{name}, piece {place}", piece) for place, piece in enumerate(pieces, 1)]


def _told(answer: Answer) -> str:
    failed = ' failed="true"' if answer.failed else ""
    return f"<answer of={json.dumps(answer.name)}{failed}>\n{answer.text}\n</answer>"
