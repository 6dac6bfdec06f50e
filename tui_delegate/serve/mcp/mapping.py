"""The tool that asks the same of many files, each by itself, as many at once as the servers take."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import DelegateError, InputError
from tui_delegate.core.fitting import AnswerSchema
from tui_delegate.core.usage import Usage
from tui_delegate.corpus.inputs import inputs
from tui_delegate.corpus.packet import Packet
from tui_delegate.corpus.values import Bounds
from tui_delegate.engine.parts import Answer, do_in_parts
from tui_delegate.engine.prompts import ASK, SUMMARIZE
from tui_delegate.workspace.asking import Question, parts_for, room_in
from tui_delegate.workspace.envelopes import error_envelope, figures_of
from tui_delegate.workspace.material import Files
from tui_delegate.workspace.splitting import Job, ask

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from tui_delegate.core.specs import Seat
    from tui_delegate.corpus.inputs import Input
    from tui_delegate.engine.errand import Bench, Done
    from tui_delegate.serve.mcp.call import Call, Result
    from tui_delegate.serve.mcp.desk import Desk
    from tui_delegate.serve.mcp.wishes import Map
    from tui_delegate.workspace.errands import Told
    from tui_delegate.workspace.many import Many

    Work = Callable[[Bench], Awaitable[Done]]

MOST_FILES: Final = 200
"""More answers than that would fill the caller's context, which delegating is to spare."""
HOPELESS: Final = frozenset({"unreachable", "auth", "model_not_found", "subagent_budget_exceeded"})
"""Failures that the next file would meet too."""
ENOUGH: Final = 3


async def map_files(desk: Desk, wish: Map, call: Call) -> Result:
    """Ask about all files, then combine."""
    many = desk.many(wish.who.limits)
    desk.sent(many, wish.who, call)
    call.ground.check(wish.paths)
    found, left = await asyncio.to_thread(inputs, wish.paths, call.ground.folder)
    if not found:
        raise InputError("No file is there to ask about.", "Name others.")
    if len(found) > MOST_FILES:
        raise InputError(
            f"{len(found)} files are more than {MOST_FILES}: their answers would fill your context.",
            "Name fewer, or have it done by `tui-delegate map --input … --out FILE`.",
        )
    for item in [one for one in left if one.wanted]:
        call.telling.note(f"left out: {item.name} ({item.why})")
    work = _Map(desk, wish, call, many)
    call.telling.total = len(found)
    return await work.run(found)


class _Map:
    """One call under way."""

    def __init__(self, desk: Desk, wish: Map, call: Call, many: Many) -> None:
        self._desk = desk
        self._wish = wish
        self._call = call
        self._many = many
        self._schema = AnswerSchema(wish.schema, "The schema") if wish.schema else None
        self._bounds = Bounds.of_environ(desk.environ)
        self._records: dict[str, dict[str, object]] = {}
        self._told: list[Told] = []
        self._hopeless = 0

    async def run(self, found: list[Input]) -> Result:
        """Ask about all of them."""
        call, wish = self._call, self._wish
        assert call.place is not None
        seat = await self._many.seat(call.place, None, wish.who.fallback)
        self._desk.tell_notices(call)
        at_once = await self._many.capacity(seat) + 1
        waiting = iter(found)
        async with asyncio.TaskGroup() as group:
            for _ in range(min(at_once, len(found))):
                group.create_task(self._work(waiting, seat))
        body: dict[str, object] = {"content": None}
        if wish.combine and any(one["ok"] for one in self._records.values()):
            told = await self._combine(seat)
            body["content"] = told.done.text
            if told.done.error:
                body["error"] = _said(told.done.error)
        return call.done(self._body(found, seat) | body)

    async def _work(self, waiting: Iterator[Input], seat: Seat) -> None:
        for one in waiting:
            if self._hopeless >= ENOUGH:
                return
            try:
                self._records[one.name] = await self._ask(one, seat)
                self._hopeless = 0
            except DelegateError as error:
                self._hopeless += error.code in HOPELESS
                self._records[one.name] = {"input": one.name, "ok": False, "error": _said(error)}
            self._call.telling.step(clean_line(one.name))

    async def _ask(self, one: Input, seat: Seat) -> dict[str, object]:
        wish = self._wish
        sheet = await asyncio.to_thread(one.read, self._bounds)
        question, material = self._question(), Files.of(Packet((sheet,)), "corpus")
        room = parts_for(material, question, seat, split=wish.who.split, environ=self._desk.environ)
        prompt = f"{wish.question or 'summarize'}\n\n@{clean_line(one.name)}"
        told = await self._run(lambda bench: ask(bench, material, question, seat, room), prompt)
        if told.done.error is not None:
            raise told.done.error
        record: dict[str, object] = {"input": one.name, "ok": True, "content": told.done.text}
        return record | question.found | figures_of(told)

    async def _combine(self, seat: Seat) -> Told:
        question = self._question()
        job = Job(question, seat, room_in(seat, question.tokens))
        answers = [
            Answer(name, str(one.get("content", "it failed")), failed=not one["ok"])
            for name, one in sorted(self._records.items())
        ]

        async def work(bench: Bench) -> Done:
            return await do_in_parts(bench, (), seat, job.again, job.combined, answers)

        words = self._wish.question or "summarize"
        return await self._run(work, f"{words}\n\n{len(answers)} answers combined")

    async def _run(self, work: Work, prompt: str) -> Told:
        told = await self._many.run(
            work,
            prompt,
            command=self._call.command,
            session=self._desk.session,
            cwd=self._call.ground.folder,
            journal=await self._desk.journal(self._call),
            tell=self._call.telling.hear,
        )
        self._told.append(told)
        self._call.unwritten = self._call.unwritten or told.unwritten
        return told

    def _question(self) -> Question:
        """One for each file: it keeps the value that its answer gave."""
        return Question(ASK if self._wish.question else SUMMARIZE, self._wish.question, schema=self._schema)

    def _body(self, found: list[Input], seat: Seat) -> dict[str, object]:
        results = [self._records[one.name] for one in found if one.name in self._records]
        failed = sum(not one["ok"] for one in results)
        usage = sum((told.done.usage for told in self._told), Usage())
        costs = [told.done.cost for told in self._told]
        return {
            "ok": not failed and len(results) == len(found),
            "command": self._call.command,
            "model": seat.model,
            "profile": seat.profile,
            "results": results,
            "done": len(results) - failed,
            "failed": failed,
            "not_begun": len(found) - len(results),
            "usage": {
                "prompt_tokens": usage.prompt,
                "completion_tokens": usage.completion,
                "cached_tokens": usage.cached,
                "reasoning_tokens": usage.reasoning,
            },
            "cost": None if None in costs else sum(cost or 0.0 for cost in costs),
            "calls": sum(told.done.calls for told in self._told),
        }


def _said(error: DelegateError) -> object:
    """Write an error without our keys, which a server's words may repeat."""
    return error_envelope("map", error)["error"]
