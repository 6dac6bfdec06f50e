"""A root with everything in it that a name could stumble over, and what is asked of it."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from tui_delegate.tools.target import Target, Written

SECRET = b"not to be touched\n"


def build(tmp_path: Path) -> Path:
    """Make that root, and an outside that must stay as it is."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "dir").mkdir(parents=True)
    outside.mkdir()
    (outside / "x").write_bytes(SECRET)
    (root / "link_out").symlink_to(outside, target_is_directory=True)
    (root / "link_in").symlink_to("dir", target_is_directory=True)
    (root / "link_file").symlink_to(outside / "x")
    (root / "dangling_link").symlink_to(outside / "new")
    (root / "loop").symlink_to("loop")
    os.link(outside / "x", root / "hard_link")
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as sock:
        here = Path.cwd()
        os.chdir(root)
        sock.bind("sock")
        os.chdir(here)
    (root / "dev_null").symlink_to("/dev/null")
    (root / "locked").write_text("mine\n")
    (root / "locked").chmod(0)
    return root


def state_of(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode,
            path.read_bytes() if path.is_file() and os.access(path, os.R_OK) else b"",
        )
        for path in sorted(folder.rglob("*"))
    }


def put(target: Target, data: bytes, *, force: bool = False, now: float | None = None) -> Written:
    with target:
        target.check(force=force)
        return target.write(data, force=force, now=now)


def held_handles() -> int:
    return len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else 0
