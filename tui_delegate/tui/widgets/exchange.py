"""One prompt and all that the manager made of it: thinking, words, delegations, and how it ended.

It shows a run's root as it is folded. Which run comes next is not known here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui_delegate.core.clean import Cleaner, clean, clean_line
from tui_delegate.core.flags import partial_words
from tui_delegate.core.markup import is_call_markup
from tui_delegate.core.transcript import ENDED
from tui_delegate.core.usage import estimate_tokens
from tui_delegate.tui import figures
from tui_delegate.tui.widgets.answer import Answer
from tui_delegate.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from textual import events

    from tui_delegate.core.transcript import Part, Transcript

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[^\n]*\n(.*?)^ {0,3}\1[`~]*[ \t]*$", re.MULTILINE | re.DOTALL)

_GLANCE = 1_000
"""Characters of a thought that its one line is made of."""


class Thinking(Static):
    """What the manager thought: one line until somebody unfolds it."""

    DEFAULT_CSS = """
    Thinking { padding: 0 1 0 2; margin: 0 0 1 0; color: $think; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._cleaner = Cleaner()
        self._text = ""
        self._drawn = (-1, False)
        self.unfolded = False

    def feed(self, text: str) -> None:
        """Take in what has come."""
        self._text += self._cleaner.feed(text)

    def draw(self) -> None:
        """Draw it folded or not, if it is another than before."""
        state = len(self._text), self.unfolded
        if state == self._drawn:
            return
        self._drawn = state
        mark, count = "▾" if self.unfolded else "▸", figures.count(estimate_tokens(self._text))
        head = f"{mark} thought ~{count} tok"
        if self.unfolded:
            self.update(Content.assemble(head, "\n", (self._text.strip(), "italic $dim")))
        else:
            self.update(Content.assemble(head, (f"  {clean_line(self._text[:_GLANCE], 120)}", "$dim")))

    def on_click(self, event: events.Click) -> None:
        """Fold or unfold it."""
        event.stop()
        self.toggle()

    def toggle(self) -> None:
        """Fold or unfold it."""
        self.unfolded = not self.unfolded
        self.draw()


Block = TypeVar("Block", bound=Answer | Thinking | Rows | Static)


class Exchange(Vertical):
    """A run in the chat."""

    DEFAULT_CSS = """
    Exchange { height: auto; }
    Exchange > .said { padding: 0 1; margin: 0 0 1 0; border-left: outer $accent; color: $foreground;
        text-style: bold; background: transparent; }
    Exchange.-current > .said { background: $panel; }
    Exchange.-forgotten > .said { border-left: outer $line; color: $dim; text-style: none; }
    Exchange > .note { padding: 0 1 0 2; margin: 0 0 1 0; color: $warn; }
    Exchange > .end { padding: 0 1 0 2; margin: 0 0 1 0; color: $dim; }
    Exchange > .end.-bad { color: $bad; }
    """

    def __init__(self, transcript: Transcript) -> None:
        super().__init__()
        self.transcript = transcript
        self._at = 0
        """The part that is being taken in, and how many characters of it have been."""
        self._taken = 0
        self._last: Answer | Thinking | Rows | None = None
        self._blocks: list[Answer | Thinking | Rows | Static] = []
        self._said = Static(clean(transcript.prompt), markup=False, classes="said")
        self._end = Static("", markup=False, classes="end")
        self._told = ""
        self._finished = False
        self.more = False
        """Whether something is there already that was not drawn yet."""

    def on_mount(self) -> None:
        """Put the two parts in place that are always there."""
        self.mount(self._said, self._end)

    @property
    def ended(self) -> bool:
        """Whether the run has ended and all of it is drawn."""
        return self._finished

    @property
    def code_blocks(self) -> list[str]:
        """The fenced blocks of the answer."""
        return [match[2] for match in _FENCE.finditer(self.transcript.root.text)]

    def draw(self, now: float) -> None:
        """Take in what has come since the last time, and draw it."""
        if self._finished or not self.is_mounted:
            return
        root = self.transcript.root
        ended = root.state in ENDED
        while self._at < len(root.parts):
            self._take(root.parts[self._at])
            if self._at == len(root.parts) - 1:
                break
            self._at, self._taken = self._at + 1, 0
        drawn = [self._draw_block(block, now, ended=ended) for block in self._blocks]
        self._draw_end(now)
        self.more = any(isinstance(block, Answer) and block.waits for block in self._blocks)
        self._finished = ended and all(drawn)

    def toggle_thinking(self) -> None:
        """Fold all thinking, or unfold it."""
        for block in self.query(Thinking):
            block.toggle()

    def mark_forgotten(self, forgotten: bool) -> None:
        """Show that the manager is not told of this any more."""
        self.set_class(forgotten, "-forgotten")

    def _take(self, part: Part) -> None:
        if part.kind == "child":
            if not self._taken:
                block = self._last if isinstance(self._last, Rows) else self._add(Rows(self.transcript))
                assert isinstance(block, Rows)
                block.add(part.child)
                self._taken = 1
            return
        text = part.text
        fresh = text[self._taken :]
        if not fresh or part.kind == "call":
            return
        if part.kind == "text":
            if is_call_markup(text) is not False:
                return
            self._into(Answer, fresh, begins=not self._taken)
        elif part.kind == "thought":
            self._into(Thinking, fresh, begins=not self._taken)
        elif not self._taken:
            self._add(Static(f"you, meanwhile: {clean(text)}", markup=False, classes="note"))
            self._last = None
        self._taken = len(text)

    def _into(self, kind: type[Answer | Thinking], text: str, *, begins: bool) -> None:
        block = self._last
        if begins or not isinstance(block, kind):
            block = self._add(kind())
        assert isinstance(block, Answer | Thinking)
        block.feed(text)

    def _add(self, block: Block) -> Block:
        if isinstance(self._last, Answer):
            self._last.finish()
        self.mount(block, before=self._end)
        self._blocks.append(block)
        if not isinstance(block, Static) or isinstance(block, Thinking):
            self._last = block
        return block

    def _draw_block(self, block: Answer | Thinking | Rows | Static, now: float, *, ended: bool) -> bool:
        if isinstance(block, Answer):
            drawn = block.draw()
            if ended or block is not self._last:
                block.finish()
            return drawn
        if isinstance(block, Thinking):
            block.draw()
            return True
        return block.draw(now) if isinstance(block, Rows) else True

    def _draw_end(self, now: float) -> None:
        root = self.transcript.root
        told = self._words(now)
        if told != self._told:
            before, self._told = self._told, told
            self._end.set_class(root.state == "failed", "-bad")
            # What only ticks takes the room that it had.
            self._end.update(told, layout=root.state in ENDED or not told or not before)

    def _words(self, now: float) -> str:
        root = self.transcript.root
        sign = figures.sign_of(root)
        spent = figures.seconds(figures.elapsed(root, now)) if root.started else ""
        if root.state not in ENDED:
            return "  ".join(filter(None, (f"{sign.glyph} {sign.word}", figures.reason_of(root), spent)))
        usage, calls = self.transcript.usage, sum(len(one.calls) for one in self.transcript.nodes.values())
        sums = [f"{calls} call{'' if calls == 1 else 's'}", f"{figures.tokens(usage)} tok"]
        figure = "  ".join(filter(None, (*sums, figures.dollars(self.transcript.cost), spent)))
        if root.state == "failed":
            return f"{sign.glyph} failed ({root.code}): {figures.reason_of(root)}\n  {figure}"
        partial = f"partial: {', '.join(map(partial_words, root.flags))}" if root.flags else ""
        state = "" if root.state == "done" else f"{sign.glyph} {sign.word}"
        return "  ".join(filter(None, (state, partial, figure)))
