"""What the ledger's table shows: calls in some order, read a window at a time, or rows that are all here.

Nothing is read here: who reads hands it in.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from tui_delegate.journal.browse import Order
    from tui_delegate.journal.ledger import Call
    from tui_delegate.tui.widgets.ledger_columns import Cell, Column, Head

Row = TypeVar("Row")
HELD = 3000
"""Calls that are kept in memory; those read longest ago are let go first."""


class CallSheet:
    """Calls by their numbers. Only some of them have been read."""

    def __init__(self, columns: Sequence[Column[Call]], known: dict[int, Call] | None = None) -> None:
        self._columns = columns
        self._order: Order = array("q")
        self.known: dict[int, Call] = {} if known is None else known

    @property
    def heads(self) -> Sequence[Head]:
        """The columns."""
        return [column.head for column in self._columns]

    def __len__(self) -> int:
        return len(self._order)

    def put(self, order: Order) -> None:
        """Take an order over."""
        self._order = order

    def cells(self, index: int) -> Sequence[Cell] | None:
        """Give a call's cells; None: it is not read yet."""
        call = self.known.get(self._order[index])
        return None if call is None else [column.cell(call) for column in self._columns]

    def call(self, index: int) -> Call | None:
        """Give a call; None: it is not read yet, or not there."""
        return self.known.get(self._order[index]) if index < len(self._order) else None

    def lacking(self, first: int, last: int) -> list[int]:
        """Give the numbers of a stretch that are not read yet."""
        return [number for number in self._order[first:last] if number not in self.known]

    def take(self, calls: Mapping[int, Call]) -> None:
        """Keep what has been read, and let go what was read longest ago."""
        self.known.update(calls)
        for number in list(self.known)[: max(len(self.known) - HELD, 0)]:
            del self.known[number]

    def key(self, index: int) -> Hashable:
        """Name a call by its number, which it keeps."""
        return self._order[index] if index < len(self._order) else None

    def place(self, key: Hashable) -> int | None:
        """Say where a call stands now."""
        try:
            return self._order.index(key) if isinstance(key, int) else None
        except ValueError:
            return None


class ListSheet(Generic[Row]):
    """Rows that are all in memory."""

    def __init__(
        self, columns: Sequence[Column[Row]], rows: Sequence[Row], name: Callable[[Row], Hashable]
    ) -> None:
        self._columns = columns
        self.rows = rows
        self._name = name

    @property
    def heads(self) -> Sequence[Head]:
        """The columns."""
        return [column.head for column in self._columns]

    def __len__(self) -> int:
        return len(self.rows)

    def cells(self, index: int) -> Sequence[Cell]:
        """Give a row's cells."""
        return [column.cell(self.rows[index]) for column in self._columns]

    def key(self, index: int) -> Hashable:
        """Name a row by what it sums up."""
        return self._name(self.rows[index]) if index < len(self.rows) else None

    def place(self, key: Hashable) -> int | None:
        """Say where a row stands now."""
        return next((place for place, row in enumerate(self.rows) if self._name(row) == key), None)
