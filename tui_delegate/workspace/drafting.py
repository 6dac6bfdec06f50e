"""A draft on its way from a model's answer into its file: fences off, fitted, checked, put in its place.

How a file is put in its place safely is `tools`' to know. Whether it may be written is asked by whoever has
somebody to ask; nothing is shown here.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from tui_delegate.core.errors import ResolveError
from tui_delegate.core.records import dataclass
from tui_delegate.engine.errand import Looked
from tui_delegate.engine.prompts import EXTRACT, WRITE
from tui_delegate.tools.fences import Stripped, finish, strip_fences
from tui_delegate.workspace.asking import Question

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from contextlib import AbstractContextManager
    from types import TracebackType

    from tui_delegate.core.fitting import AnswerSchema
    from tui_delegate.tools.check import Checked
    from tui_delegate.tools.target import Target, Written

SHOWN_OUTPUT = 4000
"""Characters of a check's output that the model is told, from its end."""
_SEVERAL = (
    "The answer holds more than a file, or several, and which part is meant is not clear:"
    " all of it is kept as it came, with its code fences."
)


def refuse_builtin(protocols: Collection[str]) -> None:
    """Raise a ResolveError where a backend that has no model would draft, or might take over."""
    if "builtin" in protocols:
        raise ResolveError(
            "The builtin engine quotes and condenses by rule: it can't draft a file.",
            "Name a profile with a model: --profile NAME (`tui-delegate profiles list`).",
        )


@dataclass(frozen=True, slots=True)
class Ways:
    """What is to be done with a draft."""

    force: bool = False
    """Whether it may replace what is there."""
    fences: bool = False
    """Whether a code fence stays where it is."""
    verify: str = ""
    """The command that it has to pass, in its place; empty: none, and nothing is put there to be tried."""
    watch: Callable[[], AbstractContextManager[object]] = nullcontext
    """What goes on around a check."""


class Drafting:
    """One draft, used in a `with`: what was only tried in its place is taken out, whatever happens."""

    def __init__(
        self,
        target: Target | None,
        name: str,
        environ: Mapping[str, str],
        ways: Ways,
        schema: AnswerSchema | None = None,
    ) -> None:
        self.target = target
        self.name = name
        """What the file is called, as the person said it."""
        self.schema = schema
        self.checks: list[Checked] = []
        self.doubt = ""
        """What a person should know before they trust the text; empty: nothing."""
        self.data: object = None
        """The value of a draft that fits the schema."""
        self._environ = environ
        self._ways = ways
        self._written: Written | None = None
        self.before = target.read() if target else None
        """What is there now."""

    def __enter__(self) -> Drafting:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.put_back()

    def question(self, spec: str, rounds: int) -> Question:
        """Ask for it."""
        return Question(
            WRITE,
            spec,
            part_words=EXTRACT,
            schema=self.schema,
            review=self.review,
            rounds=rounds,
            whole=True,
        )

    def review(self, answer: str) -> Looked:
        """Make the file's text of an answer; where a check is named, try it in its place."""
        stripped = Stripped(answer) if self._ways.fences else strip_fences(answer, self.name)
        text = finish(stripped.text)
        self.doubt = _SEVERAL if stripped.what == "several" and not self.schema else ""
        if self.schema:
            from tui_delegate.workspace.fitting import fitted

            found = fitted(self.schema, text)
            if found.wrong:
                return Looked(
                    text,
                    f"That does not fit: {found.wrong}. Answer again, with the whole file only.",
                    f"The file does not fit the schema: {found.wrong}.",
                )
            self.data, text = found.value, finish(found.text)
        if not text.strip():
            return Looked(text, "The file is empty. Answer with its whole content.", "The draft is empty.")
        return self._checked(text) if self._ways.verify else Looked(text)

    def put(self, text: str) -> Written:
        """Put it in its place, unless it is there from its check already."""
        assert self.target is not None
        if self._written is None:
            self._written = self.target.write(text.encode(), force=self._ways.force)
        return self._written

    def put_back(self) -> None:
        """Take a draft out of its place again that was only tried there."""
        if self.target and self._written:
            self.target.undo(self._written)
            self._written = None

    def diff(self, text: str) -> str:
        """Say what changes in the file."""
        from tui_delegate.tools.diff import unified

        assert self.target is not None
        return unified(self.name, self.before, self.target.fit(text.encode()))

    @property
    def found(self) -> dict[str, object]:
        """Give what a JSON object has of it: the value, the checks."""
        more = dict[str, object]()
        if self.schema and self.data is not None:
            more["data"] = self.data
        if self.checks:
            more["checks"] = [
                {"status": one.status, "timed_out": one.timed_out, "seconds": round(one.seconds, 3)}
                for one in self.checks
            ]
            more["check_output"] = self.checks[-1].output
        return more

    def _checked(self, text: str) -> Looked:
        """Put the draft in its place and run the check; take it out again where it does not pass."""
        from tui_delegate.tools.check import run_check

        verify = self._ways.verify
        written = self.put(text)
        with self._ways.watch():
            checked = run_check(verify, written.path, environ=self._environ)
        self.checks.append(checked)
        if checked.passed and (kept := self._kept(text)) is not None:
            return Looked(kept)
        self.put_back()
        if checked.passed:
            gone = f"The check `{verify}` passed and took the file away"
            return Looked(text, f"{gone}. Answer with the whole file again.", f"{gone}.")
        why = "it took too long" if checked.timed_out else f"it ended with {checked.status}"
        return Looked(
            text,
            f"The file was checked by `{verify}` and did not pass: {why}. What it said:\n"
            f"{checked.output[-SHOWN_OUTPUT:]}\nAnswer with the whole file again, mended.",
            f"The draft did not pass `{verify}`: {why}.",
        )

    def _kept(self, text: str) -> str | None:
        """Give what the check has left: a formatter changes the file. None: nothing is there any more."""
        assert self.target is not None
        data = self.target.read()
        if data is None or data == self.target.fit(text.encode()):
            return text if data is not None else None
        return data.decode("utf-8", errors="replace").removeprefix("\ufeff").replace("\r\n", "\n")
