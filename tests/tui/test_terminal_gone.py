"""A terminal that goes away takes the screen with it, and leaves no process behind."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

pty = pytest.importorskip("pty")
ROOT = Path(__file__).parent.parent.parent
PATIENCE = 15.0
ON_TERMINAL = 'terminal=$1; shift; exec "$@" <"$terminal" >"$terminal" 2>&1'
"""The first terminal that a session opens is its own, and its end is the session's."""


def test_no_process_outlives_its_terminal(tmp_path: Path) -> None:
    (tmp_path / "profiles.toml").write_text('default_profile = "builtin"\n')
    terminal, inside = pty.openpty()
    command = ("sh", "-c", ON_TERMINAL, "sh", os.ttyname(inside), sys.executable, "-m", "tui_delegate")
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}
    with subprocess.Popen(command, start_new_session=True, env=environ) as process:
        try:
            seen = b""
            while b"Ask something" not in seen:
                assert select.select([terminal], [], [], PATIENCE)[0]
                seen += os.read(terminal, 65536)
            os.close(inside)
            os.close(terminal)
            assert process.wait(PATIENCE) == 129
        finally:
            process.kill()
