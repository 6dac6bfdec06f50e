"""The closed union of events: all that ever happens in a run.

Facts (`durable`) are in the journal before anyone sees them. The others are shown at once and stored
coalesced. Every event carries its path in the tree of delegations and the attempt at it, so two parallel
calls of one agent never mix. Fields whose metadata says `text` hold what was said, or may quote it; the
journal leaves them empty when it is told to keep no text. Nothing here acts on an event: folds do.
"""

from __future__ import annotations

from typing import ClassVar

from tui_delegate.core.calls import ModelCall, RunContext
from tui_delegate.core.limits import Limits
from tui_delegate.core.messages import Message
from tui_delegate.core.records import dataclass, field

RunPath = tuple[int, ...]
"""A delegation's place in the run's tree: `()` the manager, `(0,)` its first worker, `(0, 2)` …"""


def text_field() -> str:
    """Declare a field that holds what was said."""
    value: str = field(default="", metadata={"text": True})
    return value


def quoting_field() -> str:
    """Declare a field that has to be there, and may quote what was said."""
    value: str = field(metadata={"text": True})
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    durable: ClassVar[bool] = True
    terminal: ClassVar[bool] = False
    path: RunPath = ()
    attempt: int = 1
    at: float = 0.0
    """Seconds since the epoch, for people; order comes from the journal's numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(_Event):
    """The run began. Always the first event."""

    run: str
    prompt: str = text_field()
    limits: Limits = field(default_factory=Limits)
    context: RunContext = field(default_factory=RunContext)
    after: str = ""
    """The run of this conversation that came before; empty: this is its first."""
    forgets: int = 0
    """How many of the conversation's first runs the manager is not told any more."""
    recap: str = text_field()
    """What it is told in their place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed(_Event):
    """A run that had stopped goes on. What was under way runs again, all else is read back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(_Event):
    """A person is asked whether this may be done; the path is that of what would be done.

    The answer is the next `Commanded` of the path: `approve`, `approve_run`, `edit`, `reroute` or `refuse`.
    """

    kind: str
    agent: str = ""
    profile: str = ""
    model: str = ""
    task_name: str = text_field()
    task: str = text_field()
    files: tuple[str, ...] = field(default=(), metadata={"text": True})
    note: str = text_field()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegated(_Event):
    """A turn asked for a worker, and the worker will run. The path is the worker's."""

    call_id: str
    task_name: str = text_field()
    task: str = text_field()
    files: tuple[str, ...] = field(default=(), metadata={"text": True})
    agent: str = ""
    """Where it was sent instead of to the usual worker; empty: nowhere else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(_Event):
    """A turn began: this agent, on this profile and model."""

    agent: str
    profile: str
    backend: str
    model: str
    window: int | None = None
    """How many tokens the model holds; None: not known."""
    resumes: int = 0
    """The attempt whose finished calls it goes on from; 0: it begins from nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(_Event):
    """A call was not carried out; the model that made it reads the same words.

    The path is the one that the delegation would have had, or, for a tool that is not there, the turn's.
    """

    call_id: str
    code: str
    message: str = quoting_field()
    tool: str = quoting_field()
    task_name: str = text_field()
    task: str = text_field()
    hint: str = text_field()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent(_Event):
    """A model call ended. It makes one row of the ledger; `reply` is None where there was none."""

    call: ModelCall
    reply: Message | None = None
    finish: str = ""
    """Why the reply ended: `stop`, `calls` or `length`; empty where there was none."""
    flags: tuple[str, ...] = ()
    """What was mended or missing in the reply."""
    heard: int = 0
    """How many notes to this turn the model had been told of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned(_Event):
    """A worker's result goes back to its parent's model, as this text."""

    text: str = text_field()
    failed: bool = False
    edited: bool = False
    cut: int = 0
    """Characters that the parent's window had no room for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished(_Event):
    """A turn ended with an answer. Flags say what is partial about it: `length`, `limit:max_uses`, …"""

    terminal: ClassVar[bool] = True
    text: str = text_field()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(_Event):
    """A turn ended without an answer. `text` is what had come until then."""

    terminal: ClassVar[bool] = True
    code: str
    message: str = quoting_field()
    hint: str = text_field()
    text: str = text_field()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(_Event):
    """A turn was stopped by command. `text` is what had come until then."""

    terminal: ClassVar[bool] = True
    text: str = text_field()


@dataclass(frozen=True, slots=True, kw_only=True)
class Commanded(_Event):
    """Somebody told the run to do something: `cancel`, `steer`, `retry`, `replace`, `hold`, `release`.

    Or answered what was asked: `approve`, `approve_run`, `edit`, `reroute`, `refuse`.
    """

    command: str
    agent: str = ""
    text: str = text_field()


@dataclass(frozen=True, slots=True, kw_only=True)
class FellBack(_Event):
    """A worker's seat failed before its first token; the next one takes over."""

    from_seat: str
    profile: str
    backend: str
    model: str
    code: str
    window: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned(_Event):
    """Something that a person should know and that stops nothing."""

    code: str
    message: str = quoting_field()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrote(_Event):
    """A piece of a turn's answer."""

    durable: ClassVar[bool] = False
    text: str = text_field()


@dataclass(frozen=True, slots=True, kw_only=True)
class Thought(_Event):
    """A piece of a turn's thinking."""

    durable: ClassVar[bool] = False
    text: str = text_field()


@dataclass(frozen=True, slots=True, kw_only=True)
class Calling(_Event):
    """A piece of a tool call that a turn is writing."""

    durable: ClassVar[bool] = False
    slot: int = 0
    tool: str = text_field()
    text: str = text_field()


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued(_Event):
    """A model call waits. Position 0 means that it waits no more."""

    durable: ClassVar[bool] = False
    position: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading(_Event):
    """The server loads the model (`load`) or reads the prompt (`prompt`); `done` from 0 to 1 if known."""

    durable: ClassVar[bool] = False
    stage: str
    done: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrying(_Event):
    """The server had no room; the same call is made again after `delay` seconds."""

    durable: ClassVar[bool] = False
    code: str
    message: str = quoting_field()
    delay: float


Event = (
    Opened
    | Resumed
    | Asked
    | Delegated
    | Started
    | Refused
    | Spent
    | Returned
    | Finished
    | Failed
    | Cancelled
    | Commanded
    | FellBack
    | Warned
    | Wrote
    | Thought
    | Calling
    | Queued
    | Loading
    | Retrying
)
