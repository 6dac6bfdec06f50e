"""The server itself: the SDK's protocol on one side, our tools on the other. Nothing else here knows the SDK.

stdout is the protocol's alone. A call runs in a task of its own: what a host cancels is cancelled, and waited
for until the journal knows; what goes wrong is a result that the host's model can read, never a traceback.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from typing import TYPE_CHECKING, Any, Final

import anyio
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListRootsRequest,
    ListRootsResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)

from tui_delegate import __version__
from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import DelegateError
from tui_delegate.core.records import dataclass
from tui_delegate.serve.mcp.ground import ground_of
from tui_delegate.serve.mcp.tools import INSTRUCTIONS, TOOLS
from tui_delegate.serve.mcp.wishes import Given

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcp.server.context import ServerRequestContext

    from tui_delegate.serve.mcp.call import Call, Result
    from tui_delegate.serve.mcp.desk import Desk
    from tui_delegate.serve.mcp.errands import Errands
    from tui_delegate.serve.mcp.ground import Ground
    from tui_delegate.serve.mcp.wishes import Usual

    Context = ServerRequestContext[Any, Any]

ROOTS_PATIENCE: Final = 10.0
"""Seconds in which a host has to say its folders, if it says that it has any."""


@dataclass(frozen=True, slots=True)
class Serving:
    """How the server was started."""

    environ: Mapping[str, str]
    usual: Usual
    root: str = ""
    is_open: bool = False


async def serve(serving: Serving) -> None:
    """Serve one host over stdin and stdout, until it hangs up or a signal comes."""
    _quiet_log()
    face = Face(serving)
    server = Server(
        "tui-delegate",
        version=__version__,
        title="tui-delegate",
        instructions=INSTRUCTIONS,
        on_list_tools=face.list_tools,
        on_call_tool=face.call_tool,
    )
    stopping = _Stopping(face)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())
    stopping.restore()
    await face.aclose()


class Face:
    """The tools as the SDK calls them."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._desk: Desk | None = None
        self._errands: Errands | None = None
        self._calls: set[asyncio.Task[Result]] = set()

    async def aclose(self) -> None:
        """End what is under way, and close what is open."""
        for task in self._calls:
            task.cancel()
        if self._calls:
            await asyncio.wait(self._calls)
        if self._desk:
            await self._desk.aclose()

    async def list_tools(self, context: Context, params: PaginatedRequestParams | None) -> ListToolsResult:
        """Say what there is."""
        return ListToolsResult(tools=[_described(name) for name in TOOLS])

    async def call_tool(self, context: Context, params: CallToolRequestParams) -> CallToolResult:
        """Do a call to its end, and tell the host how far it is."""
        from tui_delegate.serve.mcp.call import Call

        if params.name not in TOOLS:
            raise MCPError(INVALID_PARAMS, f"There is no tool {clean_line(params.name)}.")
        call = Call(TOOLS[params.name].command)
        task = asyncio.create_task(self._work(params, context, call))
        telling = asyncio.create_task(call.telling.report(context.session.report_progress))
        try:
            await self._ended(task)
        finally:
            call.telling.end()
        await asyncio.wait([telling])
        return _as_sent(_result_of(task, call))

    async def _ended(self, task: asyncio.Task[Result]) -> None:
        """Wait for a call. One that the host cancels is broken off, and its end is waited for."""
        self._calls.add(task)
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            task.cancel()
            with anyio.CancelScope(shield=True):
                await asyncio.wait([task])
            raise
        finally:
            self._calls.discard(task)

    async def _work(self, params: CallToolRequestParams, context: Context, call: Call) -> Result:
        given = Given(params.name, params.arguments or {})
        call.ground = await self._ground(context)
        return await self._done(params.name, given, call)

    async def _done(self, name: str, given: Given, call: Call) -> Result:
        from tui_delegate.serve.mcp import looks
        from tui_delegate.serve.mcp.mapping import map_files

        desk, errands = self._behind()
        match name:
            case "delegate_ask":
                return await errands.ask(given.ask(), call)
            case "delegate_summarize":
                return await errands.summarize(given.ask(), call)
            case "delegate_write":
                return await errands.write(given.write(), call)
            case "delegate_map":
                return await map_files(desk, given.map(), call)
            case "delegate_run":
                return await looks.run_prompt(desk, given.run(), call)
            case "delegate_ledger":
                return await looks.show_ledger(desk, given.look(), call)
            case _:
                return await looks.show_status(desk, call)

    def _behind(self) -> tuple[Desk, Errands]:
        """Make what stands behind the tools at the first call: a host that only asks for names waits less."""
        from tui_delegate.serve.mcp.desk import Desk
        from tui_delegate.serve.mcp.errands import Errands

        self._desk = self._desk or Desk(self._serving.environ, self._serving.usual)
        self._errands = self._errands or Errands(self._desk)
        return self._desk, self._errands

    async def _ground(self, context: Context) -> Ground:
        serving = self._serving
        offered = [] if serving.root or serving.is_open else await _roots(context)
        return ground_of(serving.root, offered, is_open=serving.is_open)


async def _roots(context: Context) -> list[str]:
    """Ask the host for its folders, if it has any to offer."""
    session = context.session
    able = session.client_capabilities
    if able is None or able.roots is None or not session.can_send_request:
        return []
    try:
        said = await session.send_request(ListRootsRequest(), ListRootsResult, ROOTS_PATIENCE)
    except (MCPError, ValueError):  # it offers none after all: then our own folder it is
        return []
    return [str(root.uri) for root in said.roots]


def _result_of(task: asyncio.Task[Result], call: Call) -> Result:
    """Make a result of however a call ended."""
    if task.cancelled():
        return call.failure(_Stopped("The server was stopped.", "What was spent is in the ledger."))
    error = task.exception()
    if error is None:
        return task.result()
    if isinstance(error, DelegateError):
        return call.failure(error)
    if os.environ.get("TUI_DELEGATE_DEBUG"):
        raise error
    return call.failure(DelegateError(f"{type(error).__name__}: {error}", "This is a bug in tui-delegate."))


class _Stopped(DelegateError):
    """The server ends in the middle of a call."""

    code = "cancelled"


def _as_sent(result: Result) -> CallToolResult:
    return CallToolResult(
        content=[TextContent(type="text", text=text) for text in result.texts],
        structured_content=result.body,
        is_error=result.failed,
    )


def _described(name: str) -> Tool:
    tool = TOOLS[name]
    return Tool(
        name=name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.takes,
        output_schema=tool.gives,
        annotations=ToolAnnotations(
            title=tool.title,
            read_only_hint=tool.reads_only,
            destructive_hint=tool.destroys,
            idempotent_hint=tool.repeats,
            open_world_hint=tool.reaches_out,
        ),
    )


class _Stopping:
    """TERM, HUP and Ctrl-C end the server by that very signal, once what is under way is written down.

    The SDK waits for stdin in a thread that nothing ends, so that its own way out is not taken.
    """

    def __init__(self, face: Face) -> None:
        self._face = face
        self._loop = asyncio.get_running_loop()
        self._caught: list[signal.Signals] = []
        self._task: asyncio.Task[None] | None = None
        for name in ("SIGTERM", "SIGHUP", "SIGINT"):
            if (one := getattr(signal, name, None)) is not None:
                try:
                    self._loop.add_signal_handler(one, self._stop, one)
                except (NotImplementedError, RuntimeError):  # a platform, or a thread, without them
                    return
                self._caught.append(one)

    def restore(self) -> None:
        """Let signals do what they usually do."""
        for one in self._caught:
            self._loop.remove_signal_handler(one)
        self._caught = []

    def _stop(self, received: signal.Signals) -> None:
        self.restore()
        self._task = asyncio.create_task(self._end(received))

    async def _end(self, received: signal.Signals) -> None:
        try:
            await self._face.aclose()
        finally:
            signal.signal(received, signal.SIG_DFL)
            os.kill(os.getpid(), received)


def _quiet_log() -> None:
    """Let the SDK say on stderr in a line what it has to say, without tracebacks."""
    handler = logging.StreamHandler()
    handler.setFormatter(_OneLine())
    handler.setLevel(logging.WARNING)
    log = logging.getLogger("mcp")
    log.addHandler(handler)
    log.propagate = False


class _OneLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return clean_line(f"tui-delegate: {record.getMessage()}", 500)
