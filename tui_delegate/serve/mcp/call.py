"""One call of a tool under way, and what becomes of it: an object for programs and words for a model.

It knows more the further it has come, so that an error is told with all that is known by then.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from tui_delegate.core.clean import clean
from tui_delegate.core.errors import BackendError, DelegateError, InputError
from tui_delegate.core.records import dataclass, field
from tui_delegate.serve.mcp.ground import NOWHERE, Ground
from tui_delegate.serve.mcp.telling import Telling
from tui_delegate.serve.mcp.tools import TOOLS, arguments_of
from tui_delegate.workspace.envelopes import answer_envelope, error_envelope, figures_of, without_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_delegate.workspace.errands import Told
    from tui_delegate.workspace.seating import Place

Body = dict[str, object]
_FLAG: Final = re.compile(r"`[^`]*`|tui-delegate \S.*|--(?P<flag>[a-z-]+)(?: [A-Z]+\b)?")
"""A flag in a sentence, but for those of a whole command."""
_ARGUMENTS: Final = {
    name: f"`{name}: true`" if schema.get("type") == "boolean" else f"`{name}`"
    for tool in TOOLS.values()
    for name, schema in arguments_of(tool)
}


@dataclass(frozen=True, slots=True)
class Result:
    """What a host gets."""

    body: Body
    texts: tuple[str, ...]
    """The same for a model that is given no objects: the answer first."""
    failed: bool = False


@dataclass(slots=True)
class Call:
    """One call."""

    command: str
    ground: Ground = NOWHERE
    telling: Telling = field(default_factory=Telling)
    place: Place | None = None
    """Who is sent; before that is settled, who was asked for."""
    protocol: str = ""
    target: str = ""
    told: Told | None = None
    unwritten: Exception | None = None
    """Why the journal does not have all of it."""

    def take(self, told: Told) -> None:
        """Take in how its errand ended. Raises what went wrong."""
        self.told = told
        self.unwritten = self.unwritten or told.unwritten
        if told.done.error is not None:
            raise told.done.error

    def answer(self, more: Mapping[str, object] | None = None) -> Result:
        """Make the result of an errand that went well."""
        assert self.told is not None
        body = answer_envelope(self.command, self.told, self.target) | self._aside()
        whole = sound(body | dict(more or {}))
        return Result(whole, (clean(self.told.done.text), in_words(whole, "content")))

    def done(self, body: Mapping[str, object]) -> Result:
        """Make the result of what was no errand."""
        return Result(
            whole := sound(dict(body) | self._aside()), (in_words(whole),), whole.get("ok") is False
        )

    def failure(self, error: DelegateError) -> Result:
        """Make the result of a call that failed. What was written by then is in it."""
        error.hint = in_arguments(error.hint)
        if isinstance(error, InputError):
            error.message = in_arguments(error.message)
        place = self.told.done.seat if self.told else self.place
        body = error_envelope(
            self.command,
            error,
            backend=self.protocol if isinstance(error, BackendError) else "",
            profile=place.profile if place else "",
            model=place.model if place else "",
            target=self.target,
        )
        if self.told is not None:
            if self.told.done.text:
                body["content"] = self.told.done.text
            body |= figures_of(self.told)
        words = f"{without_keys(error)}\n{error.hint}".strip()
        return Result(sound(body | self._aside()), (clean(f"{words}\n({error.code})"),), failed=True)

    def _aside(self) -> Body:
        """Give what is to be said besides."""
        notes: Body = {"notes": list(self.telling.notes)} if self.telling.notes else {}
        return notes | ({"journal_error": str(self.unwritten)} if self.unwritten else {})


def in_arguments(text: str) -> str:
    """Name a tool's arguments where a sentence names the flags that they are on the command line."""

    def argument(found: re.Match[str]) -> str:
        return _ARGUMENTS.get((found["flag"] or "").replace("-", "_"), found[0])

    return _FLAG.sub(argument, text)


def in_words(body: Body, *without: str) -> str:
    """Write an object for a model that is given none."""
    left = {name: value for name, value in body.items() if name not in without}
    return clean(json.dumps(left, ensure_ascii=False))


def sound(body: Body) -> Body:
    """Make an object that can be sent: half a character, of a file's name or a model's, becomes a sign."""
    text = json.dumps(body, ensure_ascii=False)
    whole = text.encode("utf-8", errors="replace").decode("utf-8")
    if whole == text:
        return body
    made: Body = json.loads(whole)
    return made
