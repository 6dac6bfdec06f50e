from __future__ import annotations

import gc
from pathlib import Path

import pytest

from tests.tui.driver import Stand, drive, house_in
from tui_delegate.tui.collecting import YOUNG
from tui_delegate.tui.screens.main import showing


def test_what_lives_long_is_set_aside_once_the_picture_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(showing, "SETTLED", 0.01)
    before = gc.get_threshold()

    async def part(stand: Stand) -> None:
        await stand.until(gc.get_freeze_count)
        assert gc.get_threshold() == YOUNG

    drive(house_in(tmp_path), part)
    assert (gc.get_freeze_count(), gc.get_threshold()) == (0, before)
