"""The verbs that coding agents shell out to, as whole processes: beside an interpreter that does nothing, and
beside agent-delegate in the same rounds, with its log and our journal on.

    python -m tests.bench.verbs --agent-delegate VENV

Without the option agent-delegate is looked for beside the running python, then in BENCH_AGENT_DELEGATE.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.measure import Row
from tests.bench.startup import SCRIPT

ROUNDS = 15
THEIRS = "import sys; from agent_delegate.cli import main; sys.exit(main())"
PROFILES = """default_profile = "bench"
[profiles.bench]
backend = "openai-compat"
base_url = "{url}/v1"
default_model = "tokens-100"
"""
LONE: Mapping[tuple[str, ...], float] = {
    ("--version",): 2.5,
    ("--help",): 2.5,
    ("status",): 4.0,
    ("profiles", "list"): 4.0,
    ("ledger",): 4.0,
}
"""What asks no server, and at most how many times an empty interpreter it may cost."""
CALLS: Mapping[str, tuple[str, ...]] = {
    "summarize": ("summarize",),
    "ask, 3 files": ("ask", "--paths", "f0.py", "f1.py", "f2.py", "--question", "why?"),
    "write --stdout": ("write", "--context", "f0.py", "--spec", "a test", "--stdout"),
    "summarize, 2,000 tokens": ("--model", "tokens-2000", "summarize"),
}
"""What asks one, in words that both programs know."""


class Server(asyncio.Protocol):
    """Answers each chat at once, streamed or whole; the model's name says with how many tokens."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.held = b""

    def data_received(self, data: bytes) -> None:
        self.held += data
        head, gap, body = self.held.partition(b"\r\n\r\n")
        lines = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        length = int(lines[0].partition(b":")[2]) if lines else 0
        if not gap or len(body) < length:
            return
        self.held = b""
        answer, kind = (b'{"data":[{"id":"tokens-100"}]}', "application/json")
        if head.startswith(b"POST"):
            answer, kind = reply(json.loads(body), len(body) // 4)
        top = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(answer)}\r\n\r\n"
        self.transport.write(top.encode() + answer)


def reply(request: dict[str, object], prompt: int) -> tuple[bytes, str]:
    count = int(str(request["model"]).partition("-")[2])
    usage = {"prompt_tokens": prompt, "completion_tokens": count, "total_tokens": prompt + count}
    if not request.get("stream"):
        message = {"role": "assistant", "content": "".join(tokens(count))}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return json.dumps({"id": "x", "choices": [choice], "usage": usage}).encode(), "application/json"
    deltas = [{"index": 0, "delta": {"content": one}, "finish_reason": None} for one in tokens(count)]
    end = {"index": 0, "delta": {}, "finish_reason": "stop"}
    events: list[dict[str, object]] = [{"id": "x", "choices": [delta]} for delta in (*deltas, end)]
    events.append({"id": "x", "choices": [], "usage": usage})
    return b"".join(sse(json.dumps(event)) for event in events) + sse("[DONE]"), "text/event-stream"


def tokens(count: int) -> list[str]:
    """An answer that does not repeat itself, as a real one does not."""
    return [f"t{place} " for place in range(count)]


def sse(data: str) -> bytes:
    return f"data: {data}\n\n".encode()


async def serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Server, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


@contextmanager
def served() -> Iterator[str]:
    """Run the server in a process of its own; gives its address."""
    command = [sys.executable, "-m", "tests.bench.verbs", "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdin
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.stdin.close()


@dataclass(frozen=True)
class Desk:
    """Where the calls are made: a folder with a few files, a profiles file, a log, and what is piped in."""

    folder: Path
    env: Mapping[str, str]

    def cpu(self, *command: str) -> float:
        """CPU milliseconds of one whole process; one that fails is no contender."""
        with (self.folder / "log.txt").open() as piped, tempfile.TemporaryFile() as wrong:
            process = subprocess.Popen(
                command, stdin=piped, stdout=subprocess.DEVNULL, stderr=wrong, cwd=self.folder, env=self.env
            )
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            wrong.seek(0)
            if process.returncode and command[-1] != "ledger":
                raise SystemExit(f"{command}: {wrong.read().decode()}")
        return (used.ru_utime + used.ru_stime) * 1000

    def medians(self, contenders: Mapping[str, Sequence[str]]) -> dict[str, float]:
        """Each in turn, round by round, after one round that does not count."""
        found: dict[str, list[float]] = {name: [] for name in contenders}
        for place in range(ROUNDS + 1):
            for name, command in contenders.items():
                spent = self.cpu(*command)
                if place:
                    found[name].append(spent)
        return {name: statistics.median(spent) for name, spent in found.items()}


@contextmanager
def desk() -> Iterator[Desk]:
    with served() as url, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for place in range(3):
            (folder / f"f{place}.py").write_text(f"def f{place}():\n    return {place}\n" * 100)
        (folder / "log.txt").write_text("a line of a log that somebody wants to be shorter\n" * 400)
        (folder / "profiles.toml").write_text(PROFILES.format(url=url))
        env = {"PATH": os.environ["PATH"], "HOME": name, "PYTHONPATH": str(Path(__file__).parents[2])}
        places = {
            "AGENT_DELEGATE_CONFIG": folder / "profiles.toml",
            "AGENT_DELEGATE_LOG": folder / "calls.log",
        }
        yield Desk(folder, env | {key: str(path) for key, path in places.items()})


def their_python(told: str = "") -> str:
    """Find the python that has agent-delegate; empty where there is none."""
    venv = told or os.environ.get("BENCH_AGENT_DELEGATE", "")
    if not venv:
        beside = Path(sys.executable).parent / "agent-delegate"
        return sys.executable if beside.exists() else ""
    found = Path(venv) / "bin" / "python"
    if not found.exists():
        raise SystemExit(f"{found} is not there: name the venv that agent-delegate is installed in")
    return str(found)


def rows(told: str = "") -> list[Row]:
    ours, theirs = [sys.executable, "-c", SCRIPT], their_python(told)
    with desk() as bench:
        table = _against_nothing(bench, ours)
        if not theirs:
            print("verbs: agent-delegate is not beside this python; --agent-delegate VENV names its place")
            return table
        return table + _against_theirs(bench, ours, [theirs, "-c", THEIRS])


def _against_nothing(bench: Desk, ours: list[str]) -> list[Row]:
    contenders = {" ".join(words): [*ours, *words] for words in LONE}
    found = bench.medians({"": [sys.executable, "-c", "pass"], **contenders})
    goals = dict(zip(contenders, LONE.values(), strict=True))
    return [Row(f"{name}: CPU / python -c pass", "ms", found[""], found[name], goals[name]) for name in goals]


def _against_theirs(bench: Desk, ours: list[str], theirs: list[str]) -> list[Row]:
    calls = {
        **CALLS,
        "status": ("status",),
        "profiles list": ("profiles", "list"),
        "--version": ("--version",),
    }
    contenders = {
        f"{who} {name}": [*program, *words]
        for name, words in calls.items()
        for who, program in (("ours", ours), ("theirs", theirs))
    }
    found = bench.medians(contenders)
    return [
        Row(
            f"{name}: CPU / agent-delegate",
            "ms",
            found[f"theirs {name}"],
            found[f"ours {name}"],
            1.0 if name in CALLS else None,
        )
        for name in calls
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="whole-process CPU of the verbs that coding agents call")
    parser.add_argument(
        "--agent-delegate", default="", metavar="VENV", help="where agent-delegate is installed"
    )
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        asyncio.run(serve())
        return 0
    for row in rows(args.agent_delegate):
        print(row.text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
