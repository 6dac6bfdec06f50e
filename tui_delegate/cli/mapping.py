"""What `map` does: each file asked about by itself, as many at once as the servers take.

How one errand is made is `asked`'s; how results are kept, `results`'.
"""

from __future__ import annotations

import asyncio
import os
import stat
from typing import TYPE_CHECKING, Final

from tui_delegate.cli import output
from tui_delegate.cli.conduct import Conduct, note_of
from tui_delegate.cli.results import Results, key_of
from tui_delegate.cli.stopping import Stoppable
from tui_delegate.core.clean import clean, clean_line
from tui_delegate.core.errors import DelegateError, InputError
from tui_delegate.core.usage import Usage
from tui_delegate.corpus.inputs import Input, inputs
from tui_delegate.corpus.packet import Packet
from tui_delegate.corpus.values import Bounds
from tui_delegate.engine.parts import Answer, do_in_parts
from tui_delegate.engine.prompts import ASK, SUMMARIZE
from tui_delegate.workspace.asking import Question, room_in, schema_at, too_much
from tui_delegate.workspace.envelopes import figures_of, without_keys
from tui_delegate.workspace.errands import Errands
from tui_delegate.workspace.many import open_many
from tui_delegate.workspace.material import Files
from tui_delegate.workspace.splitting import Job, ask

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from tui_delegate.cli.progress import Progress
    from tui_delegate.core.specs import Seat
    from tui_delegate.journal.store import Journal
    from tui_delegate.workspace.errands import Told
    from tui_delegate.workspace.many import Many

HOPELESS: Final = frozenset({"unreachable", "auth", "model_not_found", "subagent_budget_exceeded"})
"""Failures that the next file would meet too."""
ENOUGH: Final = 3
"""How many such failures in a row end it."""
AHEAD: Final = 1
"""How many more than the servers take are begun, so that none of them waits for us."""


def conduct_map(args: argparse.Namespace) -> int:
    """Ask about all files. Gives the exit code."""
    if args.parallel < 0:
        raise InputError("--parallel takes a number from 1 on.")
    conduct = Conduct(args, Errands.open(args.limit))
    conduct.resolve()
    found, left = inputs(args.input, os.getcwd())
    found = _but_results(found, args.out)
    if not found:
        raise InputError("No file is there to ask about.", "Name others with --input.")
    if args.preview:
        return _show(found)
    for item in [one for one in left if one.wanted]:
        conduct.say(f"left out: {item.name} ({item.why})")
    with Results(args.out) as results:
        if results.bad_lines:
            conduct.say(
                f"{results.bad_lines} lines of {clean_line(args.out)} are no results, and are left alone"
            )
        work = _Map(conduct, found, results)
        try:
            with Stoppable():
                asyncio.run(work.run())
        except (DelegateError, KeyboardInterrupt) as error:
            if work.fresh or work.failed or isinstance(error, KeyboardInterrupt):
                conduct.say(f"stopped: {work.sum()}")
            if args.out and isinstance(error, KeyboardInterrupt):
                conduct.say("the same call again goes on where this one stopped")
            raise
        return work.end()


def _but_results(found: list[Input], out: str) -> list[Input]:
    """Leave out the very file that the answers go to, also where the shell sends them there."""
    ours = set()
    for place in (out, 1):
        try:
            made = os.stat(place)
        except OSError:
            continue
        if stat.S_ISREG(made.st_mode):
            ours.add((made.st_dev, made.st_ino))
    return [one for one in found if _identity(one.path) not in ours] if ours else found


def _identity(path: str) -> tuple[int, int] | None:
    try:
        seen = os.stat(path)
    except OSError:  # it is told when its turn comes
        return None
    return seen.st_dev, seen.st_ino


def _show(found: list[Input]) -> int:
    rows = [("file", "bytes")]
    for one in found:
        try:
            rows.append((one.name, str(os.stat(one.path).st_size)))
        except OSError as error:
            rows.append((one.name, error.strerror or "?"))
    output.data(output.table([*rows, (f"{len(found)} files", "")], right=frozenset({1})))
    return output.OK


class _Map:
    """One call of `map` under way."""

    def __init__(self, conduct: Conduct, found: list[Input], results: Results) -> None:
        args = conduct.args
        self.conduct = conduct
        self.results = results
        self.failed: list[tuple[str, DelegateError]] = []
        self.records: dict[str, dict[str, object]] = {}
        self.fresh = 0
        self.usage = Usage()
        self.cost: float | None = 0.0
        self.combined: Told | None = None
        self._found = found
        self._next: Iterator[Input] = iter(found)
        self._bounds = Bounds.of_environ(conduct.errands.environ)
        self._hopeless = 0
        schema = schema_at(args.schema)
        self._schema = schema
        self._words = SUMMARIZE if args.summarize else ASK

    async def run(self) -> None:
        """Ask about all files, then combine."""
        conduct, args = self.conduct, self.conduct.args
        assert conduct.place is not None
        journal = await asyncio.to_thread(conduct.journal)
        try:
            async with open_many(args.limit) as many:
                seat = await many.seat(conduct.place, args.temperature, args.fallback)
                for notice in many.reach.notices:
                    conduct.say(notice)
                at_once = args.parallel or await many.capacity(seat) + AHEAD
                await self._side_by_side(at_once, many, seat, journal)
                if args.combine and self.records:
                    await self._combine(many, seat, journal)
        finally:
            if journal:
                await asyncio.to_thread(journal.close)

    async def _side_by_side(self, at_once: int, many: Many, seat: Seat, journal: Journal | None) -> None:
        with output.progress(len(self._found), "files") as bar:
            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(min(at_once, len(self._found))):
                        group.create_task(self._work(many, seat, journal, bar))
            except ExceptionGroup as several:  # what ended one of them ended all: told once, as itself
                raise _first(several) from None

    async def _work(self, many: Many, seat: Seat, journal: Journal | None, bar: Progress) -> None:
        for one in self._next:
            if self._hopeless >= ENOUGH:
                return
            try:
                record = await self._do(one, many, seat, journal)
            except DelegateError as error:
                self._fail(one, error)
            else:
                if record:
                    await self._keep(one, record)
            bar.step(note=one.name)

    async def _do(
        self, one: Input, many: Many, seat: Seat, journal: Journal | None
    ) -> dict[str, object] | None:
        """Ask about a file, unless it is done. Gives what is to be kept; raises a DelegateError."""
        sheet = await asyncio.to_thread(one.read, self._bounds)
        asked = self.conduct.args.question
        place = self.conduct.place
        assert place is not None
        schema = self._schema.text if self._schema else ""
        key = key_of(sheet.name, sheet.text, self._words, asked, schema, place.profile, place.model)
        if key in self.results.done:
            self.records[one.name] = self.results.done[key]
            return None
        question = self._question()
        material = Files.of(Packet((sheet,)), "corpus")
        room = room_in(seat, question.tokens)
        fits = room is None or material.tokens <= room
        if room is not None and not fits and not self.conduct.args.split:
            raise too_much(material, seat, room)
        told = await many.run(
            lambda bench: ask(bench, material, question, seat, None if fits else room),
            f"{asked or 'summarize'}\n\n@{clean_line(one.name)}",
            command="map",
            journal=journal,
            tell=self.conduct.hear,
        )
        self._count(told)
        if told.done.error is not None:
            raise told.done.error
        self._hopeless = 0
        record: dict[str, object] = {"input": one.name, "ok": True, "content": told.done.text}
        record |= question.found | {"model": told.done.seat.model, "profile": told.done.seat.profile}
        return record | figures_of(told) | {"key": key}

    async def _combine(self, many: Many, seat: Seat, journal: Journal | None) -> None:
        question = self._question()
        job = Job(question, seat, room_in(seat, question.tokens))
        names = [one.name for one in self._found if one.name in self.records]
        answers = [Answer(name, str(self.records[name].get("content", ""))) for name in names]
        answers += [Answer(name, error.message, failed=True) for name, error in self.failed]
        self.combined = await many.run(
            lambda bench: do_in_parts(bench, (), seat, job.again, job.combined, answers),
            f"{self.conduct.args.question or 'summarize'}\n\n{len(answers)} answers combined",
            command="map",
            journal=journal,
            tell=self.conduct.hear,
        )
        self._count(self.combined)

    async def _keep(self, one: Input, record: dict[str, object]) -> None:
        """Write an answer down and give it on. Where that can't be, no more is paid for."""
        await asyncio.to_thread(self.results.add, record)
        self.records[one.name] = record
        self.fresh += 1
        args = self.conduct.args
        if not (args.out or args.json or args.combine):
            output.data_json(record)

    def _question(self) -> Question:
        """One for each file: it keeps the value that its answer gave."""
        return Question(self._words, self.conduct.args.question, schema=self._schema)

    def _count(self, told: Told) -> None:
        done = told.done
        self.conduct.unwritten = self.conduct.unwritten or told.unwritten
        self.usage += done.usage
        self.cost = None if self.cost is None or done.cost is None else self.cost + done.cost

    def _fail(self, one: Input, error: DelegateError) -> None:
        self._hopeless += error.code in HOPELESS
        self.failed.append((one.name, error))
        self.conduct.say(f"{clean_line(one.name)}: {without_keys(error)}")

    def sum(self) -> str:
        """Say how it went on the whole."""
        before = len(self.records) - self.fresh
        left = len(self._found) - len(self.records) - len(self.failed)
        parts = [f"{self.fresh} done"]
        parts += [f"{before} were done before"] * bool(before)
        parts += [f"{len(self.failed)} failed"] * bool(self.failed)
        parts += [f"{left} not begun"] * bool(left)
        return ", ".join(parts) + f"; {note_of(self.usage, self.cost)}"

    def end(self) -> int:
        """Tell how it went. Gives the exit code."""
        conduct, args, combined = self.conduct, self.conduct.args, self.combined
        error = combined.done.error if combined else None
        if args.json:
            output.data_json(self._envelope())
        else:
            if combined and not error:
                output.data(combined.done.text if args.raw else clean(combined.done.text))
            conduct.say(self.sum())
        if error:
            return output.exit_code(error.code) if args.json else conduct.fail(error, combined)
        if self.failed or len(self.records) < len(self._found):
            codes = {one.code for _, one in self.failed}
            return output.exit_code(codes.pop()) if len(codes) == 1 and not self.records else output.FAILED
        return conduct.end()

    def _envelope(self) -> dict[str, object]:
        place, combined = self.conduct.place, self.combined
        assert place is not None
        body: dict[str, object] = {
            "ok": not self.failed and len(self.records) == len(self._found),
            "command": "map",
            "model": place.model,
            "content": combined.done.text if combined else None,
            "profile": place.profile,
            "out": self.conduct.args.out,
            "done": self.fresh,
            "done_before": len(self.records) - self.fresh,
            "failed": [{"input": name, "error": _told(error)} for name, error in self.failed],
            "not_begun": len(self._found) - len(self.records) - len(self.failed),
            "usage": {
                "prompt_tokens": self.usage.prompt,
                "completion_tokens": self.usage.completion,
                "cached_tokens": self.usage.cached,
                "reasoning_tokens": self.usage.reasoning,
            },
            "cost": self.cost,
        }
        if not self.conduct.args.out:
            body["results"] = [self.records[one.name] for one in self._found if one.name in self.records]
        return body


def _told(error: DelegateError) -> dict[str, object]:
    return error.envelope() | {"message": without_keys(error)}


def _first(several: BaseExceptionGroup[BaseException]) -> BaseException:
    """Give the first of what went wrong, which the others followed from or repeat."""
    one = several.exceptions[0]
    return _first(one) if isinstance(one, BaseExceptionGroup) else one
