from __future__ import annotations

import http.client
import json
import os
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests import assets, realserver

if TYPE_CHECKING:
    from pathlib import Path


def test_no_test_reaches_another_machine() -> None:
    with socket.socket() as way_out, pytest.raises(AssertionError, match="stay on this machine"):
        way_out.connect(("192.0.2.1", 80))
    with pytest.raises(AssertionError, match="stay on this machine"):
        socket.getaddrinfo("example.org", 80)


def test_a_test_finds_a_home_of_its_own_and_no_keys(tmp_path: Path) -> None:
    assert os.environ["HOME"] == os.environ["TUI_DELEGATE_HOME"] == str(tmp_path)
    assert not [name for name in os.environ if name.endswith("_API_KEY") or name.startswith("OLLAMA_")]


@pytest.mark.real
def test_a_real_server_answers_and_is_gone_afterwards() -> None:
    with realserver.running() as server:
        assert _get(server.url, "/health") == {"status": "ok"}
    assert server.process.returncode is not None
    with pytest.raises(OSError, match="refused"):
        _get(server.url, "/health")


@pytest.mark.real
def test_a_server_that_can_not_start_says_why(tmp_path: Path) -> None:
    nothing = str(tmp_path / "nothing.gguf")
    with pytest.raises(AssertionError, match=r"nothing\.gguf"), realserver.running("-m", nothing):
        pass


def test_the_tiny_model_stands_beside_the_tests() -> None:
    assert assets.TINY_DELEGATE.is_file()


def _get(url: str, path: str) -> object:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    try:
        connection.request("GET", path)
        answer: object = json.loads(connection.getresponse().read())
        return answer
    finally:
        connection.close()
