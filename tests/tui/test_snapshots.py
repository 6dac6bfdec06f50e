"""Every screen and every state of the main one, in three sizes and two themes.

`pytest tests/tui/test_snapshots.py --snapshot-update` takes them anew; look at them before they are kept.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from tests.loopback import serving
from tests.tui.driver import CLOSED, Stand, house_in, recorded, stored
from tests.tui.pictures import (
    DARK,
    Film,
    Picture,
    PicturedApp,
    SheetExtension,
    SVGImageExtension,
    pictures,
    small_home,
)
from tests.tui.standing import SIZES
from tests.workspace.places import ollama
from tui_delegate.backends.discover import Found
from tui_delegate.core.approval import Question
from tui_delegate.core.errors import Unreachable
from tui_delegate.core.servers import ModelInfo, ServerInfo
from tui_delegate.tui import clock
from tui_delegate.tui.screens.approval import ApprovalScreen
from tui_delegate.tui.screens.edit import EditScreen

NOBODY = [
    Found(f"http://127.0.0.1:{port}", error=Unreachable("Nothing answers there.", ""))
    for port in (11434, 1234, 8080)
]
SOMEBODY = [
    Found(
        "http://127.0.0.1:11434",
        ("ollama",),
        ServerInfo("ollama", "http://127.0.0.1:11434", "0.15.2", (ModelInfo("qwen3:4b"), ModelInfo("x"))),
    ),
    *NOBODY[1:],
]


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder, a time zone and a clock that are the same everywhere."""
    with small_home() as folder:
        monkeypatch.setenv("TZ", "UTC")
        time.tzset()
        monkeypatch.setattr(clock, "BEAT", 3600.0)
        monkeypatch.chdir(folder)
        yield folder
    monkeypatch.undo()
    time.tzset()


async def back(stand: Stand) -> None:
    """Leave whatever lies over the main screen."""
    for _ in range(4):
        if stand.app.screen is not stand.main:
            await stand.press("escape")
    assert stand.app.screen is stand.main


async def empty(stand: Stand) -> None:
    assert "Ask something" in stand.text


async def states(stand: Stand) -> None:
    tape = await stand.play("states", 30)
    await stand.later()
    await stand.move(tape)
    await stand.later(2)


async def queued_and_steered(stand: Stand) -> None:
    await stand.play("states", 5)
    await stand.ask("And then the licence, please.")
    await stand.ask("Thank you.")
    stand.main.bar.draft = "one more thing"


async def slash_list(stand: Stand) -> None:
    await stand.type("/s")


async def file_list(stand: Stand) -> None:
    for name in ("CHANGELOG.md", "notes.md", "docs/migrate.md"):
        path = Path.cwd() / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("words\n")
    await stand.type("read @")
    await stand.until("CHANGELOG.md", "migrate.md")


async def welcome_nobody(stand: Stand) -> None:
    stand.house.found = stand.house.workspace.reach.found = NOBODY  # type: ignore[attr-defined]
    await stand.app.run_action("screen.main_welcome")
    await stand.until("not running")


async def welcome_somebody(stand: Stand) -> None:
    stand.house.found = stand.house.workspace.reach.found = SOMEBODY  # type: ignore[attr-defined]
    await stand.app.run_action("screen.main_welcome")
    await stand.until("0.15.2", "not running")


async def with_ollama(stand: Stand) -> None:
    """Have a profile lead to a server that answers."""
    server = await stand.house.around.enter_async_context(serving(ollama()))
    (stand.house.config).write_text(
        f'default_profile = "mine"\n[profiles.mine]\nbackend = "ollama"\nbase_url = "{server.url}"\n'
        f'default_model = "qwen3:4b"\n[profiles.away]\nbackend = "openai-compat"\nbase_url = "{CLOSED}"\n'
        '[roles]\nworker = "builtin"\n'
    )
    stand.house.workspace.reach.asks = True  # type: ignore[attr-defined]
    stand.house.workspace.reload()
    stand.main.show_standing()


async def models(stand: Stand) -> None:
    await stand.press("ctrl+o")
    await stand.until("cold:1b", "not running", lambda: "asking" not in stand.text)


async def profiles(stand: Stand) -> None:
    await stand.press("f5")
    await stand.until("not running", lambda: stand.text.count("● answers") == 2)


async def profile_editor(stand: Stand) -> None:
    from tui_delegate.tui.screens.profile_editor import ProfileEditor

    await stand.app.push_screen(ProfileEditor(stand.house.workspace, "mine"))


async def told(stand: Stand) -> None:
    """Write some calls into the journal."""
    journal = stand.house.journal
    assert journal
    for name in ("tiny", "builtin", "answer", "failed"):
        await stored(journal, recorded(name))
    await stand.play("depth")


async def sessions(stand: Stand) -> None:
    await stand.press("f2")
    await stand.until("How do I move", "delegate fix the typo")


async def settings(stand: Stand) -> None:
    await stand.press("f3")
    await stand.until("ask before")


async def help_for_the_prompt(stand: Stand) -> None:
    await stand.press("f1")


async def themes(stand: Stand) -> None:
    await stand.app.run_action("screen.main_theme")
    await stand.until("beacon")


async def ledger(stand: Stand) -> None:
    await stand.press("f4", "a")
    await stand.until("calls 20")


async def palette(stand: Stand) -> None:
    await stand.press("ctrl+p", *"led")
    await stand.until("the full ledger of every model call")


async def quit_asked(stand: Stand) -> None:
    await stand.press("ctrl+q")
    await stand.until("Stop it and quit?")


async def title_asked(stand: Stand) -> None:
    await stand.app.run_action("screen.main_rename")
    await stand.until("Title of this session")


async def room_asked(stand: Stand) -> None:
    stand.app.run_worker(stand.main.ask_for_room(3_900, 3_072))
    await stand.until("Summarise")


async def approval(stand: Stand) -> None:
    question = Question(
        (13,),
        task_name="delete old notes",
        task="Delete what is old.\n\x1b[31mAll of it.",
        agent="worker",
        profile="small",
        model="qwen3:4b",
        files=("docs/old.md",),
    )
    await stand.app.push_screen(ApprovalScreen(question, ("worker", "spare"), waiting=2, guard=0.0))
    await stand.until("approve")


async def approval_refused(stand: Stand) -> None:
    await approval(stand)
    await stand.press("n", *"too dear")


async def approval_edited(stand: Stand) -> None:
    await approval(stand)
    await stand.press("e", *"ok ")


async def approval_elsewhere(stand: Stand) -> None:
    await approval(stand)
    await stand.press("r")


async def edit(stand: Stand) -> None:
    await stand.app.push_screen(
        EditScreen("Result of worker 7", "1. Replace `Client()`.\n2. Rename `Pool`.\n")
    )
    await stand.until("Result of worker 7")


async def detail(stand: Stand) -> None:
    await stand.press("alt+7", "enter")
    await stand.until("section", "Replace")


async def alone(stand: Stand) -> AsyncIterator[str]:
    """What there is before anything has been asked."""
    await empty(stand)
    yield "empty"
    await slash_list(stand)
    yield "slash-list"
    await stand.press("escape", "ctrl+c")
    await file_list(stand)
    yield "file-list"
    await stand.press("escape", "ctrl+c")
    for name, scene in (
        ("help-for-the-prompt", help_for_the_prompt),
        ("settings", settings),
        ("themes", themes),
        ("palette", palette),
        ("welcome-nobody", welcome_nobody),
        ("welcome-somebody", welcome_somebody),
    ):
        await scene(stand)
        yield name
        await back(stand)


async def servers(stand: Stand) -> AsyncIterator[str]:
    """What is picked and written down of servers."""
    await with_ollama(stand)
    for name, scene in (("models", models), ("profiles", profiles), ("profile-editor", profile_editor)):
        await scene(stand)
        yield name
        await back(stand)


async def every_state(stand: Stand) -> AsyncIterator[str]:
    """All states of a node, and what is done to workers."""
    await states(stand)
    yield "states"
    await stand.press("alt+4")
    yield "one-pane-has-the-focus"
    await stand.press("z")
    yield "one-pane-maximised"
    await stand.press("z", "ctrl+t")
    yield "list"
    await stand.press("ctrl+t", "alt+6")
    yield "tree"
    await stand.press("f1")
    yield "help-for-a-pane"
    await back(stand)
    for key, name in (
        ("1", "answer"),
        ("2", "transcript"),
        ("3", "request"),
        ("4", "reply"),
        ("5", "calls"),
        ("6", "files"),
    ):
        if key == "1":
            await detail(stand)
        await stand.press(key)
        yield f"detail-{name}"
    await back(stand)
    for name, scene in (
        ("edit", edit),
        ("approval", approval),
        ("approval-refused", approval_refused),
        ("approval-edited", approval_edited),
        ("approval-elsewhere", approval_elsewhere),
        ("quit", quit_asked),
    ):
        await scene(stand)
        yield name
        await back(stand)


async def one_answer(stand: Stand) -> AsyncIterator[str]:
    """A conversation of one answer, and what is around it."""
    await stand.play("answer")
    yield "answered"
    stand.main.chat.focus()
    await stand.press("k", "t")
    yield "thinking-unfolded"
    await stand.press("t", "end")
    await stand.watch("foreign")
    yield "somebody-elses-run"
    for name, scene in (("title-asked", title_asked), ("room-asked", room_asked)):
        await scene(stand)
        yield name
        await back(stand)
    await stand.play("tiny")
    await stand.app.run_action("screen.main_forget")
    yield "forgotten"
    await stand.press("f6", "ctrl+l")
    yield "without-side-and-strip"


async def runs(stand: Stand) -> AsyncIterator[str]:
    """Real runs, half way and done, and one that failed."""
    await stand.play("failed")
    yield "failed"
    tape = await stand.play("tiny", 60)
    yield "real-half-way"
    await stand.move(tape)
    await stand.later()
    yield "real-done"
    tape = await stand.play("builtin", 140)
    yield "builtin-half-way"
    await stand.move(tape)
    await stand.later()
    yield "builtin-done"


async def busy(stand: Stand) -> AsyncIterator[str]:
    """Prompts that wait, and workers of workers."""
    await queued_and_steered(stand)
    yield "queued"


async def deep(stand: Stand) -> AsyncIterator[str]:
    await stand.play("depth")
    yield "nested"
    await stand.press("ctrl+t", "ctrl+t")
    yield "nested-tree"


async def past(stand: Stand) -> AsyncIterator[str]:
    """What is kept: the ledger and the sessions."""
    await told(stand)
    await sessions(stand)
    yield "sessions"
    await back(stand)
    await ledger(stand)
    yield "ledger"
    for key, name in (("c", "columns"), ("x", "export"), ("enter", "call")):
        await stand.press(key)
        yield f"ledger-{name}"
        await stand.press("escape")
    await stand.press("g")
    yield "ledger-grouped"
    await stand.press("p")
    yield "ledger-plots"


FILMS = (alone, servers, every_state, one_answer, runs, busy, deep, past)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("film", FILMS, ids=lambda film: film.__name__)
def test_it_looks_as_it_did(
    film: Film, size: tuple[int, int], home: Path, snapshot: SnapshotAssertion
) -> None:
    taken = asyncio.run(pictures(house_in(home), film, size))
    changed = [f"{one.name} in {one.theme}" for one in taken if not same(one, size, snapshot)]
    assert changed == []


def same(one: Picture, size: tuple[int, int], snapshot: SnapshotAssertion) -> bool:
    """Compare a small picture as it is, and a large one as a sheet."""
    name = f"{one.name}-{one.theme}"
    if size[0] < 100 or (size[0] < 200 and one.theme == DARK):
        return bool(snapshot.use_extension(SVGImageExtension)(name=name) == one.svg)
    return bool(snapshot.use_extension(SheetExtension)(name=name) == one.sheet)


def test_the_screen_stands_as_it_did_from_its_first_moment(
    home: Path, snap_compare: Callable[..., bool]
) -> None:
    house = house_in(home)

    async def before(pilot: Pilot[object]) -> None:
        await Stand(pilot.app, pilot, house).settle()  # type: ignore[arg-type]

    assert snap_compare(PicturedApp(house, home), terminal_size=(80, 24), run_before=before)
