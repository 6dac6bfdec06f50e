"""Takes the README's pictures of the running app: `python -m tests.pictures [FOLDER]`.

Engine, journal and screen are the product's, driven by keys; what the models say stands below, and time is
moved by hand, so that the same pictures come out everywhere. No test is here.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from textual.widgets import TextArea

from tests.loopback import Answer, Asked, serving, table
from tests.stage import BREATH, Actor, Camera, Part, StagedHouse, Time
from tui_delegate.backends.discover import Found
from tui_delegate.core.choice import Choice
from tui_delegate.core.chunks import ChatRequest
from tui_delegate.core.errors import Unreachable
from tui_delegate.core.limits import Limits
from tui_delegate.journal.store import Journal
from tui_delegate.tui.app import DelegateApp
from tui_delegate.tui.house import Wanted
from tui_delegate.tui.preferences import PREFIX
from tui_delegate.tui.screens.main.opening import WELCOMED

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
NOON = 1_795_262_640.0
"""21 November 2026, 12:04 in UTC: when the prompt of these pictures is sent."""
MEDIUM, SMALL, WIDE = (120, 40), (80, 24), (220, 60)

PROMPT = "Compare @CHANGELOG.md with @docs/migrate.md: what breaks?"
AUDIT = "Audit @services for secrets, old versions and missing tests."
FILES = {
    "CHANGELOG.md": "# Changelog\n\n## 3.0\n\n" + "- One more thing has changed.\n" * 160,
    "docs/migrate.md": "# Migration\n\n" + "Replace the old name by the new one.\n" * 120,
    "services/all.py": "pass\n",
}
SUMMARY = (
    "Release 3.0 takes away the synchronous client. `Client()` is `await connect()` now, and it has to be "
    "closed. `Pool` is called `Lane`; its argument `size` is `places`. Two settings that only warned before "
    "are errors: `retry_forever` and `legacy_auth`. Python 3.9 is not supported any more."
)
BREAKING = """Four things break, the first of them everywhere:

- `Client(url)` raises at once; there is no shim.
- `Pool(size=4)` is unknown. `Lane(places=4)` does the same.
- `retry_forever = true` ends the start with an error.
- A token in `legacy_auth` is refused, not migrated."""
STEPS = """1. Replace `Client(url)` by `await connect(url)`, and close it.
2. Rename `Pool` to `Lane` and `size` to `places`.
3. Delete `retry_forever`; set `retries` instead.
4. Move the token out of `legacy_auth`."""
ANSWER = """**Four things break**, and the guide covers three of them:

1. `Client()` is gone: use `await connect()`.
2. `Pool(size=…)` is `Lane(places=…)`.
3. `retry_forever` is an error.

`docs/migrate.md` says nothing of **`legacy_auth`**, which is refused since 3.0."""
FOUND = """No secret in the code. `{0}.toml` names one, by its variable.

- `httpx` is two releases behind; nothing in it is known to be unsafe.
- 14 of 16 functions of `{0}/api.py` are tested. `retry` and `refund` are not.
- `{0}/old.py` is imported by nobody."""
WORKERS = {
    "Summarise": Part(SUMMARY, "The changelog is long. ", first=0.8, rate=24, reads=4120, cached=1024),
    "Find what": Part(BREAKING, first=1.1, rate=18, reads=4120, cached=4096),
    "List the steps": Part(STEPS, first=0.6, rate=93, reads=1980),
    "Audit billing": Part(FOUND.format("billing"), first=0.6, rate=21, reads=2210),
    "Audit search": Part(FOUND.format("search"), first=0.5, rate=60, reads=1870),
    "Audit mail": Part(FOUND.format("mail"), first=0.9, rate=32, reads=2904),
    "Audit login": Part(FOUND.format("login"), "Where would a token be? ", first=0.7, rate=12, reads=3120),
    "Audit images": Part(FOUND.format("images"), first=1.0, rate=90, reads=990),
    "Audit reports": Part(FOUND.format("reports"), first=2.2, rate=15, reads=1460),
}
PLAN = Part(
    "I hand this to three workers.",
    tasks=(
        ("summarise changelog", "Summarise release 3.0 in CHANGELOG.md."),
        ("find breaking changes", "Find what breaks in CHANGELOG.md, with the line."),
        ("migration steps", "List the steps of docs/migrate.md in order."),
    ),
    first=0.9,
    rate=70,
    reads=812,
)
AUDITS = Part(
    "One worker for each of the six services; I compare what they find.",
    tasks=tuple(
        (f"audit {name}", f"Audit {name}.")
        for name in ("billing", "search", "mail", "login", "images", "reports")
    ),
    first=0.9,
    rate=70,
    reads=1240,
)
EARLIER = (
    (3.4, "Which of these tests are slow? @tests", ("time the tests", "read the fixtures"), 5200),
    (3.1, "And which of them share a fixture?", ("read conftest",), 4100),
    (2.6, "Draft a reply to the bug report in @inbox/412.txt", ("read the report",), 1900),
    (2.3, "Shorter, please.", ("shorten it",), 800),
    (1.7, "Find what nobody imports in @src", ("look into a", "look into b", "look into c"), 7400),
    (1.5, "Review the rest of @src", ("look into d", "look into e"), 6900),
    (0.9, "Translate @README.md into German", ("translate it", "check the terms"), 3300),
    (0.4, "What did we promise in @notes/may.md?", ("read the notes",), 2700),
)
"""What was asked before on this day: hours ago, the prompt, its tasks, tokens that each of them read."""
MODELS = (
    ("qwen3:4b", 2_620_788_019, "Q4_K_M", "4.0B", ["completion", "tools", "thinking"], True),
    ("qwen3:32b", 20_201_253_588, "Q4_K_M", "32.8B", ["completion", "tools", "thinking"], False),
    ("gemma3:12b", 8_149_190_253, "Q4_K_M", "12.2B", ["completion", "vision"], False),
    ("mistral-small:24b", 14_333_927_918, "Q4_K_M", "23.6B", ["completion", "tools"], False),
)


def manager(request: ChatRequest) -> Part:
    """Plan at first, and answer when the results are there."""
    asked = next(one.text for one in reversed(request.messages) if one.role == "user")
    if request.messages[-1].role == "tool":
        return Part(ANSWER if "what breaks" in asked else "Done.", rate=80, reads=1904, cached=812)
    for _, prompt, names, _ in EARLIER:
        if prompt[:20] in asked:
            return Part("I share this out.", tasks=tuple((one, f"{one}, please") for one in names), reads=640)
    return AUDITS if "Audit" in asked else PLAN


def worker(request: ChatRequest) -> Part:
    """Do the task that was given."""
    task = request.messages[-1].text
    for begin, part in WORKERS.items():
        if begin in task:
            return part
    reads = next((reads for _, _, names, reads in EARLIER for name in names if name in task), 900)
    return Part("This is what I found. " * (reads // 300), rate=30 + reads % 23, reads=reads)


def ollama() -> Any:
    """Speak as an Ollama that has these models, one of them loaded."""
    tags = [
        {
            "name": name,
            "model": name,
            "size": size,
            "digest": name,
            "details": {"parameter_size": many, "quantization_level": quant},
        }
        for name, size, quant, many, *_ in MODELS
    ]
    loaded = [one | {"context_length": 16_384} for one, model in zip(tags, MODELS, strict=True) if model[5]]
    answers = table(
        {
            "GET /": Answer(b"Ollama is running"),
            "GET /v1/models": {"object": "list", "data": []},
            "GET /api/version": {"version": "0.15.2"},
            "GET /api/tags": {"models": tags},
            "GET /api/ps": {"models": loaded},
        }
    )
    can = {name: abilities for name, _, _, _, abilities, _ in MODELS}

    def say(asked: Asked) -> Answer:
        if asked.line != "POST /api/show":
            return answers(asked)
        told = asked.json()
        name = str(told.get("model")) if isinstance(told, dict) else ""
        return Answer({"model_info": {"qwen.context_length": 40_960}, "capabilities": can.get(name, [])})

    return say


@asynccontextmanager
async def house(home: Path, moment: Time, past: Path | None) -> AsyncIterator[StagedHouse]:
    """Make a house: where its servers are, what was picked, and what was asked before.

    `past` is the journal of what was asked before: the first house writes it, the others get a copy. Without
    one it is somebody's first house.
    """
    environ = {"TUI_DELEGATE_HOME": str(home), "HOME": str(home), "TERM": "xterm-256color"}
    made = StagedHouse(environ=environ, wanted=Wanted(Choice()), now=moment)
    lived_in = past is not None and moved_in(made, past)
    picks = {f"{PREFIX}motion": "off"} | ({WELCOMED: "yes"} if past else {})
    journal = Journal.open(made.journal_path)
    for key, value in picks.items():
        journal.set_pick(key, value)
    journal.close()
    made.actors = {"haiku": Actor(moment, manager), "ollama": Actor(moment, worker)}
    if not past:
        made.found = [
            Found(f"http://127.0.0.1:{port}", error=Unreachable("Nothing answers there.", ""))
            for port in (11434, 1234, 8080)
        ]
        yield made
        return
    async with serving(ollama()) as near, serving(table({"GET /v1/models": {"data": []}})) as far:
        (home / "profiles.toml").write_text(
            'default_profile = "haiku"\n[roles]\nmanager = "haiku"\nworker = "ollama"\n'
            f'[profiles.ollama]\nbackend = "ollama"\nbase_url = "{near.url}"\ndefault_model = "qwen3:4b"\n'
            f'num_ctx = 16384\n[profiles.haiku]\nbackend = "anthropic"\nbase_url = "{far.url}"\n'
            'default_model = "claude-haiku-4-5"\napi_key = "none"\nnum_ctx = 200000\n'
            "price = { input = 1.0, cached = 0.1, output = 5.0 }\n"
        )
        (home / "profiles.toml").chmod(0o600)
        if not lived_in:
            await before(made, moment)
            shutil.copy(made.journal_path, past)
        yield made


def moved_in(made: StagedHouse, past: Path) -> bool:
    """Take over what was asked before, if it has been asked."""
    if not past.exists():
        return False
    shutil.copy(past, made.journal_path)
    return True


async def before(made: StagedHouse, moment: Time) -> None:
    """Run what was asked earlier on this day."""
    workspace = made.workspace_here()
    journal = Journal.open(made.journal_path, now=moment)
    for number, (hours, prompt, _, _) in enumerate(EARLIER):
        moment.now = NOON - 3600 * hours
        context = replace(workspace.context("chat"), session=f"s-{number:012}", cwd="/home/ada/notes")
        async with workspace.run(prompt, Limits(), journal=journal, context=context) as run:
            told = asyncio.create_task(listen(run))
            while not told.done():
                await moment.move(moment.now + 5, lambda: asyncio.sleep(BREATH))
            await told
    await workspace.aclose()
    await asyncio.to_thread(journal.close)
    moment.now = NOON


async def listen(run: Any) -> None:
    async for _ in run:
        pass


def write_files(folder: Path) -> None:
    """Write what the prompts name."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


@asynccontextmanager
async def app(into: Path, size: tuple[int, int], past: Path | None = None) -> AsyncIterator[Camera]:
    """Open the app in a new home, with this past or with none."""
    with tempfile.TemporaryDirectory(prefix="tud-") as folder:
        moment = Time(NOON)
        os.chdir(folder)  # what is named with @ is looked for here
        write_files(Path(folder))
        async with house(Path(folder), moment, past) as made:
            opened = DelegateApp(made)
            async with opened.run_test(size=size) as pilot:
                camera = Camera(opened, pilot, moment, into)
                await camera.until("Ask something" if past else "Welcome")
                for _ in range(10):
                    await camera.breathe()
                yield camera


async def first_start(into: Path) -> None:
    async with app(into, MEDIUM) as camera:
        await camera.until("not running")
        await camera.take("welcome")


async def one_conversation(into: Path, past: Path) -> None:
    """From the prompt to its answer, with all that a person does on the way."""
    async with app(into, MEDIUM, past) as camera:
        await camera.ask(PROMPT)
        await camera.go_on(5.2)
        await camera.take("workers")
        await camera.press("alt+1", "x")
        await camera.go_on(1.1)
        await camera.take("cancelled")
        await camera.press("alt+3", "e")
        await camera.until("Result of worker")
        words = camera.app.screen.query_one(TextArea)
        words.move_cursor(words.document.end)
        words.insert("\n5. Leave the billing service as it is.")
        await camera.take("edit")
        await camera.press("ctrl+s")
        await camera.go_on(30)
        await camera.press("ctrl+o", "tab")
        await camera.until("gemma3:12b")
        await camera.take("models")
        await camera.press("escape", "f2")
        await camera.until("Translate")
        await camera.take("sessions")
        await camera.press("escape", "f4")
        await camera.until("claude-haiku")
        await camera.take("ledger")
        await camera.press("p")
        await camera.until("speed")
        await camera.take("plots")
        await camera.press("q")
        camera.app.main.themes.put_on(camera.app, "paper")
        await camera.take("theme")


async def other_sizes(into: Path, past: Path) -> None:
    for name, size, prompt in (("small", SMALL, PROMPT), ("wide", WIDE, AUDIT)):
        async with app(into, size, past) as camera:
            await camera.ask(prompt)
            await camera.go_on(5.2)
            await camera.take(name)


async def take_all(into: Path) -> None:
    """Take every picture."""
    await first_start(into)
    with tempfile.TemporaryDirectory() as folder:
        for scene in (one_conversation, other_sizes):
            await scene(into, Path(folder) / "journal.db")


def main() -> int:
    os.environ["TZ"] = "UTC"
    time.tzset()
    into = Path(sys.argv[1] if len(sys.argv) > 1 else PICTURES).absolute()
    into.mkdir(parents=True, exist_ok=True)
    asyncio.run(take_all(into))
    return 0


if __name__ == "__main__":
    sys.exit(main())
