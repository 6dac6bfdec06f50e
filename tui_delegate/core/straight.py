"""Drives a coroutine that never waits, without an event loop: what a one-shot call is run by.

Everything below must have its answer when it is asked; whatever really waits belongs on a loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")


def straight(coroutine: Coroutine[object, object, T]) -> T:
    """Run a coroutine to its end and give its value; whatever it raises comes out as it is."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        value: T = end.value
        return value
    coroutine.close()
    raise RuntimeError(f"{coroutine!r} waits for something, and there is no event loop to wait on.")
