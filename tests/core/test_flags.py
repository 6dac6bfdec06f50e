"""Every flag that a backend can raise has words."""

from __future__ import annotations

import re
from pathlib import Path

from tui_delegate.core.flags import flag_words

BACKENDS = Path(__file__).parents[2] / "tui_delegate" / "backends"


def test_every_flag_that_is_raised_has_a_sentence() -> None:
    raised = {
        flag
        for path in BACKENDS.rglob("*.py")
        for flag in re.findall(r"\.flag\(\"([a-z_]+)\"", path.read_text(encoding="utf-8"))
    }
    assert len(raised) > 8
    assert [flag for flag in sorted(raised) if not flag_words(flag).endswith(".")] == []


def test_an_unknown_flag_is_still_readable() -> None:
    assert flag_words("brand_new") == "brand new"
