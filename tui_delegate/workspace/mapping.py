"""One question of many files: each asked about by itself, as many at once as the servers take, then combined.

Where answers are kept, and what is told of them, is the caller's: it hears of each.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Final, Protocol

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import DelegateError
from tui_delegate.core.records import dataclass
from tui_delegate.core.usage import Usage
from tui_delegate.corpus.packet import Packet
from tui_delegate.corpus.values import Bounds
from tui_delegate.engine.parts import Answer, do_in_parts
from tui_delegate.engine.prompts import ASK, SUMMARIZE
from tui_delegate.workspace.asking import Question, parts_for, room_in
from tui_delegate.workspace.envelopes import figures_of, without_keys
from tui_delegate.workspace.material import Files
from tui_delegate.workspace.splitting import Job, ask

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from tui_delegate.core.fitting import AnswerSchema
    from tui_delegate.core.specs import Seat
    from tui_delegate.corpus.inputs import Input
    from tui_delegate.corpus.packet import Sheet
    from tui_delegate.engine.errand import Bench, Done
    from tui_delegate.workspace.errands import Told
    from tui_delegate.workspace.seating import Place

    Run = Callable[[Callable[[Bench], Awaitable[Done]], str], Awaitable[Told]]
    """Does some work as a run of its own; the text is its prompt."""

Record = dict[str, object]

HOPELESS: Final = frozenset({"unreachable", "auth", "model_not_found", "subagent_budget_exceeded"})
"""Failures that the next file would meet too."""
ENOUGH: Final = 3
"""How many such failures in a row end it."""
AHEAD: Final = 1
"""How many more than the servers take are begun, so that none of them waits for us."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of each file."""

    question: str = ""
    """Empty: each file is condensed."""
    schema: AnswerSchema | None = None
    split: bool = False
    """Whether a file that is too much may be read in parts."""

    @property
    def words(self) -> str:
        """Who one is that answers."""
        return ASK if self.question else SUMMARIZE

    def of_one(self) -> Question:
        """One for each file: it keeps the value that its answer gave."""
        return Question(self.words, self.question, schema=self.schema)

    def key(self, sheet: Sheet, place: Place) -> str:
        """Make the key of a piece of work: the same work has the same key, other work another."""
        schema = self.schema.text if self.schema else ""
        whole = hashlib.sha256()
        for part in (sheet.name, sheet.text, self.words, self.question, schema, place.profile, place.model):
            raw = part.encode("utf-8", "surrogatepass")
            whole.update(b"%d:" % len(raw) + raw)
        return whole.hexdigest()[:24]


class Listener(Protocol):
    """Who keeps the answers and tells of them."""

    def known(self, key: str) -> Record | None:
        """Give what is done already."""

    async def keep(self, record: Record) -> None:
        """Keep an answer. A DelegateError means that it can't be kept: then no more is paid for."""

    def failed(self, name: str, error: DelegateError) -> None:
        """Hear that a file gave nothing."""

    def step(self, name: str) -> None:
        """Hear that a file is over with, however it went."""


class Sweep:
    """One call under way."""

    def __init__(
        self,
        wish: Wish,
        found: Sequence[Input],
        place: Place,
        seat: Seat,
        run: Run,
        environ: Mapping[str, str],
        listener: Listener,
    ) -> None:
        self.records: dict[str, Record] = {}
        self.failed: dict[str, DelegateError] = {}
        self.fresh = 0
        """How many of the records were made by this call."""
        self.combined: Told | None = None
        self._told: list[Told] = []
        self._wish = wish
        self._found = found
        self._place = place
        self._seat = seat
        self._run = run
        self._environ = environ
        self._bounds = Bounds.of_environ(environ)
        self._listener = listener
        self._hopeless = 0

    @property
    def in_order(self) -> list[Record]:
        """The answers, in the order of the files."""
        return [self.records[one.name] for one in self._found if one.name in self.records]

    @property
    def not_begun(self) -> int:
        """How many files nobody was asked about."""
        return len(self._found) - len(self.records) - len(self.failed)

    @property
    def whole(self) -> bool:
        """Whether every file has its answer, and all of them one where that was wanted."""
        done = len(self.records) == len(self._found)
        return done and not (self.combined and self.combined.done.error)

    @property
    def usage(self) -> Usage:
        """The tokens of all calls."""
        return sum((told.done.usage for told in self._told), Usage())

    @property
    def cost(self) -> float | None:
        """The dollars of all calls; None: a price is not known."""
        costs = [told.done.cost for told in self._told]
        return None if None in costs else sum(cost or 0.0 for cost in costs)

    async def side_by_side(self, at_once: int) -> None:
        """Ask about all files, so many at once. What ended one of them for good ends all, and is raised."""
        try:
            async with asyncio.TaskGroup() as group:
                under_way: set[asyncio.Task[None]] = set()
                for one in self._found:
                    # While it looks hopeless nothing is begun; an answer of those under way lets it go on.
                    while len(under_way) >= at_once or (under_way and self._hopeless >= ENOUGH):
                        _, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                    if self._hopeless >= ENOUGH:
                        break
                    under_way.add(group.create_task(self._work(one)))
        except ExceptionGroup as several:  # told once, as itself
            raise _first(several) from None

    async def combine(self) -> None:
        """Make one answer of all; none where there are no answers."""
        if not self.records:
            return
        question = self._wish.of_one()
        job = Job(question, self._seat, room_in(self._seat.window, question.tokens))
        answers = [Answer(str(one["input"]), str(one.get("content", ""))) for one in self.in_order]
        answers += [Answer(name, error.message, failed=True) for name, error in self.failed.items()]
        self.combined = await self._do(
            lambda bench: do_in_parts(bench, (), self._seat, job.again, job.combined, answers),
            f"{self._wish.question or 'summarize'}\n\n{len(answers)} answers combined",
        )

    def figures(self) -> Record:
        """Give how it went and what it took, for a JSON object."""
        usage, combined = self.usage, self.combined
        error = combined.done.error if combined else None
        return {
            "content": combined.done.text if combined and not error else None,
            **({"error": told_error(error)} if error else {}),
            "done": self.fresh,
            "done_before": len(self.records) - self.fresh,
            "failed": [{"input": name, "error": told_error(one)} for name, one in self.failed.items()],
            "not_begun": self.not_begun,
            "usage": {
                "prompt_tokens": usage.prompt,
                "completion_tokens": usage.completion,
                "cached_tokens": usage.cached,
                "reasoning_tokens": usage.reasoning,
            },
            "cost": self.cost,
            "calls": sum(told.done.calls for told in self._told),
        }

    async def _work(self, one: Input) -> None:
        try:
            record = await self._answer(one)
        except DelegateError as error:
            self._hopeless += error.code in HOPELESS
            self.failed[one.name] = error
            self._listener.failed(one.name, error)
        else:
            if record:
                await self._listener.keep(record)
                self.records[one.name] = record
                self.fresh += 1
        self._listener.step(one.name)

    async def _answer(self, one: Input) -> Record | None:
        """Ask about a file, unless it is done. Gives what is to be kept; raises a DelegateError."""
        sheet = await asyncio.to_thread(one.read, self._bounds)
        key = self._wish.key(sheet, self._place)
        if known := self._listener.known(key):
            self.records[one.name] = known
            return None
        question, material, seat = self._wish.of_one(), Files.of(Packet((sheet,)), "corpus"), self._seat
        room = parts_for(material, question, seat, split=self._wish.split, environ=self._environ)
        told = await self._do(
            lambda bench: ask(bench, material, question, seat, room),
            f"{self._wish.question or 'summarize'}\n\n@{clean_line(one.name)}",
        )
        if told.done.error is not None:
            raise told.done.error
        self._hopeless = 0
        record: Record = {"input": one.name, "ok": True, "content": told.done.text}
        record |= question.found | {"model": told.done.seat.model, "profile": told.done.seat.profile}
        return record | figures_of(told) | {"key": key}

    async def _do(self, work: Callable[[Bench], Awaitable[Done]], prompt: str) -> Told:
        told = await self._run(work, prompt)
        self._told.append(told)
        return told


def told_error(error: DelegateError) -> Record:
    """Write an error without our keys, which a server's words may repeat."""
    return error.envelope() | {"message": without_keys(error)}


def _first(several: BaseExceptionGroup[BaseException]) -> BaseException:
    """Give the first of what went wrong, which the others followed from or repeat."""
    one = several.exceptions[0]
    return _first(one) if isinstance(one, BaseExceptionGroup) else one
