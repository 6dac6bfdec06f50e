"""Delegations: the tool that a manager sees, and the desk that takes a turn's calls.

The desk checks each call, counts it, and gives every call its answer in call order. How a batch runs is the
batch's; how a worker's turn runs is known to neither.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from tui_delegate.core.arguments import parse_arguments
from tui_delegate.core.errors import (
    DepthExceeded,
    InputError,
    InvalidRequest,
    LimitReached,
    UsesExceeded,
)
from tui_delegate.core.events import Failed, Refused, Returned, RunPath, Warned
from tui_delegate.core.jsontext import json_writer
from tui_delegate.core.messages import Message, ToolCall, ToolSpec, tool_result
from tui_delegate.core.usage import reach, weight
from tui_delegate.engine.batch import Batch, Outcome, failure
from tui_delegate.engine.seating import TOOL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_delegate.engine.batch import Delegation, Post
    from tui_delegate.engine.past import PastTurn

_to_json = json_writer()
_ALIASES = ("task_description", "task", "prompt", "input")
_TEXT = {"type": "string"}
_FILES = {"type": "array", "items": _TEXT}
_ACCEPTED = json.dumps(
    {"type": "object", "properties": {"task_name": _TEXT, **dict.fromkeys(_ALIASES, _TEXT), "files": _FILES}}
)


def delegation_tool(*, with_files: bool) -> ToolSpec:
    """Make the tool as a manager is offered it."""
    properties: dict[str, object] = {
        "task_name": {"type": "string", "description": "A short name for the task."},
        "task_description": {
            "type": "string",
            "description": "The whole task, so that it stands alone: the worker sees nothing else.",
        },
    }
    if with_files:
        properties["files"] = {
            "type": "array",
            "items": {"type": "string"},
            "description": "Files from the list to give to the worker; `name:10-80` gives those lines only.",
        }
    schema = {"type": "object", "properties": properties, "required": ["task_name", "task_description"]}
    return ToolSpec(TOOL, "Hand one bounded task to a worker model and get its result.", json.dumps(schema))


class Desk:
    """Takes the calls of one turn: checks each, counts it, and gives every call its answer in order."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._crew = post.crew
        self._uses = 0
        self._next = 0
        self.spent = ""
        """The code of the limit that a call has run into; empty while there is none."""
        self.finished: list[tuple[str, str]] = []
        """Names and results of the workers that ended well."""

    async def carry_out(self, calls: Sequence[ToolCall], room: int | None) -> list[Message]:
        """Do the calls of one reply and answer them in call order.

        `room` is how much of results, by weight, the turn's window can still take; None: any number.
        """
        batch = Batch(self._post)
        answers: dict[int, Message] = {}
        for place, call in enumerate(calls):
            if refusal := await self._admit(call, batch):
                answers[place] = refusal
        try:
            await batch.run()
        except asyncio.CancelledError:
            self._keep_finished(batch.delegations)
            raise
        replies = iter(self._send_back(batch.delegations, room))
        await self._crew.stream.settled()
        return [answers.get(place) or next(replies) for place in range(len(calls))]

    async def _admit(self, call: ToolCall, batch: Batch) -> Message | None:
        if call.name != TOOL:
            return self._no_tool(call)
        path, name, task = (*self._post.path, self._next), "", ""
        self._next += 1
        past = self._crew.past.at(path)
        if past and past.refused and not past.asked:
            return self._refused_before(call, past.refused)
        try:
            name, task, files, repaired = _read(call)
            if past and (past.delegated or past.refused):
                self._uses += 1
                await self._take_up(past, batch.add(call, path, name, task, files, ""))
                return None
            self._guard(task)
            frame = await self._frame(files)
            if self._uses >= self._crew.limits.max_uses:
                raise UsesExceeded(
                    f"This turn has made all of its {self._crew.limits.max_uses} delegations (max_uses).",
                    "Answer with the results that you have.",
                )
            if not (past and past.asked):
                self._crew.purser.purse.take_task()
            self._uses += 1
        except LimitReached as error:
            return self._refuse(call, path, name, task, error)
        if repaired and not past:
            self._crew.stream.emit(
                Warned(
                    path=path,
                    at=self._crew.now(),
                    code="repaired_arguments",
                    message="The call's arguments were not valid JSON and were repaired.",
                )
            )
        batch.add(call, path, name, task, files, frame)
        return None

    def _no_tool(self, call: ToolCall) -> Message:
        own = self._crew.past.at(self._post.path)
        if own and own.refusals:
            return self._refused_before(call, own.refusals.popleft())
        error = InvalidRequest(f"There is no tool {call.name[:60]!r}.", f"The tool here is {TOOL!r}.")
        return self._refuse(call, self._post.path, "", "", error)

    def _refused_before(self, call: ToolCall, event: Refused) -> Message:
        """Say again what was told to the model before the run stopped."""
        if event.code != InvalidRequest.code:
            self.spent = self.spent or event.code
        outcome = Outcome(code=event.code, message=f"{event.message} {event.hint}".strip())
        return tool_result(call, _answer_json(event.task_name, outcome), failed=True)

    async def _take_up(self, past: PastTurn, one: Delegation) -> None:
        """Make a delegation what it was when the run stopped. One that was under way runs again."""
        one.told, one.returned, one.edited = True, past.returned, past.edited
        if past.delegated:
            one.reworded = past.delegated.task != one.task
            one.task, one.agent = past.delegated.task, past.agent or one.agent
        outcome = past.outcome
        if past.refused:
            message = f"{past.refused.message} {past.refused.hint}".strip()
            outcome, one.refused = Outcome(code=past.refused.code, message=message), True
        one.attempt, one.resumes = past.attempt + (not outcome), past.attempt
        one.attempt = max(one.attempt, 1)
        if outcome:
            one.outcome, one.ended, one.begun = outcome, True, True
        if not past.returned and not one.refused:
            try:
                one.frame = await self._frame(one.files)
            except InvalidRequest as error:
                if not one.ended:
                    self._fail(one, error)

    def _fail(self, one: Delegation, error: InvalidRequest) -> None:
        """End a worker that can't be given its files any more."""
        one.outcome, one.ended, one.begun = failure(error.code, error.message), True, True
        self._crew.stream.emit(
            Failed(
                path=one.path,
                attempt=one.attempt,
                at=self._crew.now(),
                code=error.code,
                message=error.message,
                hint=error.hint,
            )
        )

    def _guard(self, task: str) -> None:
        allowance, level = self._post.allowance, self._post.allowance.level
        if not allowance.deeper_runs:
            raise DepthExceeded(
                f"Level {level} is the last of {self._crew.limits.depth} levels (depth).",
                "Do the task yourself.",
            )
        if not allowance.may_delegate:
            raise DepthExceeded("Workers may not delegate here (nested is off).", "Do the task yourself.")
        if _squeeze(task) in {_squeeze(above) for above in self._post.lineage}:
            raise InvalidRequest(
                "This is your own task, word for word: self-reference.",
                "Do it yourself, or hand on a smaller part of it in other words.",
            )

    async def _frame(self, files: Sequence[str]) -> str:
        if not files:
            return ""
        if self._crew.shelf is None:
            raise InvalidRequest("The person named no files.", "Leave `files` out.")
        try:
            return await self._crew.shelf.read(files)
        except InputError as error:
            raise InvalidRequest(error.message, error.hint) from error

    def _refuse(self, call: ToolCall, path: RunPath, name: str, task: str, error: LimitReached) -> Message:
        if not isinstance(error, InvalidRequest):
            self.spent = self.spent or error.code
        self._crew.stream.emit(
            Refused(
                path=path,
                at=self._crew.now(),
                call_id=call.id,
                code=error.code,
                message=error.message,
                hint=error.hint,
                tool=call.name,
                task_name=name,
                task=task,
            )
        )
        outcome = Outcome(code=error.code, message=f"{error.message} {error.hint}".strip())
        return tool_result(call, _answer_json(name, outcome), failed=True)

    def _keep_finished(self, delegations: Sequence[Delegation]) -> None:
        self.finished += [(one.name, one.outcome.text) for one in delegations if one.outcome.ok]

    def _send_back(self, delegations: Sequence[Delegation], room: int | None) -> list[Message]:
        share = _share([weight(one.outcome.text) for one in delegations], room)
        self._keep_finished(delegations)
        messages = []
        for one in delegations:
            outcome = one.outcome
            text = outcome.text if share is None else outcome.text[: reach(outcome.text, 0, share)]
            cut = len(outcome.text) - len(text)
            if one.returned and outcome.ok:
                text, cut = one.returned.text, one.returned.cut
            if outcome.code == "subagent_budget_exceeded":
                self.spent = self.spent or outcome.code
            if not one.refused and not one.returned:
                self._tell_returned(one, text, cut)
            answer = _answer_json(one.name, outcome, text, cut, reworded=one.reworded)
            messages.append(tool_result(one.call, answer, failed=not outcome.ok))
        return messages

    def _tell_returned(self, one: Delegation, text: str, cut: int) -> None:
        self._crew.stream.emit(
            Returned(
                path=one.path,
                attempt=one.attempt,
                at=self._crew.now(),
                text=text if one.outcome.ok else one.outcome.message,
                failed=not one.outcome.ok,
                edited=one.edited,
                cut=cut,
            )
        )


def _read(call: ToolCall) -> tuple[str, str, tuple[str, ...], bool]:
    parsed = parse_arguments(call, _ACCEPTED)
    values = parsed.values
    task = next((str(values[key]) for key in _ALIASES if str(values.get(key) or "").strip()), "")
    if not task:
        raise InvalidRequest("The task is empty.", "Put the whole task into `task_description`.")
    name = str(values.get("task_name") or "").strip() or " ".join(task.split()[:4])
    files = values.get("files")
    return name, task, tuple(str(item) for item in files) if isinstance(files, list) else (), parsed.repaired


def _answer_json(name: str, outcome: Outcome, text: str = "", cut: int = 0, *, reworded: bool = False) -> str:
    body: dict[str, object]
    if outcome.ok:
        body = {"status": "ok", "task_name": name, "model": outcome.model, "result": text}
        if cut:
            body["cut"] = f"{cut} characters more did not fit into your window"
        if outcome.flags:
            body["partial"] = list(outcome.flags)
    else:
        body = {"status": "error", "task_name": name, "error": outcome.code, "message": outcome.message}
    if reworded:
        body["note"] = "The person put this task into other words before it ran."
    return _to_json(body)


def _share(weights: Sequence[int], room: int | None) -> int | None:
    """Say how much each result may weigh so that all fit; short ones leave theirs to others."""
    if room is None or sum(weights) <= room:
        return None
    left, share = room, 0
    waiting = sorted(weights)
    for place, weighs in enumerate(waiting):
        share = left // (len(waiting) - place)
        if weighs > share:
            break
        left -= weighs
    return max(share, 0)


def _squeeze(task: str) -> str:
    return " ".join(task.split()).casefold()
