"""The ledger at the foot of the main screen: one line of sums, and the last calls under it.

A fold over transcripts, drawn at most as often as the frame clock asks; it reads no journal.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, Final

from rich.segment import Segment
from textual.message import Message
from textual.strip import Strip as Line
from textual.widget import Widget

from tui_delegate.core.records import dataclass
from tui_delegate.core.transcript import ENDED
from tui_delegate.tui import figures
from tui_delegate.tui.figures import UNKNOWN, fit
from tui_delegate.tui.widgets.ledger_columns import clock_time, money
from tui_delegate.tui.widgets.strip_rows import Account, StripRow, account_of, live_rows, mark_of, past_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from rich.style import Style
    from textual import events

    from tui_delegate.core.events import RunPath
    from tui_delegate.core.transcript import Transcript

LEAST: Final = 0.5
"""Seconds from one drawing to the next."""
_COLUMNS: Final = (
    ("time", 8, False),
    ("place", 6, False),
    ("agent", 10, False),
    ("profile", 11, False),
    ("model", 16, False),
    ("prompt", 7, True),
    ("completion", 7, True),
    ("cached", 7, True),
    ("took", 7, True),
    ("rate", 8, True),
    ("status", 22, False),
)
_NONE: Final = "  no model call yet: what you ask for is counted here"
_HEADS: Final = (" ledger · this session  ", " ledger  ")
_DROPPED: Final = ("cached", "profile", "rate", "time", "prompt")
"""In this order, where there is no room."""
_SHORT: Final = {"agent": 8, "model": 12, "status": 16}
"""What columns shrink to before any is dropped."""


@dataclass(slots=True)
class _Told:
    """What a run came to when it was last looked at."""

    state: Hashable
    account: Account
    past: list[StripRow]


class Strip(Widget):
    """Sums of this session's calls, and the last calls of it and of whatever else is live on this machine."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *("strip--dim", "strip--ok", "strip--warn", "strip--bad", "strip--live", "strip--think"),
        "strip--sums",
    }
    DEFAULT_CSS = """
    Strip { height: 6; background: $background; color: $foreground; }
    Strip.-collapsed { height: 1; }
    Strip > .strip--sums { text-style: bold; }
    Strip > .strip--dim { color: $dim; }
    Strip > .strip--ok { color: $ok; }
    Strip > .strip--warn { color: $warn; }
    Strip > .strip--bad { color: $bad; }
    Strip > .strip--live { color: $live; }
    Strip > .strip--think { color: $think; }
    """

    class Toggled(Message):
        """Somebody clicked the line of sums: show or hide the rows."""

    class Picked(Message):
        """Somebody clicked a row: this place in this run."""

        def __init__(self, run: str, path: RunPath) -> None:
            super().__init__()
            self.run, self.path = run, path

    def __init__(
        self, session: str = "", *, now: Callable[[], float] = time.time, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._session = session
        self._now = now
        self._transcripts: Sequence[Transcript] = ()
        self._told: dict[str, _Told] = {}
        self._account = Account()
        self._elsewhere = 0
        self._live: list[StripRow] = []
        self._rows: list[StripRow] = []
        self._drawn = float("-inf")
        self._shown: Hashable = None

    @property
    def collapsed(self) -> bool:
        """Whether only the line of sums is shown."""
        return self.has_class("-collapsed")

    @collapsed.setter
    def collapsed(self, collapsed: bool) -> None:
        self.set_class(collapsed, "-collapsed")

    def show(self, transcripts: Sequence[Transcript], session: str | None = None) -> None:
        """Show these runs from now on. Those of another session than `session` are marked as such."""
        self._transcripts = transcripts
        if session is not None and session != self._session:
            self._session = session
            self._told.clear()
        self._drawn = float("-inf")
        self.flush()

    def flush(self) -> None:
        """Draw anew if anything changed, at most twice a second; the frame clock calls it."""
        now = self._now()
        if 0 <= now - self._drawn < LEAST:
            return
        self._drawn = now
        self._live = [
            row for one in self._transcripts if _is_live(one) for row in live_rows(one, now, self._mark(one))
        ]
        told = {one.run: self._look_at(one) for one in self._transcripts}
        shown = (tuple((run, one.state) for run, one in told.items()), tuple(self._live))
        if shown != self._shown:
            self._told, self._shown = told, shown
            ours = [told[one.run].account for one in self._transcripts if self._is_ours(one)]
            self._account = sum(ours, Account())
            self._elsewhere = sum(not self._is_ours(one) and _is_live(one) for one in self._transcripts)
            self._choose()

    def on_resize(self) -> None:
        """Show as many rows as there is room for now."""
        self._choose()

    def beat(self) -> bool:
        """Draw what ticks; goes on while a run is live."""
        self.flush()
        return any(_is_live(one) for one in self._transcripts)

    @property
    def account(self) -> Account:
        """The sums of this session, as of the last drawing."""
        return self._account

    def render_line(self, y: int) -> Line:
        """Draw the sums, or a row."""
        return self._line(y, self.size.width).apply_style(self.rich_style)

    def _line(self, y: int, width: int) -> Line:
        if y == 0:
            return Line(self._sums(width)).adjust_cell_length(width, self.rich_style)
        rows = self._rows
        if not rows and y == 1:
            return Line([Segment(fit(_NONE, width), self._look("dim"))])
        if y > len(rows):
            return Line.blank(width, self.rich_style)
        return Line(self._row(rows[y - 1], width)).adjust_cell_length(width, self.rich_style)

    def on_click(self, event: events.Click) -> None:
        """Say what was clicked."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        event.stop()
        rows = self._rows
        if offset.y == 0:
            self.post_message(self.Toggled())
        elif offset.y <= len(rows):
            row = rows[offset.y - 1]
            self.post_message(self.Picked(row.run, row.path))

    def _choose(self) -> None:
        """Take the last rows that there is room for; what is under way stands last."""
        room = max(self.size.height - 1, 0)
        past = sorted((row for one in self._told.values() for row in one.past), key=lambda row: row.at)
        live = sorted(self._live, key=lambda row: row.at)
        self._rows = (past + live)[-room:] if room else []
        self.refresh()

    def _look_at(self, transcript: Transcript) -> _Told:
        """Fold a run, or take what it came to before if nothing of it has changed."""
        state = tuple(len(node.calls) for node in transcript.nodes.values())
        told = self._told.get(transcript.run)
        if told is not None and told.state == state:
            return told
        return _Told(state, account_of(transcript), past_rows(transcript, self._mark(transcript)))

    def _is_ours(self, transcript: Transcript) -> bool:
        return not self._session or transcript.session == self._session

    def _mark(self, transcript: Transcript) -> str:
        return "" if self._is_ours(transcript) else mark_of(transcript)

    def _sums(self, width: int) -> list[Segment]:
        parts = sum_words(self.account)
        if self._elsewhere:
            parts.append(("elsewhere", f"{self._elsewhere} live"))
        for dropped in ("cached", "saved", "failed"):
            if _room(parts) > width:
                parts = [part for part in parts if part[0] != dropped]
        head = next((head for head in _HEADS if len(head) + _room(parts) <= width), "")
        tail = "  ".join(f"{name} {text}" if name != "cost" else text for name, text in parts)
        gap = max(width - len(head) - len(tail) - 2, 1) if head else 1
        return [Segment(head, self._look("dim")), Segment(" " * gap), Segment(tail, self._look("sums"))]

    def _row(self, row: StripRow, width: int) -> list[Segment]:
        segments = [Segment(" ")]
        marked = (24 if width >= 120 else 8) if any(one.mark for one in self._rows) else 0
        for name, room, right in _fitting(width - marked):
            if name == "time":
                text = clock_time(row.at) if row.at else UNKNOWN
            else:
                text = figures.place(row.path) if name == "place" else str(getattr(row, name))
            tone = row.tone if name == "status" else "dim" if name in ("time", "profile") else ""
            segments.append(
                Segment(" " + fit(text, room, right=right) + " ", self._look(tone) if tone else None)
            )
        if row.mark:
            segments.append(Segment(f" {fit(row.mark, marked - 1)}", self._look("dim")))
        return segments

    def _look(self, name: str) -> Style:
        return self.get_component_rich_style(f"strip--{name}")


def sum_words(account: Account) -> list[tuple[str, str]]:
    """Write an account as names and figures, in the order in which they are shown."""
    usage, guess = account.usage, "" if account.usage.source == "reported" else "~"
    words = [("calls", figures.count(account.calls))]
    if account.failed:
        words.append(("failed", figures.count(account.failed)))
    return [
        *words,
        ("in", guess + figures.count(usage.prompt)),
        ("out", guess + figures.count(usage.completion)),
        ("cached", figures.count(usage.cached) if usage.cached else UNKNOWN),
        ("cost", money(account.cost, account.unpriced, account.calls)),
        ("saved", figures.saving(account.worth.saved)),
    ]


def _is_live(transcript: Transcript) -> bool:
    return transcript.root.state not in ENDED


def _room(parts: Sequence[tuple[str, str]]) -> int:
    return sum((len(name) + 1 if name != "cost" else 0) + len(text) + 2 for name, text in parts)


def _fitting(width: int) -> list[tuple[str, int, bool]]:
    """Choose the columns that fit, with their room."""
    columns = list(_COLUMNS)
    if _needs(columns) > width:
        columns = [(name, _SHORT.get(name, room), right) for name, room, right in columns]
    for dropped in _DROPPED:
        if _needs(columns) > width:
            columns = [column for column in columns if column[0] != dropped]
    spare = width - _needs(columns) - 30
    return [
        (name, room + min(max(spare, 0), 20) if name == "model" else room, right)
        for name, room, right in columns
    ]


def _needs(columns: Sequence[tuple[str, int, bool]]) -> int:
    return sum(room + 2 for _, room, _ in columns) + 1
