"""A model server in a thread: it says what a test tells it to, faults and all, and keeps the requests.

It speaks raw sockets, because half of what it says no HTTP library would say. It knows no product.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tests.loopback import Asked


@dataclass(frozen=True, slots=True)
class Chat:
    """A model's answer, in whichever shape the request asked for."""

    content: str | None = "the answer"
    finish: str | None = "stop"
    prompt: int | None = None
    """Tokens read; None: about as many as were sent."""
    completion: int = 80
    cached: int = 0
    created: int = 0
    """Tokens written to a cache, as Anthropic counts them."""
    reasoning: int = 0
    whole: bool = False
    """Answer with one object although a stream was asked for."""
    hold: threading.Event | None = None
    """Send half of it, and the other half when this is set."""


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes and a status as they are, or a way to break off."""

    body: object = b""
    """Bytes go out as they are, anything else as JSON."""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drop: str = ""
    """`before` any byte, after the `head`, or in the `middle` of the body."""
    silent: bool = False
    """Take the request and say nothing until the server is closed."""
    hold: threading.Event | None = None
    """Send half of the body, and the other half when this is set."""

    def wire(self) -> bytes:
        """Write it as HTTP."""
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        head = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Said')}"]
        lines += [f"{name}: {value}" for name, value in (head | self.headers).items()]
        top = "\r\n".join(lines).encode() + b"\r\n\r\n"
        if self.drop == "head":
            return top
        return top + (body[: len(body) // 2] if self.drop == "middle" else body)


Reply = Chat | Raw

REASONS = {
    200: "OK",
    302: "Found",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
MODELS = Raw({"object": "list", "data": [{"id": name, "object": "model"} for name in ("small", "large")]})
SSE = {"content-type": "text/event-stream"}


class Scripted:
    """A server on 127.0.0.1. What it shall say to the next chats is set by `say`; the last reply stays."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.gets: list[Asked] = []
        self._replies: list[Reply] = [Chat()]
        self._over = threading.Event()
        self._arrived = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._threads: list[threading.Thread] = []
        self.port: int = self._socket.getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self._spawn(self._serve)

    def say(self, *replies: Reply) -> None:
        """Forget what was, and answer so from now on."""
        self.asked.clear()
        self._arrived.clear()
        self.gets.clear()
        self._replies = list(replies)

    @property
    def request(self) -> dict[str, object]:
        """The body of the last chat that was asked."""
        body = self.asked[-1].json()
        assert isinstance(body, dict)
        return body

    @property
    def messages(self) -> list[tuple[str, str]]:
        """Roles and texts of the last chat that was asked."""
        told = self.request["messages"]
        assert isinstance(told, list)
        return [(one["role"], text) for one in told for text in texts_of(one["content"])]

    @property
    def corpus(self) -> str:
        """What of files the last chat held, with its frame."""
        return next(text for role, text in self.messages if role == "user")

    def wait(self) -> None:
        """Wait until a chat is asked."""
        assert self._arrived.wait(15), "no chat was asked"

    def close(self) -> None:
        """Hang up on everybody, and wait until nobody is left."""
        self._over.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(5)

    def _spawn(self, job: object, *args: object) -> None:
        assert callable(job)
        thread = threading.Thread(target=job, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            self._spawn(self._talk, line)

    def _talk(self, line: socket.socket) -> None:
        with line, contextlib.suppress(OSError, ValueError):
            line.settimeout(20)
            if (asked := _read(line)) is not None:
                reply = self._reply(asked)
                if isinstance(reply, Raw) and (reply.silent or reply.drop == "before"):
                    if reply.silent:
                        self._over.wait(20)
                    return
                self._send(line, reply.wire(), reply.hold)
                return

    def _reply(self, asked: Asked) -> Raw:
        if asked.method == "GET" and not asked.path.startswith("/stolen"):
            self.gets.append(asked)
            return MODELS if asked.path.endswith("/models") else Raw({"error": {"message": "no"}}, 404)
        self.asked.append(asked)
        self._arrived.set()
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        return rendered(reply, asked) if isinstance(reply, Chat) else reply

    def _send(self, line: socket.socket, wire: bytes, hold: threading.Event | None) -> None:
        half = len(wire) // 2 if hold else len(wire)
        line.sendall(wire[:half])
        if hold and hold.wait(20):
            line.sendall(wire[half:])


@contextlib.contextmanager
def scripted() -> Iterator[Scripted]:
    """Serve until the block ends."""
    server = Scripted()
    try:
        yield server
    finally:
        server.close()


def texts_of(content: object) -> list[str]:
    """Give a message's texts: one string, or one of each block."""
    if isinstance(content, list):
        return [str(block.get("text", "")) for block in content]
    return [str(content)]


def rendered(chat: Chat, asked: Asked) -> Raw:
    """Put an answer in the shape of its protocol, streamed or whole as the request says."""
    body = asked.json()
    if chat.prompt is None:
        chat = replace(chat, prompt=len(asked.raw) // 4)
    stream = isinstance(body, dict) and bool(body.get("stream")) and not chat.whole
    if asked.path.endswith("/messages"):
        raw = _anthropic_stream(chat) if stream else Raw(_anthropic(chat))
    else:
        raw = _openai_stream(chat) if stream else Raw(_openai(chat))
    return replace(raw, hold=chat.hold)


def _openai_usage(chat: Chat) -> dict[str, object]:
    return {
        "prompt_tokens": chat.prompt,
        "completion_tokens": chat.completion,
        "total_tokens": (chat.prompt or 0) + chat.completion,
        "prompt_tokens_details": {"cached_tokens": chat.cached},
        "completion_tokens_details": {"reasoning_tokens": chat.reasoning},
    }


def _openai(chat: Chat) -> dict[str, object]:
    message = {"role": "assistant", "content": chat.content}
    choice = {"index": 0, "message": message, "finish_reason": chat.finish}
    return {"id": "x", "model": "small-served", "choices": [choice], "usage": _openai_usage(chat)}


def _openai_stream(chat: Chat) -> Raw:
    def chunk(delta: dict[str, object], finish: str | None = None) -> dict[str, object]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return {"id": "x", "model": "small-served", "choices": [choice]}

    text = chat.content or ""
    pieces = [text[place : place + 7] for place in range(0, len(text), 7)]
    events: list[object] = [chunk({"role": "assistant", "content": None})]
    events += [chunk({"content": piece}) for piece in pieces]
    events.append(chunk({}, chat.finish))
    events.append({"id": "x", "model": "small-served", "choices": [], "usage": _openai_usage(chat)})
    lines = [f"data: {json.dumps(event)}\n\n" for event in events]
    return Raw(("".join(lines) + "data: [DONE]\n\n").encode(), headers=SSE)


def _anthropic_usage(chat: Chat) -> dict[str, object]:
    return {
        "input_tokens": chat.prompt,
        "output_tokens": chat.completion,
        "cache_creation_input_tokens": chat.created,
        "cache_read_input_tokens": chat.cached,
    }


def _anthropic(chat: Chat) -> dict[str, object]:
    return {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": "small-served",
        "content": [{"type": "text", "text": chat.content or ""}],
        "stop_reason": _stop(chat),
        "usage": _anthropic_usage(chat),
    }


def _anthropic_stream(chat: Chat) -> Raw:
    start = {**_anthropic(chat), "content": [], "stop_reason": None}
    events: list[dict[str, object]] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "text_delta", "text": chat.content or ""},
        },
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": _stop(chat)},
            "usage": {"output_tokens": chat.completion},
        },
        {"type": "message_stop"},
    ]
    lines = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events]
    return Raw("".join(lines).encode(), headers=SSE)


def _stop(chat: Chat) -> str | None:
    return {"stop": "end_turn", "length": "max_tokens"}.get(chat.finish or "", chat.finish)


def _read(line: socket.socket) -> Asked | None:
    held = b""
    while b"\r\n\r\n" not in held:
        more = line.recv(65536)
        if not more:
            return None
        held += more
    head, _, body = held.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in rest)}
    length = int(headers.get("content-length", "0"))
    while len(body) < length:
        more = line.recv(1 << 20)
        if not more:
            return None
        body += more
    return Asked(method, path, headers, body)
