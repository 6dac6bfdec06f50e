"""No script, however it tries, spends or digs beyond its limits."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.telling import tell
from tests.script import Answering, Cast, Script, Step, echo, seat_of
from tui_delegate.core.chunks import ChatRequest
from tui_delegate.core.events import Delegated, Refused, Spent, Started
from tui_delegate.core.limits import Limits
from tui_delegate.core.usage import Price, Usage

TREES: st.SearchStrategy[object] = st.recursive(
    st.just([]), lambda below: st.lists(below, max_size=4), max_leaves=25
)


def digging(tree: object) -> Answering:
    """A model that delegates the shape of a tree, whether it was offered the tool or not."""

    def shape_at(task: str) -> object:
        at = tree
        for step in task.split()[1:]:
            at = at[int(step)] if isinstance(at, list) and int(step) < len(at) else []
        return at

    def rule(request: ChatRequest) -> Step:
        first = next(message for message in request.messages if message.role == "user")
        if any(message.role == "tool" for message in request.messages):
            return Step(["done"])
        at = shape_at(first.text)
        tasks = [f"{first.text} {place}" for place in range(len(at))] if isinstance(at, list) else []
        return Script().says("digging").delegates(*tasks).steps[0]

    return Answering(rule)


@settings(max_examples=60, deadline=None)
@given(
    tree=TREES,
    depth=st.integers(1, 4),
    uses=st.integers(0, 4),
    tasks=st.integers(0, 12),
    parallel=st.integers(1, 5),
    nested=st.booleans(),
)
def test_no_call_tree_breaks_a_limit(
    tree: object, depth: int, uses: int, tasks: int, parallel: int, nested: bool
) -> None:
    model = digging(tree)
    limits = Limits(depth, uses, tasks, parallel, nested=nested)
    told = tell(Cast(manager=model, worker=model), "dig", limits=limits)
    started = {event.path for event in told.of(Started)}
    assert max(map(len, started)) < depth
    assert len(told.of(Delegated)) <= tasks
    for path in started:
        assert sum(1 for event in told.of(Delegated) if event.path[:-1] == path) <= uses
    assert model.most_in_flight <= parallel
    if not nested:
        assert all(len(path) <= 1 for path in started)
    assert told.events[-1].terminal
    assert told.events[-1].path == ()
    assert told.transcript.usage == sum(
        (event.call.usage for event in told.of(Spent) if isinstance(event, Spent)), Usage()
    )


@settings(max_examples=40, deadline=None)
@given(
    tokens=st.integers(100, 20_000),
    workers=st.integers(1, 20),
    answer=st.integers(1, 400),
)
def test_parallel_workers_never_spend_more_tokens_than_the_limit(
    tokens: int, workers: int, answer: int
) -> None:
    def rule(request: ChatRequest) -> Step:
        cap = request.max_tokens or 0
        sent = sum(len(message.text) for message in request.messages) // 4
        return Step(["x"], usage=Usage(sent, 0, min(answer, cap)))

    def manage(request: ChatRequest) -> Step:
        step = rule(request)
        if not any(message.role == "tool" for message in request.messages):
            step.calls = Script().delegates(*[f"task {n}" for n in range(workers)]).steps[0].calls
        return step

    told = tell(
        Cast(manager=Answering(manage), worker=Answering(rule)),
        limits=Limits(max_uses=50, tokens=tokens),
    )
    assert told.transcript.usage.total <= tokens
    assert told.events[-1].terminal


def test_a_cost_limit_holds_and_the_refusal_is_typed() -> None:
    price = Price(1.0, 2.0)
    worker = seat_of("worker", Script().says("r").uses(1000, 50_000), price=price)
    manager = Script().delegates(*[f"task {n}" for n in range(5)]).then().says("end")
    told = tell(Cast(manager=manager, worker=worker), limits=Limits(cost=0.15, max_uses=9))
    codes = [node.code for node in told.transcript.delegations()]
    assert codes.count("") == 2
    assert codes.count("subagent_budget_exceeded") == 3
    assert told.transcript.root.state == "done"


def test_a_cost_limit_refuses_a_model_whose_price_is_unknown() -> None:
    manager = seat_of("manager", Script().says("x"), price=None)
    told = tell(Cast(manager=manager), limits=Limits(cost=1.0))
    assert told.transcript.root.code == "subagent_budget_exceeded"
    assert "price" in told.transcript.root.message


def test_limits_are_reserved_before_so_parallel_children_can_not_all_pass_one_check() -> None:
    manager = Script().delegates(*[f"task {n}" for n in range(9)]).then().says("end")
    worker = echo()
    told = tell(Cast(manager=manager, worker=worker), limits=Limits(max_uses=4))
    assert len(worker.asked) == 4
    assert len(told.of(Refused)) == 5


def test_sixty_four_workers_are_all_in_flight_at_once_and_come_back_in_order() -> None:
    manager = Script().delegates(*[f"task {n}" for n in range(64)]).then().says("end")
    worker = Answering(lambda request: Step([f"r {request.messages[-1].text}"], seconds=1.0))
    told = tell(
        Cast(manager=manager, worker=worker),
        limits=Limits(max_uses=64, max_tasks=64, max_parallel=64),
    )
    assert worker.most_in_flight == 64
    assert [node.text for node in told.transcript.delegations()] == [f"r task {n}" for n in range(64)]
