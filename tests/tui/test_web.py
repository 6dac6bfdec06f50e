"""The screen in a browser, as one sees it: a real server, a real websocket, a real process behind it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from tests.product import PATIENCE, Going, Product

pytest.importorskip("textual_serve")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="processes are looked up with ps")
FIRST_WORDS = b"Ask the manager"


@dataclass(slots=True)
class Served:
    """A server that runs, and a browser that has not been let in yet."""

    going: Going
    address: str
    browser: aiohttp.ClientSession

    @property
    def base(self) -> str:
        return self.address.partition("/?")[0]

    async def enter(self) -> None:
        async with self.browser.get(self.address) as answer:
            assert answer.status == 200

    async def status(self, path: str = "/", **headers: str) -> int:
        async with self.browser.get(self.base + path, headers=headers, allow_redirects=False) as answer:
            return answer.status

    async def knock(self, **headers: str) -> int:
        """Ask for a websocket that is to be refused."""
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await self.browser.ws_connect(f"{self.base}/ws", headers=headers)
        return caught.value.status

    @asynccontextmanager
    async def visit(self) -> AsyncIterator[Visit]:
        headers = {"Origin": self.base}
        async with self.browser.ws_connect(f"{self.base}/ws?width=100&height=30", headers=headers) as wire:
            yield Visit(wire)

    async def children(self) -> set[int]:
        """The processes that the server started and that are there now."""
        listing = await asyncio.create_subprocess_exec(
            "ps", "-A", "-o", "pid=,ppid=,comm=", stdout=asyncio.subprocess.PIPE
        )
        rows = [row.split() for row in (await listing.communicate())[0].decode().splitlines()]
        return {int(row[0]) for row in rows if int(row[1]) == self.going.process.pid}

    async def nobody_left(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while await self.children():
                pass


@dataclass(slots=True)
class Visit:
    """A websocket and what came over it."""

    wire: aiohttp.ClientWebSocketResponse
    seen: bytes = b""

    async def see(self, words: bytes) -> None:
        async with asyncio.timeout(PATIENCE):
            while words not in self.seen:
                piece = await self.wire.receive_bytes()
                self.seen += piece

    async def press(self, keys: str) -> None:
        await self.wire.send_json(["stdin", keys])

    async def end(self) -> None:
        """Take what comes until the server closes."""
        async with asyncio.timeout(PATIENCE):
            async for message in self.wire:
                if message.type == aiohttp.WSMsgType.BINARY:
                    self.seen += message.data


@asynccontextmanager
async def served(home: Path, *words: str) -> AsyncIterator[Served]:
    product = Product(home)
    if not (home / "profiles.toml").exists():
        product.write({"default_profile": "builtin"})  # nothing asks how to begin then
    going = await product.start("web", *words)
    address = (await going.line()).strip()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        try:
            yield Served(going, address, browser)
        finally:
            if going.process.returncode is None:
                going.process.kill()
                await going.process.communicate()


def test_without_the_token_nothing_is_given(tmp_path: Path) -> None:
    async def main() -> None:
        async with served(tmp_path) as at:
            for path in ("/", "/?token=wrong", "/static/js/textual.js", "/download/x", "/none"):
                assert await at.status(path) == 403, path
            assert await at.knock(Origin=at.base) == 403
            token = at.address.partition("=")[2]
            assert await at.status(f"/static/js/textual.js?token={token}") == 403
            assert not await at.children()

    asyncio.run(main())


def test_the_token_becomes_a_cookie_and_leaves_the_address(tmp_path: Path) -> None:
    async def main() -> None:
        async with served(tmp_path) as at:
            async with at.browser.get(at.address, allow_redirects=False) as answer:
                assert (answer.status, answer.headers["Location"]) == (303, "/")
                cookie = answer.headers["Set-Cookie"]
            assert "HttpOnly" in cookie
            assert "SameSite=Strict" in cookie
            assert at.address.partition("=")[2] not in cookie
            async with at.browser.get(at.base) as answer:
                page = await answer.text()
            assert "token" not in page
            assert page.count("://") == page.count(f'"ws://{at.base.partition("//")[2]}/ws"') == 1
            assert await at.status("/static/js/textual.js") == 200
            assert await at.status("/download/x") == 404

    asyncio.run(main())


def test_pages_and_names_of_others_are_refused_even_with_the_cookie(tmp_path: Path) -> None:
    async def main() -> None:
        async with served(tmp_path) as at:
            await at.enter()
            port = at.base.rpartition(":")[2]
            assert await at.knock(Origin="http://evil.example") == 403
            assert await at.knock(Origin=f"http://127.0.0.1:{int(port) ^ 1}") == 403
            assert await at.knock() == 403
            assert await at.knock(Origin=at.base, Host=f"evil.example:{port}") == 403
            assert await at.status(Host=f"evil.example:{port}") == 403
            assert await at.status(Origin="http://evil.example") == 403
            assert await at.status(Host=f"localhost:{port}") == 200
            assert not await at.children()

    asyncio.run(main())


def test_a_visitor_sees_the_screen_and_types_into_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with served(tmp_path) as at:
            await at.enter()
            async with at.visit() as visit:
                await visit.see(FIRST_WORDS)
                await visit.press("zebra")
                await visit.see(b"zebra")

    asyncio.run(main())


def test_who_goes_away_leaves_no_process_behind(tmp_path: Path) -> None:
    async def main() -> None:
        async with served(tmp_path) as at:
            await at.enter()
            async with at.visit() as one, at.visit() as other:
                await one.see(FIRST_WORDS)
                await other.see(FIRST_WORDS)
                assert len(await at.children()) == 2
            await at.nobody_left()

    asyncio.run(main())


def test_who_goes_away_before_the_first_paint_leaves_no_process_behind(tmp_path: Path) -> None:
    async def main() -> None:
        async with served(tmp_path) as at:
            await at.enter()
            async with at.visit():
                pass
            await at.nobody_left()

    asyncio.run(main())


@pytest.mark.parametrize(("which", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_server_and_all_its_processes(
    tmp_path: Path, which: signal.Signals, code: int
) -> None:
    async def main() -> None:
        async with served(tmp_path) as at:
            await at.enter()
            async with at.visit() as visit:
                await visit.see(FIRST_WORDS)
                (child,) = await at.children()
                at.going.signal(which)
                await visit.end()
                ended = await at.going.end()
            assert (ended.code, ended.out) == (code, "")
            assert "Traceback" not in ended.err
            with pytest.raises(ProcessLookupError):
                os.kill(child, 0)

    asyncio.run(main())


def test_a_killed_server_takes_its_processes_with_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with served(tmp_path) as at:
            await at.enter()
            async with at.visit() as visit:
                await visit.see(FIRST_WORDS)
                (child,) = await at.children()
                at.going.process.kill()
                await at.going.process.communicate()
            async with asyncio.timeout(PATIENCE):
                while await is_there(child):
                    pass

    asyncio.run(main())


async def is_there(pid: int) -> bool:
    """Whether a process is there and no zombie: whoever inherited it may not have looked yet."""
    asked = await asyncio.create_subprocess_exec(
        "ps", "-o", "stat=", "-p", str(pid), stdout=asyncio.subprocess.PIPE
    )
    state = (await asked.communicate())[0].strip()
    return bool(state) and not state.startswith(b"Z")


def test_a_screen_that_cannot_start_says_why_in_the_browser_and_on_stderr(tmp_path: Path) -> None:
    (tmp_path / "profiles.toml").write_text("[profiles.x]\nbackend = 7\n")

    async def main() -> None:
        async with served(tmp_path) as at:
            await at.enter()
            async with at.visit() as visit:
                await visit.end()
            assert b"profiles.toml" in visit.seen.rpartition(b"\x1b[2J")[2]
            await at.going.talk("profiles.toml")
            at.going.signal(signal.SIGINT)
            assert (await at.going.end()).code == 130

    asyncio.run(main())


def test_who_quits_ends_the_visit(tmp_path: Path) -> None:
    async def main() -> None:
        async with served(tmp_path) as at:
            await at.enter()
            async with at.visit() as visit:
                await visit.see(FIRST_WORDS)
                await visit.press("\x11")
                await visit.end()
            await at.nobody_left()

    asyncio.run(main())


def test_messages_that_make_no_sense_change_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with served(tmp_path) as at:
            await at.enter()
            async with at.visit() as visit:
                for raw in ("", "[", "7", "[]", '["resize", {"width": "x"}]', '["stdin", 7]', "[" * 9000):
                    await visit.wire.send_str(raw)
                await visit.wire.send_json(["resize", {"width": 10**9, "height": -4}])
                await visit.wire.send_json(["resize", {"width": 100, "height": 30}])
                await visit.see(FIRST_WORDS)
                await visit.press("zebra")
                await visit.see(b"zebra")

    asyncio.run(main())


def test_flags_reach_the_screen_without_a_shell(tmp_path: Path) -> None:
    async def main() -> None:
        words = ("--session", "$(touch broken); `touch broken` 'a\"b", "--theme", "paper-day")
        async with served(tmp_path, *words) as at:
            await at.enter()
            async with at.visit() as visit:
                await visit.see(b"$(touch broken)")
        assert not (tmp_path / "broken").exists()

    asyncio.run(main())


def test_other_hosts_are_refused_with_the_reason(tmp_path: Path) -> None:
    async def main() -> None:
        for host in ("0.0.0.0", "192.168.1.4", "::", "example.org", ""):
            ended = await Product(tmp_path).tell("web", "--host", host)
            assert (ended.code, ended.out) == (2, "")
            assert "loopback" in ended.err

    asyncio.run(main())


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            ended = await Product(tmp_path).tell("web", "--port", str(other.getsockname()[1]))
        assert (ended.code, ended.out) == (2, "")
        assert "listens there already" in ended.err
        assert (await Product(tmp_path).tell("web", "--port", "99999")).code == 2

    asyncio.run(main())


def test_without_the_extra_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['textual_serve'] = None\n")
    (tmp_path / "run.py").write_text(
        "import sys, importlib.util as util\n"
        "util.find_spec = lambda name: None\n"
        "from tui_delegate.cli.main import main\n"
        "sys.exit(main(['web']))\n"
    )

    async def main() -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(tmp_path / "run.py"),
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent.parent)},
            stderr=asyncio.subprocess.PIPE,
        )
        said = (await process.communicate())[1].decode()
        assert process.returncode == 78
        assert "tui-delegate[webapp]" in said

    asyncio.run(main())
