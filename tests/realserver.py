"""Starts a real llama-server on loopback for tests that talk to one, and ends it. Nothing else starts one."""

from __future__ import annotations

import functools
import http.client
import os
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests import assets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READY_WITHIN = 30.0
"""Seconds. A tiny model is ready in a tenth of one; a busy machine may need some more."""
USUAL = ("-m", str(assets.TINY_DELEGATE), "--alias", "tiny-delegate", "-np", "2", "-c", "4096", "--jinja")


@dataclass(frozen=True, slots=True)
class RealServer:
    """A llama-server that answers."""

    url: str
    """`http://127.0.0.1:PORT`, without `/v1`."""
    process: subprocess.Popen[bytes]


@functools.cache
def why_not() -> str:
    """Say why no real server can run here; empty: one can."""
    binary = assets.llama_server()
    if binary is None:
        return "no llama-server here: set LLAMA_SERVER or put one on PATH"
    try:
        asked = subprocess.run([binary, "--version"], capture_output=True, timeout=READY_WITHIN)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{binary} does not run: {error}"
    if asked.returncode != 0:
        return f"{binary} --version ends with {asked.returncode}: this machine can't run it"
    return ""


@contextmanager
def running(*args: str) -> Iterator[RealServer]:
    """Start a llama-server with these arguments (none: the tiny model, two slots) and end it afterwards.

    `running("--models-dir", folder, "--models-max", "1")` starts a router.
    """
    binary = assets.llama_server()
    assert binary is not None, why_not()
    port = _free_port()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [str(binary), *(args or USUAL), "--host", "127.0.0.1", "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            if not _ready(process, port):
                log.seek(0)
                raise AssertionError(
                    f"llama-server did not come up:\n{log.read()[-2000:].decode(errors='replace')}"
                )
            yield RealServer(f"http://127.0.0.1:{port}", process)
        finally:
            _end(process)


@contextmanager
def running_router(folder: Path, *names: str) -> Iterator[RealServer]:
    """Start a router over copies of the tiny model under these names, one loaded at a time."""
    for name in names:
        (folder / f"{name}.gguf").write_bytes(assets.TINY_DELEGATE.read_bytes())
    shape = ("--models-max", "1", "-c", "2048", "-np", "2", "--jinja")
    with running("--models-dir", str(folder), *shape) as server:
        yield server


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _ready(process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        if _healthy(port):
            return True
        try:
            process.wait(timeout=0.02)
        except subprocess.TimeoutExpired:
            continue
        return False
    return False


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the server and, of a router, the children that it started: they share its process group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
