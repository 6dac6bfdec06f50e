"""The screen in a real pseudo-terminal: what arrives there, and what is left of it however it ends."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path

import pytest

from tests.assets import bad_inputs
from tests.cli.speaking import CHAT, SSE, TASKS, USED, body, delta, half_way, said, sse, who
from tests.journal.samples import CONTEXT, opened
from tests.loopback import Answer, Asked, Loopback, serving
from tests.product import Product
from tests.tui.driver import stored
from tests.tui.terminal import Terminal, terminal, tokens
from tui_delegate.core import events
from tui_delegate.core.clean import clean
from tui_delegate.journal.store import Journal

LINES = [f"{row['id']} {row['input']} after" for row in bad_inputs("ansi")]
EVERYTHING = "\n".join(LINES)
DONE = "Done: result of fix the typo"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals here")

DRAWN = re.compile(
    r"\x1b\[(?:0|(?:[1-9];)*(?:38;2;\d+;\d+;\d+;)?48;2;\d+;\d+;\d+)m"
    r"|\x1b\[\d+;\d+H"
    r"|\x1b\[\?2026[hl]"
    r"|\x1b\]22;[a-z-]{1,16}\x07"
    r"|\x1b\]0;(?:[●⁇✓✗■◌] [0-9a-z ]{1,20} · )?delegate\x07"
)
"""What the screen makes as it is drawn: styles, places, the bounds of a frame, the pointer, our own title."""
OURS = re.compile(
    DRAWN.pattern + r"|\x1b\[\?(?:1049|25|1000|1002|1003|1004|1006|1007|1015|1016|2004|2048|7)[hl]"
    r"|\x1b\[\?(?:2026|2048|1016)\$p|\x1b\[(?:>\d+|<)u|\x1b\[\?u|\x1b\[>q|\x1b\[c|\x1b\[2?J|\x1b\[H|\x1b\[6n"
    r"|\x1b\[2[23];0t"
)
"""… and what it makes as it comes and goes: modes, and questions to the terminal."""
BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")


def foreign(raw: bytes, own: re.Pattern[str] = OURS) -> list[str]:
    """All that arrived at the terminal and is not the screen's own."""
    words = raw.decode()
    odd = [
        token
        for kind, token in tokens(words)
        if not (kind == "text" or (kind == "control" and token in "\r\n") or own.fullmatch(token))
    ]
    return sorted({*odd, *BIDI.findall(words)})


def test_what_would_arrive_is_noticed() -> None:
    """All but what the screen makes as well: the bounds of a frame, and going back to a line's begin."""
    harmful = [row for row in bad_inputs("ansi") if clean(str(row["input"])) != str(row["input"])]
    assert len(harmful) > 150
    for row in harmful:
        raw = str(row["input"]).encode("utf-8", "replace")
        same = raw in (b"\x1b[?2026h", b"\x1b[?2026l", b"a\rb", b"a?b")
        assert foreign(raw, DRAWN) or same, row


def hostile(asked: Asked) -> Answer:
    """A server that puts every bad input into every place where a server may put text."""
    if asked.line != CHAT:
        return Answer({"data": [{"id": line, "owned_by": "vllm"} for line in LINES[:40]]})
    last = said(asked)[-1]
    if not body(asked).get("tools"):
        if "second" in last[1]:
            return Answer({"error": {"message": EVERYTHING, "type": LINES[1]}}, 400)
        return Answer(_reply(delta("stop")), headers=SSE)
    if last[0] == "tool":
        return Answer(_reply(delta("stop")), headers=SSE)
    named = ("subagent", "subagent", LINES[2])
    made = [
        {
            "index": place,
            "id": f"c{place}",
            "type": "function",
            "function": {
                "name": name,
                "arguments": json.dumps(
                    {"task_name": LINES[place], "task_description": f"{word}\n{EVERYTHING}"}
                ),
            },
        }
        for place, (name, word) in enumerate(zip(named, ("first", "second", "third"), strict=True))
    ]
    return Answer(_reply(*(delta(tool_calls=[one]) for one in made), delta("tool_calls")), headers=SSE)


def _reply(*ending: object) -> bytes:
    """Thinking, words and Markdown made of every bad input, in pieces that part sequences in their middle."""
    marked = "\n".join(f"- [{line}](http://e/{line})\n\n`{line}`\n" for line in LINES[:60])
    words = (
        f"{EVERYTHING}\n\n# {LINES[0]}\n\n{marked}\n```{LINES[3]}\n{EVERYTHING}\n```\n| {LINES[4]} |\n|---|\n"
    )
    pieces = [words[at : at + 7] for at in range(0, len(words), 7)]
    return sse(
        *(delta(reasoning_content=line) for line in LINES),
        *(delta(content=piece) for piece in pieces),
        *ending,
        {**USED, "model": LINES[5]},
    )


async def settled(seen: Terminal) -> None:
    """Wait until nothing more comes for a while."""
    quiet = 0
    while quiet < 8:
        before = len(seen.said)
        await asyncio.sleep(0.02)
        seen.read()
        quiet = quiet + 1 if len(seen.said) == before else 0


async def hostile_past(home: Path) -> Journal:
    """Have a session, and a run that another process is at work on, all of whose words are hostile."""
    journal = Journal.open(home / "journal.db")
    for name, ends in (("past", True), ("live", False)):
        context = replace(CONTEXT, session=f"s-{name}", cwd=f"/x/{LINES[6]}", command=LINES[7])
        begun: list[events.Event] = [
            replace(opened(f"r-{name}", context), prompt=EVERYTHING),
            events.Started(agent=LINES[8], profile=LINES[9], backend="b", model=LINES[10]),
            events.Delegated(
                path=(0,), call_id="c", task_name=LINES[11], task=EVERYTHING, files=(LINES[12],)
            ),
            events.Started(path=(0,), agent=LINES[13], profile=LINES[14], backend="b", model=LINES[15]),
            events.Wrote(path=(0,), text=EVERYTHING),
            events.Queued(path=(0,), position=1, reason=LINES[16]),
        ]
        ended = [events.Failed(code=LINES[17], message=EVERYTHING, hint=LINES[18])] if ends else []
        await stored(journal, [*begun, *ended], f"r-{name}")
    journal.rename_session("s-past", EVERYTHING)
    return journal


WALK = (
    # Keys, and what stands there afterwards.
    ("\x14", ""),
    ("\x14", ""),
    ("\x14", ""),
    ("\x1b1", ""),
    ("\r", "section"),
    *(("\t", "") for _ in range(5)),
    ("\x1b", ""),
    ("\x1b2", ""),
    ("\r", "section"),
    ("\x1b", ""),
    ("\x0f", "Model for"),
    ("\x1b", ""),
    ("\x1b[15~", "Profiles"),
    ("\x1b", ""),
    ("\x1bOQ", "sessions"),
    ("\x1b[B", ""),
    ("\x1b[B", ""),
    ("\x1b", ""),
    ("\x1bOS", "ledger ▸"),
    ("a", ""),
    ("g", ""),
    ("p", ""),
    ("\x1b", ""),
    ("\x1b", ""),
    ("q", ""),
    ("\x1bOP", ""),
    ("\x1b", ""),
)


@pytest.mark.parametrize("size", [(80, 24), (220, 60)], ids=str)
def test_not_one_sequence_of_a_model_a_server_a_file_or_another_process_arrives(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async def main() -> None:
        home = tmp_path / "home"
        async with serving(hostile) as server:
            mine = {"backend": "openai-compat", "base_url": server.url}
            Product(home).write(mine=mine)
            for number, row in enumerate(bad_inputs("ansi")[:60]):
                (home / f"n{number}{str(row['input']).replace('/', '').replace(chr(0), '')[:80]}x").touch()
            journal = await hostile_past(home)
            with terminal(home=home, size=size) as seen:
                await seen.until("Ask something")
                await settled(seen)
                came = len(seen.said)
                seen.press("@n")
                await settled(seen)
                seen.press("\x1b\x03")
                await settled(seen)
                seen.press("go\r")
                await seen.until(lambda: len([one for one in server.asked if one.line == CHAT]) >= 4)
                await settled(seen)
                for keys, words in WALK:
                    seen.press(keys)
                    await seen.until(*filter(None, [words]))
                    await settled(seen)
                assert foreign(bytes(seen.said[came:]), DRAWN) == []
                seen.press("\x11")
                assert await seen.end() == 0
                assert "ansi-" in seen.said.decode()
                assert foreign(bytes(seen.said)) == []
            journal.close()

    asyncio.run(main())


Check = Callable[[Product, Terminal, Loopback, asyncio.Event], Coroutine[None, None, None]]


def at_work(home: Path, check: Check) -> None:
    """Have two workers of which one is done and the other in the middle of its answer."""

    async def main() -> None:
        gate = asyncio.Event()
        async with serving(half_way(gate)) as server:
            mine = {"backend": "openai-compat", "base_url": server.url, "default_model": "big"}
            tud = Product(home).write(mine=mine)
            with terminal(home=home) as seen:
                await seen.until("Ask something")
                seen.press("go\r")
                await seen.until("1 ✓ done", "2 ● writing")
                await check(tud, seen, server, gate)

    asyncio.run(main())


def chats(server: Loopback) -> Counter[str]:
    return Counter(who(one) for one in server.asked if one.line == CHAT)


ENDS = {
    "the window is closed": lambda seen: seen.hang_up(),
    "it is told to end": lambda seen: seen.process.send_signal(signal.SIGTERM),
    "it is killed": lambda seen: seen.process.send_signal(signal.SIGKILL),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_however_it_ends_nothing_is_left_and_the_run_goes_on_elsewhere(
    tmp_path: Path, end: Callable[[Terminal], None]
) -> None:
    async def check(tud: Product, seen: Terminal, server: Loopback, gate: asyncio.Event) -> None:
        end(seen)
        await seen.end()
        assert seen.alone
        await server.left.wait()
        gate.set()
        ended = await tud.tell("run", "--resume", "last", "--json")
        assert ended.code == 0, ended.err
        assert str(ended.value["content"]).startswith(DONE)
        assert chats(server) == {"plan": 1, TASKS[0]: 1, TASKS[1]: 2, "answer": 1}
        paid = [row for row in await tud.ledger() if row["status"] == "ok"]
        assert len(paid) == 4

    at_work(tmp_path / "home", check)


def test_a_session_that_was_cut_off_goes_on_in_the_next_screen(tmp_path: Path) -> None:
    async def check(tud: Product, seen: Terminal, server: Loopback, gate: asyncio.Event) -> None:
        seen.process.send_signal(signal.SIGKILL)
        await seen.end()
        gate.set()
        with terminal("chat", "--continue", home=tud.home) as again:
            await again.until("go", "/resume goes on with it")
            again.press("/resume ")
            await again.until("/resume")
            again.press("\r")
            await again.until(DONE)
            again.press("\x11")
            assert await again.end() == 0
        assert chats(server) == {"plan": 1, TASKS[0]: 1, TASKS[1]: 2, "answer": 1}

    at_work(tmp_path / "home", check)


def restored(seen: Terminal) -> bool:
    """Whether the terminal is as it was: its own screen, its cursor, its mouse, its line discipline."""
    off = ("?1049l", "?25h", "?1000l", "?1003l", "?1006l", "?2004l", "?1004l")
    said = seen.said.decode()
    return seen.now == seen.before and all(
        said.rfind(f"\x1b[{mode}") > said.rfind(f"\x1b[{mode[:-1]}{'h' if mode[-1] == 'l' else 'l'}")
        for mode in off
    )


def test_told_to_end_it_leaves_the_terminal_as_it_was(tmp_path: Path) -> None:
    async def check(tud: Product, seen: Terminal, server: Loopback, gate: asyncio.Event) -> None:
        seen.process.send_signal(signal.SIGTERM)
        assert await seen.end() == 128 + signal.SIGTERM
        assert restored(seen)
        assert "Traceback" not in seen.said.decode()

    at_work(tmp_path / "home", check)


CRASHING = """
import sys
from textual.widget import Widget
from tui_delegate.tui import app
from tui_delegate.cli.main import main

class Broken(Widget):
    def render(self):
        raise RuntimeError("boom \\x1b]52;c;eA==\\x07 [red]and more[/]")

class CrashApp(app.DelegateApp):
    BINDINGS = [("f9", "crash")]
    def action_crash(self):
        self.main.mount(Broken())

app.DelegateApp = CrashApp
sys.exit(main([]))
"""


def test_a_crash_inside_a_widget_gives_the_terminal_back_and_says_one_line(tmp_path: Path) -> None:
    async def main() -> None:
        home = tmp_path / "home"
        Product(home).write(mine={"backend": "builtin"})
        (home / "crashing.py").write_text(CRASHING)
        with terminal(home=home, program=(sys.executable, "crashing.py")) as seen:
            await seen.until("Ask something")
            seen.press("\x1b[20~")
            assert await seen.end() == 1
            assert restored(seen)
            assert seen.alone
            last = seen.said.decode().rpartition("\x1b[?1049l")[2]
            words = "".join(
                token if kind == "text" else "\n" * (token == "\n") for kind, token in tokens(last)
            )
            lines = [line.strip() for line in words.splitlines() if line.strip()]
            assert lines[0] == "tui-delegate: the screen failed: RuntimeError: boom [red]and more[/]"
            assert len(lines) == 2
            assert "TUI_DELEGATE_DEBUG=1" in lines[1]
            assert foreign(bytes(seen.said)) == []

    asyncio.run(main())


def test_a_profiles_file_that_is_wrong_is_one_line_and_the_terminal_stays_as_it_was(tmp_path: Path) -> None:
    async def main() -> None:
        home = tmp_path / "home"
        home.mkdir()
        (home / "profiles.toml").write_text("[profiles.x\n")
        os.chmod(home / "profiles.toml", 0o600)
        with terminal(home=home) as seen:
            assert await seen.end() == 78
            assert restored(seen)
            assert "Traceback" not in seen.said.decode()
            assert "profiles.toml" in seen.said.decode().rpartition("\x1b[?1049l")[2]

    asyncio.run(main())
