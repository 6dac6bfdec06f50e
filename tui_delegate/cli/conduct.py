"""How one errand is conducted on the command line: seat, journal, telling, log line, answer, exit code.

What is asked and what becomes of the answer is each verb's own.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui_delegate.cli import output
from tui_delegate.core.clean import Cleaner, clean
from tui_delegate.core.errors import DelegateError, JournalError
from tui_delegate.core.events import FellBack, Loading, Retrying, Warned, Wrote
from tui_delegate.core.flags import partial_words
from tui_delegate.core.specs import seat_name

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from tui_delegate.core.events import Event
    from tui_delegate.core.specs import Seat
    from tui_delegate.engine.errand import Done, Errand
    from tui_delegate.journal.store import Journal
    from tui_delegate.workspace.errands import Errands, Told


@dataclass(slots=True)
class Conduct:
    """One call of a verb, from its flags to its exit code. It knows more the further it has come."""

    args: argparse.Namespace
    errands: Errands
    seat: Seat | None = None
    target: str = ""
    unwritten: Exception | None = None
    """Why the journal does not have all of it."""
    _column: int = 0
    _streamed: bool = False
    _cleaner: Cleaner = field(default_factory=Cleaner)

    def sit(self) -> Seat:
        """Find who is sent. Raises a DelegateError."""
        args = self.args
        self.seat = self.errands.seat(args.profile, args.model, _temperature(args), args.fallback)
        for notice in self.errands.reach.notices:
            self.note(notice)
        return self.seat

    def measured(self, tokens: int) -> Seat:
        """Ask for the window, where so many tokens might be too many."""
        assert self.seat is not None
        self.seat = self.errands.measured(self.seat, tokens)
        return self.seat

    def do(self, errand: Errand, prompt: str) -> Told:
        """Do the errand, and say as it happens what a person wants to know."""
        assert self.seat is not None
        shows = errand.review is None and not errand.whole
        self._streamed = shows and not self.args.json and sys.stdout.isatty()
        journal = self._journal()
        try:
            told = self.errands.do(
                errand,
                self.seat,
                prompt,
                command=self.args.verb,
                target=self.target,
                journal=journal,
                tell=self._hear,
            )
        finally:
            if journal:
                journal.close()
        self.seat = told.done.seat
        self.unwritten = self.unwritten or told.unwritten
        if told.done.error is None:
            self._log(told)
        return told

    def answer(
        self, told: Told, *, content: str | None = None, more: Mapping[str, object] | None = None
    ) -> int:
        """Give the answer, or the error, in the form that was asked for. Gives the exit code."""
        done = told.done
        if done.error is not None:
            return self.fail(done.error, told)
        text = done.text if content is None else content
        if self.args.json:
            output.data_json(self._envelope(told, text) | dict(more or {}))
        else:
            self._write_answer(text)
            self.talk(self._sum(done))
        return self.end()

    def end(self) -> int:
        """Say where the journal is not whole; give the exit code of what went well."""
        if self.unwritten is None:
            return output.OK
        output.say(f"tui-delegate: THE LEDGER WAS NOT WRITTEN: {self.unwritten}")
        return output.exit_code("ledger_not_written", self.args.verb)

    def fail(self, error: DelegateError, told: Told | None = None) -> int:
        """Say what went wrong; give the exit code."""
        if self.args.json:
            output.data_json(self._error(error, told))
        else:
            self._break_line()
            output.say_error(error)
        return output.exit_code(error.code, self.args.verb)

    def note(self, line: str) -> None:
        """Say something to a person, unless nobody wants to hear it."""
        if not self.args.json and not self.args.quiet:
            self._break_line()
            output.say(f"· {line}")

    def talk(self, line: str) -> None:
        """Say something to a person who sits at a terminal, or asked for it."""
        if self.args.verbose or sys.stderr.isatty():
            self.note(line)

    def _hear(self, event: Event) -> None:
        match event:
            case Wrote() if self._streamed and not event.path:
                self._write(event.text)
            case Retrying():
                self.note(f"{event.message} Again in {event.delay:.1f} s.")
            case FellBack():
                place = seat_name(event.profile, event.model)
                self.note(f"{event.from_seat} failed ({event.code}), {place} takes over")
            case Warned():
                self.note(event.message)
            case Loading() if event.stage == "load" and not event.done:
                self.talk("the server loads the model")

    def _write(self, text: str) -> None:
        text = text if self.args.raw else self._cleaner.feed(text)
        if text:
            output.data(text, end="")
            self._column = 0 if text.endswith("\n") else 1

    def _write_answer(self, text: str) -> None:
        if self._streamed:
            self._write("")
            self._break_line()
        else:
            output.data(text if self.args.raw else clean(text))

    def _break_line(self) -> None:
        if self._column:
            output.data("")
            self._column = 0

    def _journal(self) -> Journal | None:
        try:
            return self.errands.journal(keep_text=not self.args.no_keep_text)
        except JournalError as error:
            self.unwritten = error
            return None

    def _log(self, told: Told) -> None:
        from tui_delegate.journal import jsonl

        if problem := jsonl.log(self.errands.environ, self.args.verb, told.done, self.target):
            self.note(problem)

    def _sum(self, done: Done) -> str:
        usage = done.usage
        guess = "" if usage.source == "reported" else "~"
        cost = "" if done.cost is None else f", ${done.cost:.4f}"
        flags = "".join(f", {partial_words(flag)}" for flag in done.flags)
        place = seat_name(done.seat.profile, done.seat.model)
        return f"{place}: {guess}{usage.prompt} tokens in, {usage.completion} out{cost}, {done.seconds:.1f} s{flags}"

    def _envelope(self, told: Told, content: str) -> dict[str, object]:
        done = told.done
        body: dict[str, object] = {
            "ok": True,
            "command": self.args.verb,
            "model": done.seat.model,
            "content": content,
            "profile": done.seat.profile,
        }
        if self.target:
            body["target"] = self.target
        return body | self._figures(told)

    def _figures(self, told: Told) -> dict[str, object]:
        done = told.done
        figures: dict[str, object] = {
            "usage": {
                "prompt_tokens": done.usage.prompt,
                "completion_tokens": done.usage.completion,
                "cached_tokens": done.usage.cached,
                "reasoning_tokens": done.usage.reasoning,
                "total_duration_ms": round(done.seconds * 1000),
            },
            "usage_source": done.usage.source,
            "cost": done.cost,
            "calls": done.calls,
            "run": told.run,
        }
        if done.flags:
            figures["partial"] = list(done.flags)
        return figures

    def _error(self, error: DelegateError, told: Told | None) -> dict[str, object]:
        where: dict[str, object] = {}
        profile = self.seat.profile if self.seat else self.args.profile
        model = self.seat.model if self.seat else self.args.model
        for name, value in (("profile", profile), ("model", model), ("target", self.target)):
            if value:
                where[name] = value
        if told is not None:
            if told.done.text:
                where["content"] = told.done.text
            where |= self._figures(told)
        return output.error_envelope(self.args.verb, error, **where)


def _temperature(args: argparse.Namespace) -> float | None:
    told: float | None = args.temperature
    return told
