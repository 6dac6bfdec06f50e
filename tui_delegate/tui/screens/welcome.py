"""Welcome: says which model servers are on this machine, and offers a way to begin.

Looking is done by what it is given; nothing is connected, written or chosen for the person here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Literal

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import DelegateError, Unreachable
from tui_delegate.core.records import dataclass
from tui_delegate.tui.commands import Command, bindings
from tui_delegate.tui.screens.modal import Modal
from tui_delegate.tui.widgets.foot import Foot

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from tui_delegate.backends.discover import Found

_NAMES: Final = {
    "ollama": "ollama",
    "lmstudio": "lm studio",
    "llamacpp": "llama.cpp",
    "openai-compat": "openai-compatible",
}
_PORTS: Final = {":11434": "ollama", ":1234": "lmstudio", ":8080": "llamacpp"}
_STARTS: Final = {
    "ollama": "try: ollama serve",
    "lmstudio": "try: lms server start",
    "llamacpp": "try: llama-server -m FILE",
}
_MOST: Final = 9


@dataclass(frozen=True, slots=True)
class Beginning:
    """How a person wants to begin."""

    how: Literal["offline", "server", "add"]
    server: Found | None = None


class WelcomeScreen(Modal[Beginning | None]):
    """Gives a beginning, or None where the person just goes on."""

    commands: ClassVar[tuple[Command, ...]] = (
        Command("welcome.offline", "Begin offline", "Begin with the builtin engine.", "b", label="offline"),
        Command("welcome.again", "Look again", "Look for servers again.", "r", label="look again"),
        Command("welcome.add", "Add a server", "Write down where a server is.", "a", label="add"),
        Command("welcome.close", "Go on", "Close this and choose nothing.", "escape", label="go on"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(commands, "welcome")]
    DEFAULT_CSS = """
    WelcomeScreen { align: center middle; background: $background; }
    WelcomeScreen > VerticalScroll {
        width: 100%; max-width: 100; height: auto; max-height: 100%; padding: 1 2; scrollbar-size-vertical: 1;
    }
    WelcomeScreen #servers { height: auto; margin: 1 0 1 2; }
    WelcomeScreen #offline { height: auto; margin-bottom: 1; }
    WelcomeScreen OptionList {
        height: auto; background: $background; border: none; padding: 0; margin-bottom: 1;
    }
    WelcomeScreen OptionList:focus { border: none; background-tint: $foreground 0%; }
    WelcomeScreen Foot { padding: 0; }
    """

    def __init__(self, look: Callable[[], Awaitable[Sequence[Found]]], *, first: bool = True) -> None:
        super().__init__()
        self._look_around = look
        self._first = first
        self._found: tuple[Found, ...] = ()

    def compose(self) -> ComposeResult:
        """Lay it out."""
        hello = "Welcome. I look for model servers on this machine:" if self._first else "Model servers:"
        with VerticalScroll(can_focus=False):
            yield Static(Content.styled(hello, "bold"))
            yield Static(id="servers", markup=False)
            yield Static(offline_text(any_server=False), id="offline")
            yield OptionList(*self._options())
            yield Foot(self.commands, ("↑ ↓ enter", "choose"))

    def on_mount(self) -> None:
        """Begin to look."""
        self.query_one(OptionList).focus()
        self.action_welcome_again()

    def action_welcome_again(self) -> None:
        """Look, and forget the look before."""
        self.query_one("#servers", Static).update(Content.styled("looking…", "$dim"))
        self.run_worker(self._look(), group="look", exclusive=True)

    async def _look(self) -> None:
        try:
            found = tuple(await self._look_around())
        except DelegateError as error:
            self._found = ()
            text = Content.styled(clean_line(f"{error.message} {error.hint}"), "$bad")
        else:
            self._found = found
            text = servers_text(found)
        self.query_one("#servers", Static).update(text)
        self._offer()

    def _offer(self) -> None:
        listing = self.query_one(OptionList)
        listing.clear_options()
        listing.add_options(self._options())
        listing.highlighted = 0
        self.query_one("#offline", Static).update(offline_text(any_server=bool(self._usable)))

    @property
    def _usable(self) -> tuple[Found, ...]:
        return tuple(one for one in self._found if one.server and one.server.models)[:_MOST]

    def _options(self) -> list[Option]:
        using = [
            Option(_offer(f"use {name_of(one)}", _holds(one)), f"use-{index}")
            for index, one in enumerate(self._usable)
        ]
        return [
            *using,
            Option(_offer("begin offline", "with the builtin engine"), "offline"),
            Option(_offer("look again", "after you started a server"), "again"),
            Option(_offer("add a server", "on another machine, or with a key"), "add"),
        ]

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Do what was chosen."""
        event.stop()
        chosen = event.option.id or ""
        if chosen.startswith("use-"):
            self.dismiss(Beginning("server", self._usable[int(chosen.removeprefix("use-"))]))
        elif chosen == "offline":
            self.action_welcome_offline()
        elif chosen == "again":
            self.action_welcome_again()
        else:
            self.action_welcome_add()

    def action_welcome_offline(self) -> None:
        """Begin with builtin."""
        self.dismiss(Beginning("offline"))

    def action_welcome_add(self) -> None:
        """Have a server written down."""
        self.dismiss(Beginning("add"))

    def action_welcome_close(self) -> None:
        """Go on."""
        self.dismiss(None)


def _offer(what: str, more: str) -> Content:
    return Content.assemble(f"{what:<26} ", (more, "$dim"))


def offline_text(*, any_server: bool) -> Content:
    """Say what builtin is and what it is not."""
    begin = "You can also begin without one" if any_server else "You can begin without one"
    return Content.assemble(
        f"{begin}: the builtin engine reads and quotes your files offline.\n",
        ("It is not a language model.", "$dim"),
    )


def servers_text(found: Sequence[Found]) -> Content:
    """Write one line for each place that was looked at."""
    if not found:
        return Content.styled("No place to look at.", "$dim")
    names = max(len(name_of(one)) for one in found)
    places = max(len(_place(one)) for one in found)
    lines = []
    for one in found:
        head = f"{name_of(one):<{names}}  {_place(one):<{places}}  "
        tone = "$ok" if one.server else "$dim"
        lines.append(Content.assemble(head, (_holds(one), tone)))
    return Content("\n").join(lines)


def name_of(found: Found) -> str:
    """Call a server what people call it: by its product, or by the profile that leads to it."""
    kind = _kind(found)
    if kind == "openai-compat" and found.names:
        return clean_line(found.names[0], 20)
    if kind in _NAMES:
        return _NAMES[kind]
    return clean_line(kind or "server", 20)


def _kind(found: Found) -> str:
    if found.server:
        return found.server.backend
    port = next((kind for port, kind in _PORTS.items() if found.url.rstrip("/").endswith(port)), "")
    return port or next(iter(found.names), "")


def _place(found: Found) -> str:
    return clean_line(found.url.partition("://")[2] or found.url, 32).rstrip("/")


def _holds(found: Found) -> str:
    """Say in one line what is there."""
    if found.server is None:
        return _silence(found)
    count = len(found.server.models)
    words = [f"{count} model{'' if count == 1 else 's'}" if count else "runs, and has no model yet"]
    if loaded := sum(model.state == "loaded" for model in found.server.models):
        words.append(f"{loaded} loaded")
    if version := clean_line(found.server.version, 20):
        words.append(f"version {version}")
    return ", ".join(words)


def _silence(found: Found) -> str:
    if found.error is None or isinstance(found.error, Unreachable):
        return "  ".join(("not running", _STARTS.get(_kind(found), ""))).rstrip()
    return clean_line(found.error.message, 100)
