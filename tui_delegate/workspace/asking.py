"""What is asked about some material, and the errand that it becomes: one that fits the model's window.

What the material is, who asks, and what becomes of the answer is not known here; nor is any terminal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InputError
from tui_delegate.core.messages import system, user
from tui_delegate.core.usage import WEIGHT_PER_TOKEN, estimate_tokens
from tui_delegate.engine.errand import Errand, Looked
from tui_delegate.engine.prompts import system_prompt
from tui_delegate.workspace.errands import ANSWER_SHARE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tui_delegate.core.fitting import AnswerSchema
    from tui_delegate.core.messages import Message
    from tui_delegate.core.specs import Seat

LARGEST_SCHEMA = 1024 * 1024
PER_MESSAGE = 8
"""Tokens that a message costs beside its text."""


def schema_at(path: str) -> AnswerSchema | None:
    """Read the schema that answers have to fit. Raises an InputError; None: none was named."""
    if not path:
        return None
    from tui_delegate.core.fitting import AnswerSchema

    try:
        with open(path, encoding="utf-8-sig") as file:
            text = file.read(LARGEST_SCHEMA + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise InputError(f"The schema {clean_line(path)} can't be read: {why}.") from None
    if len(text) > LARGEST_SCHEMA:
        raise InputError(f"The schema {clean_line(path)} is longer than a megabyte.")
    return AnswerSchema(text, f"The schema {clean_line(path)}")


class Material(Protocol):
    """What is asked about: one text, framed as it is sent."""

    @property
    def text(self) -> str:
        """The text as it is sent."""

    @property
    def tokens(self) -> int:
        """About how many tokens it is."""

    @property
    def names(self) -> tuple[str, ...]:
        """What it is made of."""

    @property
    def remark(self) -> str:
        """What has to be said of the way it is framed; empty: nothing."""

    @property
    def largest(self) -> str:
        """What of it is most, in a few words; empty: it is one text."""

    def parts(self, tokens: int) -> Sequence[Material]:
        """Cut it into parts of so many tokens at the most. Nothing is lost."""


class Question:
    """What is asked about some material, and what its answer has to hold."""

    def __init__(
        self,
        words: str,
        question: str,
        *,
        part_words: str = "",
        schema: AnswerSchema | None = None,
        review: Callable[[str], Looked] | None = None,
        rounds: int = 2,
        whole: bool = False,
    ) -> None:
        self.words = words
        self.question = question
        self.part_words = part_words or words
        """Who one is that reads a part only."""
        self.schema = schema
        self.review = review or (self._fits if schema else None)
        self.rounds = rounds
        self.whole = whole or schema is not None
        self.data: object = None
        """The value of an answer that fits the schema."""

    @property
    def tokens(self) -> int:
        """About how many tokens all is that is not material."""
        schema = self.schema.text if self.schema else ""
        return estimate_tokens(self.words + self.question + schema) + 4 * PER_MESSAGE

    @property
    def found(self) -> dict[str, object]:
        """The value of an answer that had to fit a schema, for the JSON object."""
        return {"data": self.data} if self.schema else {}

    def errand(self, material: Material, seat: Seat) -> Errand:
        """Ask it about some material."""
        return Errand(
            messages=self.messages(self.words, material, seat),
            answer_schema=self.schema.text if self.schema else "",
            review=self.review,
            rounds=self.rounds,
            whole=self.whole,
        )

    def messages(
        self, words: str, material: Material, seat: Seat, question: str | None = None
    ) -> tuple[Message, ...]:
        """Put the messages together: who it is, what there is, what is asked."""
        if material.remark:
            words = f"{words}\n{material.remark}"
        if self.schema and question is None:
            words = f"{words}\nAnswer with JSON only, that fits this JSON schema:\n{self.schema.text}"
        question = self.question if question is None else question
        asked = (user(question),) if question else ()
        return (system(system_prompt(words, seat.instructions)), user(material.text), *asked)

    def _fits(self, answer: str) -> Looked:
        assert self.schema is not None
        from tui_delegate.workspace.fitting import fitted

        found = fitted(self.schema, answer)
        if found.wrong:
            return Looked(
                answer,
                f"That does not fit: {found.wrong}. Answer again, with the JSON only.",
                f"The answer does not fit the schema: {found.wrong}.",
            )
        self.data = found.value
        return Looked(found.text)


def parts_for(
    material: Material, question: Question, seat: Seat, *, split: bool, environ: Mapping[str, str]
) -> int | None:
    """Say in parts of how many tokens it is to be read; None: whole.

    Raises an InputError where it is too much and nobody said to split it.
    """
    room = room_in(seat.window, question.tokens)
    if split:
        most = part_tokens(environ)
        room = most if room is None else min(room, most)
    if room is None or material.tokens <= room:
        return None
    if not split:
        raise too_much(material, seat.model, seat.window, room)
    return room


def room_in(window: int | None, taken: int) -> int | None:
    """Say how many tokens of material the window has room for; None: not known."""
    if window is None:
        return None
    return max(int(window * (1 - 1 / ANSWER_SHARE)) - taken, 0)


def part_tokens(environ: Mapping[str, str]) -> int:
    """Say how many tokens one part may have, as far as the bound on bytes goes."""
    from tui_delegate.corpus.values import Bounds

    return max(int(Bounds.of_environ(environ).total_bytes / WEIGHT_PER_TOKEN), 1)


def too_much(material: Material, model: str, window: int | None, room: int) -> InputError:
    """Say by how much the material is too large."""
    largest = f" Most of it: {clean_line(material.largest, 300)}." if material.largest else ""
    return InputError(
        f"Too much for {clean_line(model)}: about {material.tokens} tokens of material, "
        f"{material.tokens - room} more than its window of {window} has room for.{largest}",
        "Name less, take a model with a larger window (num_ctx), or let it be read in parts: --split",
    )
