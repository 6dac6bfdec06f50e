"""When the garbage collector looks at everything: not in the middle of a frame.

A full look takes as long as there are objects, and the widgets, modules and lines of a session are many: tens
of milliseconds in which no key is heard. What lives long is set aside; what is young is looked at as ever.
"""

from __future__ import annotations

import gc
from typing import Final

YOUNG: Final = (2_000, 10, 100)
"""After how many new objects the young are looked at, and how many such looks make one at older ones."""


class Collecting:
    """Sets aside what lives long, when nobody waits."""

    def __init__(self) -> None:
        self._before = gc.get_threshold()

    def settle(self) -> None:
        """Look at everything now, and set aside what is left: the picture stands, or a run is over."""
        gc.set_threshold(*YOUNG)
        gc.unfreeze()
        gc.collect()
        gc.freeze()

    def end(self) -> None:
        """Leave the collector as it was found."""
        gc.unfreeze()
        gc.set_threshold(*self._before)
