"""A server that says what it is told, and a desk where verbs are called in this very process."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.desk import Desk, Ended, Env
from tests.scripted import Chat, Scripted, scripted
from tui_delegate.cli.main import main

PROFILES = """
default_profile = "worker"

[profiles.worker]
backend = "openai-compat"
base_url = "ORIGIN/v1"
default_model = "small"

[profiles.narrow]
backend = "openai-compat"
base_url = "ORIGIN/v1"
default_model = "small"
num_ctx = 2048

[profiles.keyed]
backend = "openai-compat"
base_url = "ORIGIN/v1"
api_key = "sk-very-secret"
default_model = "small"

[profiles.dead]
backend = "openai-compat"
base_url = "http://127.0.0.1:9/v1"
default_model = "small"
"""


@dataclass(slots=True)
class Here(Desk):
    """A desk that starts no process: what needs none is called in this one."""

    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch

    def env(self, more: Env = None) -> dict[str, str]:
        """Give a process the same home."""
        return Desk.env(self, {"TUI_DELEGATE_HOME": str(self.home), **(more or {})})

    def call(self, *words: str, stdin: bytes = b"") -> Ended:
        """Call the program as its entry point does."""
        self.patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = main(words)
        said = self.capture.readouterr()
        assert "This is a bug" not in said.out + said.err, said
        return Ended(code, said.out, said.err)


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
def here(
    tmp_path: Path, server: Scripted, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Here:
    """A desk in a folder of its own, which is the current one."""
    folder = tmp_path / "folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    made = Here(tmp_path, folder, server.origin, capsys, monkeypatch)
    made.profiles(PROFILES)
    assert os.environ["HOME"] == str(tmp_path)
    return made
