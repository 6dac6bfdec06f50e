"""What `write` does with an answer: fences off, shown as a diff, checked by a command, put in its place.

How a file is put in its place safely is `tools`' to know; how a model is asked, `asked`'s.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tui_delegate.cli import output
from tui_delegate.cli.asked import Question, ask_about, schema_at
from tui_delegate.cli.conduct import sum_of
from tui_delegate.cli.gathering import gathered, prompt_of, show
from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InputError, MissingTarget, ResolveError, TargetError
from tui_delegate.engine.errand import Looked
from tui_delegate.engine.prompts import EXTRACT, WRITE
from tui_delegate.tools.fences import finish, strip_fences
from tui_delegate.tools.target import free, within

if TYPE_CHECKING:
    from types import TracebackType

    from tui_delegate.cli.conduct import Conduct
    from tui_delegate.core.fitting import AnswerSchema
    from tui_delegate.tools.check import Checked
    from tui_delegate.tools.target import Target, Written
    from tui_delegate.workspace.errands import Told

STDOUT = "-"
SHOWN_OUTPUT = 4000
"""Characters of a check's output that the model is told, from its end."""


def write(conduct: Conduct) -> int:
    """Draft a file. What can be refused is refused before a model is paid."""
    args = conduct.args
    if not args.target and not args.stdout and not args.preview:
        raise MissingTarget("No target is named.", "Say where the file goes: --target FILE, or --stdout.")
    if args.rounds < 0:
        raise InputError("--rounds takes a number from 0 on.")
    if args.verify and args.stdout:
        raise InputError("--verify checks a file, and --stdout writes none.", "Name a --target.")
    conduct.resolve()
    if conduct.place and conduct.errands.protocol(conduct.place) == "builtin" and not args.preview:
        raise ResolveError(
            "The builtin engine quotes and condenses by rule: it can't draft a file.",
            "Name a profile with a model: --profile NAME (`tui-delegate profiles list`).",
        )
    if args.stdout or args.preview:
        conduct.target = args.target or STDOUT
        return _draft(conduct, None)
    with _target(conduct) as target:
        target.check(force=args.force or args.dry_run)
        return _draft(conduct, target)


def _target(conduct: Conduct) -> Target:
    args = conduct.args
    if args.target_root:
        return within(args.target_root, args.target, allow=args.allow_protected)
    return free(args.target, allow=args.allow_protected)


def _draft(conduct: Conduct, target: Target | None) -> int:
    args = conduct.args
    if not args.spec.strip():
        raise InputError("The specification is empty.", "Say what the file is to hold: --spec '…'")
    files = gathered(conduct, args.context, "context")
    if args.preview:
        return show(conduct, files)
    work = _Work(conduct, target, schema_at(args.schema))
    question = Question(
        WRITE,
        args.spec,
        part_words=EXTRACT,
        schema=work.schema,
        review=work.review,
        rounds=args.rounds,
        whole=True,
    )
    with work:
        return work.finish(ask_about(conduct, files, question, prompt_of(args.spec, files)))


class _Work:
    """One draft on its way into its file. What was only tried there is taken out again, whatever happens."""

    def __init__(self, conduct: Conduct, target: Target | None, schema: AnswerSchema | None) -> None:
        self.conduct = conduct
        self.target = target
        self.schema = schema
        self.checks: list[Checked] = []
        self.data: object = None
        self._written: Written | None = None
        self._before = target.read() if target else None

    def __enter__(self) -> _Work:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._put_back()

    def review(self, answer: str) -> Looked:
        """Make the file's text of an answer; where a check is named, try it in its place."""
        args = self.conduct.args
        text = strip_fences(answer, args.target).text if args.strip_fences else answer
        text = finish(text)
        if self.schema:
            fitted = self.schema.fit(text)
            if fitted.wrong:
                return Looked(
                    text,
                    f"That does not fit: {fitted.wrong}. Answer again, with the whole file only.",
                    f"The file does not fit the schema: {fitted.wrong}.",
                )
            self.data, text = fitted.value, finish(fitted.text)
        if not text.strip():
            return Looked(text, "The file is empty. Answer with its whole content.", "The draft is empty.")
        return self._checked(text) if args.verify and not args.dry_run else Looked(text)

    def finish(self, told: Told) -> int:
        """Put the file in its place, as far as that was asked for; tell what became of it."""
        conduct, args = self.conduct, self.conduct.args
        if told.done.error is not None:
            return self._failed(told)
        text = told.done.text
        if self.target is None:
            return conduct.answer(told, self._more())
        if (args.diff or args.dry_run) and not self._may_write(text):
            return self._left(told)
        if self._written is None:
            try:
                self._written = self.target.write(text.encode(), force=args.force)
            except TargetError as error:  # it is paid for: the draft is not lost with its place
                return conduct.fail(error, told, self._more())
        return self._tell(told, self._written)

    def _failed(self, told: Told) -> int:
        """Say what a check said last: whoever reads it can mend what the model could not."""
        if self.checks and not self.conduct.args.json:
            output.say(self.checks[-1].output[-SHOWN_OUTPUT:].rstrip())
        return self.conduct.answer(told, self._more())

    def _put_back(self) -> None:
        """Take a draft out of its place again that was only tried there."""
        if self.target and self._written:
            self.target.undo(self._written)
            self._written = None

    def _checked(self, text: str) -> Looked:
        """Put the draft in its place and run the check; take it out again where it does not pass."""
        from tui_delegate.tools.check import run_check

        assert self.target is not None
        args = self.conduct.args
        self._written = self.target.write(text.encode(), force=args.force)
        with output.progress(None, f"checking: {args.verify}"):
            checked = run_check(args.verify, self._written.path, environ=self.conduct.errands.environ)
        self.checks.append(checked)
        if checked.passed:
            return Looked(text)
        self._put_back()
        why = "it took too long" if checked.timed_out else f"it ended with {checked.status}"
        return Looked(
            text,
            f"The file was checked by `{args.verify}` and did not pass: {why}. What it said:\n"
            f"{checked.output[-SHOWN_OUTPUT:]}\nAnswer with the whole file again, mended.",
            f"The draft did not pass `{args.verify}`: {why}.",
        )

    def _may_write(self, text: str) -> bool:
        """Show what changes; say whether it may be written."""
        args = self.conduct.args
        if not args.json:
            from tui_delegate.tools.diff import for_eyes

            output.data(for_eyes(self._diff(text), colour=output.colour(sys.stdout)), end="")
        if args.dry_run:
            return False
        if args.json or sys.stdin is None or not (sys.stdin.isatty() and sys.stderr.isatty()):
            return True
        output.say(f"Write {args.target}? [y/N] ", end="")
        if sys.stdin.readline().strip().lower() in ("y", "yes"):
            return True
        self._put_back()
        return False

    def _diff(self, text: str) -> str:
        from tui_delegate.tools.diff import unified

        assert self.target is not None
        return unified(self.conduct.target, self._before, self.target.fit(text.encode()))

    def _left(self, told: Told) -> int:
        """Tell that nothing was written."""
        conduct = self.conduct
        if conduct.args.json:
            output.data_json(conduct.envelope(told) | self._more() | {"written": False})
        else:
            conduct.say(f"not written: {conduct.target}")
        return conduct.end()

    def _tell(self, told: Told, written: Written) -> int:
        conduct = self.conduct
        if conduct.args.json:
            backup = {"backup": written.backup} if written.backup else {}
            output.data_json(conduct.envelope(told) | self._more() | {"written": True} | backup)
        else:
            output.data(f"wrote {clean_line(conduct.target)}")
            if written.backup:
                conduct.say(f"what was there is kept as {written.backup}")
            if written.other_names:
                conduct.say(
                    f"the file had {written.other_names} more names, which still lead to the old text"
                )
            conduct.talk(sum_of(told.done))
        return conduct.end()

    def _more(self) -> dict[str, object]:
        """Give what the JSON object has beside: the diff, the checks, the value."""
        args, more = self.conduct.args, dict[str, object]()
        if self.schema and self.data is not None:
            more["data"] = self.data
        if self.checks:
            more["checks"] = [
                {"status": one.status, "timed_out": one.timed_out, "seconds": round(one.seconds, 3)}
                for one in self.checks
            ]
            more["check_output"] = self.checks[-1].output
        return more | {"dry_run": True} if args.dry_run else more
