"""Tells a person who looks elsewhere that a run has ended or asks: a bell, the desktop, the window's title.

What is told is made here, safe for a terminal; when a run ended is others' to know. No clock runs here.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Final

from tui_delegate.core.clean import clean_line
from tui_delegate.tui.figures import SIGNS, seconds
from tui_delegate.tui.plain import plain
from tui_delegate.tui.preferences import Preferences

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

APP: Final = "delegate"
QUIET: Final = 5.0
"""Seconds between two notices."""
AWAY: Final = 60.0
"""Seconds without a key after which a person is away, where the terminal doesn't tell of its focus."""
BELL: Final = "\x07"
_KEEP_TITLE: Final = "\x1b[22;0t"
_GIVE_TITLE_BACK: Final = "\x1b[23;0t"
_PLAIN: Final = ("", "dumb", "linux")
"""Terminals that would print what others obey."""
_NINE: Final = ("iTerm.app", "WezTerm", "ghostty")
_SENDER: Final = "notify-send"


class Notices:
    """One terminal's notices. `write` puts a sequence on it, `start` a program beside it."""

    def __init__(
        self,
        write: Callable[[str], None],
        environ: Mapping[str, str],
        *,
        now: Callable[[], float] = time.monotonic,
        which: Callable[[str], str | None] = shutil.which,
        start: Callable[[Sequence[str]], None] | None = None,
    ) -> None:
        self.preferences = Preferences()
        self._write = write
        self._now = now
        self._start = start or Starter()
        self._plain = environ.get("TERM", "") in _PLAIN
        self._way = way_of(environ, which)
        self._focused: bool | None = None
        self._touched = now()
        self._told = -QUIET
        self._title = ""

    def open(self) -> None:
        """Have the terminal remember the title that it had."""
        if not self._plain:
            self._write(_KEEP_TITLE)

    def close(self) -> None:
        """Give the title back."""
        if not self._plain:
            self._write(_GIVE_TITLE_BACK)

    def focus(self, focused: bool) -> None:
        """Hear from the terminal whether it has the focus."""
        self._focused = focused
        self.touched()

    def touched(self) -> None:
        """Hear of a key or the mouse."""
        self._touched = self._now()

    @property
    def away(self) -> bool:
        """Whether the person looks elsewhere. A terminal that never tells of its focus is judged by keys."""
        if self._focused is None:
            return self._now() - self._touched >= AWAY
        return not self._focused

    def ended(self, state: str, took: float, about: str = "") -> bool:
        """Tell that a run has ended, where it was long; `state` is a node's. Say whether it was told."""
        if took < self.preferences.notify_after:
            return False
        word = SIGNS[state].word if state in SIGNS else "ended"
        return self._tell(f"{word} after {seconds(took)}", about)

    def asks(self, about: str = "") -> bool:
        """Tell that something waits for the person. Say whether it was told."""
        return self._tell("asks you", about)

    def show(self, working: int = 0, *, asking: bool = False, state: str = "") -> None:
        """Set the window's title: what asks, how many work, else how the last run ended."""
        if asking:
            words = f"{SIGNS['asking'].glyph} asks you"
        elif working:
            words = f"{SIGNS['writing'].glyph} {working} working"
        elif state in SIGNS:
            words = f"{SIGNS[state].glyph} {SIGNS[state].word}"
        else:
            words = ""
        title = f"{words} · {APP}" if words else APP
        if self.preferences.ascii:
            title = plain(title)
        if title != self._title and not self._plain:
            self._title = title
            self._write(f"\x1b]0;{title}\x07")

    def _tell(self, words: str, about: str) -> bool:
        how = self.preferences.notify
        if how == "off" or not self.away or self._now() - self._told < QUIET:
            return False
        self._told = self._now()
        on_desktop = how in ("desktop", "both") and self._on_desktop(words, about)
        if how in ("bell", "both") or not on_desktop:
            self._write(BELL)
        return True

    def _on_desktop(self, words: str, about: str) -> bool:
        """Notify the desktop; say whether there is a way to it."""
        body = harmless(f"{words}: {about}" if about else words)
        if self._way == "9":
            # The name goes first: what begins with a figure would be another command of this sequence.
            self._write(f"\x1b]9;{APP}: {body}\x07")
        elif self._way == "777":
            self._write(f"\x1b]777;notify;{APP};{body.replace(';', ',')}\x07")
        elif self._way:
            self._start((self._way, f"--app-name={APP}", "--", APP, _unmarked(body)))
        return bool(self._way)


def harmless(text: str) -> str:
    """Make one short line that holds nothing that a terminal obeys."""
    return "".join(letter for letter in clean_line(text, 120) if letter.isprintable())


def way_of(environ: Mapping[str, str], which: Callable[[str], str | None]) -> str:
    """Say which way leads to the desktop: `9`, `777`, the path of a program; empty: none that is known.

    Only a terminal that is known to understand a sequence is sent it.
    """
    term, program = environ.get("TERM", ""), environ.get("TERM_PROGRAM", "")
    inside = bool(environ.get("TMUX") or environ.get("STY"))  # these would keep it to themselves
    if not inside and (program in _NINE or term in ("xterm-kitty", "xterm-ghostty")):
        return "9"
    if not inside and term.startswith(("foot", "rxvt")):
        return "777"
    seen = environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")
    if seen and not environ.get("SSH_CONNECTION"):
        return which(_SENDER) or ""
    return ""


def _unmarked(text: str) -> str:
    """Write a text so that a desktop that reads markup shows it as it is."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class Starter:
    """Starts a program, waits for nothing, and leaves no dead one behind."""

    def __init__(self) -> None:
        self._going: list[subprocess.Popen[bytes]] = []

    def __call__(self, words: Sequence[str]) -> None:
        """Start it; a program that can't be started is a notice less, nothing else."""
        self._going = [one for one in self._going if one.poll() is None]
        nothing = subprocess.DEVNULL
        try:
            self._going.append(subprocess.Popen(words, stdin=nothing, stdout=nothing, stderr=nothing))
        except OSError:
            return
