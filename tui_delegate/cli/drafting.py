"""What `write` does and tells: what it is given is judged, a draft asked for, shown as a diff, written.

What becomes of a draft is `workspace.drafting`'s to know; how a model is asked, `asked`'s.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tui_delegate.cli import output
from tui_delegate.cli.asked import ask_about
from tui_delegate.cli.conduct import sum_of
from tui_delegate.cli.gathering import gathered, show
from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InputError, MissingTarget, TargetError
from tui_delegate.tools.target import free, within
from tui_delegate.workspace.asking import schema_at
from tui_delegate.workspace.drafting import SHOWN_OUTPUT, Drafting, Ways, refuse_builtin
from tui_delegate.workspace.gathering import prompt_of

if TYPE_CHECKING:
    from tui_delegate.cli.conduct import Conduct
    from tui_delegate.tools.target import Target, Written
    from tui_delegate.workspace.errands import Told

STDOUT = "-"


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
    if conduct.place and not args.preview:
        refuse_builtin(conduct.errands.protocols(conduct.place, args.fallback))
    if args.stdout or args.preview:
        conduct.target = args.target or STDOUT
        return _draft(conduct, None)
    with _target(conduct) as target:
        target.check(force=args.force or args.dry_run)
        return _draft(conduct, target)


def _target(conduct: Conduct) -> Target:
    args = conduct.args
    if args.target_root is not None:  # an empty one is here, and holds all the same
        return within(args.target_root or ".", args.target, allow=args.allow_protected)
    return free(args.target, allow=args.allow_protected)


def _draft(conduct: Conduct, target: Target | None) -> int:
    args = conduct.args
    if not args.spec.strip():
        raise InputError("The specification is empty.", "Say what the file is to hold: --spec '…'")
    files = gathered(conduct, args.context, "context")
    work = _Work(conduct, _drafting(conduct, target))
    question = work.drafting.question(args.spec, args.rounds)
    if args.preview:
        return show(conduct, files, question)
    with work.drafting:
        return work.finish(ask_about(conduct, files, question, prompt_of(args.spec, files)))


def _drafting(conduct: Conduct, target: Target | None) -> Drafting:
    args = conduct.args
    ways = Ways(
        force=args.force,
        fences=not args.strip_fences,
        verify="" if args.dry_run else args.verify,
        watch=lambda: output.progress(None, f"checking: {args.verify}"),
    )
    return Drafting(target, args.target, conduct.errands.environ, ways, schema_at(args.schema))


class _Work:
    """One draft, and what is told of it."""

    def __init__(self, conduct: Conduct, drafting: Drafting) -> None:
        self.conduct = conduct
        self.drafting = drafting
        self._shown: dict[str, object] = {}

    def finish(self, told: Told) -> int:
        """Put the file in its place, as far as that was asked for; tell what became of it."""
        conduct, args = self.conduct, self.conduct.args
        if told.done.error is not None:
            return self._failed(told)
        if self.drafting.doubt:
            conduct.say(self.drafting.doubt)
        text = told.done.text
        if self.drafting.target is None:
            return conduct.answer(told, self._more())
        if (args.diff or args.dry_run) and not self._may_write(text):
            return self._left(told)
        try:
            return self._tell(told, self.drafting.put(text))
        except TargetError as error:  # it is paid for: the draft is not lost with its place
            return conduct.fail(error, told, self._more())

    def _failed(self, told: Told) -> int:
        """Say what a check said last: whoever reads it can mend what the model could not."""
        checks = self.drafting.checks
        if checks and not self.conduct.args.json:
            output.say(checks[-1].output[-SHOWN_OUTPUT:].rstrip())
        return self.conduct.answer(told, self._more())

    def _may_write(self, text: str) -> bool:
        """Show what changes; say whether it may be written."""
        args = self.conduct.args
        diff = self.drafting.diff(text)
        if args.json:
            self._shown["diff"] = diff
        else:
            from tui_delegate.tools.diff import for_eyes

            output.data(for_eyes(diff, colour=output.colour(sys.stdout)), end="")
        if args.dry_run:
            return False
        if args.json or sys.stdin is None or not (sys.stdin.isatty() and sys.stderr.isatty()):
            return True
        output.say(f"Write {args.target}? [y/N] ", end="")
        if sys.stdin.readline().strip().lower() in ("y", "yes"):
            return True
        self.drafting.put_back()
        return False

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
                conduct.say(f"{written.other_names} more names of the file still lead to its old text")
            conduct.talk(sum_of(told.done))
        return conduct.end()

    def _more(self) -> dict[str, object]:
        return self.drafting.found | self._shown | ({"dry_run": True} if self.conduct.args.dry_run else {})
