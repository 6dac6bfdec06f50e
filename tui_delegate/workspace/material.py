"""What an errand is about: a text that came in, or files in their frame; whole, or cut into parts.

Which words name files, and what is left out of them, is the corpus's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.core.errors import InputError
from tui_delegate.core.records import dataclass
from tui_delegate.core.usage import WEIGHT_PER_TOKEN, estimate_tokens, reach, weight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_delegate.corpus.packet import Packet


@dataclass(frozen=True, slots=True)
class Text:
    """One text without a name."""

    text: str
    names: tuple[str, ...] = ()
    remark: str = ""
    largest: str = ""

    @property
    def tokens(self) -> int:
        """About how many tokens it is."""
        return estimate_tokens(self.text)

    def parts(self, tokens: int) -> Sequence[Text]:
        """Cut it at line ends; a line that is too long by itself is cut where it must be.

        Raises an InputError where next to nothing would be in a part.
        """
        from tui_delegate.corpus.parts import LEAST_TOKENS

        if tokens < LEAST_TOKENS:
            raise InputError(
                f"Only {tokens} tokens are left for the text: too few to split it.",
                "Take a model with a larger window, or a shorter question or schema.",
            )
        most = max(int((tokens - 1) * WEIGHT_PER_TOKEN), 1)
        parts: list[str] = []
        now: list[str] = []
        size = 0
        for line in self.text.splitlines(keepends=True):
            start = 0
            while start < len(line):
                end = reach(line, start, most)
                piece, start = line[start:end], end
                if now and size + weight(piece) > most:
                    parts.append("".join(now))
                    now, size = [], 0
                now.append(piece)
                size += weight(piece)
        parts.append("".join(now))
        return [Text(part) for part in parts]


@dataclass(frozen=True, slots=True)
class Files:
    """Files in the frame that they are sent in."""

    packet: Packet
    text: str
    tag: str
    remark: str = ""
    """What has to be said of the frame, because something in it was escaped."""

    @classmethod
    def of(cls, packet: Packet, tag: str) -> Files:
        """Write a packet into its frame."""
        from tui_delegate.corpus.frame import ESCAPED_WORDS, render

        framed = render(packet, tag)
        return cls(packet, framed.text, tag, ESCAPED_WORDS if framed.escaped else "")

    @property
    def tokens(self) -> int:
        """About how many tokens it is."""
        return estimate_tokens(self.text)

    @property
    def names(self) -> tuple[str, ...]:
        """The files."""
        return tuple(sheet.name for sheet in self.packet.sheets)

    @property
    def largest(self) -> str:
        """The three largest files."""
        most = sorted(self.packet.sheets, key=lambda sheet: -sheet.tokens)[:3]
        return ", ".join(f"{sheet.name} ({sheet.tokens})" for sheet in most)

    def parts(self, tokens: int) -> Sequence[Files]:
        """Cut it into packets that fit: whole files where that goes, else at line ends."""
        from tui_delegate.corpus.parts import split

        return [Files.of(packet, self.tag) for packet in split(self.packet, tokens)]
