"""What the screen costs while nothing happens, on a pseudo-terminal, beside a bare app in the same seconds.

Ours follows the journal five times a second and looks at the servers every ten. All stand for a while before
they are measured: what is loaded after the first picture is not idling.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.bench.measure import Row
from tests.bench.paint import SESSIONS, fill
from tests.bench.terminal import BARE, OURS, environment, opened, wait_together

SETTLE = 5.0
SECONDS = float(os.environ.get("IDLE_SECONDS", "20"))
GOAL = 0.01
"""Of a core."""
BUILTIN = (*OURS, "--profile", "builtin")


def idle() -> list[tuple[float, int]]:
    """The bare app, a fresh home, a full one: the share of a core that each took, and the bytes it drew."""
    with tempfile.TemporaryDirectory() as fresh, tempfile.TemporaryDirectory() as full, ExitStack() as stack:
        fill(Path(full))
        contenders = ((BARE, fresh), (BUILTIN, fresh), (BUILTIN, full))
        terminals = [stack.enter_context(opened(what, environment(Path(home)))) for what, home in contenders]
        for one in terminals:
            one.wait_for_picture()
        wait_together(terminals, SETTLE)
        before = [(one.cpu(), len(one.drawn)) for one in terminals]
        wait_together(terminals, SECONDS)
        return [
            ((one.cpu() - cpu) / SECONDS, len(one.drawn) - drawn)
            for one, (cpu, drawn) in zip(terminals, before, strict=True)
        ]


def rows() -> Iterator[Row]:
    """Each beside the bare app, which has no goal, and beside the share that it may have."""
    (bare, _), *ours = idle()
    for name, (share, drawn) in zip(("a fresh home", f"{SESSIONS} sessions"), ours, strict=True):
        yield Row(f"idle, {name}, beside a bare app: of a core", "%", bare * 100, share * 100, None)
        yield Row(f"idle, {name}, beside what it may: of a core", "%", GOAL * 100, share * 100, 1.0)
        yield Row(f"idle, {name}: drawn", "bytes", 1.0, float(drawn), 1.0)
