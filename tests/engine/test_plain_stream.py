"""A run's stream without an event loop: told at once, stored behind, safe at its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.engine.sent import Notebook
from tui_delegate.core.calls import RunContext
from tui_delegate.core.errors import BudgetExceeded, JournalError
from tui_delegate.core.events import Event, Finished, Opened, Started, Wrote
from tui_delegate.core.limits import Limits
from tui_delegate.core.straight import straight
from tui_delegate.core.usage import Usage
from tui_delegate.engine.plain import PlainPurser, PlainStream, plain_clock
from tui_delegate.journal.store import Journal


def opening() -> Opened:
    return Opened(at=0.0, run="r1", prompt="do it", limits=Limits(), context=RunContext())


def starting() -> Started:
    return Started(path=(), at=0.0, agent="worker", profile="p", backend="b", model="m")


def ending(text: str = "done") -> Finished:
    return Finished(path=(), at=0.0, text=text)


def wrote(text: str) -> Wrote:
    return Wrote(path=(), text=text)


def names(group: Sequence[Event]) -> list[str]:
    return [type(event).__name__ for event in group]


def test_every_event_is_told_at_once_in_its_order() -> None:
    told: list[Event] = []
    stream = PlainStream("r1", None, told.append)
    for event in (opening(), starting(), wrote("a"), ending()):
        stream.emit(event)
        assert told[-1] == event
    stream.close()
    assert (len(told), stream.broken) == (4, None)


def test_the_beginning_is_stored_at_once_and_the_end_before_it_is_told() -> None:
    notebook = Notebook()
    stored_when_told: list[int] = []
    stream = PlainStream("r1", notebook, lambda event: stored_when_told.append(len(notebook.groups)))
    for event in (opening(), starting(), wrote("a"), ending()):
        stream.emit(event)
    assert stored_when_told == [0, 1, 1, 2]
    assert [names(group) for group in notebook.groups] == [["Opened", "Started"], ["Wrote", "Finished"]]


def test_text_is_stored_a_few_times_a_second_and_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("tui_delegate.engine.plain.time.monotonic", lambda: now[0])
    notebook = Notebook()
    stream = PlainStream("r1", notebook, lambda event: None)
    for number in range(100):
        stream.emit(wrote(f"{number} "))
        straight(stream.drain())
        now[0] += 0.01
    texts = [event.text for group in notebook.groups for event in group if isinstance(event, Wrote)]
    assert 2 <= len(texts) <= 4
    stream.close()
    texts = [event.text for group in notebook.groups for event in group if isinstance(event, Wrote)]
    assert "".join(texts) == "".join(f"{number} " for number in range(100))


def test_a_fact_does_not_wait_for_the_time_of_texts() -> None:
    notebook = Notebook()
    stream = PlainStream("r1", notebook, lambda event: None)
    stream.emit(opening())
    straight(stream.drain())
    assert [names(group) for group in notebook.groups] == [["Opened"]]


@pytest.mark.parametrize("error", [OSError(28, "no room"), RuntimeError("no thread"), JournalError("gone")])
def test_a_journal_that_raises_is_remembered_and_the_run_goes_on(error: Exception) -> None:
    class Broken(Notebook):
        def append(
            self, run: str, events: Sequence[Event], done: Callable[[Exception | None], None] | None
        ) -> None:
            raise error

    told: list[Event] = []
    stream = PlainStream("r1", Broken(), told.append)
    for event in (opening(), starting(), ending()):
        stream.emit(event)
    stream.close()
    assert (len(told), stream.broken) == (3, error)


def test_closing_waits_until_all_is_safe_and_tells_the_first_failure() -> None:
    class Slow(Notebook):
        def append(
            self, run: str, events: Sequence[Event], done: Callable[[Exception | None], None] | None
        ) -> None:
            assert done
            answer = OSError("first") if not self.groups else OSError("second")
            self.groups.append(list(events))
            threading.Thread(target=done, args=(answer,)).start()

    notebook = Slow()
    stream = PlainStream("r1", notebook, lambda event: None)
    for event in (opening(), starting(), ending()):
        stream.emit(event)
    stream.close()
    assert len(notebook.groups) == 2
    assert stream.broken is not None
    stream.close()


def test_a_real_journal_has_the_run_when_the_stream_is_closed(tmp_path: Path) -> None:
    with closing(Journal.open(tmp_path / "journal.db")) as journal:
        stream = PlainStream("r1", journal, lambda event: None)
        for event in (opening(), starting(), wrote("do"), wrote("ne"), ending()):
            stream.emit(event)
        stream.close()
        assert stream.broken is None
        assert names(list(journal.events_of("r1"))) == ["Opened", "Started", "Wrote", "Finished"]


def test_the_purse_of_one_call_at_a_time_counts_and_refuses() -> None:
    purser = PlainPurser(Limits(tokens=100))
    straight(purser.enter(lambda place: None))
    held = straight(purser.reserve(50, None, None))
    assert held.max_output == 50
    purser.settle(held, Usage(50, 0, 40), None)
    purser.leave()
    with pytest.raises(BudgetExceeded):
        straight(purser.reserve(50, None, None))


def test_time_passes_as_it_does_everywhere() -> None:
    clock = plain_clock()
    before = time.monotonic()
    straight(_nothing(clock.sleep(0.001)))
    assert clock.time() >= before + 0.001
    assert clock.broken_off is KeyboardInterrupt


async def _nothing(pause: object) -> None:
    await pause  # type: ignore[misc]
