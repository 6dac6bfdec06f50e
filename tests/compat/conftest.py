"""One server per module, a desk per test, and the two words that a case is marked with.

`same`: agent-delegate does so too, and the case passes when it is the program under test.
`better`: it does not, and there the case fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk import Desk
from tests.scripted import Chat, Scripted, scripted

PROFILES = """
default_profile = "worker"

[profiles.worker]
backend = "openai-compat"
base_url = "ORIGIN/v1"
default_model = "small"

[profiles.claude]
backend = "anthropic"
base_url = "ORIGIN/v1"
api_key = "sk-ant-secret"
default_model = "haiku"
"""


def pytest_configure(config: pytest.Config) -> None:
    """Make the two words known."""
    config.addinivalue_line("markers", "same(row): agent-delegate does the same; `row` says what")
    config.addinivalue_line("markers", "better(row): agent-delegate fails at it; `row` says what")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let no case stand here that says neither."""
    here = Path(__file__).parent
    for item in items:
        if item.path.parent == here:
            words = [mark for name in ("same", "better") for mark in item.iter_markers(name)]
            assert words, f"{item.nodeid} is marked neither same nor better"


@pytest.fixture(scope="module")
def _server() -> Iterator[Scripted]:
    with scripted() as server:
        yield server


@pytest.fixture
def server(_server: Scripted) -> Scripted:
    """The module's server, with nothing asked yet and a plain answer ready."""
    _server.say(Chat())
    return _server


@pytest.fixture
def desk(tmp_path: Path, server: Scripted) -> Desk:
    """A desk whose default profile leads to the module's server."""
    home, folder = tmp_path / "home", tmp_path / "folder"
    home.mkdir()
    folder.mkdir()
    made = Desk(home, folder, server.origin)
    made.profiles(PROFILES)
    return made
