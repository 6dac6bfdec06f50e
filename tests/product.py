"""Runs the product as a person does: the command line in a process of its own. It looks at nothing inside."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import tomli_w

ROOT = Path(__file__).parent.parent
PATIENCE = 15.0
"""Seconds after which a run hangs: far more than any of them takes."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> dict[str, object]:
        """The one JSON object that stdout holds."""
        (line,) = self.out.splitlines()
        value = json.loads(line)
        assert isinstance(value, dict)
        return value

    def rows(self, name: str) -> list[dict[str, object]]:
        """A list of objects in the one JSON object."""
        found = self.value[name]
        assert isinstance(found, list)
        return found

    @property
    def error(self) -> dict[str, object]:
        """The error in the one JSON object."""
        error = self.value["error"]
        assert isinstance(error, dict)
        return error


@dataclass(slots=True)
class Going:
    """A process that runs."""

    process: asyncio.subprocess.Process

    async def line(self) -> str:
        """The next line of stdout."""
        assert self.process.stdout
        async with self._patience():
            return (await self.process.stdout.readline()).decode()

    async def piece(self) -> str:
        """What comes next on stdout, as soon as it comes."""
        assert self.process.stdout
        async with self._patience():
            return (await self.process.stdout.read(65536)).decode()

    async def talk(self, word: str) -> str:
        """Read stderr until a line holds this word."""
        assert self.process.stderr
        said = ""
        async with self._patience():
            while word not in said:
                line = (await self.process.stderr.readline()).decode()
                assert line, f"{word!r} was never said, but: {said}"
                said += line
        return said

    def signal(self, which: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(which)

    async def end(self) -> Ended:
        """Read the rest and wait for the end."""
        async with self._patience():
            out, err = await self.process.communicate()
        code = self.process.returncode
        assert code is not None
        return Ended(code, out.decode(errors="surrogateescape"), err.decode())

    @asynccontextmanager
    async def _patience(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(PATIENCE):
                yield
        except TimeoutError:
            self.process.kill()
            out, err = await self.process.communicate()
            raise AssertionError(f"it hung, having said: {out!r} {err!r}") from None


@dataclass(frozen=True, slots=True)
class Product:
    """The command line with a home of its own."""

    home: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    shell: str = ""
    """A line of shell that the product is run by; `"$@"` stands for it there."""

    def write(self, top: Mapping[str, object] | None = None, **profiles: Mapping[str, object]) -> Product:
        """Write the profiles file. The first profile is the default one unless `top` says otherwise."""
        words: dict[str, object] = {"default_profile": next(iter(profiles))} if top is None else dict(top)
        self.home.mkdir(exist_ok=True)
        (self.home / "profiles.toml").write_text(tomli_w.dumps({**words, "profiles": profiles}))
        (self.home / "profiles.toml").chmod(0o600)
        return self

    async def start(self, *words: str, stdin: bytes | None = None) -> Going:
        """Start the product with these words."""
        environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", **self.environ}
        line = ("sh", "-c", self.shell, "sh") if self.shell else ()
        process = await asyncio.create_subprocess_exec(
            *(*line, sys.executable, "-m", "tui_delegate", *words),
            stdin=asyncio.subprocess.DEVNULL if stdin is None else asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self.home,
            env={**environ, "TUI_DELEGATE_HOME": str(self.home)},
            limit=1 << 22,
        )
        if stdin is not None:
            assert process.stdin
            process.stdin.write(stdin)
            process.stdin.close()
        return Going(process)

    async def tell(self, *words: str, stdin: bytes | None = None) -> Ended:
        """Run the product with these words, to its end."""
        return await (await self.start(*words, stdin=stdin)).end()

    async def ledger(self) -> list[dict[str, object]]:
        """All rows of the ledger, the newest first or last as the product gives them."""
        ended = await self.tell("ledger", "--json", "--limit", "500")
        content = ended.value["content"]
        assert isinstance(content, dict)
        entries = content["entries"]
        assert isinstance(entries, list)
        return entries


def summed(rows: Sequence[Mapping[str, object]], key: str) -> int:
    """Add one figure up over rows."""
    values = [row[key] for row in rows]
    assert all(isinstance(value, int) for value in values), values
    return sum(value for value in values if isinstance(value, int))
