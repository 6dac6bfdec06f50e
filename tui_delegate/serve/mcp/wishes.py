"""From a call's arguments to values, or to an error that its model can act on. The only parsing of them."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from tui_delegate.core.choice import Choice
from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InputError
from tui_delegate.core.records import dataclass
from tui_delegate.serve.mcp.tools import TOOLS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Usual:
    """What holds where a call says nothing else."""

    profile: str = ""
    model: str = ""
    limits: tuple[str, ...] = ()
    keep_text: bool = True


@dataclass(frozen=True, slots=True)
class Who:
    """Who is to do an errand, and within which bounds."""

    profile: str = ""
    model: str = ""
    limits: tuple[str, ...] = ()
    fallback: tuple[str, ...] = ()
    split: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """A question, or none: then what there is is summarized."""

    who: Who
    question: str
    text: str
    paths: tuple[str, ...]
    diff_only: str
    schema: str


@dataclass(frozen=True, slots=True)
class Write:
    """A file that is to be drafted, or written as it was drafted."""

    who: Who
    target: str
    spec: str
    context: tuple[str, ...]
    diff_only: str
    schema: str
    write: bool
    force: bool
    draft: str


@dataclass(frozen=True, slots=True)
class Map:
    """What is asked of each of many files."""

    who: Who
    paths: tuple[str, ...]
    question: str
    combine: bool
    schema: str


@dataclass(frozen=True, slots=True)
class Run:
    """A prompt for the manager."""

    prompt: str
    choice: Choice
    limits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """What of the ledger is wanted."""

    by: str
    since: str
    limit: int
    report: bool
    session: str
    manager_tokens: int | None


class Given:
    """The arguments of one call, checked against its tool's schema."""

    def __init__(self, tool: str, arguments: Mapping[str, object]) -> None:
        wrong = _checker(tool)(arguments)
        if wrong:
            names = ", ".join(_properties(tool)) or "none"
            raise InputError(f"{tool}: {wrong}.", f"Arguments: {names}.")
        self._values = arguments

    def ask(self) -> Ask:
        """Read what `delegate_ask` and `delegate_summarize` take."""
        return Ask(
            self._who(),
            self._text("question"),
            self._text("text"),
            self._texts("paths"),
            self._text("diff_only"),
            self._schema(),
        )

    def write(self) -> Write:
        """Read what `delegate_write` takes."""
        return Write(
            self._who(),
            self._text("target"),
            self._text("spec"),
            self._texts("context"),
            self._text("diff_only"),
            self._schema(),
            self._flag("write"),
            self._flag("force"),
            self._text("draft"),
        )

    def map(self) -> Map:
        """Read what `delegate_map` takes."""
        return Map(
            self._who(),
            self._texts("paths"),
            self._text("question"),
            self._flag("combine"),
            self._schema(),
        )

    def run(self) -> Run:
        """Read what `delegate_run` takes."""
        names = ("profile", "model", "worker_profile", "worker_model")
        return Run(self._text("prompt"), Choice(*map(self._text, names)), self._limits())

    def look(self) -> Look:
        """Read what `delegate_ledger` takes."""
        limit, spent = self._values.get("limit"), self._values.get("manager_tokens")
        return Look(
            self._text("by"),
            self._text("since"),
            int(limit) if isinstance(limit, int | float) else 20,
            self._flag("report"),
            self._text("session"),
            int(spent) if isinstance(spent, int | float) else None,
        )

    def _who(self) -> Who:
        return Who(
            self._text("profile"),
            self._text("model"),
            self._limits(),
            self._texts("fallback"),
            self._flag("split"),
        )

    def _text(self, name: str) -> str:
        value = self._values.get(name)
        return value if isinstance(value, str) else ""

    def _texts(self, name: str) -> tuple[str, ...]:
        value = self._values.get(name)
        return tuple(map(str, value)) if isinstance(value, list) else ()

    def _flag(self, name: str) -> bool:
        return self._values.get(name) is True

    def _limits(self) -> tuple[str, ...]:
        value = self._values.get("limits")
        return tuple(f"{name}={told}" for name, told in value.items()) if isinstance(value, dict) else ()

    def _schema(self) -> str:
        value = self._values.get("schema")
        return json.dumps(value) if isinstance(value, dict) else ""


def _properties(tool: str) -> tuple[str, ...]:
    found = TOOLS[tool].takes["properties"]
    return tuple(found) if isinstance(found, dict) else ()


@lru_cache(maxsize=len(TOOLS))
def _checker(tool: str) -> Callable[[object], str]:
    import fastjsonschema

    check = fastjsonschema.compile(TOOLS[tool].takes, use_default=False)

    def wrong(values: object) -> str:
        try:
            check(values)
        except fastjsonschema.JsonSchemaValueException as error:
            said = str(error.message).removeprefix("data.").replace("data must", "the arguments must")
            return clean_line(said, 300)
        return ""

    return wrong
