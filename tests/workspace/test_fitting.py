from __future__ import annotations

import signal
import sys

import pytest

from tui_delegate.core.fitting import AnswerSchema
from tui_delegate.workspace.fitting import fitted

SCHEMA = AnswerSchema('{"type": "object", "properties": {"a": {"pattern": "^(a+)+$"}}}')


def test_what_fits_fits() -> None:
    assert fitted(SCHEMA, '{"a": "aa"}').value == {"a": "aa"}
    assert "pattern" in fitted(SCHEMA, '{"a": "b"}').wrong


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such alarm")
def test_a_pattern_that_would_take_for_ever_is_given_up() -> None:
    before = signal.getsignal(signal.SIGALRM)
    never = fitted(SCHEMA, '{"a": "' + "a" * 60 + '!"}', 0.1)
    assert never.wrong == "checking it takes longer than 0.1 seconds, because of a pattern in the schema"
    assert signal.getsignal(signal.SIGALRM) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
