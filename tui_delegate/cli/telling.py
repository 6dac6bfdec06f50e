"""Tells a run on the command line: the answer to stdout, the talk to stderr, in the form that was asked for.

All forms are folds over the same events. Nothing here starts or stops a thing.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Literal

from tui_delegate.cli import output
from tui_delegate.core.clean import Cleaner, clean_line, sentence
from tui_delegate.core.codec import encode
from tui_delegate.core.errors import DelegateError
from tui_delegate.core.events import (
    Cancelled,
    Delegated,
    Event,
    Failed,
    FellBack,
    Finished,
    Loading,
    Queued,
    Refused,
    Resumed,
    Retrying,
    RunPath,
    Spent,
    Started,
    Warned,
    Wrote,
)
from tui_delegate.core.flags import partial_words
from tui_delegate.core.markup import is_call_markup
from tui_delegate.core.records import dataclass, field
from tui_delegate.core.specs import seat_name
from tui_delegate.core.transcript import ENDED, Node, Transcript
from tui_delegate.core.usage import Usage
from tui_delegate.workspace.envelopes import run_envelope, words_of

if TYPE_CHECKING:
    from tui_delegate.core.limits import Limits
    from tui_delegate.engine.run import Run
    from tui_delegate.workspace.seats import Workspace

Form = Literal["text", "json", "events"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the person asked for."""

    prompt: str
    limits: Limits
    form: Form
    keep_text: bool = True
    quiet: bool = False
    raw: bool = False
    ask: bool = False
    resume: str = ""
    """The run to go on with; `last`: the last that stopped."""
    changed: tuple[str, ...] = ()
    """What the person said of limits this time, as `NAME=VALUE`."""


@dataclass(slots=True)
class Telling:
    """Tells a run as it happens, in the form that was asked for."""

    wanted: Wanted
    transcript: Transcript = field(default_factory=Transcript)
    limits: Limits | None = None
    _cleaner: Cleaner = field(default_factory=Cleaner)
    _step: list[str] = field(default_factory=list)
    _held: str = ""
    """The start of a step while it may still turn out to be a written tool call."""
    _column: int = 0
    _told: int = 0
    _last_said: str = ""

    def tell(self, event: Event) -> None:
        """Tell one event."""
        node = self.transcript.apply(event)
        if self.wanted.form == "events":
            output.data_json(encode(event))
        elif self.wanted.form == "text":
            if not event.path:
                self._tell_answer(event)
            if not self.wanted.quiet:
                self._narrate(event, node)

    def tell_before(self, run: Run) -> None:
        """Take in what was told before the run stopped; an answer that is there is given at once."""
        self.limits = run.limits
        for event in run.told:
            self.transcript.apply(event)
            if self.wanted.form == "events":
                output.data_json(encode(event))
        if self.transcript.root.state == "done" and self.wanted.form == "text":
            self._write(self.transcript.root.text, last=True)

    def tell_notices(self, workspace: Workspace) -> None:
        """Say what the workspace has to say."""
        if self.wanted.form == "text" and not self.wanted.quiet:
            for notice in workspace.notices[self._told :]:
                self._say(notice)
        self._told = len(workspace.notices)

    def end(self, seconds: float) -> None:
        """Tell how it went, on the whole."""
        root = self.transcript.root
        if self.wanted.form == "json":
            output.data_json(run_envelope(self.transcript, self.limits or self.wanted.limits, seconds))
        elif self.wanted.form == "text":
            self._break_line()
            if root.state != "done":
                output.say_error(DelegateError(*words_of(root)))
            if not self.wanted.quiet and self.transcript.usage != Usage():
                self._say(self._sum(seconds))

    def _tell_answer(self, event: Event) -> None:
        if isinstance(event, Wrote):
            self._step.append(event.text)
            self._held += event.text
            if is_call_markup(self._held) is False:
                self._write(self._held)
                self._held = ""
        elif isinstance(event, Spent):
            self._end_step(again=event.call.status != "ok" or bool(event.reply and event.reply.calls))
        elif isinstance(event, Finished):
            if "".join(self._step) != event.text:
                self._break_line()
                self._write(event.text)
            self._write("", last=True)

    def _end_step(self, *, again: bool) -> None:
        """What comes before a call is a remark; the answer begins on a line of its own."""
        if again or is_call_markup(self._held):
            self._step.clear()
            self._held = ""
        self._write(self._held, last=True)
        self._held = ""
        if again:
            self._break_line()

    def _write(self, text: str, *, last: bool = False) -> None:
        if not self.wanted.raw:
            text = self._cleaner.feed(text) + (self._cleaner.end() if last else "")
        if text:
            output.data(text, end="")
            self._column = 0 if text.endswith("\n") else 1

    def _break_line(self) -> None:
        if self._column:
            output.data("")
            self._column = 0

    def _narrate(self, event: Event, node: Node) -> None:
        where = _where(event.path, node)
        match event:
            case Started() if event.path:
                told = f"{where}: {seat_name(event.profile, event.model)} works"
                self._say(_on_task(told, node.task))
            case Started():
                self._say(f"manager: {seat_name(event.profile, event.model)}")
            case Resumed():
                self._say(_read_back(self.transcript))
            case Spent() if (plan := _short_thought(event)) and not event.path:
                self._say(f"manager: {plan}")
            case Delegated() if event.files:
                self._say(f"{where}: gets {clean_line(', '.join(event.files), 80)}")
            case Refused():
                self._say(f"{where}: refused ({event.code}): {event.message}")
            case Finished() if event.path:
                self._say(f"{where}: done{_flags(node)}, {_figures(node)}")
            case Failed() if event.path:
                self._say(f"{where}: failed ({event.code}): {event.message}")
            case Cancelled() if event.path:
                self._say(f"{where}: cancelled")
            case FellBack():
                self._say(
                    f"{where}: {event.from_seat} failed ({event.code}),"
                    f" {seat_name(event.profile, event.model)} takes over"
                )
            case Warned():
                self._say(f"{where}: note: {clean_line(event.message)}")
            case _:
                self._narrate_wait(event, where)

    def _narrate_wait(self, event: Event, where: str) -> None:
        if isinstance(event, Retrying):
            self._say(f"{where}: {sentence(event.message)} Again in {event.delay:.1f} s.")
        elif isinstance(event, Queued) and event.position:
            self._say(f"{where}: waits, {event.position} in line ({event.reason})", again=False)
        elif isinstance(event, Loading) and event.stage == "load":
            self._say(f"{where}: the server loads the model", again=False)

    def _say(self, line: str, *, again: bool = True) -> None:
        if again or line != self._last_said:
            if sys.stdout.isatty():
                self._break_line()
            output.say(f"· {line}")
        self._last_said = line

    def _sum(self, seconds: float) -> str:
        usage, root = self.transcript.usage, self.transcript.root
        calls = sum(len(node.calls) for node in self.transcript.nodes.values())
        parts = [f"{calls} call{'' if calls == 1 else 's'}", _tokens(usage)]
        if delegated := usage.total - root.usage.total:
            parts.append(f"{delegated} of them delegated ({delegated / usage.total:.0%})")
        parts += [_dollars(self.transcript.cost), f"{seconds:.1f} s"]
        return ", ".join(part for part in parts if part) + _flags(root)


def _short_thought(event: Spent) -> str:
    """Give what was thought before calls, where it is one short line: a plan, not a train of thought."""
    blocks = event.reply.thinking if event.reply and event.reply.calls else ()
    thought = "".join(block.text for block in blocks).strip()
    return clean_line(thought) if len(thought) <= 200 and "\n" not in thought else ""


def _where(path: RunPath, node: Node) -> str:
    return f"[{','.join(map(str, path))}] {clean_line(node.task_name, 40)}".rstrip() if path else "manager"


def _flags(node: Node) -> str:
    return f" (partial: {', '.join(map(partial_words, node.flags))})" if node.flags else ""


def _figures(node: Node) -> str:
    speeds = [call.tokens_per_second for call in node.calls if call.tokens_per_second]
    speed = f", {speeds[-1]:.0f} tok/s" if speeds else ""
    return f"{_tokens(node.usage)}{speed}, {_dollars(node.cost)}"


def _read_back(transcript: Transcript) -> str:
    calls = sum(call.status == "ok" for node in transcript.nodes.values() for call in node.calls)
    ended = sum(node.state in ENDED for node in transcript.delegations())
    return f"goes on: {calls} model calls and {ended} delegations are read back, not made again"


def _on_task(told: str, task: str) -> str:
    """Add as much of the task as fits into the terminal's line; elsewhere a line is as long as it is."""
    room = os.get_terminal_size(sys.stderr.fileno()).columns - len(told) - 8 if sys.stderr.isatty() else 80
    return f"{told} on {clean_line(task, min(room, 80))!r}" if room >= 12 else told


def _tokens(usage: Usage) -> str:
    if usage == Usage(source="unknown"):
        return ""
    about = "" if usage.source == "reported" else "~"
    return f"{about}{usage.total} tokens ({usage.prompt} in, {usage.completion} out)"


def _dollars(cost: float | None) -> str:
    return "price unknown" if cost is None else f"${cost:.4f}" if cost else "$0"
