"""The tools that send a worker: ask, summarize, write, map. What each does is the workspace's to know."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from tui_delegate.core.clean import clean
from tui_delegate.core.errors import (
    EmptyStdin,
    InputError,
    MissingTarget,
    TargetChanged,
)
from tui_delegate.core.records import dataclass
from tui_delegate.engine.prompts import ASK, SUMMARIZE
from tui_delegate.serve.mcp.call import Result, in_words
from tui_delegate.workspace.asking import Question, parts_for
from tui_delegate.workspace.drafting import Drafting, Ways, refuse_builtin
from tui_delegate.workspace.gathering import Wanted, gather, left_out, prompt_of
from tui_delegate.workspace.logged import log_errand
from tui_delegate.workspace.material import Text
from tui_delegate.workspace.splitting import ask

if TYPE_CHECKING:
    from tui_delegate.core.fitting import AnswerSchema
    from tui_delegate.serve.mcp.call import Call
    from tui_delegate.serve.mcp.desk import Desk
    from tui_delegate.serve.mcp.wishes import Ask, Who, Write
    from tui_delegate.tools.target import Target
    from tui_delegate.workspace.asking import Material
    from tui_delegate.workspace.errands import Told
    from tui_delegate.workspace.many import Many
    from tui_delegate.workspace.material import Files

KEPT_DRAFTS: Final = 32
ROUNDS: Final = 2
"""How often a worker may mend what does not fit."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft that was shown and not written."""

    target: str
    text: str
    before: bytes | None
    """What was there when its diff was made."""


class Errands:
    """Sends workers. One for a process: it keeps drafts until they are written."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._drafts: OrderedDict[str, Drafted] = OrderedDict()

    async def ask(self, wish: Ask, call: Call) -> Result:
        """Answer a question from files."""
        if not wish.question.strip():
            raise InputError("The question is empty.", "Say what is to be answered.")
        many = self._desk.many(wish.who.limits)
        self._desk.sent(many, wish.who, call)
        files = await self._files(Wanted(wish.paths, "corpus", wish.diff_only, split=wish.who.split), call)
        question = Question(ASK, wish.question, schema=_schema(wish.schema))
        await self._asked(many, wish.who, files, question, prompt_of(wish.question, files), call)
        return call.answer(question.found)

    async def summarize(self, wish: Ask, call: Call) -> Result:
        """Condense files or a text."""
        many = self._desk.many(wish.who.limits)
        self._desk.sent(many, wish.who, call)
        material: Material
        if wish.paths or wish.diff_only:
            wanted = Wanted(wish.paths, "corpus", wish.diff_only, split=wish.who.split)
            files = await self._files(wanted, call)
            material, prompt = files, prompt_of("summarize", files)
        elif wish.text.strip():
            material, prompt = Text(wish.text), f"summarize {len(wish.text)} characters"
        else:
            raise EmptyStdin("There is nothing to summarize.", "Name paths, or give a text.")
        question = Question(SUMMARIZE, "", schema=_schema(wish.schema))
        await self._asked(many, wish.who, material, question, prompt, call)
        return call.answer(question.found)

    async def write(self, wish: Write, call: Call) -> Result:
        """Draft a file; write it if that is wanted, too. What can be refused is refused before it is paid."""
        if wish.draft:
            return await self._write_draft(wish, call)
        call.target = wish.target
        if not wish.target:
            raise MissingTarget("No target is named.", "Say where the file goes.")
        if not wish.spec.strip():
            raise InputError("The specification is empty.", "Say what the file is to hold.")
        many = self._desk.many(wish.who.limits)
        self._desk.sent(many, wish.who, call)
        assert call.place is not None
        refuse_builtin(many.protocols(call.place, wish.who.fallback))
        with call.ground.target(wish.target) as target:
            await asyncio.to_thread(target.check, force=wish.force or not wish.write)
            return await self._draft(many, wish, target, call)

    async def _draft(self, many: Many, wish: Write, target: Target, call: Call) -> Result:
        wanted = Wanted(wish.context, "context", wish.diff_only, split=wish.who.split)
        files = await self._files(wanted, call)
        drafting = await self._drafting(target, wish.target, wish)
        question = drafting.question(wish.spec, ROUNDS)
        told = await self._asked(many, wish.who, files, question, prompt_of(wish.spec, files), call)
        text = told.done.text
        if drafting.doubt:
            call.telling.note(drafting.doubt)
        if not wish.write:
            self._keep(told.run, Drafted(wish.target, text, drafting.before))
        return await _placed(drafting, text, call, write=wish.write)

    async def _write_draft(self, wish: Write, call: Call) -> Result:
        """Write a draft as it was shown, over nothing but what was there then."""
        drafted = self._drafts.get(wish.draft)
        if drafted is None:
            raise InputError(
                f"There is no draft {clean(wish.draft)!r} here any more.",
                "Draft it again: target, spec, context.",
            )
        call.target = drafted.target
        with call.ground.target(drafted.target) as target:
            await asyncio.to_thread(target.check, force=wish.force)
            drafting = await self._drafting(target, drafted.target, wish)
            if drafting.before != drafted.before:
                raise TargetChanged(
                    f"{clean(drafted.target)} is not what it was when the draft was made.", "Draft it again."
                )
            diff = drafting.diff(drafted.text)
            written = await asyncio.to_thread(drafting.put, drafted.text)
        del self._drafts[wish.draft]
        body = {"ok": True, "command": call.command, "target": call.target, "run": wish.draft, "diff": diff}
        backup = {"backup": written.backup} if written.backup else {}
        return call.done(body | {"written": True, "path": written.path} | backup)

    async def _drafting(self, target: Target, name: str, wish: Write) -> Drafting:
        ways = Ways(force=wish.force)
        return await asyncio.to_thread(Drafting, target, name, self._desk.environ, ways, _schema(wish.schema))

    async def _files(self, wanted: Wanted, call: Call) -> Files:
        ground = call.ground
        ground.check(wanted.words)
        files = await asyncio.to_thread(gather, wanted, ground.folder, self._desk.environ)
        if missed := left_out(files):
            call.telling.note(missed)
        return files

    async def _asked(
        self, many: Many, who: Who, material: Material, question: Question, prompt: str, call: Call
    ) -> Told:
        """Ask about some material, at once or in parts. Raises what went wrong; the call has the rest."""
        assert call.place is not None
        seat = await many.seat(call.place, None, who.fallback)
        self._desk.tell_notices(call)
        room = parts_for(material, question, seat, split=who.split, environ=self._desk.environ)
        told = await many.run(
            lambda bench: ask(bench, material, question, seat, room),
            prompt,
            command=call.command,
            target=call.target,
            session=self._desk.session,
            cwd=call.ground.folder,
            journal=await self._desk.journal(call),
            tell=call.telling.hear,
        )
        call.take(told)
        if problem := log_errand(told, self._desk.environ):
            call.telling.note(problem)
        return told

    def _keep(self, run: str, drafted: Drafted) -> None:
        self._drafts[run] = drafted
        while len(self._drafts) > KEPT_DRAFTS:
            self._drafts.popitem(last=False)


async def _placed(drafting: Drafting, text: str, call: Call, *, write: bool) -> Result:
    """Write a draft, or only show it. Its text is not repeated where the diff has it."""
    assert drafting.target is not None
    diff = drafting.diff(text)
    more: dict[str, object] = {"diff": diff, "written": write, "path": drafting.target.path}
    if write:
        written = await asyncio.to_thread(drafting.put, text)
        more |= {"backup": written.backup} if written.backup else {}
    body = call.answer(more | drafting.found).body
    del body["content"]
    return Result(body, (clean(diff), in_words(body, "diff")))


def _schema(text: str) -> AnswerSchema | None:
    from tui_delegate.core.fitting import AnswerSchema

    return AnswerSchema(text, "The schema") if text else None
