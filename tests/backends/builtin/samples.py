"""What the tests of the builtin engine read and talk with: a document, a log, and the loop played by hand.

No assertion may live here.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui_delegate.backends.builtin import Builtin
from tui_delegate.core.chunks import ChatRequest, Chunk, Reply, TextChunk
from tui_delegate.core.files import Excerpt, FileEntry, render_frame, render_list
from tui_delegate.core.messages import Message, ToolSpec, system, tool_result, user
from tui_delegate.core.usage import estimate_tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {
        "task_name": {"type": "string"},
        "task_description": {"type": "string"},
        "files": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["task_name", "task_description"],
}
TOOL = ToolSpec("subagent", "Hand a task to a worker.", json.dumps(SCHEMA))
QUOTED = re.compile(
    r'^(?:- |  )(?P<name>\S.*?):(?P<line>\d+): "(?P<text>.*)"(?: …)?'
    r'(?: ×\d+, last at line \d+)?(?: · [^"]*)?$',
    re.MULTILINE,
)

README = """\
# kestrel

[![CI](https://example.org/ci.svg)](https://example.org/ci)

kestrel watches folders and mirrors them to other machines while you work. It
sends only what changed, keeps the last ten versions of every file, and never
deletes anything on the far side without asking.

It is meant for two or three people with a handful of machines. It is not a
backup: a backup keeps what you deleted last year.

## Getting started

You need Python 3.11 and an SSH key that the other machine knows.

```sh
python3 -m venv .venv
.venv/bin/pip install kestrel
.venv/bin/kestrel watch ~/notes --to ann@laptop.local:notes
```

The first run copies everything and takes as long as that takes. After that a
change arrives within a second.

To stop it, press Ctrl-C once; what is in flight is finished first.

## Configuration

kestrel reads `~/.config/kestrel.toml`. Every option can also be given as a flag.

| option | default | meaning |
|---|---|---|
| `interval` | 0.5 | seconds between two looks at a folder |
| `versions` | 10 | how many old versions of a file are kept |
| `bandwidth` | none | bytes a second, at the most |
| `ignore` | `.git` | patterns that are left out |

The file is read again when it changes. A key that kestrel does not know is
named on standard error, with the nearest key that it does know, and the old
values stay in force until the file is right again. A missing file is no error:
the defaults are good for a laptop on a home network.

## How it works

kestrel keeps an index of every folder in a SQLite file. When a file changes,
the parts that differ are found with a rolling checksum and sent over SSH. The
far side writes to a temporary file and renames it, so a cut connection leaves
the old version whole.

1. Look: compare the folder with the index.
2. Send: only the parts that differ.
3. Settle: rename on the far side, then write the index.

Conflicts are kept: if both sides changed, the older one is renamed to
`name.conflict-HOST`.

## Troubleshooting

- `Permission denied (publickey)`: the other machine does not know your key.
  Run `ssh-copy-id ann@laptop.local` first.
- Nothing arrives: look at `kestrel status`, which lists what waits and why.
- Slow on many small files: raise `interval`, or leave folders out with `ignore`.

Other languages
---------------

コマンドを実行するとフォルダが同期されます。設定はファイルで変更できます。

Der Ordner wird überwacht; Änderungen werden sofort übertragen.

## Working on it

```sh
pip install -e '.[dev]'
pytest
```

The tests need no network. One of them starts a real `sshd` on loopback, and is
left out where there is none.

## License

MIT. See LICENSE.
"""


def long_log(lines: int = 5000) -> str:
    """A log with one bad stretch in it, the same every time."""
    rows = []
    for at in range(1, lines + 1):
        stamp = f"2026-03-01T{8 + at // 3600:02d}:{at // 60 % 60:02d}:{at % 60:02d}.{at * 37 % 1000:03d}Z"
        if at == 3198:
            said = "FATAL db-7: out of memory: killed process 4711 (postgres)"
        elif 3200 <= at < 3500 and at % 4 == 0:
            said = f"ERROR payments: charge {at * 7} failed: connection to db-7.internal:5432 refused"
        elif at % 61 == 0:
            said = f"WARN  http: slow request /api/report took {at * 13 % 5000}ms"
        elif at % 3 == 0:
            said = f"DEBUG cache: hit key=sess:{at * 2654435761 % 2**32:08x} ttl={at % 600}"
        else:
            who = ("ann", "bob", "eve")[at % 7 % 3]
            said = f"INFO  http: GET /api/orders/{at} 200 in {at % 90}ms user={who}"
        rows.append(f"{stamp} {said}")
    return "\n".join(rows) + "\n"


@dataclass(slots=True)
class Listener:
    """A sink that keeps what it is given."""

    chunks: list[Chunk] = field(default_factory=list)
    drains: int = 0

    def put(self, chunk: Chunk, /) -> None:
        """Keep a chunk."""
        self.chunks.append(chunk)

    async def drain(self) -> None:
        """Count; there is always room."""
        self.drains += 1

    @property
    def text(self) -> str:
        """All text that arrived."""
        return "".join(chunk.text for chunk in self.chunks if isinstance(chunk, TextChunk))


def entry(name: str, text: str) -> FileEntry:
    """Describe a file as a manager is told of it."""
    lines = text.split("\n")
    sections = tuple(
        (number, line.lstrip("# ")) for number, line in enumerate(lines, 1) if re.match(r"#{1,3} ", line)
    )
    return FileEntry(
        name, text.count("\n"), len(text.encode("utf-8", "replace")), estimate_tokens(text), sections
    )


def excerpt(files: Mapping[str, str], asked: str) -> Excerpt:
    """Cut what a call names out of the files."""
    if (found := re.fullmatch(r"(.*):(\d+)-(\d+)", asked)) and found[1] in files:
        first, last = int(found[2]), int(found[3])
        return Excerpt(found[1], "\n".join(files[found[1]].split("\n")[first - 1 : last]), first, last)
    return Excerpt(asked, files[asked])


def asking(prompt: str, files: Mapping[str, str]) -> list[Message]:
    """Make the conversation that a manager is given first."""
    said = [system("You are a manager."), user(prompt)]
    if files:
        said.append(user(render_list([entry(name, text) for name, text in files.items()])))
    return said


def chat(model: str, messages: Sequence[Message], **more: object) -> tuple[Reply, Listener]:
    """Make one call."""
    listener = Listener()
    request = ChatRequest(model, tuple(messages), **more)  # type: ignore[arg-type]
    return asyncio.run(Builtin().chat(request, listener)), listener


def work(task: str, files: Mapping[str, str], model: str = "builtin/worker") -> str:
    """Give one worker one task."""
    frame = render_frame([Excerpt(name, text) for name, text in files.items()])
    return chat(model, [system("You are a worker."), user(frame), user(task)])[0].message.text


@dataclass(frozen=True, slots=True)
class Played:
    """A whole run: what was planned, what came back, what was answered."""

    plan: Reply
    tasks: tuple[dict[str, object], ...]
    results: tuple[str, ...]
    answer: str


def play(prompt: str, files: Mapping[str, str]) -> Played:
    """Play a run as the engine would: manager, workers, manager."""
    said = asking(prompt, files)
    plan, _ = chat("builtin/manager", said, tools=(TOOL,))
    tasks = tuple(json.loads(call.arguments) for call in plan.message.calls)
    said.append(plan.message)
    results = []
    for call, task in zip(plan.message.calls, tasks, strict=True):
        parts = [excerpt(files, name) for name in task.get("files", [])]
        given = [user(render_frame(parts))] if parts else []
        reply, _ = chat("builtin/worker", [*given, user(str(task["task_description"]))])
        results.append(reply.message.text)
        row = {"status": "ok", "task_name": task["task_name"], "model": "w", "result": results[-1]}
        said.append(tool_result(call, json.dumps(row)))
    answer = chat("builtin/manager", said, tools=(TOOL,))[0] if plan.message.calls else plan
    return Played(plan, tasks, tuple(results), answer.message.text)


def untrue(text: str, files: Mapping[str, str]) -> list[str]:
    """Name the quotations that do not stand in their file at their line."""
    return [
        found[0]
        for found in QUOTED.finditer(text)
        if found["text"] not in files[found["name"]].split("\n")[int(found["line"]) - 1]
    ]
