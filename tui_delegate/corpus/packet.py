"""What one call sends of files: each a sheet of text, in one order, and what was left out of it.

No disk is touched here. Gathering is `packing`'s, writing `frame`'s, cutting `parts`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tui_delegate.core.records import dataclass
from tui_delegate.core.usage import estimate_tokens
from tui_delegate.corpus.refusals import SPLIT_OR_BYTES, too_much

if TYPE_CHECKING:
    from tui_delegate.corpus.values import Bounds, LeftOut

FRAME_TOKENS = 10
"""About what a file's opening and closing line cost besides its name."""


class Sheet(NamedTuple):
    """A text as it is sent: a file, a part of one, what stood on stdin. There may be many thousands."""

    name: str
    text: str
    size: int
    """Its bytes where it was read."""

    @property
    def tokens(self) -> int:
        """About how many tokens it is, with its frame."""
        return estimate_tokens(self.text) + estimate_tokens(self.name) + FRAME_TOKENS


@dataclass(frozen=True, slots=True)
class Packet:
    """All that is sent with one question, and what was met and is not."""

    sheets: tuple[Sheet, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def size(self) -> int:
        """The bytes of all."""
        return sum(sheet.size for sheet in self.sheets)

    @property
    def tokens(self) -> int:
        """About how many tokens all of it is."""
        return sum(sheet.tokens for sheet in self.sheets)

    @property
    def missed(self) -> tuple[LeftOut, ...]:
        """What a person would expect to be sent and is not: to be said, asked or not."""
        return tuple(item for item in self.left_out if item.wanted)

    def check(self, bounds: Bounds) -> None:
        """Raise an InputError that says by how much its bytes are more than the bounds allow."""
        if (size := self.size) > bounds.total_bytes:
            sizes = ((sheet.size, sheet.name) for sheet in self.sheets)
            raise too_much(size, bounds.total_bytes, "bytes", sizes, SPLIT_OR_BYTES)


class PreviewRow(NamedTuple):
    """One line of a preview: a file that is sent, or one that is not and why."""

    name: str
    size: int
    tokens: int
    why_not: str = ""


def preview_rows(packet: Packet) -> tuple[PreviewRow, ...]:
    """List what would be sent, then what would not."""
    return (
        *(PreviewRow(sheet.name, sheet.size, sheet.tokens) for sheet in packet.sheets),
        *(PreviewRow(item.name, 0, 0, item.why) for item in packet.left_out),
    )
