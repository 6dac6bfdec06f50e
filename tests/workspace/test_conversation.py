"""One conversation with a manager on loopback: what it is told again, what gives way to a small window."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.cli.speaking import CHAT, SSE, body, said, text
from tests.loopback import Answer, Asked, Loopback, serving, table
from tests.workspace.places import PLAIN, workspace
from tui_delegate.core.conversation import leaves
from tui_delegate.core.errors import DelegateError, InputError
from tui_delegate.core.events import Event
from tui_delegate.core.limits import Limits
from tui_delegate.core.transcript import Node, Transcript
from tui_delegate.journal.store import Journal
from tui_delegate.tui.talk import MakeRoom, Talk
from tui_delegate.workspace.conversation import RECAP_PROMPT, Conversation

LONG = "long ago " * 240
"""A prompt that takes a third of the window below."""
WINDOW = 2000


@dataclass
class Face:
    """Listens as a screen does, and answers one question with what it was told to."""

    choice: MakeRoom = ""
    asked: list[tuple[int, int]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: Callable[[], bool] = lambda: False

    def run_began(self, transcript: Transcript) -> None: ...

    def run_told(self, transcript: Transcript, event: Event, node: Node) -> None: ...

    def run_ended(self, transcript: Transcript) -> None:
        self.ended.append(transcript.root.text)

    def show_conversation(self) -> None:
        if not self.waiting():
            self.idle.set()

    def prompt_refused(self, prompt: str, error: DelegateError) -> None:
        self.refused.append((prompt, error.message))

    async def ask_for_room(self, needed: int, window: int) -> MakeRoom:
        self.asked.append((needed, window))
        return self.choice


def reply(asked: Asked) -> Answer:
    """Answer every prompt with its number; a call to sum up with a recap."""
    if asked.line != CHAT:
        return table(PLAIN)(asked)
    told = [words for who, words in said(asked) if who == "user"]
    answer = "RECAP" if told[-1] == RECAP_PROMPT else f"answer {len(told)}"
    return Answer(text(answer), headers=SSE)


Story = Callable[[Conversation, Face, Loopback], Coroutine[None, None, None]]


def told(folder: Path, story: Story, *, window: int = 30_000) -> None:
    async def main() -> None:
        async with serving(reply) as server:
            profile = {"backend": "openai-compat", "base_url": server.url, "default_model": "big"}
            with_window = {"default_profile": "mine", "profiles": {"mine": {**profile, "num_ctx": window}}}
            async with workspace(folder, with_window) as place:
                journal = Journal.open(folder / "journal.db")
                face = Face()
                try:
                    await story(Conversation(place, journal, face, Limits()), face, server)
                finally:
                    await asyncio.to_thread(journal.close)

    asyncio.run(main())


def last_told(server: Loopback) -> list[str]:
    """What the manager was told in the last call, but for our instructions."""
    asked = [one for one in server.asked if one.line == CHAT][-1]
    assert body(asked)["model"] == "big"
    return [words for who, words in said(asked) if who != "system"]


def test_a_run_is_told_what_was_said_before_it(tmp_path: Path) -> None:
    async def story(conversation: Conversation, face: Face, server: Loopback) -> None:
        await conversation.play("one")
        await conversation.play("two")
        assert last_told(server) == ["one", "answer 1", "two"]
        assert [run.after for run in conversation.runs] == ["", conversation.runs[0].run]
        assert len({run.session for run in conversation.runs}) == 1

    told(tmp_path, story)


def test_what_was_gone_back_from_is_not_told_and_stays_in_the_journal(tmp_path: Path) -> None:
    async def story(conversation: Conversation, face: Face, server: Loopback) -> None:
        for prompt in ("one", "two", "three"):
            await conversation.play(prompt)
        conversation.rewind(1)
        await conversation.play("another two")
        assert last_told(server) == ["one", "answer 1", "another two"]
        assert [run.prompt for run in conversation.runs] == ["one", "another two"]

    told(tmp_path, story)


def test_a_fork_goes_on_in_a_session_of_its_own(tmp_path: Path) -> None:
    async def story(conversation: Conversation, face: Face, server: Loopback) -> None:
        await conversation.play("one")
        await conversation.play("two")
        first = conversation.session
        conversation.fork(1)
        await conversation.play("else")
        assert last_told(server) == ["one", "answer 1", "else"]
        assert conversation.session != first
        assert conversation.runs[-1].session == conversation.session

    told(tmp_path, story)


def test_a_summary_takes_the_place_of_what_it_sums_up(tmp_path: Path) -> None:
    async def story(conversation: Conversation, face: Face, server: Loopback) -> None:
        await conversation.play("one")
        await conversation.play("two")
        await conversation.sum_up(2)
        assert [run.prompt for run in conversation.runs] == ["one", "two"]
        await conversation.play("three")
        assert last_told(server)[1:] == ["RECAP", "three"]
        assert (conversation.runs[-1].forgets, conversation.runs[-1].recap) == (2, "RECAP")

    told(tmp_path, story)


def test_a_session_stands_where_it_was_left_after_it_is_loaded(tmp_path: Path) -> None:
    async def story(conversation: Conversation, face: Face, server: Loopback) -> None:
        await conversation.play("one")
        conversation.forget(1, "what was said")
        await conversation.play("two")
        runs = {run.run: run for run in conversation.runs}
        conversation.begin_anew()
        assert conversation.runs == []
        conversation.load(runs, list(runs)[-1])
        await conversation.play("three")
        assert last_told(server)[1:] == ["what was said", "two", "answer 2", "three"]

    told(tmp_path, story)


def test_a_summary_holds_after_the_session_is_loaded(tmp_path: Path) -> None:
    async def story(conversation: Conversation, face: Face, server: Loopback) -> None:
        await conversation.play("one")
        await conversation.sum_up(1)
        session, made = conversation.session, dict(conversation.made)
        conversation.begin_anew()
        conversation.session = session
        conversation.load(made, leaves(made, session)[-1])
        assert [run.prompt for run in conversation.runs] == ["one"]
        await conversation.play("two")
        assert last_told(server)[1:] == ["RECAP", "two"]

    told(tmp_path, story)


def test_what_was_paid_for_stays_counted(tmp_path: Path) -> None:
    async def story(conversation: Conversation, face: Face, server: Loopback) -> None:
        await conversation.play("one")
        conversation.rewind(0)
        await conversation.play("another one")
        await conversation.sum_up(1)
        commands = [one.context.command for one in conversation.made.values()]
        assert commands == ["chat", "chat", "recap"]
        conversation.fork(1)
        assert conversation.made == {}

    told(tmp_path, story)


def test_nothing_can_be_gone_on_with_where_nothing_was_begun(tmp_path: Path) -> None:
    async def story(conversation: Conversation, face: Face, server: Loopback) -> None:
        with pytest.raises(InputError, match="no run"):
            await conversation.resume()

    told(tmp_path, story)


def talking(folder: Path, choice: MakeRoom, check: Story) -> None:
    """Say so much that the next prompt will not fit, then send it with this choice made."""

    async def story(conversation: Conversation, face: Face, server: Loopback) -> None:
        talk = Talk(conversation, face)
        face.choice = choice
        face.waiting = lambda: bool(conversation.queued) or conversation.busy
        working = asyncio.create_task(talk.work())
        for prompt in (f"a {LONG}", f"b {LONG}", f"c {LONG}", "short"):
            face.idle.clear()
            before = len(face.ended) + len(face.refused)
            talk.send(prompt)
            while len(face.ended) + len(face.refused) == before or conversation.busy or conversation.queued:
                face.idle.clear()
                await face.idle.wait()
        await asyncio.sleep(0)
        await check(conversation, face, server)
        working.cancel()
        await asyncio.wait([working])

    told(folder, story, window=WINDOW)


def test_a_prompt_that_fits_is_sent_without_a_question(tmp_path: Path) -> None:
    async def story(conversation: Conversation, face: Face, server: Loopback) -> None:
        needed, window = await conversation.room("short")
        assert window == WINDOW * 3 // 4
        assert needed < window

    told(tmp_path, story, window=WINDOW)


def test_the_oldest_gives_way_until_the_prompt_fits(tmp_path: Path) -> None:
    async def check(conversation: Conversation, face: Face, server: Loopback) -> None:
        assert face.asked
        assert all(needed > window for needed, window in face.asked)
        assert 0 < conversation.forgets < len(conversation.runs)
        assert len(conversation.runs) == 4
        assert last_told(server)[0][:1] != "a"

    talking(tmp_path, "drop", check)


def test_a_summary_makes_room_and_the_prompt_follows_it(tmp_path: Path) -> None:
    async def check(conversation: Conversation, face: Face, server: Loopback) -> None:
        assert conversation.recap == "RECAP"
        assert [run.prompt[:1] for run in conversation.runs] == ["a", "b", "c", "s"]
        assert "RECAP" in last_told(server)
        assert not face.refused

    talking(tmp_path, "summarise", check)


def test_a_fork_takes_the_prompt_into_an_empty_conversation(tmp_path: Path) -> None:
    async def check(conversation: Conversation, face: Face, server: Loopback) -> None:
        assert len({run.session for run in conversation.runs}) > 1

    talking(tmp_path, "fork", check)


def test_a_prompt_that_is_not_to_be_sent_comes_back(tmp_path: Path) -> None:
    async def check(conversation: Conversation, face: Face, server: Loopback) -> None:
        assert face.refused
        assert {words for _, words in face.refused} == {"The prompt was not sent."}

    talking(tmp_path, "", check)
