"""A scripted model server for the benchmarks: one process, one asyncio protocol, as little work as it can do.

A request that offers tools and holds no tool result gets as many parallel calls as the prompt says
(`fan 64`); any other gets its answer as tokens, at once after a wait, or paced. After `hold 64` no worker is
answered before 64 of them are there. `GET /stats` says what was seen and begins anew.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from functools import partial
from typing import ClassVar

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
LATENCY = 0.1


def frame(payload: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(payload), payload)


def event(delta: object, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    body = {"id": "x", "object": "chat.completion.chunk", "model": "bench", "choices": [choice]}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


def usage_event(prompt: int = 50) -> bytes:
    usage = {"prompt_tokens": prompt, "completion_tokens": 20, "total_tokens": prompt + 20}
    return b"data: " + json.dumps({"model": "bench", "choices": [], "usage": usage}).encode() + b"\n\n"


TOKEN = frame(event({"content": "token "}))
END = frame(event({}, "stop"))
DONE = frame(b"data: [DONE]\n\n") + b"0\r\n\r\n"


def calls(count: int) -> bytes:
    out = [HEAD]
    for place in range(count):
        arguments = json.dumps({"task_name": f"t{place}", "task_description": f"work on part {place}"})
        call = {"index": place, "id": f"c{place}", "type": "function"}
        whole = {**call, "function": {"name": "subagent", "arguments": arguments}}
        out.append(frame(event({"tool_calls": [whole]})))
    out.append(
        frame(event({}, "tool_calls")) + frame(usage_event()) + frame(b"data: [DONE]\n\n") + b"0\r\n\r\n"
    )
    return b"".join(out)


class Seen:
    in_flight = 0
    most = 0
    fanned_at = 0.0
    last_at = 0.0
    hold = 0
    held: ClassVar[list[Callable[[], object]]] = []


class Server(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.loop = asyncio.get_running_loop()
        self.held = b""

    def data_received(self, data: bytes) -> None:
        self.held += data
        while b"\r\n\r\n" in self.held:
            head, _, rest = self.held.partition(b"\r\n\r\n")
            length = next(
                (
                    int(line[15:])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length:")
                ),
                0,
            )
            if len(rest) < length:
                return
            body, self.held = rest[:length], rest[length:]
            self.answer(head, body)

    def answer(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"GET"):
            self.send_json(self.stats() if b"/stats" in head else {"data": [{"id": "bench"}]})
            return
        request = json.loads(body)
        prompt = next(m["content"] for m in request["messages"] if m["role"] == "user")
        if request.get("tools") and not any(m["role"] == "tool" for m in request["messages"]):
            self.transport.write(calls(int(prompt.split()[1])))
            Seen.fanned_at = self.loop.time()
            Seen.hold = int(prompt.split()[1]) if prompt.startswith("hold") else 0
            return
        Seen.in_flight += 1
        Seen.most = max(Seen.most, Seen.in_flight)
        Seen.last_at = self.loop.time() if not request.get("tools") else Seen.last_at
        count, pace = (int(prompt.split()[1]), 0.01) if prompt.startswith("stream") else (20, 0.0)
        end = END + frame(usage_event(len(body) // 4)) + DONE
        begin = partial(self.begin, count, pace, end)
        if request.get("tools") or not Seen.hold:
            self.loop.call_later(LATENCY, begin)
            return
        Seen.held.append(begin)
        if len(Seen.held) == Seen.hold:
            for waiting in Seen.held:
                self.loop.call_soon(waiting)
            Seen.held.clear()

    def begin(self, count: int, pace: float, end: bytes) -> None:
        self.transport.write(HEAD)
        self.token(count, pace, end)

    def token(self, left: int, pace: float, end: bytes) -> None:
        while left and not pace:
            self.transport.write(TOKEN)
            left -= 1
        if not left:
            Seen.in_flight -= 1
            self.transport.write(end)
            return
        self.transport.write(TOKEN)
        self.loop.call_later(pace, self.token, left - 1, pace, end)

    def stats(self) -> dict[str, float]:
        seen = {"most": Seen.most, "fan_out_ms": (Seen.last_at - Seen.fanned_at) * 1000}
        Seen.most = 0
        return seen

    def send_json(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (len(body), body)
        )


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Server, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
