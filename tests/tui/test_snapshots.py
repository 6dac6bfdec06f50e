"""Every screen and every state of the main one, in three sizes and two themes.

`pytest tests/tui/test_snapshots.py --snapshot-update` takes them anew; look at them before they are kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.loopback import serving
from tests.tui.driver import CLOSED, Stand, house_in, recorded, stored
from tests.tui.pictures import DARK, LIGHT, Camera, SheetExtension, SVGImageExtension, small_home
from tests.tui.standing import SIZES
from tests.workspace.places import ollama
from tui_delegate.backends.discover import Found
from tui_delegate.core.approval import Question
from tui_delegate.core.errors import Unreachable
from tui_delegate.core.servers import ModelInfo, ServerInfo
from tui_delegate.tui import clock
from tui_delegate.tui.screens.approval import ApprovalScreen
from tui_delegate.tui.screens.edit import EditScreen
from tui_delegate.tui.widgets import chat

Scene = Callable[[Stand], object]
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
        monkeypatch.setattr(clock, "FRAME", 0.002)
        for rate in ((clock, "FOCUSED"), (clock, "VISIBLE"), (chat, "RATE")):
            monkeypatch.setattr(*rate, 500.0)
        monkeypatch.chdir(folder)
        yield folder
    monkeypatch.undo()
    time.tzset()


async def empty(stand: Stand) -> None:
    assert "Ask something" in stand.text


async def states(stand: Stand) -> None:
    tape = await stand.play("states", 30)
    await stand.later()
    await stand.move(tape)
    await stand.later(2)


async def states_in_a_list(stand: Stand) -> None:
    await states(stand)
    await stand.press("ctrl+t", "alt+4")


async def states_in_a_tree(stand: Stand) -> None:
    await states(stand)
    await stand.press("ctrl+t", "ctrl+t", "alt+6")


async def nested(stand: Stand) -> None:
    await stand.play("depth")
    await stand.press("ctrl+t", "ctrl+t")


async def answered(stand: Stand) -> None:
    await stand.play("answer")


async def thinking_unfolded(stand: Stand) -> None:
    await stand.play("answer")
    await stand.press("tab", "home")
    stand.main.chat.focus()
    await stand.press("t", "k")


async def failed(stand: Stand) -> None:
    await stand.play("failed")


async def builtin_half_way(stand: Stand) -> None:
    await stand.play("builtin", 140)


async def builtin_done(stand: Stand) -> None:
    await stand.play("builtin")


async def real_half_way(stand: Stand) -> None:
    await stand.play("tiny", 60)


async def real_done(stand: Stand) -> None:
    await stand.play("tiny")


async def queued_and_steered(stand: Stand) -> None:
    await stand.play("states", 5)
    await stand.ask("And then the licence, please.")
    await stand.ask("Thank you.")
    stand.main.bar.draft = "one more thing"


async def somebody_elses_run(stand: Stand) -> None:
    await stand.play("answer")
    await stand.watch("foreign")


async def without_side_and_strip(stand: Stand) -> None:
    await stand.play("answer")
    await stand.press("f6", "ctrl+l")


async def one_worker_maximised(stand: Stand) -> None:
    await states(stand)
    await stand.press("alt+7", "z")


async def forgotten(stand: Stand) -> None:
    await stand.play("answer")
    await stand.play("tiny")
    await stand.app.run_action("screen.main_forget")


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


async def models(stand: Stand) -> None:
    await with_ollama(stand)
    await stand.press("ctrl+o")
    await stand.until("cold:1b", "not running")


async def profiles(stand: Stand) -> None:
    await with_ollama(stand)
    await stand.press("f5")
    await stand.until("answers", "not running")


async def profile_editor(stand: Stand) -> None:
    from tui_delegate.tui.screens.profile_editor import ProfileEditor

    await with_ollama(stand)
    await stand.app.push_screen(ProfileEditor(stand.house.workspace, "mine"))


async def told(stand: Stand) -> None:
    """Write some calls into the journal."""
    journal = stand.house.journal
    assert journal
    for name in ("tiny", "builtin", "answer", "failed"):
        await stored(journal, recorded(name))
    await stand.play("depth")


async def sessions(stand: Stand) -> None:
    await told(stand)
    await stand.press("f2")
    await stand.until("How do I move", "delegate fix the typo")


async def settings(stand: Stand) -> None:
    await stand.press("f3")
    await stand.until("ask before")


async def help_for_the_prompt(stand: Stand) -> None:
    await stand.press("f1")


async def help_for_a_pane(stand: Stand) -> None:
    await states(stand)
    await stand.press("alt+3", "f1")


async def themes(stand: Stand) -> None:
    await stand.app.run_action("screen.main_theme")
    await stand.until("beacon")


async def ledger(stand: Stand) -> None:
    await told(stand)
    await stand.press("f4", "a")
    await stand.until("calls 20")


async def ledger_grouped(stand: Stand) -> None:
    await ledger(stand)
    await stand.press("g")


async def ledger_plots(stand: Stand) -> None:
    await ledger(stand)
    await stand.press("p")


async def ledger_columns(stand: Stand) -> None:
    await ledger(stand)
    await stand.press("c")


async def ledger_call(stand: Stand) -> None:
    await ledger(stand)
    await stand.press("enter")


async def palette(stand: Stand) -> None:
    await stand.press("ctrl+p", *"led")
    await stand.until("Opens the full ledger")


async def quit_asked(stand: Stand) -> None:
    await stand.play("states", 8)
    await stand.press("ctrl+q")
    await stand.until("Stop it and quit?")


async def title_asked(stand: Stand) -> None:
    await stand.play("answer")
    await stand.app.run_action("screen.main_rename")
    await stand.until("Title of this session")


async def room_asked(stand: Stand) -> None:
    await stand.play("answer")
    stand.app.run_worker(stand.main.ask_for_room(3_900, 3_072))
    await stand.until("Summarise")


async def approval(stand: Stand) -> None:
    await stand.play("states")
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
    await states(stand)
    await stand.app.push_screen(
        EditScreen("Result of worker 7", "1. Replace `Client()`.\n2. Rename `Pool`.\n")
    )
    await stand.until("Result of worker 7")


async def detail(stand: Stand) -> None:
    await states(stand)
    await stand.press("alt+7", "enter")
    await stand.until("section", "Replace")


async def detail_of_what_was_said(stand: Stand) -> None:
    await detail(stand)
    await stand.press("2")


async def detail_of_what_was_sent(stand: Stand) -> None:
    await detail(stand)
    await stand.press("3")


async def detail_of_calls(stand: Stand) -> None:
    await detail(stand)
    await stand.press("5")


SCENES = (
    *(approval, approval_refused, approval_edited, approval_elsewhere, edit),
    *(detail, detail_of_what_was_said, detail_of_what_was_sent, detail_of_calls),
    *(empty, states, states_in_a_list, states_in_a_tree, nested, answered, thinking_unfolded, failed),
    *(builtin_half_way, builtin_done, real_half_way, real_done, queued_and_steered, somebody_elses_run),
    *(without_side_and_strip, one_worker_maximised, forgotten, slash_list, file_list),
    *(welcome_nobody, welcome_somebody, models, profiles, profile_editor, sessions, settings),
    *(help_for_the_prompt, help_for_a_pane, themes, ledger, ledger_grouped, ledger_plots, ledger_columns),
    *(ledger_call, palette, quit_asked, title_asked, room_asked),
)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_it_looks_as_it_did(
    scene: Scene,
    size: tuple[int, int],
    home: Path,
    snapshot: SnapshotAssertion,
    snap_compare: Callable[..., bool],
) -> None:
    camera = Camera(house_in(home), scene, size)  # type: ignore[arg-type]
    if size[0] < 200:
        assert snap_compare(camera.app(), terminal_size=size, run_before=camera.before)
    else:
        camera.take()
    if size[0] < 100:
        assert snapshot.use_extension(SVGImageExtension)(name=DARK) == camera.svg
    else:
        assert snapshot.use_extension(SheetExtension)(name=DARK) == camera.sheets[DARK]
    if size[0] >= 200:
        assert snapshot.use_extension(SheetExtension)(name=LIGHT) == camera.sheets[LIGHT]
