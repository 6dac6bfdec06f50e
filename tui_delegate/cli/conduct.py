"""How one errand is conducted on the command line: who is sent, what is told, log line, answer, exit code.

What is asked, and what becomes of the answer, is each verb's own.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from tui_delegate.cli import output
from tui_delegate.core.clean import Cleaner, clean, clean_line, sentence
from tui_delegate.core.errors import BackendError, DelegateError, Interrupted, JournalError
from tui_delegate.core.events import FellBack, Loading, Opened, Retrying, Warned, Wrote
from tui_delegate.core.flags import partial_words
from tui_delegate.core.specs import seat_name
from tui_delegate.workspace.envelopes import answer_envelope, figures_of, figures_so_far

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

    from tui_delegate.core.events import Event
    from tui_delegate.core.specs import Seat
    from tui_delegate.core.usage import Usage
    from tui_delegate.engine.errand import Done, Errand
    from tui_delegate.journal.store import Journal
    from tui_delegate.workspace.errands import Errands, Told
    from tui_delegate.workspace.seating import Place


LONGEST_NOTE: Final = 1000


def conducted(args: argparse.Namespace, work: Callable[[Conduct], int]) -> int:
    """Open what an errand needs and do the work. An error is told with all that is known by then."""
    from tui_delegate.workspace.errands import Errands

    conduct = Conduct(args, Errands.open(args.limit))
    from tui_delegate.cli.stopping import Stoppable

    try:
        with Stoppable():
            try:
                return work(conduct)
            except KeyboardInterrupt:
                conduct.stopped()
                raise
    except DelegateError as error:
        return conduct.fail(error)
    finally:
        conduct.errands.close()


class Conduct:
    """One call of a verb, from its flags to its exit code. It knows more the further it has come."""

    def __init__(self, args: argparse.Namespace, errands: Errands) -> None:
        self.args = args
        self.errands = errands
        self.place: Place | None = None
        self.seat: Seat | None = None
        self.target = getattr(args, "target", "") or ""
        self.unwritten: Exception | None = None
        """Why the journal does not have all of it."""
        self._named = True
        """Whether the person said who is sent."""
        self._column = 0
        self._streamed = False
        self._cleaner = Cleaner()
        self._heard: list[Event] = []
        """What the last run told, but for its text as it came: what a stopped one took is read off here."""
        self._notes: list[str] = []
        self._warned: set[str] = set()
        """What was said once: three hundred files have the same faults."""

    @property
    def file(self) -> str:
        """The file that this call writes; empty: none."""
        return "" if getattr(self.args, "stdout", False) else self.target

    def resolve(self) -> None:
        """Say who is sent; no server is asked. Raises a ResolveError."""
        self._named = bool(self.args.profile)
        self.place = self.errands.sent(self.args.profile, self.args.model, self.args.verb)
        # Where the call is broken off, whoever tells it reads this here.
        self.args.profile, self.args.model = self.place.profile, self.place.model

    def sit(self) -> Seat:
        """Find the seat of who is sent. Raises a DelegateError."""
        assert self.place is not None
        self.seat = self.errands.seat(self.place, self.args.temperature, self.args.fallback)
        for notice in self.errands.reach.notices:
            self.say(notice)
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
        journal = self.journal()
        try:
            return self.ended(
                self.errands.do(
                    errand,
                    self.seat,
                    prompt,
                    command=self.args.verb,
                    target=self.file,
                    journal=journal,
                    tell=self.hear,
                )
            )
        finally:
            if journal:
                journal.close()

    def ended(self, told: Told) -> Told:
        """Take in how it ended, and write the log line of one that went well."""
        self.seat = told.done.seat
        self.unwritten = self.unwritten or told.unwritten
        if told.done.error is None:
            self._log(told)
        return told

    def answer(self, told: Told, more: Mapping[str, object] | None = None) -> int:
        """Give the answer, or the error, in the form that was asked for. Gives the exit code."""
        done = told.done
        if done.error is not None:
            return self.fail(done.error, told, more)
        if self.args.json:
            output.data_json(self.envelope(told) | dict(more or {}))
        else:
            self._write_answer(done.text)
            # A script's log has to say it too: nobody may take half an answer for a whole one.
            (self.say if done.flags else self.talk)(sum_of(done))
        return self.end()

    def end(self) -> int:
        """Say where the journal is not whole; give the exit code of what went well."""
        if self.unwritten is None:
            return output.OK
        if not self.args.json:
            output.say(f"tui-delegate: THE LEDGER WAS NOT WRITTEN: {self.unwritten}")
        return output.exit_code("ledger_not_written", self.args.verb)

    def fail(
        self, error: DelegateError, told: Told | None = None, more: Mapping[str, object] | None = None
    ) -> int:
        """Say what went wrong; give the exit code."""
        if error.code == "unreachable" and not self._named and self.args.verb != "write":
            error.hint = f"{error.hint} Without a server: --profile builtin quotes and condenses.".strip()
        if self.args.json:
            output.data_json(self._error(error, told) | dict(more or {}))
        else:
            self._break_line()
            output.say_error(error)
            if told is not None and told.done.text and not (self.unwritten or self.args.no_keep_text):
                output.tell(f"  What it had written is in the journal, run {told.run}.")
        return output.exit_code(error.code, self.args.verb)

    def stopped(self) -> None:
        """Tell a program what was spent before the call was broken off. A person is told nothing more."""
        if not self.args.json:
            self._break_line()
        elif not output.has_answered():
            output.data_json(self._error(Interrupted("Interrupted."), None) | self._so_far())

    def talk(self, line: str) -> None:
        """Say something to a person who sits at a terminal, or asked for it."""
        if self.args.verbose or sys.stderr.isatty():
            self.say(line)

    def hear(self, event: Event) -> None:
        """Say what happens, as far as a person wants to know it."""
        if type(event) is Wrote:  # nearly all of them
            if self._streamed and not event.path:
                self._write(event.text)
            return
        if type(event) is Opened:
            self._heard.clear()
        self._heard.append(event)
        match event:
            case Retrying():
                from tui_delegate.workspace.secrets import hidden

                self.say(f"{sentence(hidden(event.message))} Again in {event.delay:.1f} s.")
            case FellBack():
                place = seat_name(event.profile, event.model)
                self.say(f"{event.from_seat} failed ({event.code}), {place} takes over")
            case Warned(code="other_model"):
                self.talk(event.message)
            case Warned() if self.args.verb != "map" or event.message not in self._warned:
                self._warned.add(event.message)
                self.say(event.message)
            case Loading() if event.stage == "load" and not event.done:
                self.talk("the server loads the model")

    def envelope(self, told: Told) -> dict[str, object]:
        """Make the JSON object of what went well."""
        return answer_envelope(self.args.verb, told, self.target) | self.said()

    def journal(self) -> Journal | None:
        """Open the journal; where it can't be, say so at the end."""
        try:
            return self.errands.journal(keep_text=not self.args.no_keep_text)
        except JournalError as error:
            self.unwritten = error
            return None

    def say(self, line: str) -> None:
        """Say something to a person, unless nobody wants to hear it. A program gets it with the result."""
        self._notes.append(clean_line(line, LONGEST_NOTE))
        self._break_line()
        output.tell(f"· {line}")

    def said(self) -> dict[str, object]:
        """Give what a person was told on the way, for a JSON object: files left out, retries, the journal."""
        notes: dict[str, object] = {"notes": self._notes} if self._notes else {}
        return notes | ({"journal_error": str(self.unwritten)} if self.unwritten else {})

    def _write(self, text: str) -> None:
        text = text if self.args.raw else self._cleaner.feed(text)
        if text:
            output.data(text, end="")
            self._column = 0 if text.endswith("\n") else 1

    def _write_answer(self, text: str) -> None:
        if self._streamed:
            rest = "" if self.args.raw else self._cleaner.end()
            if rest:
                output.data(rest, end="")
            self._break_line()
        else:
            output.data(text if self.args.raw else clean(text), end="" if text.endswith("\n") else "\n")

    def _break_line(self) -> None:
        if self._column:
            output.data("")
            self._column = 0

    def _log(self, told: Told) -> None:
        from tui_delegate.workspace.logged import log_errand

        if problem := log_errand(told, self.errands.environ):
            self.say(problem)

    def _so_far(self) -> dict[str, object]:
        if not self._heard:
            return {}
        from tui_delegate.core.transcript import Transcript

        transcript = Transcript()
        for event in self._heard:
            transcript.apply(event)
        return figures_so_far(transcript)

    def _error(self, error: DelegateError, told: Told | None) -> dict[str, object]:
        backend = self.seat.protocol if self.seat and isinstance(error, BackendError) else ""
        place = self.seat or self.place
        body = output.error_envelope(
            self.args.verb,
            error,
            backend=backend,
            profile=place.profile if place else self.args.profile,
            model=place.model if place else self.args.model,
            target=self.target,
        )
        if told is None:
            return body | self.said()
        text: dict[str, object] = {"content": told.done.text} if told.done.text else {}
        return body | text | figures_of(told) | self.said()


def sum_of(done: Done) -> str:
    """Say in a line who did it and what it took."""
    flags = "".join(f", {partial_words(flag)}" for flag in done.flags)
    place = seat_name(done.seat.profile, done.seat.model)
    return f"{place}: {note_of(done.usage, done.cost)}, {done.seconds:.1f} s{flags}"


def note_of(usage: Usage, cost: float | None) -> str:
    """Say what was spent, in a few words."""
    guess = "" if usage.source == "reported" else "~"
    dollars = "" if cost is None else f", ${cost:.4f}"
    return f"{guess}{usage.prompt} tokens in, {guess}{usage.completion} out{dollars}"
