"""One call without a lane or a loop: the same time-outs, marks and waits, on a clock that jumps."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests import realserver
from tests.assets import wire_body
from tests.backends.loopback import Answer, Kept
from tests.backends.saying import Said, chunked, http, saying
from tests.backends.speakers import SPEAKERS, converse
from tests.backends.streams import ASKED, PLAIN, delta, sse
from tui_delegate.backends.address import Endpoint
from tui_delegate.backends.fleet import Fleet
from tui_delegate.backends.plain_wire import PlainWire
from tui_delegate.backends.plug import Endless, Patience
from tui_delegate.backends.solo import Solo, alone
from tui_delegate.backends.table import Options, connect
from tui_delegate.backends.timeouts import TimeOuts
from tui_delegate.core.chunks import ChatRequest, Chunk, ProgressChunk, Reply, TextChunk
from tui_delegate.core.errors import (
    BackendError,
    BadReply,
    CutOff,
    Overloaded,
    RateLimited,
    TimedOut,
    Unreachable,
)
from tui_delegate.core.messages import Message
from tui_delegate.core.ports import Sink
from tui_delegate.core.straight import straight
from tui_delegate.core.usage import Usage

DONE = Reply(Message("assistant", "ok"), "stop", Usage(1, 0, 1), "m")
Step = float | str | BackendError | ProgressChunk


@dataclass
class World:
    """A server, the way to it and a clock: a number is a silence, a text a read, an error a refusal."""

    plays: list[list[Step]]
    loads: list[float | BackendError | None] = field(default_factory=list)
    now: float = 0.0
    patience: Patience = field(default_factory=Endless)
    seconds: float = 30.0
    looks: list[tuple[float, float]] = field(default_factory=list)
    heard: list[Chunk] = field(default_factory=list)
    slow: float = 0.0
    load: int = 0

    async def chat(self, request: ChatRequest, sink: Sink) -> Reply:
        for step in self.plays.pop(0):
            if isinstance(step, BackendError):
                raise step
            if isinstance(step, float):
                self._wait(step)
                continue
            sink.put(TextChunk(step) if isinstance(step, str) else step)
            await sink.drain()
        return DONE

    def _wait(self, silence: float) -> None:
        end = self.now + silence
        while self.now < end:
            left = self.patience.left()
            self.now = end if left is None else min(end, self.now + left)
        self.patience.left()

    def put(self, chunk: Chunk) -> None:
        self.heard.append(chunk)

    async def drain(self) -> None:
        self.now += self.slow

    async def load_progress(self, model: str) -> float | None:
        self.looks.append((self.now, self.seconds))
        said = self.loads.pop(0) if self.loads else None
        if isinstance(said, BackendError):
            raise said
        return said

    def pause(self, seconds: float) -> None:
        self.now += seconds

    def solo(self, times: TimeOuts) -> Solo:
        return Solo(self, times, self, lambda: 0.0, way=self, clock=lambda: self.now, pause=self.pause)  # type: ignore[arg-type]

    def call(self, times: TimeOuts | None = None, request: ChatRequest = PLAIN) -> Reply:
        return straight(self.solo(times or TimeOuts()).chat(request, self))


@pytest.mark.parametrize(
    ("times", "play", "words", "after"),
    [
        (TimeOuts(first=5), [100.0], "No first token within 5 s.", 5),
        (TimeOuts(idle=4), [50.0, "a", 100.0], "The stream was silent for 4 s.", 54),
        (TimeOuts(total=12), ["a", *[1.0, "a"] * 99], "The call took longer than 12 s (total).", 12),
        (TimeOuts.of(3), [100.0], "No first token within 3 s.", 3),
        (TimeOuts.of(3), [1.0, "a", 2.0, "b", 100.0], "The stream was silent for 3 s.", 6),
    ],
)
def test_each_time_out_says_its_name(times: TimeOuts, play: list[Step], words: str, after: float) -> None:
    world = World([play])
    with pytest.raises(TimedOut) as failed:
        world.call(times)
    assert failed.value.message == words
    assert world.now == pytest.approx(after, abs=0.01)
    assert isinstance(world.patience, Endless)


def test_a_slow_reader_is_not_the_servers_silence() -> None:
    world = World([["a", "b", 3.0, "c", 3.0]], slow=60.0)
    assert world.call(TimeOuts(first=5, idle=5)) is DONE


def test_a_load_that_the_server_tells_of_counts_towards_no_time_out() -> None:
    loads: list[float | BackendError | None] = [0.1, 0.3, 0.5, None, 0.7, BadReply("busy"), *[0.9] * 20]
    world = World([[20.5, "a"]], loads)
    assert world.call(TimeOuts(first=3, total=9)) is DONE
    assert world.heard[:3] == [
        ProgressChunk("load", 0.1),
        ProgressChunk("load", 0.3),
        ProgressChunk("load", 0.5),
    ]
    assert {seconds for _, seconds in world.looks} == {1.0}
    assert world.seconds == 30.0


def test_a_load_that_comes_with_the_answer_counts_towards_none_either() -> None:
    world = World([[4.0, ProgressChunk("load", 0.5), 4.0, ProgressChunk("load", 0.9), 4.0, "a"]])
    assert world.call(TimeOuts(first=5, total=8)) is DONE


def test_once_the_answer_has_begun_nobody_asks_about_a_load() -> None:
    world = World([["a", 50.0, "b"]], loads=[0.5])
    assert world.call() is DONE
    assert world.looks == []


def test_a_server_that_loads_is_waited_for_and_asked_again() -> None:
    world = World([[Overloaded("Loading model", loading=True)], ["a"]], loads=[0.0, 0.5, None])
    assert world.call() is DONE
    assert [chunk for chunk in world.heard if isinstance(chunk, ProgressChunk)] == [
        ProgressChunk("load", 0.0),
        ProgressChunk("load", 0.5),
    ]
    assert world.now == 3.0


@pytest.mark.parametrize(
    ("error", "tries", "wait"),
    [
        (Overloaded("x"), 1, 0.25),
        (Overloaded("x"), 3, 1.0),
        (RateLimited("x", retry_after=7.0), 1, 7.0),
        (Overloaded("x"), 4, None),
        (CutOff("x"), 1, None),
        (Unreachable("x"), 1, None),
    ],
)
def test_what_may_be_tried_again_is_marked_as_a_lane_marks_it(
    error: BackendError, tries: int, wait: float | None
) -> None:
    with pytest.raises(type(error)) as failed:
        World([[error]]).call(request=replace(PLAIN, tries=tries))
    assert failed.value.retry_in == wait


def test_a_server_that_is_down_is_passed_by() -> None:
    up, down = World([["a"]]), World([[Unreachable("x")]])
    assert straight(Fleet([down, up]).chat(PLAIN, up)) is DONE
    with pytest.raises(BadReply):
        straight(Fleet([World([[BadReply("x")]]), up]).chat(PLAIN, up))
    with pytest.raises(Unreachable):
        straight(Fleet([World([[Unreachable("x")]])]).chat(PLAIN, up))


def spoken(backend: str, times: TimeOuts, *said: Said | bytes) -> tuple[Reply | BackendError, list[Chunk]]:
    """Make one real call over sockets."""
    sink = Kept()
    with saying(*said) as server:
        connection = connect(backend, Endpoint(server.url), Options(), plain=True)
        try:
            return straight(alone(connection, times).chat(PLAIN, sink)), sink.chunks
        except BackendError as error:
            return error, sink.chunks
        finally:
            straight(connection.aclose())


def begun(*events: dict[str, object]) -> bytes:
    body = sse(*events)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(body), body)


def test_a_real_silence_ends_at_its_time_out_and_closes_the_line() -> None:
    words: list[str] = []
    for said in (Said(hold=True), Said((begun({"choices": []}),), hold=True)):
        outcome, _ = spoken("openai-compat", TimeOuts(first=0.1), said)
        assert isinstance(outcome, TimedOut)
        words.append(outcome.message)
    outcome, chunks = spoken(
        "openai-compat", TimeOuts(idle=0.1), Said((begun(delta(content="Hel")),), hold=True)
    )
    assert isinstance(outcome, TimedOut)
    assert chunks == [TextChunk("Hel")]
    assert [*words, outcome.message] == [
        "No first token within 0.1 s.",
        "No first token within 0.1 s.",
        "The stream was silent for 0.1 s.",
    ]


def test_a_server_that_drips_without_a_token_ends_too() -> None:
    drops = tuple(b"e\r\n: still here\n\n\r\n" for _ in range(400_000))
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    outcome, _ = spoken("openai-compat", TimeOuts(first=0.1), Said((head, *drops), hold=True))
    assert isinstance(outcome, TimedOut)


def test_a_loading_llama_server_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_delegate.backends.solo.POLL_LOAD", 0.0)
    loading = http(b'{"error":{"message":"Loading model","code":503}}', "503 Unavailable")
    listing = http(b'{"data":[{"id":"m","status":{"value":"loaded"}}]}')
    answer = chunked(wire_body("delegate_hello_5_0.txt"))
    solo_answers = (loading, loading, http(b'{"status":"ok"}'), listing, answer)
    sink = Kept()
    with saying(*solo_answers) as server:
        connection = connect("llamacpp", Endpoint(server.url), Options(), plain=True)
        solo = Solo(
            connection.backend, TimeOuts(), connection.host, way=connection.plain, pause=lambda _: None
        )
        reply = straight(solo.chat(PLAIN, sink))
    assert reply.message.text
    assert sink.chunks[0] == ProgressChunk("load", 0.0)
    assert [one.split(b" ")[1] for one in server.asked] == [
        b"/v1/chat/completions",
        b"/health",
        b"/health",
        b"/v1/models",
        b"/v1/chat/completions",
    ]


@pytest.mark.parametrize("name", SPEAKERS)
def test_a_plain_call_is_the_call_that_the_other_way_makes(name: str) -> None:
    speaker = SPEAKERS[name]
    for body in (speaker.text, speaker.calls, speaker.thinking, speaker.open_text):
        outcome, sink, server = converse(speaker, Answer(body), key="")
        plain_sink = Kept()
        with saying(chunked(body)) as sayer:
            way = PlainWire(Endpoint(sayer.url))
            try:
                reply: Reply | BackendError = straight(speaker.make(way).chat(ASKED, plain_sink))
            except BackendError as error:
                reply = error
        assert repr(reply) == repr(outcome) or (type(reply), str(reply)) == (type(outcome), str(outcome))
        assert plain_sink.chunks == sink.chunks
        assert json.loads(sayer.asked[0].partition(b"\r\n\r\n")[2]) == server.requests[0][2]


CHAT = """
import sys
from tui_delegate.backends.address import Endpoint
from tui_delegate.backends.solo import alone
from tui_delegate.backends.table import Options, connect
from tui_delegate.backends.timeouts import TimeOuts
from tui_delegate.core.chunks import ChatRequest
from tui_delegate.core.messages import user
from tui_delegate.core.straight import straight

class Sink:
    def put(self, chunk):
        pass
    async def drain(self):
        pass

connection = connect(sys.argv[1], Endpoint(sys.argv[2]), Options(), plain=True)
request = ChatRequest(sys.argv[3], (user("hello " * 20_000),))
reply = straight(alone(connection, TimeOuts()).chat(request, Sink()))
straight(connection.aclose())
heavy = {"asyncio", "httpx", "aiohttp", "ollama", "ssl", "http.client", "pydantic", "email", "threading"}
print(bool(reply.message.text), sorted(heavy & set(sys.modules)))
"""


@pytest.mark.parametrize("backend", [*SPEAKERS, "builtin"])
def test_a_whole_call_loads_no_client_and_no_event_loop(backend: str) -> None:
    body = SPEAKERS[backend].text if backend in SPEAKERS else b""
    model = "m" if backend in SPEAKERS else "builtin/digest"
    with saying(chunked(body)) as server:
        done = subprocess.run(
            [sys.executable, "-c", CHAT, backend, server.url, model],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.stdout.strip() == "True []", done.stderr


@pytest.mark.real
def test_a_real_router_that_swaps_models_is_waited_for(tmp_path: Path) -> None:
    with realserver.running_router(tmp_path, "a", "b") as server:
        connection = connect("llamacpp", Endpoint(server.url), Options(), plain=True)
        solo = alone(connection, TimeOuts(first=20))
        for model in ("a", "b", "a"):
            reply = straight(solo.chat(replace(PLAIN, model=model, max_tokens=20), Kept()))
            assert (reply.model, bool(reply.message.text), reply.usage.source) == (model, True, "reported")
        assert straight(connection.host.window("a")) == 1024
        assert straight(connection.host.parallel("a")) == 2
