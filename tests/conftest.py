"""What holds for every test: a home of its own, a clean environment, no way off this machine.

Fixtures that only one folder needs live in that folder.
"""

from __future__ import annotations

import gc
import ipaddress
import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from tests import realserver

if TYPE_CHECKING:
    from pathlib import Path

FORGOTTEN = frozenset(
    {
        *("CLAUDE_SESSION_ID", "CODEX_SESSION_ID", "LM_API_TOKEN"),
        *("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    }
)
FORGOTTEN_STARTS = ("AGENT_DELEGATE_", "TUI_DELEGATE_", "OLLAMA_", "LLAMA_ARG_", "XDG_")


def pytest_configure() -> None:
    """Close the way off this machine for the whole session: an audit hook sees every socket there is."""
    sys.addaudithook(_stay_here)
    # A shell that runs us in its background has us ignore Ctrl-C, `nohup` has us ignore HUP, and so would all
    # that we start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_finish() -> None:
    """Let the garbage collector look less often: what so many tests load stays, and is long to look at."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the tests that need a real server out where none can run, and say why."""
    real = [item for item in items if item.get_closest_marker("real")]
    if real and (reason := realserver.why_not()):
        for item in real:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give each test an empty home and forget what the shell knew."""
    for name in list(os.environ):
        if name.upper() in FORGOTTEN or name.endswith("_API_KEY") or name.startswith(FORGOTTEN_STARTS):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TUI_DELEGATE_HOME", str(tmp_path))


def _stay_here(event: str, args: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.sendto"):
        address = args[1]
        if isinstance(address, tuple) and not _is_loopback(address[0]):
            raise AssertionError(f"a test reached for {address}: tests stay on this machine")
    elif event == "socket.getaddrinfo" and not _is_loopback(args[0]):
        raise AssertionError(f"a test looked up {args[0]!r}: tests stay on this machine")


def _is_loopback(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else str(host)
    if host is None or name in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
