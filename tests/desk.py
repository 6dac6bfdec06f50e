"""The program under test as a stranger sees it: words in, an exit code and two streams out.

Which program that is, the environment says: ours, or the one that `COMPAT_PROGRAM` names.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROGRAM = os.environ.get("COMPAT_PROGRAM", "")
COMMAND = [PROGRAM] if PROGRAM else [sys.executable, "-m", "tui_delegate"]
PATIENCE = 25.0
"""Seconds until a call that hangs is given up."""
Env = Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call ended."""

    code: int
    out: str
    err: str

    @property
    def envelope(self) -> dict[str, object]:
        """The one JSON object on the one line of stdout."""
        assert self.out.count("\n") == 1, (
            f"stdout is not one line: {self.out[:400]!r}, stderr {self.err[-800:]}"
        )
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value

    @property
    def error(self) -> dict[str, object]:
        """The `error` member of a call that failed as JSON; stderr has to be empty."""
        envelope = self.envelope
        assert (envelope["ok"], self.err) == (False, "")
        error = envelope["error"]
        assert isinstance(error, dict)
        return error

    @property
    def content(self) -> str:
        """The answer of a call that went well as JSON."""
        envelope = self.envelope
        assert envelope["ok"] is True, envelope
        return str(envelope["content"])


@dataclass(slots=True)
class Desk:
    """A person's home, working folder and profiles file, all their own."""

    home: Path
    folder: Path
    origin: str

    def profiles(self, text: str) -> None:
        """Write the profiles file where agent-delegate looks for it; `ORIGIN` is the server's address."""
        path = self.home / ".agent-delegate" / "profiles.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.replace("ORIGIN", self.origin), encoding="utf-8")

    def file(self, name: str, content: str | bytes = "text\n") -> Path:
        """Put a file below the working folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def command(self, *words: str) -> list[str]:
        """Give the whole command line."""
        return [*COMMAND, *words]

    def env(self, more: Env = None) -> dict[str, str]:
        """Give the environment of a call: little, and nothing of who runs the tests."""
        base = {"PATH": os.environ.get("PATH", ""), "HOME": str(self.home), "PYTHONPATH": str(ROOT)}
        if "SYSTEMROOT" in os.environ:
            base["SYSTEMROOT"] = os.environ["SYSTEMROOT"]
        return {**base, **(more or {})}

    def run(self, *words: str, stdin: str | bytes = b"", cwd: Path | None = None, env: Env = None) -> Ended:
        """Call the program and wait for its end."""
        done = subprocess.run(
            self.command(*words),
            input=stdin if isinstance(stdin, bytes) else stdin.encode(),
            capture_output=True,
            cwd=cwd or self.folder,
            env=self.env(env),
            timeout=PATIENCE,
            check=False,
        )
        ended = Ended(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert "Traceback (most recent call last)" not in ended.err, ended.err
        assert "This is a bug" not in ended.out + ended.err, ended
        return ended

    def ask(self, *paths: str, question: str = "why?", env: Env = None) -> Ended:
        """Ask about these paths, as JSON."""
        return self.run("ask", "--json", "--question", question, "--paths", *paths, env=env)

    def summarize(self, *flags: str, text: str = "a log", env: Env = None) -> Ended:
        """Summarize a text, as JSON."""
        return self.run(*flags, "summarize", "--json", stdin=text, env=env)

    def write(self, *flags: str, env: Env = None) -> Ended:
        """Have something written after one file, as JSON."""
        if not (self.folder / "a.py").exists():
            self.file("a.py", "print(1)\n")
        return self.run("write", "--json", "--context", "a.py", "--spec", "a test", *flags, env=env)
