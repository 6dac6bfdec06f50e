"""Checks an answer against its schema, but not for ever: a pattern may take longer than anybody lives.

What fits and what does not is `core.fitting`'s to know.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING, Final

from tui_delegate.core.fitting import Fitted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui_delegate.core.fitting import AnswerSchema

PATIENCE: Final = 5.0
"""Seconds for one check."""


def fitted(schema: AnswerSchema, answer: str, patience: float = PATIENCE) -> Fitted:
    """Find the JSON in an answer and check it."""
    try:
        with _no_longer_than(patience):
            return schema.fit(answer)
    except TimeoutError:
        wrong = f"checking it takes longer than {patience:g} seconds, because of a pattern in the schema"
        return Fitted(answer, wrong=wrong)


@contextlib.contextmanager
def _no_longer_than(seconds: float) -> Iterator[None]:
    """Raise a TimeoutError in what takes longer, where the system has such an alarm and only we use it."""
    alarm = getattr(signal, "SIGALRM", None)
    if alarm is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(alarm, _too_long)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(alarm, before)


def _too_long(number: int, frame: object) -> None:
    raise TimeoutError
