"""The fold: a run's events, applied one by one, give all that anybody shows, sums or sends of it.

No event is acted on here, and nothing is drawn: a face reads the nodes.
"""

from __future__ import annotations

from bisect import insort
from typing import Literal, assert_never

from tui_delegate.core.calls import ModelCall, RunContext
from tui_delegate.core.events import (
    Asked,
    Calling,
    Cancelled,
    Commanded,
    Delegated,
    Event,
    Failed,
    FellBack,
    Finished,
    Loading,
    Opened,
    Queued,
    Refused,
    Resumed,
    Retrying,
    Returned,
    RunPath,
    Spent,
    Started,
    Thought,
    Warned,
    Wrote,
)
from tui_delegate.core.records import dataclass, field, replace
from tui_delegate.core.usage import Usage

State = Literal[
    "queued",
    "loading",
    "thinking",
    "writing",
    "calling",
    "waiting",
    "asking",
    "done",
    "failed",
    "refused",
    "cancelled",
]
STOPPED = "stopped"
"""The code of what ended because its process did."""
_PIECES = 1_024
"""Pieces of a text that are kept apart."""
ENDED: frozenset[State] = frozenset({"done", "failed", "refused", "cancelled"})


_QUESTIONS = {
    "delegation": "may this be delegated?",
    "code": "may this code run?",
    "write": "may this be written?",
}

PartKind = Literal["text", "thought", "call", "note", "child"]


@dataclass(slots=True)
class Part:
    """A stretch of what a turn said, of one kind. Only the last one of a node grows, and only at its end."""

    kind: PartKind
    pieces: list[str]
    attempt: int = 1
    child: RunPath = ()
    """Of a `child`, which has no text: the delegation that was asked for at this point."""

    @property
    def text(self) -> str:
        """The stretch as far as it has come."""
        if len(self.pieces) > 1:
            self.pieces[:] = ["".join(self.pieces)]
        return self.pieces[0] if self.pieces else ""


@dataclass(slots=True)
class Node:
    """One place in the run's tree: the manager, or one delegation."""

    path: RunPath
    attempt: int = 1
    state: State = "queued"
    detail: str = ""
    """What it waits for, or how far a load is."""
    task_name: str = ""
    task: str = ""
    files: tuple[str, ...] = ()
    agent: str = ""
    profile: str = ""
    backend: str = ""
    model: str = ""
    planned: str = ""
    """The agent that it was first meant for."""
    rerouted: bool = False
    """Whether it runs elsewhere than it was first meant to."""
    window: int | None = None
    """How many tokens its model holds; None: not known."""
    context: int = 0
    """How many of them its last call took: what was sent, and what came."""
    pieces: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    """All that it said and was told, over all its attempts, in order."""
    usage: Usage = field(default_factory=Usage)
    cost: float | None = 0.0
    """None as soon as one call's price is unknown."""
    calls: list[ModelCall] = field(default_factory=list)
    spent_at: list[float] = field(default_factory=list)
    """When each of its calls ended."""
    children: list[RunPath] = field(default_factory=list)
    started: float = 0.0
    ended: float = 0.0
    code: str = ""
    message: str = ""
    hint: str = ""
    flags: tuple[str, ...] = ()
    edited: bool = False
    cut: int = 0
    fresh: bool = True
    """Whether the next piece of text begins a new answer."""

    @property
    def text(self) -> str:
        """What it has written: of its answer, or of the model call under way."""
        if len(self.pieces) > 1:
            self.pieces[:] = ["".join(self.pieces)]
        return self.pieces[0] if self.pieces else ""

    @text.setter
    def text(self, text: str) -> None:
        self.pieces = [text]

    @property
    def thinking(self) -> str:
        """What it has thought."""
        if len(self.thoughts) > 1:
            self.thoughts[:] = ["".join(self.thoughts)]
        return self.thoughts[0] if self.thoughts else ""


@dataclass(slots=True)
class Transcript:
    """A run as far as it has been told."""

    run: str = ""
    session: str = ""
    prompt: str = ""
    after: str = ""
    forgets: int = 0
    recap: str = ""
    resumed: list[float] = field(default_factory=list)
    """The moments at which it went on after a stop."""
    context: RunContext = field(default_factory=RunContext)
    """Where it comes from."""
    nodes: dict[RunPath, Node] = field(default_factory=lambda: {(): Node(())})
    warnings: list[Warned] = field(default_factory=list)
    told_at: float = 0.0
    """The moment of its last event."""

    @property
    def root(self) -> Node:
        """The manager's node."""
        return self.nodes[()]

    @property
    def usage(self) -> Usage:
        """All tokens of the run."""
        return sum((node.usage for node in self.nodes.values()), Usage())

    @property
    def cost(self) -> float | None:
        """All dollars of the run; None where a price is unknown."""
        costs = [node.cost for node in self.nodes.values()]
        return None if None in costs else sum(cost for cost in costs if cost is not None)

    def node(self, path: RunPath) -> Node:
        """Give the node at a path, made where it is new."""
        known = len(path)
        while path[:known] not in self.nodes:
            known -= 1
        for length in range(known + 1, len(path) + 1):
            self.nodes[path[:length]] = Node(path[:length])
            insort(self.nodes[path[: length - 1]].children, path[:length])
        return self.nodes[path]

    def delegations(self) -> list[Node]:
        """All nodes but the manager's, in the order of the tree."""
        return [self.nodes[path] for path in sorted(self.nodes) if path]

    def apply(self, event: Event) -> Node:
        """Take one event in; gives the node that it changed."""
        node = self.node(event.path)
        self.told_at = event.at or self.told_at
        match event:
            case Wrote() | Thought() | Calling():
                _apply_text(node, event)
            case Queued() | Loading() | Retrying():
                _apply_wait(node, event)
            case Opened() | Resumed() | Warned():
                self._apply_run(event)
            case Asked() | Delegated() | Refused() | Started() | FellBack():
                self._apply_begin(node, event)
            case Spent():
                _apply_spent(node, event)
            case Returned():
                if event.edited and not event.failed and not node.edited:
                    _apply_edit(node, event)
                node.edited, node.cut = event.edited, event.cut
            case Finished() | Failed() | Cancelled():
                _apply_end(node, event)
            case Commanded():
                if event.command == "steer":
                    node.parts.append(Part("note", [event.text], node.attempt))
                elif event.command == "replace":
                    _apply_edit(node, event)
                elif node.state == "asking":
                    node.state, node.detail = "queued", ""
            case _:
                assert_never(event)
        return node

    def break_off(self) -> list[RunPath]:
        """Take every turn that is under way for failed: its process is gone, and said no more than is here.

        Gives their places.
        """
        message, hint = "Its process ended before it did.", "It can go on: what was done is not done again."
        open_nodes = [node for node in self.nodes.values() if node.state not in ENDED]
        for node in open_nodes:
            ended = Failed(path=node.path, attempt=node.attempt, code=STOPPED, message=message, hint=hint)
            self.apply(replace(ended, at=self.told_at))
        return [node.path for node in open_nodes]

    def _apply_run(self, event: Opened | Resumed | Warned) -> None:
        """Take in what is told of the run as a whole."""
        if isinstance(event, Opened):
            self.run, self.session, self.prompt = event.run, event.context.session, event.prompt
            self.after, self.forgets, self.recap = event.after, event.forgets, event.recap
            self.context, self.root.task = event.context, event.prompt
        elif isinstance(event, Warned):
            self.warnings.append(event)
        else:
            self.resumed.append(event.at)
            self._stop_all()

    def _stop_all(self) -> None:
        """What was under way is not any more: it is begun again."""
        for node in self.nodes.values():
            if node.state not in ENDED or not node.path:
                node.state, node.detail, node.fresh, node.ended = "queued", "", True, 0.0

    def _apply_begin(self, node: Node, event: Asked | Delegated | Refused | Started | FellBack) -> None:
        if isinstance(event, Asked | Delegated):
            node.task_name, node.task, node.files = event.task_name, event.task, event.files
            self._ask_for(node).state = "waiting"
            if isinstance(event, Asked):
                node.planned, node.state = event.agent, "asking"
                node.detail = event.note or _QUESTIONS.get(event.kind, f"may it do this: {event.kind}?")
        elif isinstance(event, Refused):
            # A turn that runs is told only that a tool is not there; what never ran was refused itself.
            if event.path and not node.agent:
                node.task_name, node.task = event.task_name, event.task
                node.state, node.code = "refused", event.code
                node.message, node.hint = event.message, event.hint
                self._ask_for(node)
        else:
            again = isinstance(event, FellBack) or event.attempt > node.attempt
            if again and node.profile:
                node.rerouted |= (node.profile, node.model) != (event.profile, event.model)
            node.profile, node.backend, node.model = event.profile, event.backend, event.model
            node.pieces, node.thoughts, node.flags = [], [], ()
            node.code, node.message, node.hint = "", "", ""
            node.edited, node.cut, node.ended = False, 0, 0.0
            node.state, node.attempt, node.window = "queued", event.attempt, event.window
            if isinstance(event, Started) and event.path and (parent := self.node(event.path[:-1])).agent:
                # After a stop a turn goes on with its workers before its model is asked again.
                parent.state = "waiting" if parent.state == "queued" else parent.state
            if isinstance(event, Started):
                node.agent, node.started = event.agent, event.at
                node.planned = node.planned or event.agent
                node.rerouted |= event.agent != node.planned

    def _ask_for(self, child: Node) -> Node:
        """Note in its parent's course where a delegation was asked for; gives the parent."""
        parent = self.node(child.path[:-1])
        if all(part.child != child.path for part in parent.parts):
            parent.parts.append(Part("child", [], parent.attempt, child.path))
        return parent


def _apply_text(node: Node, event: Wrote | Thought | Calling) -> None:
    begins = node.fresh
    if begins:
        node.pieces, node.fresh = [], False
    if isinstance(event, Wrote):
        node.state = "writing"
        _grow(node.pieces, event.text)
        _extend(node, "text", event.text, begins=begins)
    elif isinstance(event, Thought):
        node.state = "thinking"
        _grow(node.thoughts, event.text)
        _extend(node, "thought", event.text, begins=begins)
    else:
        node.state = "calling"
        _extend(
            node, "call", f"{event.tool} {event.text}" if event.tool else event.text, begins=bool(event.tool)
        )


def _grow(pieces: list[str], text: str) -> None:
    """Add a piece. Each takes ten times the room of its letters: now and then they become one."""
    pieces.append(text)
    if len(pieces) > _PIECES:
        pieces[:] = ["".join(pieces)]


def _extend(node: Node, kind: PartKind, text: str, *, begins: bool) -> None:
    last = node.parts[-1] if node.parts else None
    if begins or last is None or last.kind != kind or last.attempt != node.attempt:
        node.parts.append(Part(kind, [text], node.attempt))
    else:
        _grow(last.pieces, text)


def _settle(node: Node, text: str) -> None:
    """Make the answer that a turn ended with the last thing that it said."""
    if text and text != node.text:
        node.parts.append(Part("text", [text], node.attempt))
    node.text = text


def _apply_edit(node: Node, event: Commanded | Returned) -> None:
    """Take a person's result for the worker's. It goes back later, with those of its siblings."""
    node.ended = node.ended if node.state in ENDED else event.at
    node.edited, node.cut = True, 0
    node.state, node.code = "done", ""
    _settle(node, event.text)


def _apply_wait(node: Node, event: Queued | Loading | Retrying) -> None:
    if isinstance(event, Queued):
        node.state = "queued"
        node.detail = f"{event.position} in line: {event.reason}" if event.position else ""
    elif isinstance(event, Loading):
        node.state = "loading"
        node.detail = event.stage if event.done is None else f"{event.stage} {event.done:.0%}"
    else:
        node.state, node.detail = "queued", f"again in {event.delay:.1f} s: {event.message}"


def _apply_spent(node: Node, event: Spent) -> None:
    node.calls.append(event.call)
    node.spent_at.append(event.at)
    node.usage = node.usage + event.call.usage
    node.cost = None if node.cost is None or event.call.cost is None else node.cost + event.call.cost
    node.fresh = True
    if event.call.status == "ok":
        node.context = event.call.usage.total


def _apply_end(node: Node, event: Finished | Failed | Cancelled) -> None:
    if event.attempt < node.attempt or node.edited:
        return
    node.ended = event.at
    if isinstance(event, Finished):
        node.state, node.flags = "done", event.flags
        _settle(node, event.text)
    elif isinstance(event, Failed):
        node.state, node.code, node.message, node.hint = "failed", event.code, event.message, event.hint
        _settle(node, event.text or node.text)
    else:
        node.state, node.code = "cancelled", "cancelled"
        _settle(node, event.text or node.text)
