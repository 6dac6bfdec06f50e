"""What a person wants to see of the ledger: which calls, how grouped, in what order. Reads nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui_delegate.core.records import dataclass, replace
from tui_delegate.journal.browse import SORTS, Delegation, View
from tui_delegate.journal.ledger import Total, midnight

if TYPE_CHECKING:
    from collections.abc import Callable

SCOPES: Final = {"run": "this run", "session": "this session", "today": "today", "all": "everything"}
GROUPS: Final = ("", "agent", "profile", "model", "run", "day", "delegation")
"""What `g` goes through; empty: single calls."""
_TOTALS: Final[dict[str, Callable[[Total], float | str]]] = {
    "key": lambda one: one.key.lower(),
    "calls": lambda one: one.calls,
    "failed": lambda one: one.failed,
    "prompt": lambda one: one.prompt,
    "cached": lambda one: one.cached,
    "completion": lambda one: one.completion,
    "total": lambda one: one.prompt + one.completion,
    "duration": lambda one: one.total_ms,
    "cost": lambda one: one.cost,
}
_PLACES: Final[dict[str, Callable[[Delegation], float | str]]] = {
    "time": lambda one: one.at,
    "run": lambda one: one.run,
    "place": lambda one: one.path,
    "agent": lambda one: one.agent.lower(),
    "model": lambda one: one.model.lower(),
    "calls": lambda one: one.calls,
    "own": lambda one: one.own,
    "delegated": lambda one: one.delegated,
    "total": lambda one: one.total,
    "cost": lambda one: one.cost,
}
_TEXTS: Final = frozenset(
    {"key", "agent", "profile", "backend", "model", "answered", "status", "code", "command", "session", "run"}
    | {"project", "target", "host", "claude", "codex", "usage", "price", "place"}
)
"""Columns that are first sorted from their smallest; any other from its largest."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What to show."""

    scope: str = "today"
    words: str = ""
    exact: tuple[tuple[str, str], ...] = ()
    group: str = ""
    sort: str = "time"
    descending: bool = True

    def view(self, *, run: str, session: str, now: float) -> View:
        """Say which calls these are."""
        return View(
            since=midnight(now) if self.scope == "today" else None,
            run=run if self.scope == "run" else "",
            session=session if self.scope == "session" else "",
            words=self.words,
            exact=self.exact,
            sort=self.sort if self.sort in SORTS else "time",
            descending=self.descending,
        )

    def sorted_by(self, key: str) -> Wish:
        """Sort by a column; the other way round where it is sorted by that already."""
        if key == self.sort:
            return replace(self, descending=not self.descending)
        return replace(self, sort=key, descending=key not in _TEXTS)

    def grouped(self, step: int = 1) -> Wish:
        """Group by the next thing."""
        group = GROUPS[(GROUPS.index(self.group) + step) % len(GROUPS)]
        sort = "time" if group in ("", "delegation") else "key" if group == "day" else "total"
        return replace(self, group=group, sort=sort, descending=True)

    def narrowed(self, *exact: tuple[str, str]) -> Wish:
        """Show the single calls behind a group."""
        return replace(self, exact=(*self.exact, *exact), group="", sort="time", descending=True)

    def totals(self, rows: list[Total]) -> list[Total]:
        """Put groups in order."""
        return sorted(rows, key=_TOTALS.get(self.sort, _TOTALS["total"]), reverse=self.descending)

    def places(self, rows: list[Delegation]) -> list[Delegation]:
        """Put delegations in order."""
        return sorted(rows, key=_PLACES.get(self.sort, _PLACES["time"]), reverse=self.descending)
