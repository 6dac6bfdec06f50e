from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.rooms import build


@pytest.fixture
def house(tmp_path: Path) -> Path:
    return build(tmp_path)
